"""Months of made-up homes forecast again from what was known on a morning: how near it is, and how often inside."""

from datetime import date, timedelta
from statistics import mean

import pytest

from monitor.money.forecast_model import LONGEST, Days
from tests.support.homes import FIRST, HOMES, days_of

MONTHS = [date(2024 + (11 + number) // 12, (11 + number) % 12 + 1, 1) for number in range(24)]  # from December 2024


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
