"""Parses the meter's timestamps: legal time of mainland France, with a letter for the season. Pure.

Source: Enedis-NOI-CPT_54E v3, 6.2.1.1. `H` is winter (UTC+1), `E` summer (UTC+2), lower case when the meter's clock
is degraded; a space, sent with the mobile peaks, means that the calendar gives the season.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

WIDTH = 13  # characters: season, then YYMMDDhhmmss

_WINTER, _SUMMER = timedelta(hours=1), timedelta(hours=2)
_OFFSETS = {"H": _WINTER, "h": _WINTER, "E": _SUMMER, "e": _SUMMER}


@lru_cache(maxsize=256)
def clock_changes(year: int) -> tuple[datetime, datetime]:
    """Return when summer time of a year begins and ends: on the last Sundays of March and October, at 01:00 UTC.

    >>> [f"{change:%d.%m. %H:%M}" for change in clock_changes(2026)]
    ['29.03. 01:00', '25.10. 01:00']
    """
    return _last_sunday(year, 3), _last_sunday(year, 10)


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=last.isoweekday() % 7)


def parse_stamp(text: str) -> tuple[datetime, bool]:
    """Return the instant in UTC, and whether the meter's clock is degraded.

    Raises:
        ValueError: `text` is not a stamp.

    >>> parse_stamp("e210718001320")
    (datetime.datetime(2021, 7, 17, 22, 13, 20, tzinfo=datetime.timezone.utc), True)
    """
    season, digits = text[:1], text[1:]
    if len(text) != WIDTH or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"not a stamp: {text!r}")
    year, month, day, hour, minute, second = (int(digits[i : i + 2]) for i in range(0, 12, 2))
    local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    if season == " ":
        return local - _paris_offset(local), False
    if season not in _OFFSETS:
        raise ValueError(f"not a season: {season!r}")
    return local - _OFFSETS[season], season.islower()


def _paris_offset(local: datetime) -> timedelta:
    starts, ends = clock_changes(local.year)
    return _SUMMER if starts + _WINTER <= local < ends + _SUMMER else _WINTER
