"""Cuts time into hours, days, weeks, months and years of the local calendar. All results are instants in UTC.

A local day has 23, 24 or 25 hours. The zones of France differ from UTC by whole hours, so each boundary begins an hour.
"""

from calendar import isleap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)


def full_hour(moment: datetime) -> datetime:
    """Return the beginning of the hour of an instant; in the zones of France it is one of the local time, too."""
    return moment.replace(minute=0, second=0, microsecond=0)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day begins."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def whole_days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return a range from local midnight to local midnight that holds all of another one."""
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return midnight(start.astimezone(zone).date(), zone), midnight(last + timedelta(1), zone)


def one_day(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the beginning and the end of the local day of an instant."""
    return whole_days(moment, moment + timedelta(microseconds=1), zone)


def offsets(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
    """Return by how many seconds the local time is ahead of UTC: at `start`, and from each change before `end` on."""
    found = [(start, _ahead(zone, start))]
    low = start
    while low < end:
        high = min(low + timedelta(days=7), end)
        if _ahead(zone, high) != found[-1][1]:
            # The zones of France change at a whole hour.
            before = full_hour(low)
            while _ahead(zone, before + _HOUR) == found[-1][1]:
                before += _HOUR
            if before + _HOUR < end:
                found.append((before + _HOUR, _ahead(zone, before + _HOUR)))
        low = high
    return found


def _ahead(zone: ZoneInfo, moment: datetime) -> int:
    return int((moment.astimezone(zone).utcoffset() or timedelta(0)).total_seconds())


@dataclass(frozen=True, slots=True)
class Calendar:
    """Cuts time by the calendar of a zone; a year may begin on another day than 1 January, as that of a contract."""

    zone: ZoneInfo
    year_start: tuple[int, int] = (1, 1)  # month and day; 29 February counts as 1 March

    def boundaries(self, by: str, start: datetime, end: datetime) -> list[datetime]:
        """Return `start`, each boundary of the calendar after it and before `end`, and `end`.

        Args:
            by: hour, day, week (from Monday), month or year.
            start: an instant.
            end: an instant after it.

        Raises:
            ValueError: `by` is none of these.
        """
        if by == "hour":
            first = full_hour(start)
            count = (end - first) // timedelta(hours=1)
            inner = [first + timedelta(hours=number) for number in range(count + 1)]
        else:
            day, last = self._floor(by, start.astimezone(self.zone).date()), end.astimezone(self.zone).date()
            inner = []
            while day <= last:
                inner.append(midnight(day, self.zone))
                day = self._next(by, day)
        return [start, *(instant for instant in inner if start < instant < end), end]

    def floor(self, by: str, moment: datetime) -> datetime:
        """Return the start of the hour, day, week, month or year in which an instant lies."""
        if by == "hour":
            return full_hour(moment)
        return midnight(self._floor(by, moment.astimezone(self.zone).date()), self.zone)

    def _floor(self, by: str, day: date) -> date:
        match by:
            case "day":
                return day
            case "week":
                return day - timedelta(day.weekday())
            case "month":
                return day.replace(day=1)
            case "year":
                start = self._year(day.year)
                return start if start <= day else self._year(day.year - 1)
        raise ValueError(f"{by!r} is none of {', '.join(BY)}")

    def _next(self, by: str, day: date) -> date:
        match by:
            case "month":
                return date(day.year + day.month // 12, day.month % 12 + 1, 1)
            case "year":
                return self._year(day.year + 1)
        return day + timedelta(7 if by == "week" else 1)

    def _year(self, year: int) -> date:
        month, day = self.year_start
        if (month, day) == (2, 29) and not isleap(year):
            return date(year, 3, 1)
        return date(year, month, day)


BY = ("hour", "day", "week", "month", "year")
#: By how often a digest comes: what it is about.
DIGESTS: Mapping[str, str] = {"daily": "day", "weekly": "week", "monthly": "month"}
