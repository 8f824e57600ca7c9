"""A full spool: it is decimated, never cut, and confirmed items go first."""

import itertools
import os
from pathlib import Path

import pytest

from reader.buffer.item import ItemKind
from tests.reader.buffer.spools import NOON, SECOND, bytes_in, confirm, everything, frames, segments, spool_in, tally


def test_a_full_spool_is_decimated_evenly_and_never_cut(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=60_000) as spool:
        for start in range(0, 1200, 20):
            spool.append([*frames(start, start + 20), tally(start // 20)])
            assert spool.size == bytes_in(tmp_path) <= 60_000
        left = everything(spool)
        numbers = [(item.time_us - NOON) // SECOND for item in left if item.kind is ItemKind.FRAME]
        assert spool.decimated == 1200 - len(numbers) > 0
        assert spool.pending == len(numbers)
        assert [item for item in left if item.kind is ItemKind.TALLY] == [tally(number) for number in range(60)]
        assert numbers == sorted(numbers)
        assert numbers[0] == 0
        assert numbers[-20:] == list(range(1180, 1200))
        gaps = [after - before for before, after in itertools.pairwise(numbers)]
        assert max(gaps) <= 16  # a quarter and less of the room: of 1200 frames at full size, 240 fit
        before = left
    with spool_in(tmp_path, max_size=60_000) as spool:
        assert everything(spool) == before
        for item in before:
            assert confirm(spool, item) is True
        assert segments(tmp_path) == []


def test_of_the_segments_decimated_least_the_oldest_is_next(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=60_000) as spool:
        start = 0
        while not spool.decimated:
            spool.append(frames(start, start + 10))
            start += 10
        numbers = [(item.time_us - NOON) // SECOND for item in everything(spool)]
        assert numbers[:11] == [0, 2, 4, 6, 8, 9, 10, 12, 14, 16, 18]  # first and last of a block stay
        assert numbers[-100:] == list(range(start - 100, start))
    with spool_in(tmp_path, max_size=60_000) as spool:  # the generation is read from the file
        while not spool.decimated:
            spool.append(frames(start, start + 10))
            start += 10
        again = [(item.time_us - NOON) // SECOND for item in everything(spool)]
        assert again[:11] == numbers[:11]
        assert len(again) < start - spool.decimated


def test_confirmed_items_are_deleted_before_anything_is_decimated(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=60_000) as spool:
        for start in range(0, 200, 10):
            spool.append(frames(start, start + 10))
        for item in frames(200):
            if item.time_us % (7 * SECOND):
                confirm(spool, item)
        expected = everything(spool)
        for start in range(200, 340, 10):
            spool.append(frames(start, start + 10))
        assert spool.decimated == 0
        assert everything(spool) == [*expected, *frames(200, 340)]


def test_a_tiny_spool_keeps_at_least_the_last_items(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=1) as spool:
        for start in range(0, 300, 10):
            spool.append([*frames(start, start + 10), tally(start)])
            assert everything(spool)[-11:] == [*frames(start, start + 10), tally(start)]
        left = everything(spool)
        assert spool.pending + spool.decimated == 300
        assert sum(item.kind is ItemKind.TALLY for item in left) == 30


def test_a_decimation_that_fails_discards_nothing(tiny: Path) -> None:
    (tiny / "filler").write_bytes(bytes(50_000))
    with spool_in(tiny, max_size=30_000) as spool:
        start = 0
        while spool.size < 24_000:
            spool.append(frames(start, start + 10))
            start += 10
        before = everything(spool)
        filler = os.open(tiny / "filler", os.O_WRONLY | os.O_APPEND)
        while os.fstatvfs(filler).f_bfree:
            os.write(filler, bytes(4096))
        os.close(filler)
        with pytest.raises(OSError, match="No space"):
            spool.append(frames(1000, 1050))
        assert everything(spool) == before
        assert spool.decimated == 0
        assert list(tiny.glob("*.part")) == []
