"""When what is sent again, and how much of it: the rules alone, with figures by hand."""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import pytest

from common.mqtt.events import PublishToken
from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import Block, Spool
from reader.delivery.confirmation import Storers
from reader.delivery.held import Pending
from reader.delivery.in_flight import BlockPart, InFlight
from reader.delivery.replay import Replay


class Messages:
    """Records what is sent again: an item, or several of a block."""

    full = crowded = lost = False

    def __init__(self) -> None:
        self.sent: list[list[int]] = []  # the times of the items in each message
        self.forgotten: list[PublishToken] = []

    def send_again(self, item: Item) -> bool:
        if not self.lost:
            self.sent.append([item.time_us])
        return not self.lost

    def send_block(self, part: BlockPart, items: Sequence[Item]) -> list[PublishToken]:
        self.sent.append([item.time_us for item in items])
        return [PublishToken(1, len(self.sent))]

    def forget_messages(self, tokens: Iterable[PublishToken]) -> None:
        self.forgotten += tokens


class OneStorer:
    """A storer that is online, or away."""

    puback_suffices = False
    wait = 0.0

    def __init__(self) -> None:
        self.online = ["main"]

    def missing_online(self, names: frozenset[str]) -> bool:
        return bool(set(self.online) - names)


class Disk:
    """Blocks that can be read, or not."""

    def __init__(self, *blocks: Block) -> None:
        self.blocks = blocks
        self.fails = False

    def undelivered(self) -> Iterator[Block]:
        return (block for block in self.blocks if block.pending)

    def read(self, block: Block) -> list[Item]:
        if self.fails:
            raise OSError
        times = [block.first + offset for offset in block.offsets]
        return [Item(ItemKind.FRAME, "1", time, b"") for time in times if block.bit_of(ItemKind.FRAME, "1", time)]


class Rig:
    """A replay, and all that it needs."""

    def __init__(self) -> None:
        self.messages, self.storers = Messages(), OneStorer()
        self.errors: list[OSError] = []
        self.replay = Replay(cast("InFlight", self.messages), cast("Storers", self.storers), self.errors.append)
        self.memory: list[Pending] = []
        self.disk = Disk()

    def send(self, now: float) -> list[list[int]]:
        """Send what is due; return the new messages."""
        before = len(self.messages.sent)
        self.replay.send(self.memory, cast("Spool", self.disk), now)
        return self.messages.sent[before:]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def entry(number: int, sent: float | None = None) -> Pending:
    return Pending(Item(ItemKind.FRAME, "1", number, b""), None, 0.0, sent)


def block(first: int, count: int) -> Block:
    bits = (1 << count) - 1
    return Block(1, ItemKind.FRAME, "1", first, array("I", range(count)), bits)


def test_an_item_is_overdue_after_30_s_and_what_the_storer_waits(rig: Rig) -> None:
    rig.storers.wait = 7.0
    rig.memory = [entry(1), entry(2, sent=10.0)]
    assert [rig.send(now) for now in (36.9, 37.0, 46.9, 47.0)] == [[], [[1]], [], [[2]]]


def test_without_progress_the_interval_doubles_up_to_ten_minutes(rig: Rig) -> None:
    rig.memory = [entry(1)]
    tries = [now for now in range(2500) if rig.send(float(now))]
    assert tries == [30, 60, 120, 240, 480, 960, 1560, 2160]
    rig.replay.reset_backoff()
    assert [now for now in range(2500, 2600) if rig.send(float(now))] == [2500, 2530, 2590]


def test_blocks_without_progress_back_off_in_the_same_way(rig: Rig) -> None:
    rig.disk = Disk(block(0, 2))
    assert [now for now in range(2500) if rig.send(float(now))] == [0, 30, 90, 210, 450, 930, 1530, 2130]


def test_of_items_in_memory_200_are_in_flight_and_the_next_go_when_100_are_left(rig: Rig) -> None:
    rig.memory = [entry(number) for number in range(250)]
    assert rig.send(30.0) == [[number] for number in range(200)]
    assert rig.send(31.0) == []
    for confirmed in range(1, 101):
        assert not rig.replay.can_continue
        rig.replay.done(rig.memory.pop(0))
        assert rig.replay.in_flight == 200 - confirmed
    can_continue = []
    for rig.messages.crowded in (True, False):
        can_continue.append(rig.replay.can_continue)
    assert can_continue == [False, True]
    assert rig.send(32.0) == [[number] for number in range(200, 250)]
    for one in rig.memory:
        rig.replay.done(one)
    assert not rig.replay.can_continue  # nothing is left to send


def test_a_lost_connection_ends_the_round_and_everything_is_overdue_as_before(rig: Rig) -> None:
    rig.memory = [entry(1), entry(2)]
    rig.messages.lost = True
    assert rig.send(30.0) == []
    assert (rig.replay.in_flight, rig.memory[0].sent) == (0, None)
    rig.messages.lost = False
    assert rig.send(31.0) == [[1], [2]]
    for _ in range(2):
        rig.replay.disconnected(rig.memory)
        assert rig.replay.in_flight == 0


