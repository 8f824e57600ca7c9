"""The journal: what was appended and not released is there after a kill, and so is every count."""

import errno
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.errors import NotReady
from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.journal import Journal, JournalBusy
from reader.buffer.record import write_record
from tests.reader.buffer.failing_disks import files_no_longer_than
from tests.reader.buffer.journals import METER, NOON, files, frame, journal_in
from tests.reader.buffer.kills import run_until_killed


def tally(number: int, text: bytes = b'{"frames": 3600}') -> Item:
    return Item(ItemKind.TALLY, METER, NOON + number * HOUR, text)


def test_what_was_appended_and_not_released_comes_back_in_order(tmp_path: Path) -> None:
    items = [frame(0), tally(0), frame(1, meter="other"), frame(2), tally(1)]
    with journal_in(tmp_path / "a" / "journal") as (journal, recovered):
        assert recovered == []
        for item in items:
            journal.append(item)
    with journal_in(tmp_path / "a" / "journal") as (journal, recovered):
        assert recovered == items
        assert journal.counts.frames == {(METER, NOON): 2, ("other", NOON): 1}
        assert journal.damaged_bytes == 0


def test_nobody_else_may_look_into_the_folder(tmp_path: Path) -> None:
    with journal_in(tmp_path / "journal") as (journal, _):
        journal.append(frame(1))
        assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "journal").iterdir())


def test_a_payload_may_be_anything(tmp_path: Path) -> None:
    items = [Item(ItemKind.FRAME, "é", -5, bytes(range(256))), Item(ItemKind.FRAME, "", 2**63 - 1, b"")]
    with journal_in(tmp_path) as (journal, _):
        for item in items:
            journal.append(item)
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == items


