"""Months as frames are divided into and backups are made of, and hours: in UTC, by their start."""

from datetime import UTC, datetime, timedelta

_HOUR = timedelta(hours=1)


def month_of(instant: datetime, ahead: int = 0) -> datetime:
    """Return the start of a time's month, or of the month that is so many after it.

    >>> f"{month_of(datetime(2026, 11, 30, 23, 59), 2):%Y-%m-%d}"
    '2027-01-01'
    """
    months = max(12, instant.year * 12 + instant.month - 1 + ahead)
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def next_month(month: datetime) -> datetime:
    """Return the start of the month after one that starts at `month`."""
    return month_of(month, 1)


def floor_hour(instant: datetime) -> datetime:
    """Return the start of a time's hour."""
    return instant.replace(minute=0, second=0, microsecond=0)


def ceil_hour(instant: datetime) -> datetime:
    """Return the end of the hour that a time is in; the time itself if an hour begins there."""
    start = floor_hour(instant)
    return start if start == instant else start + _HOUR
