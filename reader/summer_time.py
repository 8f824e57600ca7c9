"""When summer time runs in France.

The rule itself, not a time zone database: small images and a Pi's bare Python have none.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache


@lru_cache(maxsize=256)
def clock_changes(year: int) -> tuple[datetime, datetime]:
    """Return when summer time of a year begins and ends: on the last Sundays of March and October, at 01:00 UTC.

    >>> [f"{change:%d.%m. %H:%M}" for change in clock_changes(2026)]
    ['29.03. 01:00', '25.10. 01:00']
    """
    return _last_sunday(year, 3), _last_sunday(year, 10)


def is_summer(instant: datetime) -> bool:
    """Tell whether summer time runs at this instant (UTC)."""
    start, end = clock_changes(instant.year)
    return start <= instant < end


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=last.isoweekday() % 7)
