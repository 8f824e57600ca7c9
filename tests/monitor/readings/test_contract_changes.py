import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitor.readings.cache import ContractChanges, Memory
from monitor.readings.hours import Meter
from monitor.readings.meter_contracts import Contracts, MeterContract

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAST = FIRST + timedelta(days=60)
METER = Meter(1, "a", FIRST, LAST)
BASE, TEMPO, MORE = (
    MeterContract(offer, offer.upper(), power, standard=False)
    for offer, power in (("base", 9), ("tempo", 9), ("tempo", 12))
)


class House(Contracts):
    """A meter with a reading each hour but in a gap; counts the hours whose contracts are asked for."""

    def __init__(self, changes: Sequence[tuple[datetime, MeterContract]], gap: tuple[datetime, datetime]) -> None:
        self.changes, self.gap = changes, gap
        self.asked = 0
        self.finder = ContractChanges(self, Memory())

    def before(self, meter: int, moments: Sequence[datetime]) -> dict[datetime, MeterContract]:
        hours = [min(moment - HOUR, LAST) for moment in moments]
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
        return self.finder.between(METER, FIRST, LAST + HOUR)


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
    changes = house.finder.between(METER, FIRST + low * HOUR, FIRST + high * HOUR)
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
        assert house.finder.between(METER, low, high) == House(changes, gap).finder.between(METER, low, high)


def test_a_change_in_a_gap_is_that_of_the_first_hour_after_it() -> None:
    gap = FIRST + timedelta(days=10, hours=3), FIRST + timedelta(days=12, hours=7)
    house = House([(FIRST, BASE), (FIRST + timedelta(days=11), TEMPO)], gap)
    assert house.find() == [(FIRST, BASE), (gap[1], TEMPO)]
