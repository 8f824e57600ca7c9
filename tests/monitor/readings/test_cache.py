import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.readings.cache import Cache, ContractChanges, Shape, is_settled
from monitor.readings.hours import Meter
from monitor.readings.meter_contracts import Contracts, MeterContract

HOUR = timedelta(hours=1)
LAST = datetime(2026, 11, 24, 12, tzinfo=UTC)
METER = Meter(1, "a", datetime(2026, 1, 1, tzinfo=UTC), LAST, 5)
OLD = LAST - timedelta(days=30)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
ENDED = FIRST + timedelta(days=60)
ONE = Meter(1, "a", FIRST, ENDED)
BASE, TEMPO, MORE = (
    MeterContract(offer, offer.upper(), power, standard=False)
    for offer, power in (("base", 9), ("tempo", 9), ("tempo", 12))
)


class Shapes:
    """The database, whose meter may change."""

    def __init__(self) -> None:
        self.asked: list[datetime | None] = []
        self.changes: list[Shape] = [(METER.first or LAST, 1)]
        self.memory = Cache()

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
    memory = Cache()
    known = [memory.of(meter) for meter in (house, newest)]
    assert [memory.of(meter) for meter in (house, newest)] == known


def test_a_house_is_looked_up_again_when_late_frames_come_of_a_meter_that_was_replaced() -> None:
    replaced = replace(METER, number=2, identifier="b", last=OLD)
    house = replace(METER, of_house=(replaced, METER))
    memory = Cache()
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


class House(Contracts):
    """A meter with a reading each hour but in a gap; counts the hours whose contracts are asked for."""

    def __init__(self, changes: Sequence[tuple[datetime, MeterContract]], gap: tuple[datetime, datetime]) -> None:
        self.changes, self.gap = changes, gap
        self.asked = 0
        self.finder = ContractChanges(self, Cache())

    def before(self, meter: int, moments: Sequence[datetime]) -> dict[datetime, MeterContract]:
        hours = [min(moment - HOUR, ENDED) for moment in moments]
        return self.at(meter, [self.gap[0] - HOUR if self._is_missing(hour) else hour for hour in hours])

    def at(self, meter: int, hours: Sequence[datetime]) -> dict[datetime, MeterContract]:
        self.asked += len(hours)
        found = {}
        for hour in hours:
            if not self._is_missing(hour):
                found[hour] = [contract for since, contract in self.changes if since <= hour][-1]
        return found

    def _is_missing(self, hour: datetime) -> bool:
        return self.gap[0] <= hour < self.gap[1]

    def find(self) -> list[tuple[datetime, MeterContract]]:
        return self.finder.between(ONE, FIRST, ENDED + HOUR)


@pytest.mark.parametrize("hour", [0, 1, 12, 23])
def test_changes_are_found_to_the_hour_two_on_a_day_too(hour: int) -> None:
    day = FIRST + timedelta(days=20)
    changes = [(FIRST, BASE), (day + hour * HOUR, TEMPO), (day + (hour + 5) * HOUR, MORE)]
    house = House(changes, gap=(FIRST, FIRST))
    assert house.find() == changes
    assert house.asked < 100  # of 1,441 hours
    asked = house.asked
    assert house.find() == changes
    assert house.asked == asked + 3  # they are remembered, but for both ends and the newest midnight


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (10, 12, [(10, BASE)]),  # no midnight lies between them
        (10, 24, [(10, BASE)]),  # what begins at the end is not of the range
        (10, 25, [(10, BASE), (24, TEMPO)]),
        (24, 30, [(24, TEMPO)]),
    ],
)
def test_a_part_of_a_day_has_the_contract_of_its_beginning_and_what_changes_before_its_end(
    low: int, high: int, found: list[tuple[int, MeterContract]]
) -> None:
    house = House([(FIRST, BASE), (FIRST + 24 * HOUR, TEMPO)], gap=(FIRST, FIRST))
    changes = house.finder.between(ONE, FIRST + low * HOUR, FIRST + high * HOUR)
    assert changes == [(FIRST + hour * HOUR, contract) for hour, contract in found]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_remembered_of_other_ranges_changes_no_answer(seed: int) -> None:
    chance = random.Random(seed)
    hours = sorted(chance.sample(range(1, 1440), 6))
    changes = [(FIRST, BASE), *((FIRST + hour * HOUR, chance.choice([BASE, TEMPO, MORE])) for hour in hours)]
    start = FIRST + chance.randrange(1, 1000) * HOUR
    gap = start, start + chance.randrange(60) * HOUR
    house = House(changes, gap)
    for _ in range(20):
        low, high = (FIRST + hour * HOUR for hour in sorted(chance.sample(range(1442), 2)))
        assert house.finder.between(ONE, low, high) == House(changes, gap).finder.between(ONE, low, high)


def test_a_change_in_a_gap_is_that_of_the_first_hour_after_it() -> None:
    gap = FIRST + timedelta(days=10, hours=3), FIRST + timedelta(days=12, hours=7)
    house = House([(FIRST, BASE), (FIRST + timedelta(days=11), TEMPO)], gap)
    assert house.find() == [(FIRST, BASE), (gap[1], TEMPO)]