def test_a_segment_is_deleted_with_the_last_of_its_items_and_its_counts_stay(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (journal, _):
        segments = [journal.append(frame(number)) for number in range(40)]
        assert len(set(segments)) > 2
        assert journal.size == sum(files(tmp_path).values()) > 2000
        first = segments.index(segments[-1])
        for segment in segments[:first]:
            journal.release(segment)
        assert list(files(tmp_path)) == [f"{segments[-1]:08}.journal"]
        assert journal.size == sum(files(tmp_path).values())
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == [frame(number) for number in range(first, 40)]
        assert journal.counts.frames == {(METER, NOON): 40}
        for item in recovered:
            journal.release(journal.segment_of(item))
        assert files(tmp_path) == {}
        assert journal.size == 0
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == []
        assert journal.counts.frames == {(METER, NOON): 40}
        journal.append(frame(40))
        assert journal.counts.frames == {(METER, NOON): 41}


def test_the_current_segment_is_emptied_at_times_and_used_again(tmp_path: Path) -> None:
    with journal_in(tmp_path, segment_size=256 * 1024) as (journal, _):
        segments, sizes = set(), []
        for number in range(200):
            segments.add(journal.append(frame(number, size=1000)))
            journal.release(max(segments))
            assert journal.size == sum(files(tmp_path).values())
            sizes.append(journal.size)
        assert len(segments) == 1
        assert max(sizes) < 32 * 1024 < 10 * max(sizes)
        assert 3 < sizes.count(0) < 10
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == []
        assert journal.counts.frames == {(METER, NOON): 200}
        assert journal.damaged_bytes == journal.size == 0


def test_after_each_release_of_the_last_item_nothing_would_come_back(tmp_path: Path) -> None:
    chance = random.Random(3)
    kept: list[tuple[Item, int]] = []
    with journal_in(tmp_path / "journal", segment_size=100_000) as (journal, _):
        for number in range(300):
            item = frame(number) if chance.random() < 0.5 else tally(number)
            kept.append((item, journal.append(item)))
            while kept and chance.random() < 0.5:
                journal.release(kept.pop(chance.randrange(len(kept)))[1])
            copy = shutil.copytree(tmp_path / "journal", tmp_path / "copies" / str(number))
            with journal_in(copy) as (after_kill, recovered):
                assert {item for item, _ in kept} <= set(recovered)
                assert kept or not recovered
                assert after_kill.counts.frames == journal.counts.frames
                assert after_kill.damaged_bytes == 0


@pytest.mark.parametrize("room", [0, 5])
def test_without_room_to_record_a_release_the_segment_is_emptied(tmp_path: Path, room: int) -> None:
    with journal_in(tmp_path, segment_size=100_000) as (journal, _):
        segment = journal.append(frame(0, size=500))
        with files_no_longer_than(journal.size + room):
            journal.release(segment)
        assert journal.size == sum(files(tmp_path).values()) == 0
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == []
        assert journal.counts.frames == {(METER, NOON): 1}
        assert journal.damaged_bytes == 0


def test_an_item_cannot_be_released_twice(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (journal, _):
        segment = journal.append(frame(1))
        journal.release(segment)
        for released in (segment, 77):
            with pytest.raises(ValueError, match="has no items"):
                journal.release(released)


def test_of_an_item_that_was_written_twice_the_last_one_counts(tmp_path: Path) -> None:
    with journal_in(tmp_path, segment_size=1) as (journal, _):
        journal.append(tally(0, b"old"))
        journal.append(frame(1))
        journal.append(tally(0, b"new"))
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == [frame(1), tally(0, b"new")]
        assert len(files(tmp_path)) == 2  # the segment of the older one was empty
        for item in recovered:
            journal.release(journal.segment_of(item))
        assert files(tmp_path) == {}


def test_two_processes_cannot_use_it(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (_, _), pytest.raises(JournalBusy):
        Journal(tmp_path, "pi").open()
    with journal_in(tmp_path) as (_, recovered):
        assert recovered == []


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Journal(tmp_path / "file", "pi").open()


def test_damaged_records_are_counted_and_the_others_are_read(tmp_path: Path) -> None:
    with journal_in(tmp_path, segment_size=100_000) as (journal, _):
        segments = [journal.append(frame(number)) for number in range(100)]
    path = tmp_path / f"{segments[0]:08}.journal"
    data = bytearray(path.read_bytes())
    data[4000:4040] = bytes(40)
    path.write_bytes(data[:-10])
    with journal_in(tmp_path) as (journal, recovered):
        assert 96 <= len(recovered) <= 98
        assert recovered[0] == frame(0)
        assert recovered[-1] == frame(98)
        assert 100 <= journal.damaged_bytes <= 400
        journal.append(frame(100))
    with journal_in(tmp_path) as (_, again):
        assert again == [*recovered, frame(100)]


def test_a_journal_of_a_newer_version_is_refused_and_its_frames_stay(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (journal, _):
        path = tmp_path / f"{journal.append(frame(0)):08}.journal"
    path.write_bytes(path.read_bytes() + write_record(b"\x02 from a later version"))
    before = path.read_bytes()
    for _ in range(2):  # it is not locked, either
        with pytest.raises(NotReady, match=r"\.journal.*newer.*update"), journal_in(tmp_path):
            pass
    assert path.read_bytes() == before


def test_a_record_that_was_written_in_part_is_cut_off_and_not_counted(tmp_path: Path) -> None:
    with journal_in(tmp_path, segment_size=100_000) as (journal, _):
        journal.append(frame(0))
        size = journal.size
        with files_no_longer_than(size + 20):
            for _ in range(3):
                with pytest.raises(OSError, match=r"No space|too large"):
                    journal.append(frame(1))
                assert journal.size == size == sum(files(tmp_path).values())
        assert journal.counts.frames == {(METER, NOON): 1}
        journal.append(frame(2))
        assert journal.counts.frames == {(METER, NOON): 2}
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == [frame(0), frame(2)]
        assert journal.damaged_bytes == 0


def test_a_segment_stays_as_long_as_its_counts_cannot_be_saved(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (journal, _):
        segment = journal.append(frame(0))
        with files_no_longer_than(5):
            journal.release(segment)
            assert journal.size > 0
        assert journal.counts.frames == {(METER, NOON): 1}
        segment = journal.append(frame(1))
        assert journal.size == sum(files(tmp_path).values())
        journal.release(segment)
    with journal_in(tmp_path) as (journal, recovered):
        assert recovered == []
        assert journal.counts.frames == {(METER, NOON): 2}


@contextmanager
def counts_that_cannot_be_saved(folder: Path) -> Iterator[None]:
    """Put /dev/full in place of the files that hold the counts."""
    open_files = [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    slots = [
        file
        for file in open_files
        if os.path.realpath(f"/proc/self/fd/{file}").startswith(f"{folder.resolve()}/counts.")
    ]
    assert len(slots) == 2
    kept = [os.dup(slot) for slot in slots]
    full = os.open("/dev/full", os.O_RDWR)
    for slot in slots:
        os.dup2(full, slot, inheritable=False)
    yield
    for slot, file in zip(slots, kept, strict=True):
        os.dup2(file, slot, inheritable=False)
    for file in (full, *kept):
        os.close(file)


@pytest.mark.parametrize("segment_size", [150, 100_000])
def test_while_counts_cannot_be_saved_no_item_is_deleted_with_others(tmp_path: Path, segment_size: int) -> None:
    with journal_in(tmp_path, segment_size=segment_size) as (journal, _):
        with counts_that_cannot_be_saved(tmp_path):
            journal.release(journal.append(frame(0)))
            journal.release(journal.append(frame(1)))
            segment = journal.append(frame(2))
            for number in range(3, 9):
                journal.release(journal.append(frame(number)))
            journal.forget_counts(NOON - HOUR)
        journal.append(frame(9))
        assert journal.size == sum(files(tmp_path).values())
    with journal_in(tmp_path) as (journal, recovered):
        assert {frame(2), frame(9)} <= set(recovered)
        assert journal.segment_of(frame(2)) == segment
        assert journal.counts.frames == {(METER, NOON): 10}
        assert len(files(tmp_path)) <= 2


def test_on_a_full_file_system_nothing_that_was_written_is_lost_and_later_appends_work(tiny: Path) -> None:
    with journal_in(tiny, segment_size=8000) as (journal, _):
        segments: list[tuple[int, int]] = []

        def fill() -> None:
            for number in range(1000):
                segments.append((number, journal.append(frame(number, size=500))))

        with pytest.raises(OSError, match="No space") as caught:
            fill()
        assert caught.value.errno == errno.ENOSPC
        full = len(segments)
        assert full > 60
        for _, segment in segments[:30]:  # counts can be saved although everything is full
            journal.release(segment)
        assert journal.counts.frames == {(METER, NOON): full}
        again = [(number, journal.append(frame(number, size=500))) for number in range(2000, 2015)]
    with journal_in(tiny, segment_size=8000) as (journal, recovered):
        assert set(recovered) >= {frame(number, size=500) for number, _ in [*segments[30:], *again]}
        assert journal.counts.frames == {(METER, NOON): full + 15}
        assert journal.damaged_bytes == 0


# --- kill -9 ---------------------------------------------------------------------------------------------------------

CHILD = """
import os, random, sys
from pathlib import Path
from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.journal import Journal

folder, seed = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
say = lambda *words: os.write(1, (" ".join(map(str, words)) + "\\n").encode())
journal = Journal(folder, "pi", segment_size=chance.choice([300, 2000, 100_000]))
waiting = [(item, journal.segment_of(item)) for item in journal.open()]
most = chance.choice([1, 3, 50])
number = seed * 1_000_000
while True:
    number += 1
    kind = ItemKind.TALLY if chance.random() < 0.1 else ItemKind.FRAME
    item = Item(kind, chance.choice("AB"), number * 200_000_000, b"%d" % number * chance.choice([1, 40]))
    segment = journal.append(item)
    hour = (item.meter, item.time_us // HOUR * HOUR)
    say("a", int(kind), item.meter, item.time_us, item.payload.decode(), hour[1], journal.counts.frames.get(hour, 0))
    waiting.append((item, segment))
    while len(waiting) > most:
        item, segment = waiting.pop(chance.randrange(len(waiting)))
        say("r", int(item.kind), item.meter, item.time_us)
        journal.release(segment)
"""


def test_kill_dash_9_loses_neither_an_item_nor_a_count(tmp_path: Path) -> None:
    chance = random.Random(20)
    waiting: dict[tuple[int, str, int], bytes] = {}
    appended: dict[tuple[int, str, int], bytes] = {}
    counts: dict[tuple[str, int], int] = {}
    for seed in range(1, 16):
        for line in run_until_killed(CHILD, tmp_path / "journal", seed, tmp_path / "told", chance.randrange(1, 1000)):
            identity = (int(line[1]), line[2], int(line[3]))
            if line[0] == "r":
                waiting.pop(identity, None)
                continue
            waiting[identity] = appended[identity] = line[4].encode()
            hour = (line[2], int(line[5]))
            counts[hour] = max(int(line[6]), counts.get(hour, 0))
        with journal_in(tmp_path / "journal") as (journal, recovered):
            found = {(int(item.kind), item.meter, item.time_us): item.payload for item in recovered}
            assert waiting.items() <= found.items()
            # What was released comes back when its segment had other items; at each kill one item may not be told of.
            assert len(found.keys() - appended.keys()) <= seed
            assert all(appended.get(identity, payload) == payload for identity, payload in found.items())
            assert all(journal.counts.frames[hour] >= count for hour, count in counts.items() if count)
            assert sum(journal.counts.frames.values()) - sum(counts.values()) <= seed
