"""The base load that went up: by an appliance, not by the cold, a holiday or a season."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from monitor.alerts.rules.talon import talon
from monitor.alerts.signs import Holds, Sign
from tests.support.made_facts import TODAY, days_before, made_meter


def sign(nights: Mapping[date, int], today: date = TODAY, price: int | None = None) -> Sign:
    (found,) = talon(made_meter(nights=nights, price=price), today)
    return found


def level(watts: Callable[[int], int], count: int = 120) -> Holds:
    """Return the sign of nights, by how many days ago they were."""
    return sign(days_before(TODAY, count, watts)).holds


def test_an_appliance_that_stays_on_is_told_with_its_cost() -> None:
    nights = days_before(TODAY, 60, lambda ago: 240 + ago % 3 if ago <= 7 else 180 + ago % 5)
    found = sign(nights, price=2000)
    assert (found.holds, found.meter) == (Holds.YES, "031961000001")
    # 59 W more, for 8766 hours, at 0.20 EUR a kWh.
    assert found.figures == {"before": 182, "now": 241, "cost_per_year": 1_034_388}


@pytest.mark.parametrize(
    ("before", "now", "holds"),
    [
        (200, 250, Holds.YES),
        (200, 249, Holds.BETWEEN),  # less than 25 %
        (100, 139, Holds.BETWEEN),  # 39 %, but less than 40 W
        (100, 140, Holds.YES),
        (200, 230, Holds.BETWEEN),  # not over: 15 % more
        (200, 229, Holds.NO),
        (200, 120, Holds.NO),
        (0, 0, Holds.NO),
    ],
)
def test_limits(before: int, now: int, holds: Holds) -> None:
    assert level(lambda ago: now if ago <= 7 else before) is holds


def test_a_new_house_says_nothing() -> None:
    assert level(lambda ago: 500 if ago == 1 else 100, count=3) is Holds.UNKNOWN
    assert level(lambda ago: 500 if ago <= 7 else 100, count=24) is Holds.UNKNOWN


def test_nights_that_are_not_known_say_nothing() -> None:
    nights = days_before(TODAY, 60, lambda ago: 300 if ago <= 7 else 100)
    assert sign({day: watts for day, watts in nights.items() if (TODAY - day).days > 3}).holds is Holds.UNKNOWN
    assert sign({day: watts for day, watts in nights.items() if (TODAY - day).days <= 26}).holds is Holds.UNKNOWN


@pytest.mark.parametrize("weeks", [1, 2, 3, 4])
def test_a_house_that_is_lived_in_again_after_a_holiday_has_its_usual_base_load(weeks: int) -> None:
    for since in range(1, 60):
        away = range(since, since + 7 * weeks)
        nights = {TODAY - timedelta(ago): 80 if ago in away else 200 + ago % 7 for ago in range(1, 121)}
        assert sign(nights).holds in (Holds.NO, Holds.BETWEEN)


def test_the_first_cold_week_differs_from_night_to_night() -> None:
    cold = (420, 290, 510, 380, 620, 350, 480)
    assert level(lambda ago: cold[ago - 1] if ago <= 7 else 150 + ago % 9) is Holds.BETWEEN


def test_a_trend_that_goes_on_is_a_season() -> None:
    assert level(lambda ago: max(400 - 6 * ago, 100)) is Holds.BETWEEN


def test_what_the_same_weeks_of_last_year_had_is_the_season() -> None:
    def watts(ago: int) -> int:
        return 400 if ago <= 7 or 350 <= ago <= 371 else 150

    assert level(watts, count=300) is Holds.YES
    assert level(watts, count=400) is Holds.BETWEEN


def test_a_single_night_is_nothing() -> None:
    assert level(lambda ago: 1500 if ago == 2 else 150) is Holds.NO


@dataclass(frozen=True, slots=True)
class House:
    """The nights of a house."""

    base: int  # W
    per_degree: int = 0  # W of electric heating for each degree below 16
    switched: bool = False  # on in autumn and off in spring
    slow: float = 0.0  # how much of yesterday the heating still feels

    def nights(self, chance: random.Random, years: int) -> dict[date, int]:
        """Return the base load in weather that goes on from day to day."""
        first, nights, weather, felt, heats = date(2023, 6, 1), {}, 0.0, 12.0, not self.switched
        for number in range(365 * years):
            day = first + timedelta(number)
            weather = 0.82 * weather + chance.gauss(0, 2.2)
            outside = 8.5 - 8.5 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 17) / 365) + weather
            felt = self.slow * felt + (1 - self.slow) * outside
            if self.switched:
                heats = felt < 8 or (heats and felt < 12)
            heating = max(0.0, 16 - felt) * self.per_degree * 0.75 * (1 + chance.gauss(0, 0.08)) if heats else 0
            guests = chance.uniform(100, 1500) if chance.random() < 0.02 else 0
            nights[day] = max(round(self.base * (1 + chance.gauss(0, 0.06)) + heating + guests), 0)
        return nights


HOUSES = {
    "gas": House(150),
    "flat": House(120, 45),
    "house": House(200, 150),
    "radiators": House(150, 90, switched=True),
    "heat pump": House(200, 60, slow=0.8),
    "floor": House(180, 80, switched=True, slow=0.9),
}


def alarms(nights: Mapping[date, int]) -> list[date]:
    """Return the days on which an alarm begins."""
    found, active = [], False
    for today in sorted(nights)[35:]:
        known = {day: watts for day, watts in nights.items() if today - timedelta(400) <= day < today}
        holds = sign(known, today).holds
        if holds is Holds.YES and not active:
            found.append(today)
        active = holds is Holds.YES or (active and holds is not Holds.NO)
    return found


@pytest.mark.parametrize("name", HOUSES)
def test_two_years_of_weather_give_no_alarm(name: str) -> None:
    nights = HOUSES[name].nights(random.Random(name), 2)
    assert alarms(nights) == []


@pytest.mark.parametrize("month", [1, 4, 7, 10])
def test_an_appliance_is_found_at_any_time_of_the_year(month: int) -> None:
    nights = HOUSES["gas"].nights(random.Random(month), 2)
    since = date(2024, month, 10)
    more = {day: watts + (150 if day >= since else 0) for day, watts in nights.items()}
    assert [since <= day < since + timedelta(15) for day in alarms(more)] == [True]
