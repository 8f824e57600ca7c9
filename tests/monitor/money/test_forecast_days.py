from collections.abc import Sequence
from datetime import date

import pytest

from monitor.money.forecast_model import Days

MONDAY = date(2024, 1, 1)


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
