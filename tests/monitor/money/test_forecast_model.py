"""Months of made-up homes forecast again from what was known on a morning: how near it is, and how often inside."""

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import mean

import pytest

from monitor.money.forecast_model import LONGEST, Chances, Days
from tests.support.homes import FIRST, HOMES, days_of

MONDAY = date(2024, 1, 1)
MONTHS = [date(2024 + (11 + number) // 12, (11 + number) % 12 + 1, 1) for number in range(24)]  # from December 2024
SEASON = [date(2026, 9, 1) + timedelta(number) for number in range(365)]


def flat(count: int, wh: float = 10_000) -> list[float]:
    return [wh] * count


def expected(days: Sequence[float], count: int) -> Sequence[float] | None:
    coming = Days(MONDAY, days).coming(count)
    return None if coming is None else [round(wh) for wh in coming.days]


def test_fewer_than_fourteen_days_tell_nothing() -> None:
    assert expected(flat(13), 1) is None
    assert expected(flat(14), 2) == [10_000, 10_000]


def test_without_an_earlier_year_days_are_as_the_last_two_weeks_were() -> None:
    assert expected([*flat(42, 5_000), *flat(14, 8_000)], 7) == [8_000] * 7


def test_weekdays_differ_as_they_did() -> None:
    week = [7_000, 7_000, 7_000, 7_000, 7_000, 14_000, 21_000]
    assert expected(week * 8, 9) == [*week, 7_000, 7_000]


def test_more_than_a_month_ahead_needs_the_same_days_of_a_year_before() -> None:
    assert len(expected(flat(60), 38) or ()) == 38
    assert expected(flat(60), 39) is None
    assert expected(flat(300), 200) is None  # those of next spring were seen, but not of the whole time
    assert len(expected(flat(400), 300) or ()) == 300


def test_days_follow_the_same_days_of_the_year_before_at_the_level_of_the_last_weeks() -> None:
    # A year (52 weeks) ago: 10 kWh a day, and 20 kWh from eleven days ahead on. In the last four weeks it was 5 kWh.
    found = expected([*flat(347), *flat(325, 20_000), *flat(28, 5_000)], 28)
    assert found is not None
    # A third as the last two weeks, two thirds as half of the year before.
    assert found[0] == 5_000
    assert found[21:28] == [round(5_000 / 3 + 20_000 / 2 * 2 / 3)] * 7


def test_what_always_was_the_same_has_no_range_and_little_history_has_a_wide_one() -> None:
    long, short = Days(MONDAY, flat(500)).coming(10), Days(MONDAY, flat(20)).coming(10)
    assert long is not None
    assert short is not None
    assert (long.low, long.high) == pytest.approx((1, 1))
    assert (short.low, short.high) == pytest.approx((0.75, 1.33))


def test_a_home_that_varies_has_the_range_in_which_its_past_lay() -> None:
    # Two weeks of 8 kWh, two of 12 kWh, and so on: after the one, the other is up to half as much again.
    found = Days(MONDAY, [*flat(14, 8_000), *flat(14, 12_000)] * 16).coming(7)
    assert found is not None
    assert 0.6 < found.low < 0.9
    assert 1.1 < found.high < 1.6


def test_a_home_that_draws_nothing_is_expected_to_draw_nothing() -> None:
    found = Days(MONDAY, flat(400, 0)).coming(20)
    assert found is not None
    assert sum(found.days) == 0


def forecast(wh: list[int], month: date, day: int) -> tuple[float, bool]:
    """Return the error as a share of the month, and whether the truth lay inside the range."""
    following = (month + timedelta(31)).replace(day=1)
    start, now, end = ((one - FIRST).days for one in (month, month.replace(day=day), following))
    begin = max(now - LONGEST, 0)
    coming = Days(FIRST + timedelta(begin), wh[begin:now]).coming(end - now)
    assert coming is not None
    so_far, rest, truth = sum(wh[start:now]), sum(coming.days), sum(wh[start:end])
    inside = so_far + rest * coming.low <= truth <= so_far + rest * coming.high
    return abs(so_far + rest - truth) / truth, inside


#: By home: the mean error on the morning of the fifth and of the fifteenth, at most.
ERRORS = {
    "plain": (0.03, 0.02),
    "heating": (0.12, 0.10),
    "heat pump": (0.09, 0.07),
    "cooling": (0.04, 0.03),
    "away": (0.33, 0.16),
    "car": (0.11, 0.08),
    "new car": (0.10, 0.08),
    "moved": (0.09, 0.07),
    "students": (0.12, 0.11),  # empty in July and August of each year
    "sun": (0.11, 0.08),
}


@pytest.mark.parametrize("home", HOMES)
def test_months_of_the_past_are_near_and_mostly_inside_the_range(home: str) -> None:
    wh = days_of(home)
    found = [[forecast(wh, month, day) for month in MONTHS] for day in (5, 15)]
    for of_day, most in zip(found, ERRORS[home], strict=True):
        assert mean(error for error, _ in of_day) <= most
    # Four of five, with 24 months: no less than two thirds, and habits that changed are no exception.
    assert mean(inside for of_day in found for _, inside in of_day) >= 0.7


def known(until: date, **colours: int) -> dict[date, str]:
    """Return a season up to a day: blue, but for so many red and white days at its beginning."""
    special = [colour for colour, count in colours.items() for _ in range(count)]
    days = [day for day in SEASON if day <= until]
    return dict(zip(days, [*special, *["blue"] * len(days)], strict=False))


def expected_days(chances: Chances, colour: str) -> float:
    return sum(chances.of(day).get(colour, 0.0) for day in SEASON)


def test_the_chances_of_a_season_add_up_to_its_days() -> None:
    chances = Chances({}, SEASON[0] - timedelta(1))
    assert expected_days(chances, "red") == pytest.approx(22)
    assert expected_days(chances, "white") == pytest.approx(43)
    assert expected_days(chances, "blue") == pytest.approx(300)


def test_what_is_left_of_a_season_is_spread_over_the_days_that_may_have_it() -> None:
    chances = Chances(known(date(2027, 1, 31), red=12, white=30), date(2027, 1, 31))
    assert expected_days(chances, "red") == pytest.approx(22)  # the twelve that were, and ten to come
    for day in SEASON[153:]:
        if day.weekday() >= 5 or day > date(2027, 3, 31):
            assert chances.of(day).get("red", 0) == 0
    assert chances.of(date(2027, 2, 7)) == {"red": 0, "white": 0, "blue": 1}  # a Sunday
    assert chances.of(date(2027, 2, 9))["red"] > chances.of(date(2027, 3, 9))["red"] > 0


def test_a_known_day_has_its_colour_and_a_colour_that_is_used_up_comes_no_more() -> None:
    seen = known(date(2027, 2, 28), red=22, white=20)
    chances = Chances(seen, date(2027, 2, 28))
    assert chances.of(SEASON[0]) == {"red": 1.0}
    assert chances.of(date(2027, 3, 1))["red"] == 0
    assert chances.spread(SEASON, "red") == 0
    assert chances.spread(SEASON[-100:], "white") > 0


def test_all_days_that_are_left_are_sure_at_the_end_of_winter() -> None:
    seen = known(date(2027, 3, 29), red=20, white=43)  # two are left, for the 30th and 31st
    chances = Chances(seen, date(2027, 3, 29))
    assert [chances.of(date(2027, 3, day))["red"] for day in (30, 31)] == pytest.approx([1, 1])
    assert chances.spread([date(2027, 3, 30), date(2027, 3, 31)], "red") == pytest.approx(0)


def test_with_unknown_days_in_the_past_a_season_has_its_usual_share_left() -> None:
    seen = {date(2027, 1, 31): "red"}
    chances = Chances(seen, date(2027, 1, 31))
    left = sum(chances.of(day).get("red", 0) for day in SEASON if day > date(2027, 1, 31))
    assert 5 < left < 12  # about half of the red days of earlier seasons came in February and March
