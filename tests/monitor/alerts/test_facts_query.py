"""What is made of readings before rules look at it; each by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.facts_query import daily_growth, is_new, ten_minutes
from monitor.readings.curves import MinuteFacts

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def minute(after: int, total: int) -> MinuteFacts:
    """The last of some ten minutes after noon, with the reading at its end."""
    at = int(NOON.timestamp()) + after * 60 - 60
    return MinuteFacts(at, 60, 60, 1, total, total, 0, None, None)


def test_ten_minutes_have_a_mean_power_and_a_gap_has_none() -> None:
    # 50 Wh in ten minutes are 300 W; of the 600 Wh in the hour without minutes nobody knows the power.
    found = ten_minutes([minute(10, 1000), minute(20, 1050), minute(80, 1650), minute(90, 1660)])
    assert found == [(NOON + timedelta(minutes=10), 300), (NOON + timedelta(minutes=80), 60)]


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
