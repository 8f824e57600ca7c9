"""The spool: what was appended and not confirmed is there, in order, after a restart and a kill."""

import random
from pathlib import Path

import pytest

from reader.buffer.item import Item, ItemKind
from reader.buffer.record import MAGIC, write_record
from tests.reader.buffer.kills import run_until_killed
from tests.reader.buffer.spools import (
    METER,
    NOON,
    SECOND,
    bytes_in,
    confirm,
    everything,
    frame,
    frames,
    segments,
    spool_in,
    tally,
)


def test_what_was_appended_and_not_confirmed_comes_back_in_order(tmp_path: Path) -> None:
    items = [*frames(70), tally(0), frame(70), frame(0, meter="other"), tally(1)]
    with spool_in(tmp_path / "a" / "spool") as spool:
        assert (spool.pending, spool.size, spool.oldest) == (0, 0, None)
        for start in range(0, len(items), 10):
            spool.append(items[start : start + 10])
        assert sorted(map(repr, everything(spool))) == sorted(map(repr, items))
    with spool_in(tmp_path / "a" / "spool") as spool:
        assert [item for item in everything(spool) if item.kind is ItemKind.FRAME and item.meter == METER] == frames(71)
        assert [item for item in everything(spool) if item.kind is ItemKind.TALLY] == [tally(0), tally(1)]
        assert spool.pending == 72
        assert spool.oldest == NOON
        assert spool.size == bytes_in(tmp_path / "a" / "spool")
        assert spool.damaged_bytes == spool.decimated == 0


@pytest.mark.parametrize(
    "payloads",
    [
        [b""],
        [b"", b""],
        [bytes(range(256)).replace(b"\n", b""), MAGIC],
        [write_record(b"x"), b"{}"],
    ],
)
def test_a_payload_may_be_anything_in_one_line(tmp_path: Path, payloads: list[bytes]) -> None:
    items = [Item(ItemKind.FRAME, "é", number, payload) for number, payload in enumerate(payloads)]
    with spool_in(tmp_path) as spool:
        spool.append(items)
    with spool_in(tmp_path) as spool:
        assert everything(spool) == items


def test_times_may_jump_either_way(tmp_path: Path) -> None:
    hour = 3600 * SECOND
    keys = [NOON, NOON + 1, NOON + hour, NOON + 5 * hour, NOON - hour, NOON - hour + 2**32 - 1, -(2**63), 2**63 - 1, 0]
    items = [Item(ItemKind.FRAME, METER, key, b"%d" % key) for key in keys]
    with spool_in(tmp_path) as spool:
        spool.append(items)
        assert everything(spool) == items
    with spool_in(tmp_path) as spool:
        assert everything(spool) == items
        assert [confirm(spool, item) for item in items] == [True] * len(items)
        assert spool.pending == 0


def test_a_block_has_at_most_120_items(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append(frames(250))
        assert [len(spool.read(block)) for block in spool.undelivered()] == [120, 120, 10]


def test_appending_no_items_writes_nothing(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append([])
        assert list(tmp_path.iterdir()) == []


def test_a_segment_is_deleted_with_the_last_of_its_items(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        for start in range(0, 100, 10):
            spool.append(frames(start, start + 10))
        assert len(segments(tmp_path)) > 3
        for item in frames(99):
            assert confirm(spool, item) is True
        assert len(segments(tmp_path)) == 1
        assert (spool.pending, spool.oldest) == (1, frame(99).time_us)
        assert confirm(spool, frame(99)) is True
        assert segments(tmp_path) == []
        assert (spool.pending, spool.size, spool.oldest) == (0, 0, None)
        spool.append([frame(100)])
        assert everything(spool) == [frame(100)]


def test_what_is_left_of_a_segment_is_unconfirmed_again_after_a_restart(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append(frames(10))
        for item in frames(9):
            confirm(spool, item)
    with spool_in(tmp_path) as spool:
        assert everything(spool) == frames(10)


def test_the_spool_may_change_during_iteration(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=30_000) as spool:
        number = 0
        while spool.size < 29_000:
            spool.append(frames(number, number + 2))
            number += 2
        assert spool.decimated == 0
        first, *_ = blocks = list(spool.undelivered())
        seen: set[Item] = set()
        for count, block in enumerate(spool.undelivered()):
            items = spool.read(block)
            assert items
            seen.update(items)
            confirm(spool, items[0])
            while count < 2 and not spool.decimated:  # the segment that is being gone through is replaced
                spool.append(frames(number, number + 2))
                number += 2
        assert spool.decimated > 0
        assert seen >= set(everything(spool))
        assert spool.read(first) == []  # it was replaced
        assert len(blocks) > 50


#

CHILD = """
import os, random, sys
from pathlib import Path
from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import Spool

folder, seed = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
say = lambda *words: os.write(1, (" ".join(map(str, words)) + "\\n").encode())
spool = Spool(folder, max_size=64_000_000, segment_size=4096)
spool.open()
waiting = [item for block in spool.undelivered() for item in spool.read(block)]
number = seed * 1_000_000
while True:
    items = []
    for _ in range(chance.randrange(1, 20)):
        number += 1
        items.append(Item(ItemKind.FRAME, chance.choice("AB"), number * 1_000_000, chance.randbytes(30).hex().encode()))
    spool.append(items)
    for item in items:
        say("a", item.meter, item.time_us, item.payload.decode())
    waiting += items
    while len(waiting) > 200:
        item = waiting.pop(chance.randrange(50))
        say("c", item.meter, item.time_us)
        confirm(spool, item)
"""


def test_kill_dash_9_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    waiting: dict[tuple[str, int], bytes] = {}
    for seed in range(1, 9):
        for what, meter, key, *payload in run_until_killed(
            CHILD, tmp_path / "spool", seed, tmp_path / "told", chance.randrange(1, 500)
        ):
            if what == "a":
                waiting[meter, int(key)] = payload[0].encode()
            else:
                waiting.pop((meter, int(key)), None)
        with spool_in(tmp_path / "spool") as spool:
            found = {(item.meter, item.time_us): item.payload for item in everything(spool)}
            assert waiting.items() <= found.items()
