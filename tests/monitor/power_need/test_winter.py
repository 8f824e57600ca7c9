"""Weeks of winter that were measured."""

from datetime import date, timedelta

import pytest

from monitor.power_need.winter import missing_winter_weeks


def days(start: date, count: int) -> dict[date, float]:
    return {start + timedelta(number): 1.0 for number in range(count)}


@pytest.mark.parametrize(
    ("covered", "missing"),
    [
        (days(date(2025, 11, 28), 365), 0),
        (days(date(2026, 3, 1), 200), 13),
        (days(date(2025, 12, 1), 14), 11),
        (days(date(2026, 1, 1), 60), 5),  # four of December, and that of 29 December, of which four days are there
        ({**days(date(2025, 11, 28), 365), date(2026, 1, 5): 0.0}, 1),  # a day of a week is more than a tenth
        ({**days(date(2024, 11, 28), 120), **days(date(2025, 12, 8), 300)}, 0),  # what one winter lacks, another has
    ],
)
def test_weeks_of_winter_are_missing(covered: dict[date, float], missing: int) -> None:
    assert missing_winter_weeks(covered) == missing
