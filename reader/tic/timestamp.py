"""Reads the meter's own times: legal time of mainland France, with a letter for the season.

Source: Enedis-NOI-CPT_54E v3, 6.2.1.1. `H` is winter (UTC+1), `E` summer (UTC+2), lower case when the meter is not sure
of its clock; a space, sent with the mobile peaks, leaves the season to the calendar.
"""

from datetime import UTC, datetime, timedelta

from reader.summer_time import clock_changes

WIDTH = 13  # characters: season, then YYMMDDhhmmss

_WINTER, _SUMMER = timedelta(hours=1), timedelta(hours=2)
_OFFSETS = {"H": _WINTER, "h": _WINTER, "E": _SUMMER, "e": _SUMMER}


def read_stamp(text: str) -> tuple[datetime, bool]:
    """Return the instant, in UTC, and whether the meter is unsure of it.

    Raises:
        ValueError: `text` is not a stamp.

    >>> read_stamp("e210718001320")
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
