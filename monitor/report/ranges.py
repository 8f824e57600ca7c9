"""Reads `--from` and `--to`, and chooses a range where they are not given."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.errors import ConfigError, MessageError
from common.frame import parse_time
from monitor.calendar import Calendar, midnight

_YEAR, _MONTH, _DAY = (re.compile(pattern) for pattern in (r"\d{4}", r"\d{4}-\d\d", r"\d{4}-\d\d-\d\d"))
#: How many periods a report shows by default, the present one included.
_COUNT = {"hour": 24, "day": 14, "week": 12, "month": 13, "year": 10}
_LENGTH = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366}  # days
_EARLIEST, _LATEST = 2000, 2099


def read_limit(text: str, zone: ZoneInfo) -> datetime:
    """Read a limit: a year, a month or a day, which begin at local midnight, or an instant at a whole hour.

    Raises:
        ConfigError: it is none of these.
    """
    moment = read_time(text, zone)
    if moment.minute or moment.second or moment.microsecond:
        raise ConfigError(f"{text!r} is within an hour: write a whole hour")
    return moment


def read_time(text: str, zone: ZoneInfo) -> datetime:
    """Read a year, a month or a day, which begin at local midnight, or an instant.

    Raises:
        ConfigError: it is none of these.
    """
    try:
        if _YEAR.fullmatch(text):
            moment = midnight(date(int(text), 1, 1), zone)
        elif _MONTH.fullmatch(text):
            moment = midnight(date.fromisoformat(f"{text}-01"), zone)
        elif _DAY.fullmatch(text):
            moment = midnight(date.fromisoformat(text), zone)
        else:
            moment = parse_time(text).astimezone(UTC)
        if not _EARLIEST <= moment.year <= _LATEST:
            raise ValueError(f"the year is not between {_EARLIEST} and {_LATEST}")
    except (ValueError, OverflowError, MessageError) as error:
        raise ConfigError(
            f"{text!r} is no time: write 2026, 2026-11, 2026-11-24 or 2026-11-24T18:00:00+01:00"
        ) from error
    return moment


def choose_range(
    by: str, start: str | None, end: str | None, calendar: Calendar, now: datetime, first: datetime | None
) -> tuple[datetime, datetime]:
    """Return the range of a report: what was asked for, else the last periods up to the end of the present one.

    Args:
        by: hour, day, week, month or year.
        start: `--from`.
        end: `--to`, exclusive.
        calendar: the local days.
        now: the time.
        first: of the meter's first reading; a default does not begin before it.

    Raises:
        ConfigError: a limit is wrong, or they are in the wrong order.
    """
    high = read_limit(end, calendar.zone) if end else _end_of_present(by, calendar, now)
    if start:
        low = read_limit(start, calendar.zone)
    else:
        low = calendar.floor(by, high - timedelta(days=_LENGTH[by] * _COUNT[by]))
        limits = calendar.boundaries(by, low, high)
        low = limits[max(len(limits) - 1 - _COUNT[by], 0)]
        if first is not None:
            low = min(max(low, calendar.floor(by, first)), calendar.floor(by, high - timedelta(microseconds=1)))
    if low >= high:
        raise ConfigError(f"--from {start or low} is not before --to {end or high}: swap them")
    return low, high


def year_to(now: datetime, start: datetime | None, end: datetime | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return what offers are compared on: what was asked for, else the twelve months up to this morning's midnight."""
    end = end or midnight(now.astimezone(zone).date(), zone)
    day = end.astimezone(zone).date()
    before = date(day.year - 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
    return start or midnight(before, zone), end


def _end_of_present(by: str, calendar: Calendar, now: datetime) -> datetime:
    start = calendar.floor(by, now)
    return calendar.boundaries(by, start, start + timedelta(days=_LENGTH[by] + 2))[1]
