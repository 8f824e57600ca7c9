"""What is made of readings before rules look at it; each by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.facts import daily_growth, is_new

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("at", "now", "new"),
    [
        ("2026-11-24T12:00", "2026-11-24T17:59", True),
        ("2026-11-24T12:00", "2026-11-24T18:00", False),
        # Midnight is at 23:00.
        ("2026-11-24T21:30", "2026-11-24T23:29", True),
        ("2026-11-24T21:30", "2026-11-24T23:30", False),
        ("2026-11-24T12:00", "2026-11-24T11:59", False),  # the clock was set back
    ],
)
def test_what_is_read_each_day_is_read_again_soon_after_midnight(at: str, now: str, new: bool) -> None:
    before, after = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, now))
    assert is_new(before, after, PARIS) is new


def test_the_disk_fills_in_a_day_as_in_a_year_of_such_months() -> None:
    assert daily_growth([3_650, 3_650, 7_300]) == 160  # 14,600 in three months, 58,400 a year
    assert daily_growth([]) is None
