"""The bundled colours of Tempo days follow the rules of Tempo."""

from collections import Counter
from datetime import date, timedelta

import pytest

from monitor.money.tempo import bundled_colours, learn_colours, season, season_of

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


def test_a_tempo_day_has_the_colour_that_most_of_its_hours_show() -> None:
    days = [date(2026, 1, day) for day in (4, 5, 6, 7)]
    running = [{"BBRHCJW": 5, "BBRHCJR": 1}, {"BBRHPJR": 16, "BBRHCJR": 8}, {"BBRHPJB": 3}, {"HCHC": 24}]
    colours = learn_colours(dict(zip(days, running, strict=True)))
    assert colours == {date(2026, 1, 4): "white", date(2026, 1, 5): "red", date(2026, 1, 6): "blue"}


def test_a_season_counts_what_is_left_only_if_each_day_of_it_is_known() -> None:
    first = date(2025, 9, 1)
    colours = {first + timedelta(number): "blue" for number in range(100)}
    colours |= {first + timedelta(number): "red" for number in range(100, 105)}
    whole = season(colours, 2025, first + timedelta(104))
    assert whole.used == {"blue": 100, "white": 0, "red": 5}
    assert whole.remaining == {"blue": 200, "white": 43, "red": 17}
    assert season(colours, 2025, first + timedelta(105)).remaining is None
    assert season(colours, 2026, date(2026, 9, 3)).used == {"blue": 0, "white": 0, "red": 0}


@pytest.mark.parametrize(
    ("day", "year"), [("2026-08-31", 2025), ("2026-09-01", 2026), ("2026-12-31", 2026), ("2027-01-01", 2026)]
)
def test_a_season_runs_from_september_to_august(day: str, year: int) -> None:
    assert season_of(date.fromisoformat(day)) == year
    of_day = {date.fromisoformat(day): "red"}
    assert [season(of_day, number, date(2027, 1, 1)).used["red"] for number in (year - 1, year, year + 1)] == [0, 1, 0]


def test_a_season_of_366_days_has_one_blue_day_more() -> None:
    known = {date(2027, 9, 1) + timedelta(number): "blue" for number in range(366)}
    assert season(known, 2027, date(2028, 8, 31)).remaining == {"blue": 0, "white": 43, "red": 22}
    assert season({date(2027, 9, 1): "blue"}, 2027, date(2027, 9, 1)).remaining == {"blue": 300, "white": 43, "red": 22}


def test_of_a_colour_that_was_used_more_often_than_the_rule_says_none_is_left() -> None:
    # As in the season of 2019, which had 47 white days.
    known = {date(2019, 9, 1) + timedelta(number): "white" for number in range(47)}
    assert season(known, 2019, date(2019, 10, 17)).remaining == {"blue": 301, "white": 0, "red": 22}
