"""The spool: what nobody has confirmed is there, whatever happens to the disk; a full one is decimated, never cut."""

import array
import errno
import fcntl
import itertools
import os
import random
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.disk import memory_backed
from reader.buffer.item import Item, Kind, to_micros
from reader.buffer.record import MAGIC, read_records, write_record
from reader.buffer.spool import Spool
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder

ROOT = Path(__file__).resolve().parents[3]
METER = "031961123456"
NOON = 1_790_000_000_000_000
SECOND = 1_000_000
LARGE = 64_000_000  # bytes


def frame(number: int, *, meter: str = METER, size: int = 200) -> Item:
    """A frame whose payload cannot be compressed to less than `size` bytes."""
    text = random.Random(number).randbytes(size).hex().encode()
    return Item(Kind.FRAME, meter, NOON + number * SECOND, b'{"number": %d, "text": "%b"}' % (number, text))


def tally(number: int) -> Item:
    return Item(Kind.TALLY, METER, NOON + number * 3600 * SECOND, b'{"frames": 3600}')


def frames(*numbers: int) -> list[Item]:
    return [frame(number) for number in range(*numbers)]


@contextmanager
def spool_in(folder: Path, *, max_size: int = LARGE, segment_size: int = 5000, lock: bool = True) -> Iterator[Spool]:
    spool = Spool(folder, max_size=max_size, segment_size=segment_size, lock=lock)
    spool.open()
    try:
        yield spool
    finally:
        spool.close()


def everything(spool: Spool) -> list[Item]:
    return [item for block in spool.undelivered() for item in spool.read(block)]


def confirm(spool: Spool, item: Item, storer: str = "main") -> bool | None:
    return spool.confirm(item.kind, item.meter, item.time_us, storer, lambda names: True)


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in segments(folder))


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Let the kernel refuse what would make any file longer, in the middle of a write where it begins before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 96 kB."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("this user may not mount")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


@contextmanager
def append_only(path: Path) -> Iterator[None]:
    """Let the kernel refuse to truncate, replace or delete a file."""
    get_flags, set_flags, only_append = 0x80086601, 0x40086602, 0x20
    with path.open("rb") as file:
        flags = array.array("l", [0])
        try:
            fcntl.ioctl(file, get_flags, flags)
            fcntl.ioctl(file, set_flags, array.array("l", [flags[0] | only_append]))
        except OSError as error:
            pytest.skip(f"not here: {error}")
        try:
            yield
        finally:
            fcntl.ioctl(file, set_flags, flags)


# --- what goes in comes out ------------------------------------------------------------------------------------------


def test_what_was_appended_and_not_confirmed_comes_back_in_order(tmp_path: Path) -> None:
    items = [*frames(70), tally(0), frame(70), frame(0, meter="other"), tally(1)]
    with spool_in(tmp_path / "a" / "spool") as spool:
        assert (spool.pending, spool.size, spool.oldest) == (0, 0, None)
        for start in range(0, len(items), 10):
            spool.append(items[start : start + 10])
        assert sorted(map(repr, everything(spool))) == sorted(map(repr, items))
    with spool_in(tmp_path / "a" / "spool") as spool:
        assert [item for item in everything(spool) if item.kind is Kind.FRAME and item.meter == METER] == frames(71)
        assert [item for item in everything(spool) if item.kind is Kind.TALLY] == [tally(0), tally(1)]
        assert spool.pending == 72
        assert spool.oldest == NOON
        assert spool.size == bytes_in(tmp_path / "a" / "spool")
        assert spool.damaged_bytes == spool.decimated == 0


@pytest.mark.parametrize(
    "payloads",
    [
        [b"\n"],
        [b"", b"\n", b""],
        [b"a\nb", b"c"],
        [b""],
        [b"", b""],
        [bytes(range(256)), MAGIC],
        [write_record(b"x"), b"\n"],
    ],
)
def test_a_payload_may_be_anything(tmp_path: Path, payloads: list[bytes]) -> None:
    items = [Item(Kind.FRAME, "é", number, payload) for number, payload in enumerate(payloads)]
    with spool_in(tmp_path) as spool:
        spool.append(items)
    with spool_in(tmp_path) as spool:
        assert everything(spool) == items


def test_times_may_jump_either_way(tmp_path: Path) -> None:
    hour = 3600 * SECOND
    keys = [NOON, NOON + 1, NOON + hour, NOON + 5 * hour, NOON - hour, NOON - hour + 2**32 - 1, -(2**63), 2**63 - 1, 0]
    items = [Item(Kind.FRAME, METER, key, b"%d" % key) for key in keys]
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


