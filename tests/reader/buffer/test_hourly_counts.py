"""The counts of the journal: they outlive the items, a restart, a kill and a new name of the reader."""

from pathlib import Path

from reader.buffer.item import HOUR
from tests.reader.buffer.journals import METER, NOON, files, frame, journal_in


def test_frames_are_counted_by_meter_and_hour_and_forgotten_counts_stay_forgotten(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (journal, _):
        for number in (0, 1, 3599, 3600, 7200):
            journal.append(frame(number))
        assert list(journal.counts.frames.values()) == [3, 1, 1]
        journal.forget_counts(NOON + HOUR)
        assert list(journal.counts.frames) == [(METER, NOON + HOUR), (METER, NOON + 2 * HOUR)]
    with journal_in(tmp_path) as (journal, recovered):
        assert len(recovered) == 5
        assert list(journal.counts.frames.values()) == [1, 1]


def test_a_forgotten_hour_that_gets_frames_again_is_counted_from_zero_and_kept(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (journal, _):
        for number in range(5):
            journal.append(frame(number))
        journal.forget_counts(NOON + HOUR)
        journal.append(frame(5))  # the clock was set back
        journal.append(frame(6))
    for _ in range(2):
        with journal_in(tmp_path) as (journal, recovered):
            assert len(recovered) == 7
            assert journal.counts.frames == {(METER, NOON): 2}


def test_segment_numbers_are_not_reused_so_that_a_floor_never_applies_to_another_segment(tmp_path: Path) -> None:
    with journal_in(tmp_path) as (journal, _):
        first = journal.append(frame(0))
        journal.forget_counts(NOON + HOUR)
        journal.release(first)
    with journal_in(tmp_path) as (journal, _):
        assert journal.append(frame(1)) > first
    with journal_in(tmp_path) as (journal, _):
        assert journal.counts.frames == {(METER, NOON): 1}


def test_a_count_keeps_the_name_of_the_reader_that_began_it_after_a_rename(tmp_path: Path) -> None:
    with journal_in(tmp_path, reader="cellar") as (journal, _):
        journal.append(frame(0))
        assert journal.counts.reader_of((METER, NOON)) == "cellar"
    with journal_in(tmp_path, reader="attic") as (journal, _):  # the name is only in the segment
        assert journal.counts.reader_of((METER, NOON)) == "cellar"
        journal.append(frame(1))
        journal.append(frame(3600))
    with journal_in(tmp_path, reader="third") as (journal, _):
        assert journal.counts.frames == {(METER, NOON): 2, (METER, NOON + HOUR): 1}
        assert [journal.counts.reader_of(hour) for hour in journal.counts.frames] == ["cellar", "attic"]


def test_a_count_keeps_its_name_when_only_the_counts_are_left(tmp_path: Path) -> None:
    with journal_in(tmp_path, segment_size=1, reader="cellar") as (journal, _):
        journal.release(journal.append(frame(0)))
        journal.release(journal.append(frame(0, meter="other")))
    with journal_in(tmp_path, segment_size=1, reader="attic") as (journal, _):
        journal.release(journal.append(frame(3600)))
    assert set(files(tmp_path).values()) <= {0}
    with journal_in(tmp_path, reader="third") as (journal, _):
        names = {hour: journal.counts.reader_of(hour) for hour in journal.counts.frames}
        assert names == {(METER, NOON): "cellar", ("other", NOON): "cellar", (METER, NOON + HOUR): "attic"}


def test_a_count_that_begins_again_has_the_current_name(tmp_path: Path) -> None:
    with journal_in(tmp_path, reader="cellar") as (journal, _):
        journal.append(frame(0))
    with journal_in(tmp_path, reader="attic") as (journal, _):
        journal.forget_counts(NOON + HOUR)
        journal.append(frame(1))
    with journal_in(tmp_path, reader="third") as (journal, _):
        assert journal.counts.reader_of((METER, NOON)) == "attic"


def test_of_the_two_files_a_torn_one_is_ignored(tmp_path: Path) -> None:
    with journal_in(tmp_path, segment_size=1) as (journal, _):
        for number in range(9):
            journal.release(journal.append(frame(number)))
    newer = max(tmp_path.glob("counts.*"), key=lambda path: path.read_bytes()[12:20])
    with newer.open("r+b") as file:
        file.seek(30)
        file.write(bytes(8))
    with journal_in(tmp_path) as (journal, _):
        assert journal.counts.frames == {(METER, NOON): 8}  # a kill tears it before the record goes, never after
