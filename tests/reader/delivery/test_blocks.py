"""Blocks: several frames in one replay message, once the storers have shown that they take them."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from common.mqtt.events import TOO_LARGE
from reader.buffer.item import Item
from reader.buffer.spool_block import LONGEST_BLOCK
from reader.delivery.block_support import PROBE_AGAIN_AFTER
from reader.delivery.delivery import SPILL_AGE
from reader.delivery.in_flight import BLOCK_SIZE
from reader.delivery.replay import BLOCK_WINDOW, CONFIRM_TIMEOUT, MAX_BACKOFF, REPLAY_WINDOW
from tests.reader.delivery.deliveries import (
    FRAME,
    FULLEST,
    METER,
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

OLDER = "has not confirmed a message with several frames"


class House:
    """A reader whose frames are on disk, and what its storers do with the messages."""

    def __init__(
        self, folder: Path, count: int, *, size: int = 0, confirmed_by: str | tuple[str, ...] = "auto"
    ) -> None:
        self.reader = Reader(folder, confirmed_by=confirmed_by)
        self.reader.status("main")
        self.reader.disconnect()
        self.items = {item.payload: item for item in self.reader.frames(count, size)}
        self.reader.wait(SPILL_AGE)
        assert self.reader.frames_on_disk == count
        self.reader.connect()
        self.reader.status("main")

    def store(self, messages: Iterable[Sent], storer: str = "main", *, old: bool = False) -> None:
        """Acknowledge messages and confirm their frames; an old storer rejects blocks and confirms nothing of them."""
        messages = list(messages)
        self.reader.answer(messages)
        self.confirm(payloads(each for each in messages if not (old and is_block(each))), storer)

    def confirm(self, arrived: Iterable[bytes | str], storer: str = "main") -> None:
        self.reader.confirm([self.items[payload] for payload in arrived if payload in self.items], storer)

    def drain(self, *, old: bool = False, seconds: float = 600) -> list[Sent]:
        """Store everything that is sent within a time; return it."""
        sent = []
        until = self.reader.now + seconds
        while self.reader["waiting"] and self.reader.now < until:
            messages = self.reader.wait(0.5)
            self.store(messages, old=old)
            sent += messages
        return sent


def test_one_block_is_sent_first_and_the_others_when_the_storer_has_confirmed_it(tmp_path: Path) -> None:
    house = House(tmp_path, 2000)
    first = house.reader.tick()
    assert [is_block(message) for message in first] == [True, *[False] * LONGEST_BLOCK]
    assert payloads(first) == of(house.items.values())[: 2 * LONGEST_BLOCK]
    house.store(first)
    rest = house.drain()
    assert all(is_block(message) for message in rest[:-1])
    assert payloads(rest, REPLAY) == of(house.items.values())[2 * LONGEST_BLOCK :]
    assert house.reader["replayed"] == house.reader["confirmed"] == 2000
    assert house.reader.on_disk == []


def test_a_block_is_a_json_array_of_what_the_frames_are_alone(tmp_path: Path) -> None:
    house = House(tmp_path, 3)
    (message,) = house.reader.tick()
    assert message.topic == REPLAY
    assert json.loads(message.payload) == [json.loads(payload) for payload in house.items]


def test_the_window_counts_frames_and_is_filled_again_when_half_of_it_is_confirmed(tmp_path: Path) -> None:
    house = House(tmp_path, 4000)
    house.store(house.reader.tick())
    reader, seen = house.reader, payloads(house.reader.tick())
    assert BLOCK_WINDOW <= len(seen) <= FULLEST
    while reader.frames_on_disk > 2 * BLOCK_WINDOW:
        assert reader.tick() == []
        reader.answer(reader.broker.sent)
        for confirmed, room in (450, False), (170, True):
            house.confirm(seen[:confirmed])
            del seen[:confirmed]
            assert reader.delivery.can_continue_replay == room
        before = len(reader.broker.sent)
        reader.delivery.replay(reader.now)  # without waiting for the next tick
        reader.check()
        seen += payloads(reader.broker.sent[before:])
        assert BLOCK_WINDOW <= len(seen) <= FULLEST


@pytest.mark.parametrize(("took", "least", "most"), [(0.01, BLOCK_WINDOW, FULLEST), (1.0, REPLAY_WINDOW, 320)])
def test_live_frames_do_not_wait_long_behind_the_window_of_a_slow_storer(
    tmp_path: Path, took: float, least: int, most: int
) -> None:
    """They are stored after what is in flight."""
    house = House(tmp_path, 4000)
    reader, in_flight = house.reader, payloads(house.reader.tick())
    for _ in range(6):
        half = len(in_flight) // 2 + 1
        reader.now += took
        reader.answer(reader.broker.sent)
        house.confirm(in_flight[:half])
        before = len(reader.broker.sent)
        reader.delivery.replay(reader.now)
        in_flight = in_flight[half:] + payloads(reader.broker.sent[before:])
    assert least <= len(in_flight) <= most


def test_live_frames_are_published_at_once_while_the_window_is_full(tmp_path: Path) -> None:
    house = House(tmp_path, 4000)
    house.store(house.reader.tick())
    house.reader.tick()  # without PUBACKs
    live = house.reader.frames(500)
    assert payloads(house.reader.broker.sent[-500:], FRAME) == of(live)


def test_an_older_storer_gets_its_frames_one_by_one_and_the_log_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, 2000)
    sent = house.drain(old=True, seconds=CONFIRM_TIMEOUT + 60)
    assert house.reader["confirmed"] == 2000
    assert house.reader.on_disk == []
    assert sum(map(is_block, sent)) == 1
    assert logged(caplog, OLDER) == 1


def test_an_older_storer_is_asked_again_seldom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path, 100)
    reader = house.reader
    for _ in range(10):
        messages = reader.wait(PROBE_AGAIN_AFTER / 2)
        house.store(messages, old=True)
        house.items |= {item.payload: item for item in reader.frames(100)}
        reader.status("main", "stalled")
        reader.wait(SPILL_AGE)
        reader.storers.on_status("main", b'{"status": "online"}')  # the storer is the same, as far as blocks go
    assert 2 <= sum(map(is_block, reader.broker.sent)) <= 7
    assert logged(caplog, OLDER) == 1


def test_a_storer_that_is_updated_gets_blocks(tmp_path: Path) -> None:
    house = House(tmp_path, 2000)
    house.store(house.reader.tick(), old=True)
    house.store(house.reader.wait(CONFIRM_TIMEOUT + 1), old=True)
    house.reader.status("main", "offline")
    house.reader.status("main")
    assert sum(map(is_block, house.drain())) > 10


def test_with_two_storers_online_both_must_take_blocks(tmp_path: Path) -> None:
    house = House(tmp_path, 2000)
    house.reader.status("old")
    for _ in range(20):
        messages = house.reader.wait(1)
        house.store(messages, "main")
        house.store(messages, "old", old=True)
    assert house.reader["confirmed"] == 2000
    assert sum(map(is_block, house.reader.broker.sent)) == 1


def test_what_two_named_storers_must_confirm_reaches_the_older_one_too(tmp_path: Path) -> None:
    house = House(tmp_path, 1000, confirmed_by=("main", "old"))
    house.reader.status("old")
    for _ in range(400):
        messages = house.reader.wait(1)
        house.store(messages, "main")
        house.store(messages, "old", old=True)
    assert house.reader["confirmed"] == 1000
    assert house.reader.on_disk == []


def test_a_database_that_was_away_does_not_make_its_storer_an_older_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, 2000)
    house.store(house.reader.tick())
    house.reader.answer(house.reader.tick())
    house.reader.status("main", "stalled")
    assert house.reader.wait(3000, 5) == []
    house.reader.status("main")
    sent = house.drain()
    assert sum(map(is_block, sent)) > 10
    assert house.reader["confirmed"] == 2000
    assert logged(caplog, OLDER) == 0


def test_a_block_that_is_lost_is_sent_again_frame_by_frame(tmp_path: Path) -> None:
    house = House(tmp_path, 600)
    house.store(house.reader.tick())
    lost = house.reader.tick()
    house.reader.answer(lost)
    house.confirm(payloads(lost)[::2])  # in part
    missing = payloads(lost)[1::2]
    again = house.reader.wait(CONFIRM_TIMEOUT)
    assert [message.payload for message in again] == missing
    house.store(again)
    assert house.reader["waiting"] == 0


def test_without_confirmations_blocks_back_off(tmp_path: Path) -> None:
    house = House(tmp_path, 1500)
    house.store(house.reader.tick())
    tries = 0
    for _ in range(1000):
        messages = house.reader.wait(5, 5)
        house.reader.answer(messages)
        tries += bool(messages)
    assert tries <= 8 + 5000 // MAX_BACKOFF


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
    for _ in range(30):
        messages = reader.wait(0.5)
        for message in messages:
            reader.answer([message], code if is_block(message) else 0)
        house.confirm(message.payload for message in messages)
        sent += messages
    assert reader["confirmed"] == 1000
    assert sum(map(is_block, sent)) == 1
    assert logged(caplog, "refuses messages with several frames") == 1
    assert logged(caplog, "refuses frames") == 0


def test_after_a_refusal_the_next_connection_is_tried_again(tmp_path: Path) -> None:
    house = House(tmp_path, 1000)
    house.reader.answer(house.reader.tick(), TOO_LARGE)
    assert not any(map(is_block, house.reader.wait(1000)))
    house.reader.disconnect()
    house.reader.connect()
    house.reader.status("main")
    assert is_block(house.reader.tick()[0])


def test_when_no_storer_is_left_the_puback_of_a_block_confirms_all_of_its_frames(tmp_path: Path) -> None:
    house = House(tmp_path, 1000)
    house.store(house.reader.tick())
    messages = house.reader.tick()
    assert all(map(is_block, messages))
    house.reader.forget("main")
    house.reader.answer(messages)
    assert house.reader["handed_over"] == len(payloads(messages)) == 1000 - 2 * LONGEST_BLOCK
    assert house.reader["waiting"] == 0
    assert house.reader.on_disk == []


@pytest.mark.parametrize("confirmed_by", ["auto", "broker"])
def test_where_the_puback_confirms_frames_are_sent_one_by_one(tmp_path: Path, confirmed_by: str) -> None:
    """Nobody has shown that he takes blocks, and one that is rejected after the PUBACK would be lost."""
    reader = Reader(tmp_path, confirmed_by=confirmed_by)
    reader.disconnect()
    frames = reader.frames(1000)
    reader.wait(SPILL_AGE)
    reader.connect()
    sent: list[Sent] = []
    while reader["waiting"]:
        messages = reader.tick()
        assert 0 < len(messages) <= REPLAY_WINDOW + LONGEST_BLOCK
        reader.answer(messages)
        sent += messages
    assert [message.payload for message in sent] == of(frames)
    assert reader["handed_over"] == 1000


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


def test_a_confirmation_of_a_live_frame_says_nothing_about_blocks(tmp_path: Path) -> None:
    house = House(tmp_path, 1000)
    house.reader.answer(house.reader.tick())
    live: Item = house.reader.frame()
    house.reader.confirm([live])
    house.reader.answer(house.reader.broker.sent)
    assert live.meter == METER
    assert sum(map(is_block, house.reader.wait(1000))) <= 2
