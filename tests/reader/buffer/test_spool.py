"""The spool: order, a full spool, blocks that are damaged, and what it costs."""

import itertools
import random
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.machine.disk import memory_backed
from reader.buffer.item import HOUR, Item, ItemKind, to_micros
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from tests.reader.buffer.buffers import LARGE, METER, NOON, SECOND, Buffer, frame, frames, tally
from tests.reader.buffer.test_store import execute

FILE = "spool.sqlite"


def test_what_was_appended_and_not_confirmed_comes_back_in_order(tmp_path: Path) -> None:
    items = [*frames(70), tally(0), frame(70), frame(0, meter="other"), tally(1)]
    with Buffer("spool", tmp_path) as buffer:
        assert (buffer.spool.size, buffer.spool.oldest, buffer.spool.meters) == (0, None, set())
        for start in range(0, len(items), 10):
            buffer.append(items[start : start + 10])
        assert {*buffer.items} == {*items}
    with Buffer("spool", tmp_path) as buffer:
        found, spool = buffer.items, buffer.spool
        assert [item for item in found if item.kind is ItemKind.FRAME and item.meter == METER] == frames(71)
        assert [item for item in found if item.kind is ItemKind.TALLY] == [tally(0), tally(1)]
        assert (spool.pending, spool.oldest, spool.decimated) == (72, NOON, 0)
        assert spool.meters == {METER, "other"}
        assert 8192 < spool.size <= sum(path.stat().st_size for path in tmp_path.iterdir())


def test_a_full_spool_is_decimated_from_its_oldest_part_and_never_cut(tmp_path: Path) -> None:
    with Buffer("spool", tmp_path, max_size=400_000) as buffer:
        for start in range(0, 4000, 20):
            buffer.append(frames(start, start + 20))
            assert (tmp_path / FILE).stat().st_size <= 400_000 + 2 * 8192
            assert buffer.spool.pending + buffer.spool.decimated == start + 20
        left = [(item.time_us - NOON) // SECOND for item in buffer.items]
        assert left[-300:] == list(range(3700, 4000))
        gaps = [after - before for before, after in itertools.pairwise([-1, *left])]
        assert min(gaps) == 1
        assert max(gaps) <= 32
        assert sum(gaps[:200]) > 3 * sum(gaps[-200:])
    with Buffer("spool", tmp_path, max_size=400_000) as buffer:
        assert [(item.time_us - NOON) // SECOND for item in buffer.items] == left


def test_what_is_confirmed_makes_room_before_anything_is_discarded(tmp_path: Path) -> None:
    with Buffer("spool", tmp_path, max_size=300_000) as buffer:
        for start in range(0, 500, 20):
            buffer.append(frames(start, start + 20))
        buffer.confirm(*frames(460))
        buffer.append(frames(500, 700))
        assert buffer.spool.decimated == 0
        assert buffer.items == frames(460, 700)


def test_the_spool_may_change_during_iteration(tmp_path: Path) -> None:
    with Buffer("spool", tmp_path, max_size=200_000) as buffer:
        numbers = itertools.count(0, 2)
        while buffer.spool.size < 150_000:
            buffer.append([frame(next(numbers)), frame(next(numbers))])
        blocks = list(buffer.spool.undelivered())
        for block in buffer.spool.undelivered():
            items = buffer.spool.read(block)
            buffer.confirm(*items[:1])
            while not buffer.spool.decimated:  # blocks that are still to come are replaced
                buffer.append([frame(next(numbers)), frame(next(numbers))])
        assert buffer.spool.read(blocks[0]) == []
        assert len(blocks) > 50


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("column", "lost"), [("payloads", 10), ("offsets", 0), ("meter", 0)])  # unknown, then
def test_a_block_that_is_damaged_is_lost_and_the_others_are_read(
    column: str, lost: int, full: bool, tmp_path: Path
) -> None:
    with Buffer("spool", tmp_path) as buffer:
        for start in range(0, 100, 10):
            buffer.append(frames(start, start + 10))
    execute(tmp_path / FILE, f"UPDATE blocks SET {column} = x'30FF0203' WHERE id = 2")
    with Buffer("spool", tmp_path, max_size=1 if full else LARGE) as buffer:
        if full:
            buffer.append([frame(100)])
        found = buffer.items
        assert {*found} <= {*frames(10), *frames(20, 101)}
        assert len(found) == (91 if full else 90) - buffer.spool.decimated == buffer.spool.pending
        assert buffer.spool.lost == lost
    with Buffer("spool", tmp_path) as buffer:
        assert buffer.items == found


# --- costs -----------------------------------------------------------------------------------------------------------


def test_two_weeks_fit_into_64_megabytes_and_little_is_written(tmp_path: Path) -> None:
    meter, decoder, chance = SimulatedMeter("standard-single-phase-tempo"), Decoder(), random.Random(1)
    now = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    items = []
    for _ in range(1800):
        now += timedelta(seconds=0.917 + chance.uniform(-0.02, 0.02))
        for reading in decoder.feed(meter.frame(now)):
            assert reading.address
            decoded = reading.to_frame(reading.address, now)
            items.append(Item(ItemKind.FRAME, decoded.meter, to_micros(now), decoded.to_json()))
    assert len(items) == 1800

    def written() -> int:
        lines = Path("/proc/self/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))

    with Buffer("spool", tmp_path) as buffer:
        before = written()
        for hours in range(0, 20, 2):
            for start in range(0, len(items), 60):
                buffer.append(
                    [item._replace(time_us=item.time_us + hours * HOUR) for item in items[start : start + 60]]
                )
        count = buffer.spool.pending
        each_written = (written() - before) / count
        assert buffer.items[: len(items)] == items
    each = (tmp_path / FILE).stat().st_size / count
    assert each <= 48
    assert LARGE / each / (1.09 * 86_400) >= 14  # days
    if not memory_backed(tmp_path):
        assert each_written <= 450


def test_a_long_outage_costs_about_ten_bytes_of_memory_a_frame(tmp_path: Path) -> None:
    with Buffer("spool", tmp_path) as buffer:
        for start in range(0, 18_000, 60):  # as the program writes: once a minute
            buffer.append([Item(ItemKind.FRAME, METER, NOON + n * SECOND, b"{}") for n in range(start, start + 60)])
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        with Buffer("spool", tmp_path) as buffer:
            after, _ = tracemalloc.get_traced_memory()
            assert buffer.spool.pending == 18_000
    finally:
        tracemalloc.stop()
    assert (after - before) / 18_000 < 12
