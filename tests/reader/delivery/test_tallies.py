"""Tallies: each hour once, when it is over, and again only with more frames."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.tally import Tally
from reader.buffer.item import Item, ItemKind, to_micros
from reader.buffer.journal import Journal
from reader.delivery.tallies import COUNTS_KEPT, TALLY_AFTER, Tallies

METER = "031961123456"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


class Counter:
    """A journal and its tallies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start("pi")

    def start(self, reader: str) -> None:
        self.journal = Journal(self.folder, reader)
        self.journal.open()
        self.tallies = Tallies(self.journal)

    def restart(self, reader: str = "pi") -> None:
        self.journal.close()
        self.start(reader)

    def frame(self, at: datetime, meter: str = METER) -> None:
        self.journal.append(Item(ItemKind.FRAME, meter, to_micros(at), b"{}"))

    def due(self, now: datetime) -> list[Tally]:
        return [Tally.from_json(item.payload) for item in self.tallies.due(now)]


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path / "journal")
    yield counter
    counter.journal.close()


def test_an_hour_has_one_tally_ten_seconds_after_its_end(counter: Counter) -> None:
    for number in range(3):
        counter.frame(NOON + number * SECOND)
    counter.frame(NOON + HOUR)
    assert counter.due(NOON + HOUR + 5 * SECOND) == []  # the last frames may still be in the queue
    assert counter.due(NOON + HOUR + 11 * SECOND) == [Tally(METER, NOON, "pi", 3)]
    assert counter.due(NOON + HOUR + 12 * SECOND) == []


def test_each_meter_has_its_tally(counter: Counter) -> None:
    counter.frame(NOON)
    counter.frame(NOON, "other")
    assert counter.due(NOON + 2 * HOUR) == [Tally(METER, NOON, "pi", 1), Tally("other", NOON, "pi", 1)]


def test_an_hour_with_a_restart_has_one_tally_of_all_its_frames(counter: Counter) -> None:
    counter.frame(NOON)
    counter.restart()
    counter.frame(NOON + SECOND)
    assert counter.due(NOON + 2 * HOUR) == [Tally(METER, NOON, "pi", 2)]
    counter.restart()
    assert counter.due(NOON + 2 * HOUR) == [Tally(METER, NOON, "pi", 2)]


def test_an_hour_keeps_the_name_of_the_reader_that_began_it(counter: Counter) -> None:
    """Under the new name it would look like the frames of a second reader."""
    counter.frame(NOON)
    counter.restart("attic")
    counter.frame(NOON + SECOND)
    counter.frame(NOON + HOUR)
    assert counter.due(NOON + 3 * HOUR) == [Tally(METER, NOON, "pi", 2), Tally(METER, NOON + HOUR, "attic", 1)]


def test_frames_after_a_step_back_of_the_clock_make_a_higher_tally(counter: Counter) -> None:
    counter.frame(NOON)
    assert [tally.frames for tally in counter.due(NOON + 2 * HOUR)] == [1]
    for number in range(600, 603):
        counter.frame(NOON + number * SECOND)
    assert counter.due(NOON + 603 * SECOND) == []
    assert [tally.frames for tally in counter.due(NOON + 2 * HOUR)] == [4]


def test_hours_of_long_ago_have_no_tally(counter: Counter) -> None:
    counter.frame(NOON)
    counter.due(NOON + 5 * HOUR)
    counter.restart()
    assert counter.due(NOON + 5 * HOUR) == []


def due_from(counts: dict[datetime, int], published: dict[datetime, int], now: datetime) -> list[tuple[datetime, int]]:
    """Return the tallies that are due, by looking at all counts."""
    over = (now - TALLY_AFTER).replace(minute=0, second=0)
    oldest = (now - COUNTS_KEPT).replace(minute=0, second=0)
    found = [(hour, frames) for hour, frames in counts.items() if hour < over and published.get(hour) != frames]
    published.update(found)
    for hour in [hour for hour in counts if hour < oldest]:
        del counts[hour]
        published.pop(hour, None)
    return found


STEPS = st.sampled_from([0, 1, 10, 1800, 3600, 20_000, -10, -3600])


@given(st.lists(st.tuples(STEPS, st.booleans(), STEPS), max_size=20))
def test_it_is_as_if_all_counts_were_looked_at_each_time(steps: list[tuple[int, bool, int]]) -> None:
    """Whatever the clock does."""
    counts: dict[datetime, int] = {}
    published: dict[datetime, int] = {}
    now = NOON + 5 * HOUR - 15 * SECOND
    with TemporaryDirectory() as folder:
        counter = Counter(Path(folder) / "journal")
        for passed, with_frame, ahead in steps:
            now += passed * SECOND
            if with_frame:
                at = now + ahead * SECOND
                counter.frame(at)
                hour = at.replace(minute=0, second=0)
                counts[hour] = counts.get(hour, 0) + 1
            due = [(tally.hour, tally.frames) for tally in counter.due(now)]
            assert due == due_from(counts, published, now)
        counter.journal.close()
