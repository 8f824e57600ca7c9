"""The bank holidays of metropolitan France. Pure."""

from datetime import date, timedelta
from functools import cache

_FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))  # month and day
_AFTER_EASTER = (1, 39, 50)  # days: Easter Monday, Ascension, Whit Monday
_ALSACE_MOSELLE = (-2,)  # Good Friday; and 26 December


@cache
def holidays(year: int, *, alsace_moselle: bool = False) -> frozenset[date]:
    """Return the bank holidays of a year; in Alsace and Moselle there are two more."""
    sunday = easter(year)
    found = {date(year, month, day) for month, day in _FIXED}
    found |= {sunday + timedelta(days) for days in _AFTER_EASTER}
    if alsace_moselle:
        found |= {date(year, 12, 26), *(sunday + timedelta(days) for days in _ALSACE_MOSELLE)}
    return frozenset(found)


def easter(year: int) -> date:
    """Return Easter Sunday (Meeus, Astronomical Algorithms, chapter 8).

    >>> easter(2026)
    datetime.date(2026, 4, 5)
    """
    golden = year % 19
    century, of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
