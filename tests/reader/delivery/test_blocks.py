"""Blocks: several frames in one replay message."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from common.mqtt.events import TOO_LARGE
from reader.buffer.spool import LONGEST_BLOCK
from reader.delivery.delivery import SPILL_AGE
from reader.delivery.in_flight import BLOCK_SIZE
from reader.delivery.replay import REPLAY_WINDOW
from tests.reader.delivery.deliveries import (
    FRAME,
    REFUSED,
    REPLAY,
    TALLY,
    Reader,
    Sent,
    is_block,
    logged,
    of,
    payloads,
)


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


def test_what_is_on_disk_is_sent_in_blocks_in_its_order(tmp_path: Path) -> None:
    house = House(tmp_path, 2000)
    sent = house.drain()
    assert all(is_block(message) for message in sent[:-1])
    assert payloads(sent, REPLAY) == of(house.items.values())
    assert house.reader["replayed"] == house.reader["confirmed"] == 2000
    assert house.reader.on_disk == []


def test_a_block_is_a_json_array_of_what_the_frames_are_alone(tmp_path: Path) -> None:
    house = House(tmp_path, 3)
    (message,) = house.reader.tick()
    assert message.topic == REPLAY
    assert json.loads(message.payload) == [json.loads(payload) for payload in house.items]


def test_live_frames_are_published_at_once_while_the_window_is_full(tmp_path: Path) -> None:
    house = House(tmp_path, 4000)
    house.store(house.reader.tick())
    house.reader.tick()  # without PUBACKs
    live = house.reader.frames(500)
    assert payloads(house.reader.broker.sent[-500:], FRAME) == of(live)


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


@pytest.mark.parametrize("limit", [2000, 4000, 65_536])
def test_a_message_keeps_to_the_size_that_this_broker_takes(tmp_path: Path, limit: int) -> None:
    house = House(tmp_path, 300, size=1500)
    house.reader.broker.max_packet_size = limit
    sent = house.drain()
    assert payloads(sent, REPLAY) == of(house.items.values())
    assert max(len(message.topic) + len(message.payload) for message in sent) + 10 <= limit
    assert any(map(is_block, sent)) == (limit > 3200)


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
