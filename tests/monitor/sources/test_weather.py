"""Comparing years at equal weather, and what another weather changes: figures by hand."""

from datetime import date

import pytest

from monitor.sources.weather import (
    AtEqualWeather,
    Day,
    Fit,
    WeatherEffect,
    WhyNot,
    at_equal_weather,
    degree_days,
    effect,
    fit,
    pairs,
)

COLD = (5.0, 10.0, 15.0)  # degree days


def house(cold: float, level: int = 8000, slope: int = 2000) -> Day:
    """A day of a house that draws 8 kWh, and 2 kWh a degree day."""
    return Day(round(level + slope * cold), cold)


def winter(days: int, more_cold: float = 0, level: int = 8000, slope: int = 2000) -> list[Day]:
    return [house(COLD[number % 3] + more_cold, level, slope) for number in range(days)]


def compare(now: list[Day], before: list[Day], days: int | None = None) -> AtEqualWeather:
    known = list(zip(now, before, strict=True))
    return at_equal_weather(known, len(known) if days is None else days)


@pytest.mark.parametrize(("mean", "expected"), [(18.0, 0), (25.0, 0), (17.5, 0.5), (0.0, 18), (-5.0, 23)])
def test_degree_days_are_below_18_degrees(mean: float, expected: float) -> None:
    assert degree_days(mean) == expected


def test_a_line_through_three_days() -> None:
    """From the means, x is -1, 0, 1 and y -2, 1, 1: slope 3 / 2, R² = 9 / (2 * 6)."""
    assert fit([[Day(10, 4), Day(13, 5), Day(13, 6)]]) == Fit(1.5, 0.75)


def test_each_year_has_its_own_level() -> None:
    """Both years follow 2 Wh a degree day exactly, 100 Wh apart."""
    assert fit([[Day(10, 1), Day(14, 3)], [Day(110, 1), Day(112, 2)]]) == Fit(2, 1)


@pytest.mark.parametrize("side", [[], [Day(10, 4)], [Day(10, 4), Day(20, 4)], [Day(10, 4), Day(10, 8)]])
def test_days_that_do_not_differ_have_no_line(side: list[Day]) -> None:
    assert fit([side]) is None


def test_a_colder_winter_alone_changes_nothing_at_equal_weather() -> None:
    """15 days, each 3 degree days more: 15 * (8 + 2 * 13) kWh against 15 * (8 + 2 * 10), which is 21 % more."""
    found = compare(winter(15, 3), winter(15))
    assert (found.wh, found.wh_before) == (510_000, 420_000)
    assert (found.degree_days, found.degree_days_before) == (195, 150)
    assert found.fit is not None
    assert found.fit.slope == pytest.approx(2000)
    assert found.fit.quality == pytest.approx(1)
    assert found.why_not is None
    assert found.change == pytest.approx(0)


def test_less_used_in_a_colder_winter() -> None:
    """The year before would have drawn 34 kWh a day in this cold; 29.92 is 12 % less, though 28 was drawn then."""
    found = compare(winter(15, 3, level=3920), winter(15))
    assert found.wh > found.wh_before
    assert found.change == pytest.approx(-0.12)


@pytest.mark.parametrize(
    ("count", "days", "why_not"),
    [(13, 13, WhyNot.DAYS), (14, 14, None), (24, 31, WhyNot.DAYS), (25, 31, None), (0, 31, WhyNot.DAYS)],
)
def test_both_years_need_fourteen_days_and_four_fifths_of_the_period(
    count: int, days: int, why_not: WhyNot | None
) -> None:
    assert compare(winter(count), winter(count), days).why_not == why_not


def test_a_house_that_does_not_heat_with_electricity_is_not_corrected() -> None:
    """What is drawn goes up and down with no regard to the cold: weekends."""
    days = [Day(20_000 if number % 7 > 4 else 9000, COLD[number % 3]) for number in range(28)]
    found = compare(days, days)
    assert found.fit is not None
    assert found.fit.quality < 0.1
    assert (found.why_not, found.change) == (WhyNot.WEAK, None)


def test_more_drawn_on_warm_days_is_not_corrected() -> None:
    """Cooling, or a pool's pump: the line falls."""
    days = winter(15, level=40_000, slope=-2000)
    assert compare(days, days).why_not == WhyNot.WEAK


def test_the_same_every_day_is_not_corrected() -> None:
    days = winter(15, slope=0)
    found = compare(days, days)
    assert (found.fit, found.why_not) == (None, WhyNot.WEAK)


def test_summer_has_nothing_to_correct() -> None:
    """0.6 degree days a day: cool mornings."""
    days = [house(3.0 if number % 5 == 0 else 0.0) for number in range(30)]
    found = compare(days, days)
    assert (found.degree_days, found.why_not) == (18, WhyNot.WARM)


def test_days_are_beside_the_same_ones_a_year_before() -> None:
    leap, other = house(1), house(2)
    now = {date(2028, 2, 28): leap, date(2028, 2, 29): leap, date(2028, 3, 1): other, date(2028, 3, 2): other}
    before = {date(2027, 3, 1): leap, date(2027, 2, 28): other}
    assert pairs(now, before) == [(leap, other), (other, leap)]


def test_what_colder_days_change() -> None:
    """13 degree days now, and 10 and 8 before, whose mean is 9: 4 more on each of two days, at 2 kWh."""
    found = effect(Fit(2000, 0.9), [5.0, 5.0], [[8.0, 8.0], [10.0, 10.0]], 2)
    assert found == WeatherEffect(before=9.0, now=5.0, wh=16_000)


@pytest.mark.parametrize(
    ("now", "before", "days"),
    [
        ([], [8.0], 1),
        ([5.0], [], 1),
        ([5.0] * 7, [8.0] * 9, 9),  # less than four fifths of the days are known
        ([5.0] * 9, [8.0] * 7, 9),
        ([17.5], [16.6], 1),  # 0.5 and 1.4 degree days
    ],
)
def test_too_few_or_too_warm_days_tell_nothing(now: list[float], before: list[float], days: int) -> None:
    assert effect(Fit(2000, 0.9), now, [before], days) is None


@pytest.mark.parametrize(("line", "tells"), [(Fit(1, 0.5), True), (Fit(1, 0.49), False), (Fit(-1, 0.9), False)])
def test_a_line_tells_if_it_rises_and_explains_half(line: Fit, tells: bool) -> None:
    assert line.tells is tells
