"""Replay: what is overdue is sent again, oldest first, in a window, with a backoff; in blocks from the disk."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from common.mqtt.events import TOO_LARGE
from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import LONGEST_BLOCK
from reader.delivery.delivery import SPILL_AGE
from reader.delivery.in_flight import BLOCK_SIZE
from reader.delivery.replay import CONFIRM_TIMEOUT, REPLAY_WINDOW
from tests.reader.delivery.deliveries import (
    METER,
    NOON,
    REFUSED,
    REPLAY,
    SECOND,
    TALLY,
    Reader,
    Sent,
    is_block,
    logged,
    of,
    payloads,
)

LIMIT = 1000  # bytes


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


class House:
    """A reader whose frames are on disk, and what its storers do with the messages."""

    def __init__(self, folder: Path, count: int, *, size: int = 0) -> None:
        self.reader = Reader(folder)
        self.reader.status("main")
        self.reader.disconnect()
        self.items = {item.payload: item for item in self.reader.frames(count, size)}
        self.reader.wait(SPILL_AGE)
        assert self.reader.frames_on_disk == count
        self.reader.connect()
        self.reader.status("main")

    def store(self, messages: Iterable[Sent], storer: str = "main") -> None:
        """Acknowledge messages and confirm their frames."""
        messages = list(messages)
        self.reader.answer(messages)
        self.confirm(payloads(messages), storer)

    def confirm(self, arrived: Iterable[bytes | str], storer: str = "main") -> None:
        self.reader.confirm([self.items[payload] for payload in arrived if payload in self.items], storer)

    def drain(self, *, seconds: float = 600) -> list[Sent]:
        """Store everything that is sent within a time; return it."""
        sent = []
        until = self.reader.now + seconds
        while self.reader["pending"] and self.reader.now < until:
            messages = self.reader.wait(0.5)
            self.store(messages)
            sent += messages
        return sent


def test_after_its_database_was_away_a_storer_gets_blocks_again(tmp_path: Path) -> None:
    house = House(tmp_path, 2000)
    house.store(house.reader.tick())
    house.reader.answer(house.reader.tick())
    house.reader.status("main", "stalled")
    assert house.reader.wait(3000, 5) == []
    house.reader.status("main")
    sent = house.drain()
    assert sum(map(is_block, sent)) == 8  # of 120 frames, 920 in all
    assert house.reader["confirmed"] == 2000


@pytest.mark.parametrize("size", [1500, 5000, 150_000])
def test_a_message_keeps_to_the_size_that_every_broker_takes(tmp_path: Path, size: int) -> None:
    house = House(tmp_path, 100, size=size)
    sent = house.drain()
    assert payloads(sent, REPLAY) == of(house.items.values())
    assert all(len(message.payload) <= BLOCK_SIZE for message in sent)
    assert any(map(is_block, sent)) == (size < 100_000)


@pytest.mark.parametrize("code", [TOO_LARGE, 0x83, REFUSED])
def test_a_broker_that_refuses_blocks_gets_single_frames_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    house = House(tmp_path, 1000)
    reader, sent = house.reader, list[Sent]()
    first = reader.tick()
    reader.answer(first, code)
    for _ in range(30):
        messages = reader.wait(0.5)
        for message in messages:
            reader.answer([message], code if is_block(message) else 0)
        house.confirm(message.payload for message in messages)
        sent += messages
    assert reader["confirmed"] == 1000
    assert all(map(is_block, first))
    assert not any(map(is_block, sent))
    assert logged(caplog, "refuses messages with several frames") == 1
    assert logged(caplog, "refuses frames") == 0


def test_when_no_storer_is_left_the_puback_of_a_block_confirms_all_of_its_frames(tmp_path: Path) -> None:
    house = House(tmp_path, 1000)
    messages = house.reader.tick()
    assert all(map(is_block, messages))
    house.reader.forget("main")
    house.reader.answer(messages)
    assert house.reader["accepted_by_broker"] == len(payloads(messages)) == 1000
    assert house.reader["pending"] == 0
    assert house.reader.on_disk == []


@pytest.mark.parametrize("confirmed_by", ["auto", "broker"])
def test_where_the_puback_confirms_frames_are_sent_one_by_one(tmp_path: Path, confirmed_by: str) -> None:
    """A block that is rejected after the PUBACK would be lost whole."""
    reader = Reader(tmp_path, confirmed_by=confirmed_by)
    reader.disconnect()
    frames = reader.frames(1000)
    reader.wait(SPILL_AGE)
    reader.connect()
    sent: list[Sent] = []
    while reader["pending"]:
        messages = reader.tick()
        assert 0 < len(messages) <= REPLAY_WINDOW + LONGEST_BLOCK
        reader.answer(messages)
        sent += messages
    assert [message.payload for message in sent] == of(frames)
    assert reader["accepted_by_broker"] == 1000


def test_a_frame_alone_and_a_tally_are_no_blocks(tmp_path: Path) -> None:
    house = House(tmp_path, 1)
    house.reader.disconnect()
    tallies = [house.reader.tally(1), house.reader.tally(2)]
    house.reader.wait(SPILL_AGE)
    house.reader.connect()
    house.reader.status("main")
    messages = house.reader.tick()
    assert [(message.topic, message.payload) for message in messages] == [
        (REPLAY, *house.items),
        (TALLY, tallies[-1].payload),
    ]


def answer(reader: Reader, messages: Iterable[Sent]) -> None:
    """Do as `Session` does: what is too large is answered for at once, and not sent."""
    for message in messages:
        reader.answer([message], TOO_LARGE if len(message.payload) > LIMIT else 0)


def wait(reader: Reader, seconds: float) -> list[Sent]:
    """Let time pass, and have everything answered; return what was tried meanwhile."""
    before, until = len(reader.broker.sent), reader.now + seconds
    while reader.now < until:
        reader.now += 0.5
        answer(reader, reader.tick())
    return reader.broker.sent[before:]


def confirm(reader: Reader, items: Iterable[Item], tried: Iterable[Sent]) -> None:
    arrived = {message.payload for message in tried if len(message.payload) <= LIMIT}
    reader.confirm([item for item in items if item.payload in arrived])


@pytest.mark.parametrize("age", [CONFIRM_TIMEOUT, SPILL_AGE + CONFIRM_TIMEOUT], ids=["in memory", "on disk"])
def test_frames_that_are_too_large_do_not_keep_the_others_from_being_replayed(served: Reader, age: float) -> None:
    served.disconnect()
    large, small = served.frames(2 * REPLAY_WINDOW, 2 * LIMIT), served.frames(2 * REPLAY_WINDOW)
    wait(served, age)
    assert bool(served.frames_on_disk) == (age > SPILL_AGE)
    served.connect()
    served.status("main")
    tried: list[Sent] = []
    for _ in range(20):
        more = wait(served, 10)
        confirm(served, small, more)
        tried += more
    assert set(payloads(tried, REPLAY)) >= set(of(small))
    assert served["confirmed"] == len(small)
    assert served["pending"] == len(large)


def test_it_is_not_taken_for_a_refusal(served: Reader, caplog: pytest.LogCaptureFixture) -> None:
    served.frame(2 * LIMIT)
    answer(served, served.broker.sent)
    assert caplog.messages == []
