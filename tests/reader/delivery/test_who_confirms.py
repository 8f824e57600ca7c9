"""Who confirms: the broker, any storer, or all that are configured."""

from pathlib import Path

import pytest

from common.mqtt.events import NOBODY_SUBSCRIBED
from reader.buffer.item import Item, ItemKind
from reader.delivery.delivery import HELD_AGE, SPILL_AGE
from reader.delivery.replay import CONFIRM_TIMEOUT, MAX_BACKOFF
from tests.reader.delivery.deliveries import METER, NOON, REPLAY, SECOND, Reader, logged, of, payloads


@pytest.mark.parametrize("code", [0, NOBODY_SUBSCRIBED])
def test_without_a_storer_a_puback_confirms(reader: Reader, code: int) -> None:
    reader.frames(3)
    reader.answer(reader.broker.sent, code)
    assert (reader["accepted_by_broker"], reader["pending"], reader["confirmed"]) == (3, 0, 0)
    assert reader.delivery.is_empty
    assert reader.delivery.report()["confirmed_by"] == "broker"
    assert reader.wait(HELD_AGE + 1, 5) == []
    assert reader.on_disk == []
    assert reader.in_journal == 0


@pytest.mark.parametrize("code", [0x80, 0x87, 0x97, 0x99])
def test_a_refusal_by_the_broker_does_not_confirm(reader: Reader, code: int, caplog: pytest.LogCaptureFixture) -> None:
    frames = reader.frames(3)
    reader.answer(reader.broker.sent, code)
    assert (reader["accepted_by_broker"], reader["pending"]) == (0, 3)
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert [(sent.topic, sent.payload) for sent in messages] == [(REPLAY, frame.payload) for frame in frames]
    reader.answer(messages, code)
    assert logged(caplog, "The broker refuses frames") == 1
    reader.wait(SPILL_AGE)
    messages = reader.wait(MAX_BACKOFF)
    reader.answer(messages)
    assert (reader["accepted_by_broker"], reader["pending"]) == (3, 0)
    assert reader.on_disk == []


def test_without_a_storer_frames_are_held_for_ten_minutes(reader: Reader) -> None:
    old = reader.frame()
    reader.now += HELD_AGE / 2
    young = reader.frame()
    reader.answer(reader.broker.sent)
    reader.wait(HELD_AGE / 2 - 1)
    assert reader.in_journal > 0
    reader.wait(1)
    reader.status("main")
    assert (reader["accepted_by_broker"], reader["pending"]) == (1, 1)
    assert payloads(reader.wait(1), REPLAY) == [young.payload]
    reader.confirm([young, old])
    assert (reader["accepted_by_broker"], reader["confirmed"], reader["pending"]) == (1, 1, 0)
    reader.wait(HELD_AGE)
    assert reader.in_journal == 0


def test_a_confirmation_of_unknown_items_makes_no_storer(reader: Reader) -> None:
    frames = reader.frames(2)
    reader.answer(reader.broker.sent[:1])
    reader.confirm([], "forged")
    reader.confirm([Item(ItemKind.FRAME, METER, NOON - SECOND, b"")], "forged")
    reader.confirm([Item(ItemKind.TALLY, METER, frames[0].time_us, b"")], "forged")
    assert reader.storers.puback_suffices
    assert (reader["accepted_by_broker"], reader["pending"]) == (1, 1)


def test_a_storer_that_publishes_no_status_counts_by_its_confirmations(reader: Reader) -> None:
    frames = reader.frames(2)
    reader.answer(reader.broker.sent)
    reader.confirm(frames[:1])
    assert (reader["accepted_by_broker"], reader["confirmed"], reader["pending"]) == (0, 1, 1)


def test_without_a_storer_a_day_without_a_broker_is_kept_on_disk_within_limits(tmp_path: Path) -> None:
    reader = Reader(tmp_path, max_size=100_000)
    reader.disconnect()
    for _ in range(100):
        reader.frames(60, 100)
        reader.wait(864, 54)
    assert reader.disk.size <= 100_000
    assert reader["pending"] > 0
    reader.connect()
    for _ in range(300):
        reader.answer(reader.tick())
    assert reader["pending"] == 0
    assert reader["accepted_by_broker"] + reader["discarded"] == 6000
    assert reader.on_disk == []
    # And what the broker takes at once never goes there.
    for _ in range(100):
        reader.frame()
        reader.answer(reader.broker.sent[-1:])
        reader.wait(10)
    assert reader.on_disk == []


def test_a_storer_under_another_name_takes_over(served: Reader) -> None:
    served.status("main", "offline")
    frames = served.frames(5)
    served.wait(1000, 5)
    served.status("renamed")
    assert payloads(served.wait(1), REPLAY) == of(frames)
    served.confirm(frames, "renamed")
    assert (served["confirmed"], served["pending"]) == (5, 0)


def test_a_removed_storer_whose_online_is_still_retained_does_no_harm(served: Reader) -> None:
    served.status("ghost", wait=0.0)
    for _ in range(100):
        served.confirm([served.frame()])
        served.wait(1)
    assert payloads(served.broker.sent, REPLAY) == []
    assert served.on_disk == []


def test_a_forgotten_storer_is_not_waited_for(served: Reader) -> None:
    frames = served.frames(2)
    served.wait(SPILL_AGE)
    frames += served.frames(2)
    served.forget("main")
    messages = served.wait(CONFIRM_TIMEOUT + SPILL_AGE)
    assert set(payloads(messages, REPLAY)) == {*of(frames)}
    served.answer(messages)
    assert (served["accepted_by_broker"], served["pending"]) == (4, 0)
    assert served.on_disk == []


def test_confirmed_by_broker_waits_for_no_storer(tmp_path: Path) -> None:
    reader = Reader(tmp_path, confirmed_by="broker")
    reader.status("main")
    reader.frame()
    reader.answer(reader.broker.sent)
    assert (reader["accepted_by_broker"], reader["pending"], reader.in_journal) == (1, 0, 0)
    reader.restart()
    assert reader.storers.puback_suffices
    reader.connect()
    reader.frame()
    reader.answer(reader.broker.sent[-1:], NOBODY_SUBSCRIBED)
    assert (reader["accepted_by_broker"], reader["pending"]) == (1, 0)
