"""A year of each simulated household, with electric heating, in which nothing happens: false alarms are counted."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.alerts.rules.slow import signs
from monitor.alerts.signs import Holds
from monitor.base.calendar import midnight
from reader.simulator.contract import CONTRACTS
from reader.simulator.household import Household
from tests.support.made_facts import PARIS, made_facts, made_meter

HOUR, TEN = timedelta(hours=1), timedelta(minutes=10)
FIRST, DAYS, PAST = date(2025, 3, 1), 365, 92


class Home:
    """What the database has of a simulated household."""

    def __init__(self, name: str) -> None:
        self._household = Household(CONTRACTS[name], 0)
        self.hours: dict[datetime, int] = {}
        self.nights: dict[date, int] = {}
        self.injected: dict[date, int] = {}
        for day in (FIRST + timedelta(number - PAST) for number in range(PAST + DAYS)):
            start, end = midnight(day, PARIS), midnight(day + timedelta(1), PARIS)
            powers = [self.power(start + place * HOUR, HOUR) for place in range((end - start) // HOUR)]
            self.hours |= {start + place * HOUR: drawn for place, (drawn, _) in enumerate(powers)}
            self.nights[day] = min(drawn for drawn, _ in powers[:5])
            if name == "producer":
                self.injected[day] = sum(fed for _, fed in powers)

    def power(self, start: datetime, length: timedelta) -> tuple[int, int]:
        """Return the mean power that is drawn, and fed in, W."""
        return self._household.mean_power(int(start.timestamp()), int((start + length).timestamp()))

    def alarms(self, today: date) -> set[tuple[str, str]]:
        """Return the kinds and keys of what is seen in a night."""
        found = set()
        nights, injected = _before(self.nights, today), _before(self.injected, today)
        for half_hours in range(5):
            now = datetime(today.year, today.month, today.day, 4, tzinfo=PARIS).astimezone(UTC) + 3 * half_hours * TEN
            starts = [now - number * TEN for number in range(13, 0, -1)]
            lately = {"powers": [(start, self.power(start, TEN)[0]) for start in starts], "hours": self.hours}
            facts = made_facts(made_meter(at=now, lately=lately, nights=nights, injected=injected))
            found |= {(sign.kind, sign.key) for sign in signs(facts, now, None) if sign.holds is Holds.YES}
        return found


def _before(days: Mapping[date, int], today: date) -> dict[date, int]:
    return {day: value for day, value in days.items() if day < today}


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_year_has_no_false_alarm(name: str) -> None:
    home = Home(name)
    assert set().union(*(home.alarms(FIRST + timedelta(number)) for number in range(DAYS))) == set()
