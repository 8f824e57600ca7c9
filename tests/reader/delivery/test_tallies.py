"""Tallies: each hour once, when it is over, and again only with more frames."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.tally import Tally
from reader.buffer.item import Item, ItemKind, to_micros
from reader.buffer.journal import Journal
from reader.delivery.tallies import Tallies

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