@pytest.mark.parametrize(
    ("ages", "half"),
    [
        ((), 500),  # the window has 1,000 frames
        ((0.5,), 500),  # no change
        ((0.6,), 250),  # slow: halved
        ((0.6, 0.6, 0.6, 0.6), 100),  # and never below 200
        ((0.6, 0.2), 250),
        ((0.6, 0.6, 0.1), 250),  # fast: doubled
        ((0.1,), 500),  # and never above 1,000
    ],
)
def test_the_window_of_blocks_follows_the_storer(rig: Rig, ages: Sequence[float], half: int) -> None:
    rig.disk = Disk(*(block(1000 * number, 120) for number in range(20)))
    assert [len(message) for message in rig.send(0.0)] == [120] * 9  # 1,080 are the first that are no less
    for age in ages:
        assert rig.send(age) == []
    for one in rig.disk.blocks[:9]:
        while one.pending and not rig.replay.can_continue:
            one.pending &= one.pending - 1
    assert rig.replay.in_flight == half


def test_a_block_that_is_confirmed_leaves_the_window_and_its_messages_are_forgotten(rig: Rig) -> None:
    rig.disk = Disk(block(0, 3))
    rig.send(0.0)
    rig.disk.blocks[0].pending = 0b010
    assert (rig.send(1.0), rig.replay.in_flight, rig.messages.forgotten) == ([], 1, [])
    rig.disk.blocks[0].pending = 0
    assert (rig.send(2.0), rig.replay.in_flight, rig.messages.forgotten) == ([], 0, [PublishToken(1, 1)])
    assert rig.replay.sent == 3


def test_a_block_that_is_lost_goes_frame_by_frame_unless_the_storer_has_started_again(rig: Rig) -> None:
    rig.disk = Disk(block(0, 2))
    assert [rig.send(now) for now in (0.0, 29.9, 30.0)] == [[[0, 1]], [], [[0], [1]]]
    assert rig.replay.sent == 4
    rig.replay.on_online()
    assert rig.send(60.0) == [[0, 1]]
    rig.replay.on_online()  # it may have lost them
    assert rig.send(90.0) == [[0, 1]]


def test_refused_blocks_go_frame_by_frame_until_the_next_connection(rig: Rig) -> None:
    rig.disk = Disk(block(0, 2))
    rig.send(0.0)
    rig.replay.block_refused(rig.disk.blocks[0])
    assert rig.send(1.0) == [[0], [1]]
    rig.replay.disconnected([])
    assert rig.send(2.0) == [[0, 1]]


def test_what_is_too_large_is_left_out_until_the_next_connection(rig: Rig) -> None:
    rig.memory, rig.disk = [entry(100)], Disk(block(0, 3), block(10, 1))
    rig.send(30.0)
    rig.replay.too_large((ItemKind.FRAME, "1", 100), rig.memory[0])
    for number in (1, 10):
        rig.replay.too_large((ItemKind.FRAME, "1", number), None)
    assert rig.replay.in_flight == 2
    assert rig.send(60.0) == [[0], [2]]
    assert rig.replay.in_flight == 2
    rig.replay.disconnected(rig.memory)
    assert rig.send(61.0) == [[0, 1, 2], [10], [100]]


@pytest.mark.parametrize(
    ("sent", "due"),
    [((5.0, 20.0), 50.0), ((5.0, None), 20.0), ((math.inf, 5.0), 35.0), ((math.inf, math.inf), None)],
)
def test_blocks_that_were_in_memory_are_overdue_30_s_after_the_last_was_sent(
    rig: Rig, sent: Sequence[float | None], due: float | None
) -> None:
    """At once if one was not sent; never on this connection if all are too large."""
    rig.disk = Disk(block(0, 2))
    rig.replay.spilled(rig.disk.blocks, [entry(number, at) for number, at in enumerate(sent)])
    assert next((now / 10 for now in range(200, 10_000) if rig.send(now / 10)), None) == due
    if due is None:
        rig.replay.disconnected([])
        assert rig.send(1000.0) == [[0, 1]]


def test_items_that_move_to_disk_are_no_longer_in_flight(rig: Rig) -> None:
    rig.memory = [entry(1)]
    rig.send(30.0)
    rig.replay.spilled([], rig.memory)
    assert rig.replay.in_flight == 0


def test_a_block_that_cannot_be_read_is_tried_again_after_30_s(rig: Rig) -> None:
    rig.disk = Disk(block(0, 2), block(10, 2))
    rig.disk.fails = True
    assert rig.send(0.0) == []
    assert len(rig.errors) == 1
    rig.disk.fails = False
    assert rig.send(29.9) == [[10, 11]]
    assert rig.send(30.0) == [[0, 1]]
