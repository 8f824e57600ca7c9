"""What is remembered of a meter: for how long, and what is looked at again."""

from datetime import UTC, datetime, timedelta

from monitor.energy.memory import Memory, Shape
from monitor.history.contracts import MeterContract
from monitor.history.hours import Meter

LAST = datetime(2026, 11, 24, 12, tzinfo=UTC)
METER = Meter(1, "a", datetime(2026, 1, 1, tzinfo=UTC), LAST)
OLD, RECENT = LAST - timedelta(days=30), LAST - timedelta(hours=5)
CONTRACT = MeterContract("base", "BASE", 9, standard=False)


class Shapes:
    """The database, whose meter may change."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[datetime | None] = []
        self.changes: list[Shape] = [(METER.first or LAST, 1)]
        self.memory = Memory(lambda: self.now)

    def shapes(self) -> list[Shape]:
        return self.memory.of(METER).shapes(self.find)

    def find(self, since: datetime | None) -> list[Shape]:
        self.asked.append(since)
        if since is None:
            return self.changes
        before = [shape for hour, shape in self.changes if hour <= since][-1]
        return [(since, before), *(change for change in self.changes if change[0] > since)]


def test_what_is_known_is_not_looked_for_again() -> None:
    shapes = Shapes()
    known, found = shapes.memory.of(METER), shapes.shapes()
    shapes.now = 500.0
    assert shapes.memory.of(METER) is known
    assert shapes.shapes() == found
    assert shapes.asked == [None]


def test_after_ten_minutes_the_last_days_are_looked_at_again() -> None:
    shapes = Shapes()
    shapes.shapes()
    known = shapes.memory.of(METER)
    known.contracts |= {OLD: CONTRACT, RECENT: CONTRACT}
    known.changes |= {(OLD, OLD): [], (OLD, RECENT): []}
    shapes.now = 700.0
    shapes.changes.append((RECENT, 2))
    again = shapes.memory.of(METER)
    assert shapes.shapes() == [(METER.first, 1), (RECENT, 2)]
    assert again.contracts == {OLD: CONTRACT}
    assert again.changes == {(OLD, OLD): []}
    assert shapes.asked == [None, LAST - timedelta(days=2)]


def test_shapes_that_nobody_asked_for_in_between_are_found_all_the_same() -> None:
    shapes = Shapes()
    shapes.shapes()
    for shapes.now in (700.0, 1400.0, 2100.0):
        shapes.memory.of(METER)
    shapes.changes.append((RECENT, 2))
    assert shapes.shapes() == [(METER.first, 1), (RECENT, 2)]


def test_nothing_is_remembered_for_longer_than_an_hour_without_a_question_to_the_database() -> None:
    shapes = Shapes()
    for minutes in range(0, 75, 5):
        shapes.now = minutes * 60.0
        shapes.shapes()
    assert shapes.asked.count(None) == 2


def test_meters_are_told_apart_also_after_a_restore_that_gave_a_number_to_another() -> None:
    shapes = Shapes()
    other = Meter(1, "b", METER.first, METER.last)
    assert shapes.memory.of(other) is not shapes.memory.of(METER)


def test_older_readings_that_were_adopted_make_it_look_again() -> None:
    shapes = Shapes()
    known = shapes.memory.of(METER)
    older = Meter(1, "a", OLD - timedelta(days=900), METER.last)
    assert shapes.memory.of(older) is not known
    assert shapes.memory.of(older) is shapes.memory.of(older)
