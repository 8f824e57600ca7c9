"""The spool on a disk that is full, damaged or failing."""

import errno
import itertools
from pathlib import Path

import pytest

from common.errors import NotReady
from reader.buffer.item import Item
from reader.buffer.record import read_records, write_record
from reader.buffer.spool import Spool
from tests.reader.buffer.failing_disks import append_only, files_no_longer_than
from tests.reader.buffer.spools import (
    LARGE,
    NOON,
    SECOND,
    bytes_in,
    confirm,
    everything,
    filled,
    frame,
    frames,
    segments,
    spool_in,
)


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "spool"):
        with pytest.raises(OSError, match="file"):
            Spool(folder, max_size=LARGE).open()


def test_a_partial_write_is_undone(tmp_path: Path) -> None:
    with spool_in(tmp_path, segment_size=100_000) as spool:
        for limit in (10, 500):  # in a new file, in one that has something
            before, size = everything(spool), spool.size
            with files_no_longer_than(size + limit):
                for _ in range(3):
                    with pytest.raises(OSError, match=r"No space|too large"):
                        spool.append(frames(100, 200))
                    assert everything(spool) == before
                    assert spool.size == size == bytes_in(tmp_path)
            spool.append(frames(5))
        assert everything(spool) == frames(5)
    with spool_in(tmp_path) as spool:
        assert everything(spool) == frames(5)
        assert spool.damaged_bytes == 0


def test_a_partial_write_that_cannot_be_undone_hides_nothing(tmp_path: Path) -> None:
    with spool_in(tmp_path, segment_size=100_000) as spool:
        spool.append(frames(5))
        torn = segments(tmp_path)[0]
        with append_only(torn):
            with files_no_longer_than(spool.size + 100), pytest.raises(OSError, match=r"No space|too large"):
                spool.append(frames(5, 10))
            assert torn.stat().st_size == spool.size + 100
            spool.append(frames(10, 15))
            assert everything(spool) == [*frames(5), *frames(10, 15)]
            # Nor can it be rewritten now: what is whole is read from where it is.
            with spool_in(tmp_path, lock=False) as again:
                assert everything(again) == [*frames(5), *frames(10, 15)]
    with spool_in(tmp_path) as spool:
        assert everything(spool) == [*frames(5), *frames(10, 15)]
        assert spool.damaged_bytes == 100
    with spool_in(tmp_path) as spool:
        assert spool.damaged_bytes == 0


def test_on_a_full_disk_nothing_that_was_written_is_lost_and_later_appends_work(tiny: Path) -> None:
    with spool_in(tiny) as spool:
        kept: list[Item] = []

        def fill() -> None:
            for start in itertools.count(0, 10):
                spool.append(frames(start, start + 10))
                kept.extend(frames(start, start + 10))

        with pytest.raises(OSError, match="No space") as caught:
            fill()
        assert caught.value.errno == errno.ENOSPC
        assert len(kept) > 200
        assert everything(spool) == kept
        assert spool.size == bytes_in(tiny)
        for item in kept[:100]:
            confirm(spool, item)
        spool.append(frames(5000, 5010))
    with spool_in(tiny) as spool:
        assert set(kept[100:]) | set(frames(5000, 5010)) <= set(everything(spool)) <= {*kept, *frames(5000, 5010)}
        assert spool.damaged_bytes == 0


@pytest.mark.parametrize(
    ("start", "end", "with_what"),
    [
        (8192, 12_288, bytes(4096)),
        (0, 5000, b"\xff" * 5000),
        (30_000, 30_002, b"??"),
        (40_000, 80_000, b""),
        (0, 9000, b""),
    ],
    ids=["a zeroed page", "garbage before", "two bytes", "the tail is gone", "the begin is gone"],
)
def test_damage_loses_only_the_records_it_touches(tmp_path: Path, start: int, end: int, with_what: bytes) -> None:
    path = filled(tmp_path)
    data = path.read_bytes()
    records, _ = read_records(data)
    offsets = [offset for offset, _ in records]
    touched = {
        number
        for number, (begin, stop) in enumerate(itertools.pairwise([*offsets, len(data)]))
        if begin < end and stop > start
    }
    assert data[start:end] != with_what
    path.write_bytes(data[:start] + with_what + data[end:])
    expected = [item for item in frames(300) if (item.time_us - NOON) // SECOND // 10 not in touched]
    with spool_in(tmp_path) as spool:
        assert everything(spool) == expected
        assert 0 < spool.damaged_bytes == (tmp_path / "00000001.damaged").stat().st_size
        assert spool.pending == len(expected)
        assert spool.size == path.stat().st_size
        spool.append([frame(300)])
    with spool_in(tmp_path) as spool:  # it was put in order
        assert spool.damaged_bytes == 0
        assert everything(spool) == [*expected, frame(300)]


def test_a_segment_without_an_intact_record_moves_to_a_damaged_file(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(bytes(9000))
    with spool_in(tmp_path) as spool:
        assert (spool.pending, spool.size, spool.damaged_bytes) == (0, 0, 9000)
        assert [path.name for path in tmp_path.iterdir()] == ["00000001.damaged"]
        spool.append([frame(1)])
        assert [path.name for path in segments(tmp_path)] == ["00000002.spool"]


def test_a_record_without_a_version_moves_to_a_damaged_file(tmp_path: Path) -> None:
    path = filled(tmp_path)
    foreign = write_record(b"")
    path.write_bytes(foreign + path.read_bytes())
    with spool_in(tmp_path) as spool:
        assert everything(spool) == frames(300)
        assert (tmp_path / "00000001.damaged").read_bytes() == foreign


def test_a_spool_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes() + write_record(b"\x02 from a later version"))
    before = path.read_bytes()
    for _ in range(2):  # it is not locked, either
        with pytest.raises(NotReady, match=r"00000001\.spool.*newer.*update"), spool_in(tmp_path):
            pass
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == {path: before}


def test_only_the_newest_damaged_files_are_kept(tmp_path: Path) -> None:
    for number in range(1, 13):
        (tmp_path / f"{number:08}.spool").write_bytes(b"damage")
    with spool_in(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [f"{number:08}.damaged" for number in range(5, 13)]


def test_unfinished_files_of_a_killed_run_are_removed_and_other_files_stay(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "00000001.part").write_bytes(b"half")
    (tmp_path / "storers.json").write_text("{}")
    with spool_in(tmp_path) as spool:
        assert everything(spool) == frames(300)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000001.spool", "storers.json"]


def test_a_record_that_is_damaged_later_is_counted_as_lost_and_the_others_are_read(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with spool_in(tmp_path) as spool:
        data = bytearray(path.read_bytes())
        data[4:8] = b"\xff" * 4  # the length of the first record
        path.write_bytes(data)
        assert everything(spool) == frames(10, 300)
        assert (spool.lost, spool.pending) == (10, 290)
        assert not confirm(spool, frame(5))


def test_nobody_else_may_read_the_files_nor_rewritten_ones(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[9000:])  # one part goes aside, the rest is written anew
    with spool_in(tmp_path, max_size=bytes_in(tmp_path)) as spool:
        while not spool.decimated:
            spool.append(frames(300, 310))
    assert {path.suffix for path in tmp_path.iterdir()} == {".spool", ".damaged"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
