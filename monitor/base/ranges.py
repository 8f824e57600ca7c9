"""Reads the range of a question, and chooses one where it is not given."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.contract.frame import parse_time, write_stamp
from common.errors import MessageError
from monitor.base.calendar import Calendar, midnight
from monitor.base.formats import month_number
from monitor.base.request_errors import RequestError

_CLOCK = r"(?: (?P<hour>\d\d):(?P<minute>\d\d))?"
_FORMS = [
    re.compile(form, re.ASCII)
    for form in (
        r"(?P<year>\d{4})(?:-(?P<month>\d\d))?",
        rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d){_CLOCK}",
        rf"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{{4}}){_CLOCK}",
        r"(?P<month>\d\d)/(?P<year>\d{4})",
        r"(?P<month>\D{3,5}) (?P<year>\d{4})",  # as in a report by month
    )
]
#: How many periods a report shows by default, the present one included.
_COUNT = {"hour": 24, "day": 14, "week": 12, "month": 13, "year": 10}
_LENGTH = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366}  # days
_EARLIEST, _LATEST = 2000, 2099


@dataclass(frozen=True, slots=True)
class Range:
    """What time a question is about, and how it is cut; None: it does not say where to begin, or to end."""

    low: datetime | None = None
    high: datetime | None = None  # exclusive
    by: str = "day"

    @classmethod
    def read(cls, low: str | None, high: str | None, zone: ZoneInfo, by: str = "day") -> "Range":
        """Read both limits.

        Raises:
            RequestError: one is no time, or they are in the wrong order.
        """
        start, end = (None if text is None else read_time(text, zone) for text in (low, high))
        if start is not None and end is not None and start >= end:
            raise RequestError("swapped", start=start.astimezone(zone), end=end.astimezone(zone))
        return cls(start, end, by)

    def whole_hours(self) -> "Range":
        """Return the range.

        Raises:
            RequestError: a limit is within an hour.
        """
        for limit in (self.low, self.high):
            if limit is not None and (limit.minute or limit.second or limit.microsecond):
                raise RequestError("within_hour", text=write_stamp(limit))
        return self


def check_length(low: datetime, high: datetime, longest: timedelta) -> None:
    """Refuse a range that is longer than is answered.

    Raises:
        RequestError: it is.
    """
    if high - low > longest:
        raise RequestError("too_long", days=longest.days)


def read_time(text: str, zone: ZoneInfo) -> datetime:
    """Read a year, a month or a day, which begin at local midnight, or an instant.

    Raises:
        RequestError: it is none of these.
    """
    try:
        moment = _local(text, zone) or parse_time(text).astimezone(UTC)
        if not _EARLIEST <= moment.year <= _LATEST:
            raise ValueError(f"the year is not between {_EARLIEST} and {_LATEST}")
    except (ValueError, OverflowError, MessageError) as error:
        raise RequestError("no_time", text=text) from error
    return moment


def _local(text: str, zone: ZoneInfo) -> datetime | None:
    """Read a time without an offset: in ISO 8601, or as our tables and files show it; None: it is neither.

    Raises:
        ValueError: there is no such day or time.
    """
    for pattern in _FORMS:
        if (found := pattern.fullmatch(text)) is not None:
            parts = found.groupdict()
            month = parts.get("month") or "1"
            number = int(month) if month.isdecimal() else month_number(month)
            day = date(int(parts["year"]), number, int(parts.get("day") or 1))
            if parts.get("hour") is None:
                return midnight(day, zone)
            at = time(int(parts["hour"]), int(parts["minute"]))
            return datetime.combine(day, at, zone).astimezone(UTC)
    return None


def by_contract(
    asked: Range, zone: ZoneInfo, contract_start: Callable[[], date | None]
) -> tuple[Range, Calendar, datetime | None]:
    """Return a range that the calendar can cut, the calendar, and where the first contract year begins.

    Raises:
        RequestError: contract years are asked for, and it is not known when the contract began.
    """
    if asked.by != "contract-year":
        return asked, Calendar(zone), None
    start = contract_start()
    if start is None:
        raise RequestError("no_contract_start")
    return replace(asked, by="year"), Calendar(zone, (start.month, start.day)), midnight(start, zone)


def choose_range(asked: Range, calendar: Calendar, now: datetime, first: datetime | None) -> tuple[datetime, datetime]:
    """Return the range of a report: what was asked for, else the last periods up to the end of the present one.

    Args:
        asked: by hour, day, week, month or year.
        calendar: the local days.
        now: the time.
        first: of the meter's first reading; a default does not begin before it.

    Raises:
        RequestError: a limit is within an hour, or the range is still to come.
    """
    by, low = asked.by, asked.whole_hours().low
    high = asked.high or end_of_present(by, calendar, now)
    if low is None:
        low = calendar.floor(by, high - timedelta(days=_LENGTH[by] * _COUNT[by]))
        limits = calendar.boundaries(by, low, high)
        low = limits[max(len(limits) - 1 - _COUNT[by], 0)]
        if first is not None:
            low = min(max(low, calendar.floor(by, first)), calendar.floor(by, high - timedelta(microseconds=1)))
    elif low >= high:
        raise RequestError("future", day=low.astimezone(calendar.zone).date())
    return low, high


def year_to(now: datetime, asked: Range, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return what offers are compared on: what was asked for, else the twelve months up to this morning's midnight.

    Raises:
        RequestError: a limit is within an hour, the range is still to come, or it has no whole day yet.
    """
    start, end = asked.whole_hours().low, asked.high or midnight(now.astimezone(zone).date(), zone)
    if start is not None and end <= start <= now:
        raise RequestError("no_whole_day", start=start.astimezone(zone), end=end.astimezone(zone))
    day = end.astimezone(zone).date()
    before = date(day.year - 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
    start = start or midnight(before, zone)
    if start > now:
        raise RequestError("future", day=start.astimezone(zone).date())
    return start, min(end, midnight(now.astimezone(zone).date() + timedelta(days=1), zone))


def end_of_present(by: str, calendar: Calendar, now: datetime) -> datetime:
    """Return the end of the hour, day, week, month or year that it is now."""
    start = calendar.floor(by, now)
    return calendar.boundaries(by, start, start + timedelta(days=_LENGTH[by] + 2))[1]
