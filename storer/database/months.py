"""Months as frames are divided into and backups are made of: in UTC, by their start."""

from datetime import UTC, datetime


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
