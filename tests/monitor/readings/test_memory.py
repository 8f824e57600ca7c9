"""What is remembered of a meter, and what is looked for again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.readings.cache import Memory, Shape, is_settled
from monitor.readings.hours import Meter

HOUR = timedelta(hours=1)
LAST = datetime(2026, 11, 24, 12, tzinfo=UTC)
METER = Meter(1, "a", datetime(2026, 1, 1, tzinfo=UTC), LAST, 5)
OLD = LAST - timedelta(days=30)


class Shapes:
    """The database, whose meter may change."""

    def __init__(self) -> None:
        self.asked: list[datetime | None] = []
        self.changes: list[Shape] = [(METER.first or LAST, 1)]
        self.memory = Memory()

    def shapes(self, meter: Meter = METER) -> list[Shape]:
        return self.memory.of(meter).shapes(meter, self.find)

    def find(self, since: datetime | None) -> list[Shape]:
        self.asked.append(since)
        if since is None:
            return self.changes
        before = [shape for hour, shape in self.changes if hour <= since][-1]
        return [(since, before), *(change for change in self.changes if change[0] > since)]


def test_what_is_known_is_not_looked_for_again_but_for_the_newest_hours() -> None:
    shapes = Shapes()
    known, found = shapes.memory.of(METER), shapes.shapes()
    assert shapes.memory.of(METER) is known
    assert shapes.shapes() == found
    assert shapes.asked == [None, LAST - 3 * HOUR]


def test_a_house_is_remembered_beside_the_newest_of_its_meters() -> None:
    newest = replace(METER, first=OLD)
    house = replace(METER, of_house=(replace(METER, number=2, identifier="b"), newest))
    memory = Memory()
    known = [memory.of(meter) for meter in (house, newest)]
    assert [memory.of(meter) for meter in (house, newest)] == known


def test_a_house_is_looked_up_again_when_late_frames_come_of_a_meter_that_was_replaced() -> None:
    replaced = replace(METER, number=2, identifier="b", last=OLD)
    house = replace(METER, of_house=(replaced, METER))
    memory = Memory()
    known = memory.of(house)
    goes_on = replace(METER, last=LAST + HOUR)
    assert memory.of(replace(house, last=LAST + HOUR, of_house=(replaced, goes_on))) is known
    assert memory.of(replace(house, of_house=(replace(replaced, last=OLD + HOUR), METER))) is not known


def test_a_change_within_the_newest_hours_is_seen_at_once() -> None:
    shapes = Shapes()
    shapes.shapes()
    shapes.changes.append((LAST - HOUR, 2))
    assert shapes.shapes() == [(METER.first, 1), (LAST - HOUR, 2)]
    shapes.changes.pop()
    assert shapes.shapes() == [(METER.first, 1)]


def test_shapes_that_nobody_asked_for_in_between_are_found_all_the_same() -> None:
    shapes = Shapes()
    shapes.shapes()
    shapes.changes.append((LAST + 5 * HOUR, 2))
    later = replace(METER, last=LAST + timedelta(days=40))
    assert shapes.shapes(later) == shapes.shapes(later) == [(METER.first, 1), (LAST + 5 * HOUR, 2)]
    assert shapes.asked == [None, LAST - 3 * HOUR, LAST + timedelta(days=40) - 3 * HOUR]


def test_hours_are_settled_that_the_storer_changes_only_with_another_version() -> None:
    assert is_settled(METER, LAST - 4 * HOUR)
    assert not is_settled(METER, LAST - 3 * HOUR)
    assert not is_settled(Meter(1, "a", None, None), OLD)


def test_another_version_of_the_rollups_makes_it_look_again_however_soon() -> None:
    shapes = Shapes()
    shapes.shapes()
    shapes.changes[0:] = [(OLD, 3)]
    assert shapes.shapes(replace(METER, version=6)) == [(OLD, 3)]


def test_meters_are_told_apart_also_after_a_restore_that_gave_a_number_to_another() -> None:
    shapes = Shapes()
    other = replace(METER, identifier="b")
    assert shapes.memory.of(other) is not shapes.memory.of(METER)


def test_older_readings_that_were_restored_make_it_look_again() -> None:
    shapes = Shapes()
    known = shapes.memory.of(METER)
    older = replace(METER, first=OLD - timedelta(days=900))
    assert shapes.memory.of(older) is not known
    assert shapes.memory.of(older) is shapes.memory.of(older)
