"""Winter, and how often a power was nearly reached."""

from datetime import date, timedelta

import pytest

from monitor.power_need.need import Near, Need, is_enough, missing_winter_weeks, near
from monitor.power_need.selection import BusyMinute


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


@pytest.mark.parametrize(
    ("trips", "unread", "whole", "enough"),
    [(0, 0, True, True), (0, 0, False, None), (0, 1, True, None), (1, 0, True, False), (1, 3, False, False)],
)
def test_a_power_is_enough_only_where_all_is_known(trips: int, unread: int, whole: bool, enough: bool | None) -> None:
    need = Need(6, 60, 0, trips, unread, at_most=False, share=0.5, share_at_most=False, moments=[])
    assert is_enough(need, whole=whole) is enough


def test_minutes_near_the_power_are_counted_with_their_days() -> None:
    minutes = [BusyMinute(at, 60, (power,)) for at, power in ((0, 5500), (60, 5300), (120, 5401), (90_000, 5900))]
    found = near(minutes, 5400, lambda at: date(2026, 1, 1 + at // 86_400))
    assert found == Near(minutes=3, days=2, last=90_000)
