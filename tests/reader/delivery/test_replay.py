"""Replay: what is overdue is sent again, oldest first, in a window, with a backoff."""

import json
from pathlib import Path

import pytest

from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import LONGEST_BLOCK
from reader.delivery.delivery import SPILL_AGE
from reader.delivery.held import JOURNAL_SIZE
from reader.delivery.replay import CONFIRM_TIMEOUT, MAX_BACKOFF
from tests.reader.delivery.deliveries import (
    FRAME,
    METER,
    NOON,
    REPLAY,
    SECOND,
    Reader,
    logged,
    of,
    payloads,
)


def test_an_item_is_replayed_when_it_is_overdue_and_not_before(served: Reader) -> None:
    frame = served.frame()
    served.answer(served.broker.sent)
    assert served.wait(CONFIRM_TIMEOUT - 0.5) == []
    assert [(sent.topic, sent.payload) for sent in served.wait(0.5)] == [(REPLAY, frame.payload)]


def test_a_replay_from_disk_waits_for_the_announced_wait(served: Reader) -> None:
    served.confirm([served.frame()])
    served.status("main", wait=60.0)
    while served.journal.size <= JOURNAL_SIZE:
        served.frame(200_000)
    served.tick()
    assert served.frames_on_disk
    assert served.wait(CONFIRM_TIMEOUT + 59.5) == []
    assert served.wait(1) != []


def test_two_writes_to_disk_in_short_order_do_not_hasten_a_replay(served: Reader) -> None:
    served.frames(25, 200_000)
    served.tick()
    assert served.frames_on_disk == 25
    served.wait(5)
    served.frames(25, 200_000)
    served.tick()
    assert served.frames_on_disk == 50
    served.wait(CONFIRM_TIMEOUT - 5.5)
    assert payloads(served.broker.sent, REPLAY) == []


def test_replay_is_oldest_first_and_disk_before_memory(served: Reader) -> None:
    served.status("main", "stalled")
    first = served.frames(150)
    served.wait(SPILL_AGE)
    second = served.frames(30)
    served.wait(CONFIRM_TIMEOUT + 1)
    assert (served.frames_on_disk, served.delivery.is_empty) == (150, False)
    served.status("main")
    assert payloads(served.tick()) == of([*first, *second])


@pytest.mark.parametrize("status", ["stalled", "offline", None])
def test_nothing_is_replayed_to_a_storer_that_is_not_online(reader: Reader, status: str | None) -> None:
    reader.status("main")
    reader.disconnect()
    frames = reader.frames(3)
    reader.connect()  # its status is unknown until it publishes one
    if status:
        reader.status("main", status)
    assert reader.wait(3000, 5) == []
    live = reader.frame()
    assert reader.broker.sent[-1].topic == FRAME
    reader.status("main")
    assert payloads(reader.wait(CONFIRM_TIMEOUT), REPLAY) == of([*frames, live])


@pytest.mark.parametrize("status", ["stalled", "offline", None])
def test_a_storer_gets_replays_once_it_confirms_whatever_its_status(reader: Reader, status: str | None) -> None:
    reader.status("main")
    reader.disconnect()
    frames = reader.frames(3)
    reader.connect()
    if status:
        reader.status("main", status)
    assert reader.wait(3000, 5) == []
    reader.confirm([reader.frame()])
    assert payloads(reader.wait(CONFIRM_TIMEOUT), REPLAY) == of(frames)


def test_a_puback_of_a_previous_connection_is_ignored(reader: Reader) -> None:
    frame = reader.frame()
    reader.disconnect()
    reader.connect()
    reader.answer(reader.broker.sent)
    assert reader["accepted_by_broker"] == 0
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert payloads(messages) == [frame.payload]
    reader.answer(messages)
    assert reader["accepted_by_broker"] == 1


def test_a_block_that_cannot_be_read_does_not_delay_the_others(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    served.disconnect()
    lost = served.frames(LONGEST_BLOCK)
    served.wait(SPILL_AGE)
    behind = served.frames(LONGEST_BLOCK)
    served.wait(SPILL_AGE)
    served.disk.unreadable = lambda block: block.first == lost[0].time_us
    served.connect()
    served.status("main")
    assert set(payloads(served.wait(5), REPLAY)) == {*of(behind)}
    served.confirm(behind)
    assert served["pending"] == LONGEST_BLOCK
    served.wait(3600)
    assert logged(caplog, "Cannot use the spool") == 1
    assert served.delivery.report()["spool"]["errors"] < 200
    served.disk.unreadable = lambda block: False
    assert set(payloads(served.wait(MAX_BACKOFF), REPLAY)) == {*of(lost)}


def test_frames_decimated_on_disk_are_counted_and_leave_the_window(tmp_path: Path) -> None:
    reader = Reader(tmp_path, max_size=500_000)
    reader.status("main")
    reader.disconnect()
    reader.frames(240, 1500)
    reader.wait(SPILL_AGE)
    reader.connect()
    reader.status("main")
    assert len(payloads(reader.tick())) == 240
    while not reader["discarded"]:
        assert len(reader.accepted) < 5000
        reader.frames(120, 1500)
        reader.wait(SPILL_AGE, 5)
    reader.answer(reader.broker.sent)
    items = {sent.payload: number for number, sent in enumerate(reader.broker.sent)}
    assert items
    for _ in range(100):
        messages = reader.wait(CONFIRM_TIMEOUT, 1)
        reader.answer(messages)
        numbers = [json.loads(payload)["n"] for payload in payloads(messages)]
        reader.confirm([Item(ItemKind.FRAME, METER, NOON + number * SECOND, b"") for number in numbers])
        if not reader["pending"]:
            break
    assert reader["pending"] == 0
    assert reader.delivery.replaying == 0
    assert reader.on_disk == []
    assert reader.wait(2000, 5) == []
