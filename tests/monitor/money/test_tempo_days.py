"""The bundled colours of Tempo days follow the rules of Tempo."""

from collections import Counter
from datetime import date, timedelta

import pytest

from monitor.money.tempo import bundled_colours

HOLIDAYS = {(11, 1), (11, 11), (12, 25), (1, 1)}  # from November to March; month and day


def test_no_day_is_missing_and_nothing_is_guessed() -> None:
    days = sorted(bundled_colours())
    assert (days[0], days[-1]) == (date(2014, 9, 1), date(2026, 8, 31))
    assert days == [days[0] + timedelta(number) for number in range(4383)]


@pytest.mark.parametrize("year", range(2014, 2026))
def test_a_season_has_the_days_of_its_colours(year: int) -> None:
    season = {
        day: colour for day, colour in bundled_colours().items() if date(year, 9, 1) <= day < date(year + 1, 9, 1)
    }
    counts = Counter(season.values())
    assert (counts["red"], counts["white"]) == ((18, 47) if year == 2019 else (22, 43))
    for day, colour in season.items():
        if colour == "red":
            assert day.weekday() < 5
            assert (day.month, day.day) not in HOLIDAYS
            assert day.month in (11, 12, 1, 2, 3)
        assert colour != "white" or day.weekday() < 6