def test_an_item_that_is_here_already_is_replaced(tmp_path: Path) -> None:
    old, new = tally(0), Item(Kind.TALLY, METER, tally(0).time_us, b"new")
    with spool_in(tmp_path, segment_size=1) as spool:
        spool.append([old, *frames(50)])
        spool.append([*frames(40, 60), new, old, new])
        assert spool.pending == 60
        assert sorted(map(repr, everything(spool))) == sorted(map(repr, [new, *frames(60)]))
    with spool_in(tmp_path) as spool:
        assert sorted(map(repr, everything(spool))) == sorted(map(repr, [new, *frames(60)]))
        assert confirm(spool, new) is True
        assert confirm(spool, new) is None
        spool.append(frames(50))  # all that is left of the first segment
        assert len(segments(tmp_path)) == 2


def test_appending_no_items_writes_nothing(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append([])
        assert list(tmp_path.iterdir()) == []


# --- confirmations ---------------------------------------------------------------------------------------------------


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


def test_an_item_is_confirmed_when_enough_storers_have_it(tmp_path: Path) -> None:
    asked = []

    def both(names: frozenset[str]) -> bool:
        asked.append(set(names))
        return names >= {"a", "b"}

    with spool_in(tmp_path) as spool:
        spool.append(frames(3))
        key = frame(1).time_us
        assert spool.confirm(Kind.FRAME, METER, key, "a", both) is False
        assert spool.confirm(Kind.FRAME, METER, key, "a", both) is False
        assert spool.confirm(Kind.FRAME, METER, frame(2).time_us, "b", both) is False
        assert spool.pending == 3
        assert spool.confirm(Kind.FRAME, METER, key, "b", both) is True
        assert asked == [{"a"}, {"a"}, {"b"}, {"a", "b"}]
        assert spool.confirm(Kind.FRAME, METER, key, "b", both) is None
        assert everything(spool) == [frame(0), frame(2)]
        assert spool.pending == 2


def test_what_is_not_here_cannot_be_confirmed(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        assert confirm(spool, frame(0)) is None
        spool.append([frame(0), frame(2), tally(0)])
        for kind, meter, key in [
            (Kind.FRAME, METER, frame(1).time_us),
            (Kind.FRAME, METER, frame(2).time_us + 1),
            (Kind.FRAME, METER, frame(0).time_us - 1),
            (Kind.FRAME, "other", frame(0).time_us),
            (Kind.TALLY, METER, frame(2).time_us),
        ]:
            assert spool.confirm(kind, meter, key, "main", lambda names: True) is None
        assert spool.pending == 2


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


# --- disks that fail -------------------------------------------------------------------------------------------------


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


def filled(folder: Path) -> Path:
    """Make one segment of 30 records of 10 frames."""
    with spool_in(folder, segment_size=500_000) as spool:
        for start in range(0, 300, 10):
            spool.append(frames(start, start + 10))
    (path,) = segments(folder)
    return path


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


def test_records_of_another_kind_move_to_a_damaged_file(tmp_path: Path) -> None:
    path = filled(tmp_path)
    foreign = write_record(b"\x02 from a later version") + write_record(b"")
    path.write_bytes(foreign + path.read_bytes())
    with spool_in(tmp_path) as spool:
        assert everything(spool) == frames(300)
        assert spool.damaged_bytes == len(foreign)
        assert (tmp_path / "00000001.damaged").read_bytes() == foreign


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
        assert confirm(spool, frame(5)) is None


def test_nobody_else_may_read_the_files_nor_rewritten_ones(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[9000:])  # one part goes aside, the rest is written anew
    with spool_in(tmp_path, max_size=bytes_in(tmp_path)) as spool:
        while not spool.decimated:
            spool.append(frames(300, 310))
    assert {path.suffix for path in tmp_path.iterdir()} == {".spool", ".damaged"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


# --- no room ---------------------------------------------------------------------------------------------------------


def test_a_full_spool_is_decimated_evenly_and_never_cut(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=60_000) as spool:
        for start in range(0, 1200, 20):
            spool.append([*frames(start, start + 20), tally(start // 20)])
            assert spool.size == bytes_in(tmp_path) <= 60_000
        left = everything(spool)
        numbers = [(item.time_us - NOON) // SECOND for item in left if item.kind is Kind.FRAME]
        assert spool.decimated == 1200 - len(numbers) > 0
        assert spool.pending == len(numbers)
        assert [item for item in left if item.kind is Kind.TALLY] == [tally(number) for number in range(60)]
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


def test_confirmations_are_kept_when_a_segment_is_decimated(tmp_path: Path) -> None:
    def both(names: frozenset[str]) -> bool:
        return names >= {"a", "b"}

    with spool_in(tmp_path, max_size=30_000) as spool:
        spool.append(frames(20))
        for item in frames(20):
            assert spool.confirm(item.kind, item.meter, item.time_us, "a", both) is False
        start = 20
        while not spool.decimated:
            spool.append(frames(start, start + 20))
            start += 20
        for item in everything(spool)[:5]:
            assert spool.confirm(item.kind, item.meter, item.time_us, "b", both) is True


def test_a_tiny_spool_keeps_at_least_the_last_items(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=1) as spool:
        for start in range(0, 300, 10):
            spool.append([*frames(start, start + 10), tally(start)])
            assert everything(spool)[-11:] == [*frames(start, start + 10), tally(start)]
        left = everything(spool)
        assert spool.pending + spool.decimated == 300
        assert sum(item.kind is Kind.TALLY for item in left) == 30


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


# --- against a model -------------------------------------------------------------------------------------------------

METERS = st.sampled_from(["A", "B"])
KEYS = st.one_of(
    st.integers(0, 60).map(lambda second: NOON + second * SECOND),
    st.integers(-20, 20).map(lambda step: NOON + step * 400 * SECOND),
)
PAYLOADS = st.one_of(
    st.integers(0, 999).map(lambda seed: random.Random(seed).randbytes(200).hex().encode()),
    st.binary(max_size=10),
    st.sampled_from([b"\n", b"", MAGIC]),
)
ITEMS = st.builds(Item, st.sampled_from([Kind.FRAME, Kind.FRAME, Kind.FRAME, Kind.TALLY]), METERS, KEYS, PAYLOADS)
Identity = tuple[Kind, str, int]


class SpoolMachine(RuleBasedStateMachine):
    """A spool beside a dictionary."""

    @initialize(max_size=st.sampled_from([LARGE, LARGE, 12_000, 1]))
    def begin(self, max_size: int) -> None:
        self.folder = TemporaryDirectory()
        self.max_size = max_size
        self.pending: dict[Identity, bytes] = {}
        self.written: dict[Identity, set[bytes]] = {}
        self.noted: dict[Identity, set[str]] = {}
        self.clock = NOON + 10_000 * SECOND
        self.open()

    def open(self) -> None:
        self.spool = Spool(Path(self.folder.name), max_size=self.max_size, segment_size=4096)
        self.spool.open()

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()
            self.folder.cleanup()

    def found(self) -> dict[Identity, bytes]:
        items = everything(self.spool)
        found = {(item.kind, item.meter, item.time_us): item.payload for item in items}
        assert len(found) == len(items)
        return found

    def take(self, items: list[Item]) -> None:
        decimated = self.spool.decimated
        self.spool.append(items)
        for item in items:
            identity = (item.kind, item.meter, item.time_us)
            self.pending[identity] = item.payload
            self.written.setdefault(identity, set()).add(item.payload)
            self.noted.pop(identity, None)
        found = self.found()
        assert found.items() <= self.pending.items()
        gone = self.pending.keys() - found.keys()
        assert all(kind is Kind.FRAME for kind, _, _ in gone)
        assert gone.isdisjoint((item.kind, item.meter, item.time_us) for item in items)
        if self.max_size == LARGE:
            assert not gone
        # A frame that was decimated and then replaced in the same call is counted, and here again.
        assert len(gone) <= self.spool.decimated - decimated <= len(gone) + len(items)
        for identity in gone:
            del self.pending[identity]
            self.noted.pop(identity, None)

    @rule(items=st.lists(ITEMS, min_size=1, max_size=8))
    def append(self, items: list[Item]) -> None:
        self.take(items)

    @rule(count=st.integers(1, 130), size=st.sampled_from([1, 20]))
    def append_a_run(self, count: int, size: int) -> None:
        self.take([frame((self.clock - NOON) // SECOND + number, meter="A", size=size) for number in range(count)])
        self.clock += count * SECOND

    @precondition(lambda self: self.pending)
    @rule(data=st.data(), storer=st.sampled_from("ab"), wanted=st.sampled_from(["a", "b", "ab"]), many=st.booleans())
    def confirm(self, data: st.DataObject, storer: str, wanted: str, many: bool) -> None:
        identities = list(self.pending)
        if not many:
            identities = [data.draw(st.sampled_from(identities))]
        for identity in identities:
            names = self.noted.setdefault(identity, set()) | {storer}
            enough = names >= set(wanted)
            assert self.spool.confirm(*identity, storer, lambda said: said >= set(wanted)) is enough
            self.noted[identity] = names
            if enough:
                del self.pending[identity], self.noted[identity]
                assert self.spool.confirm(*identity, storer, lambda said: True) is None

    @rule(kind=st.sampled_from(Kind), meter=METERS, key=KEYS)
    def confirm_what_may_not_be_here(self, kind: Kind, meter: str, key: int) -> None:
        here = (kind, meter, key) in self.pending
        assert self.spool.confirm(kind, meter, key, "a", lambda said: True) is (True if here else None)
        self.pending.pop((kind, meter, key), None)
        self.noted.pop((kind, meter, key), None)

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.open()
        found = self.found()
        assert self.pending.items() <= found.items()
        assert all(payload in self.written[identity] for identity, payload in found.items())
        assert self.spool.damaged_bytes == 0
        self.pending, self.noted = found, {}

    @invariant()
    def is_what_the_model_says(self) -> None:
        if not hasattr(self, "spool"):
            return
        assert self.found() == self.pending
        keys = [key for kind, _, key in self.found() if kind is Kind.FRAME]
        assert self.spool.pending == len(keys)
        assert self.spool.oldest == (keys[0] if keys else None)
        assert self.spool.size == bytes_in(Path(self.folder.name))
        assert self.spool.lost == 0


TestSpoolAgainstAModel = SpoolMachine.TestCase
TestSpoolAgainstAModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


# --- kill -9 ---------------------------------------------------------------------------------------------------------

CHILD = """
import os, random, sys
from pathlib import Path
from reader.buffer.item import Item, Kind
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
        items.append(Item(Kind.FRAME, chance.choice("AB"), number * 1_000_000, chance.randbytes(30).hex().encode()))
    spool.append(items)
    for item in items:
        say("a", item.meter, item.time_us, item.payload.decode())
    waiting += items
    while len(waiting) > 200:
        item = waiting.pop(chance.randrange(50))
        say("c", item.meter, item.time_us)
        spool.confirm(item.kind, item.meter, item.time_us, "main", lambda names: True)
"""


def test_kill_dash_9_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    waiting: dict[tuple[str, int], bytes] = {}
    appended = 0
    for seed in range(1, 9):
        with (tmp_path / "told").open("wb") as told:
            process = subprocess.Popen(
                [sys.executable, "-c", CHILD, str(tmp_path / "spool"), str(seed)],
                stdout=told,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            deadline = time.monotonic() + 30
            while not os.fstat(told.fileno()).st_size and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.2))
            assert process.poll() is None, "it ended by itself"
            process.kill()
            process.wait()
        for line in (tmp_path / "told").read_text().rpartition("\n")[0].splitlines():
            what, meter, key, *payload = line.split()
            if what == "a":
                waiting[meter, int(key)] = payload[0].encode()
                appended += 1
            else:
                waiting.pop((meter, int(key)), None)
        with spool_in(tmp_path / "spool") as spool:
            found = {(item.meter, item.time_us): item.payload for item in everything(spool)}
            assert waiting.items() <= found.items()
    assert appended > 500


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_two_weeks_fit_into_64_megabytes_and_little_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    meter, decoder, chance = SimulatedMeter("standard-single-phase-tempo"), Decoder(), random.Random(1)
    now = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    items = []
    for _ in range(1800):
        now += timedelta(seconds=0.917 + chance.uniform(-0.02, 0.02))
        for reading in decoder.feed(meter.frame(now)):
            assert reading.address
            said = reading.to_frame(reading.address, now)
            items.append(Item(Kind.FRAME, said.meter, to_micros(now), said.to_json()))
    assert len(items) == 1800

    def written() -> int:
        lines = Path("/proc/self/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))

    with spool_in(tmp_path, segment_size=512 * 1024) as spool:
        before = written()
        for start in range(0, len(items), 60):
            spool.append(items[start : start + 60])
        each_written = (written() - before) / len(items)
        each = spool.size / len(items)
        assert everything(spool) == items
        begin = time.perf_counter()
        for item in items:
            confirm(spool, item)
        each_confirmed = (time.perf_counter() - begin) / len(items)
    days = LARGE / each / (1.09 * 86_400)
    with capsys.disabled():
        print(
            f"\nspool: {each:.1f} B/frame, {days:.1f} days in 64 MB, {each_written:.0f} B/frame written,"
            f" {each_confirmed * 1e6:.1f} µs to confirm one"
        )
    assert each <= 45
    assert days >= 14
    if not memory_backed(tmp_path):
        assert each_written <= 150
    assert each_confirmed < 0.001


def test_a_long_outage_costs_about_ten_bytes_of_memory_a_frame(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with spool_in(tmp_path, segment_size=512 * 1024) as spool:
        for start in range(0, 18_000, 60):  # as the program writes: once a minute
            spool.append(
                [Item(Kind.FRAME, METER, NOON + number * SECOND, b"{}") for number in range(start, start + 60)]
            )
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        with spool_in(tmp_path) as spool:
            after, _ = tracemalloc.get_traced_memory()
            assert spool.pending == 18_000
            each = (after - before) / spool.pending
    finally:
        tracemalloc.stop()
    with capsys.disabled():
        print(f"\nspool: {each:.1f} B of memory for a frame")
    assert each < 12
