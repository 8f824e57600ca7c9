"""Cuts time into hours, days, weeks, months and years of the local calendar. All results are instants in UTC.

A local day has 23, 24 or 25 hours. The zones of France differ from UTC by whole hours, so each boundary begins an hour.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def boundaries(by: str, start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return `start`, each boundary of the calendar after it and before `end`, and `end`.

    Args:
        by: hour, day, week (from Monday), month or year.
        start: an instant.
        end: an instant after it.
        zone: the local time.

    Raises:
        KeyError: `by` is none of these.
    """
    if by == "hour":
        first = start.replace(minute=0, second=0, microsecond=0)
        count = (end - first) // timedelta(hours=1)
        inner = [first + timedelta(hours=number) for number in range(count + 1)]
    else:
        day = _FLOOR[by](start.astimezone(zone).date())
        inner = [midnight(one, zone) for one in _days(day, _NEXT[by], end.astimezone(zone).date())]
    return [start, *(instant for instant in inner if start < instant < end), end]


def floor(by: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the start of the hour, day, week, month or year in which an instant lies."""
    if by == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    return midnight(_FLOOR[by](moment.astimezone(zone).date()), zone)


def _days(day: date, following: Callable[[date], date], last: date) -> Iterator[date]:
    while day <= last:
        yield day
        day = following(day)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


_FLOOR: Mapping[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(day.weekday()),
    "month": lambda day: day.replace(day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
_NEXT: Mapping[str, Callable[[date], date]] = {
    "day": lambda day: day + timedelta(1),
    "week": lambda day: day + timedelta(7),
    "month": _next_month,
    "year": lambda day: day.replace(year=day.year + 1, month=1, day=1),
}
BY = ("hour", *_FLOOR)
