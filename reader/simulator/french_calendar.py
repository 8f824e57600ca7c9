"""The calendar of a simulated meter: French legal time, and the Tempo colour of each day. Pure.

An instant is seconds since 1970, UTC.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from reader.tic.fields import clock_changes

DAY = 86_400  # seconds
HOUR = 3_600

BLUE, WHITE, RED = 1, 2, 3  # their numbers in STGE
WHITE_DAYS, RED_DAYS = 43, 22  # in a Tempo season; the other days are blue

_EPOCH = date(1970, 1, 1)
_64_BITS = 0xFFFF_FFFF_FFFF_FFFF


def mix(*numbers: int) -> int:
    """Hash numbers to 64 bits that look random and are the same on every machine.

    All randomness of the simulator comes from here, so that a frame depends on the instant only, not on earlier calls.

    >>> mix(1, 2) == mix(1, 2), mix(1, 2) == mix(2, 1)
    (True, False)
    """
    mixed = 0x9E37_79B9_7F4A_7C15
    for number in numbers:
        mixed = ((mixed ^ number) * 0xBF58_476D_1CE4_E5B9) & _64_BITS
        mixed ^= mixed >> 29
        mixed = (mixed * 0x94D0_49BB_1331_11EB) & _64_BITS
        mixed ^= mixed >> 32
    return mixed


def day_number(day: date) -> int:
    """Return the number of a day: days since 1970-01-01."""
    return (day - _EPOCH).days


@lru_cache(maxsize=256)
def _summer_time(year: int) -> tuple[int, int]:
    start, end = clock_changes(year)
    return int(start.timestamp()), int(end.timestamp())


def utc_offset(instant: int) -> int:
    """Return how many seconds legal time in Paris is ahead of UTC."""
    start, end = _summer_time(time.gmtime(instant).tm_year)
    return 2 * HOUR if start <= instant < end else HOUR


def stamp(instant: int) -> str:
    """Format an instant as the meter does: season, then legal time.

    >>> stamp(1_230_240_318)  # the example of Enedis-NOI-CPT_54E, 6.2.1.1
    'H081225222518'
    """
    offset = utc_offset(instant)
    season = "E" if offset == 2 * HOUR else "H"  # été, hiver
    return season + time.strftime("%y%m%d%H%M%S", time.gmtime(instant + offset))


@dataclass(frozen=True, slots=True)
class LegalDay:
    """A day of legal time: 24 hours, except for the two days of the clock changes."""

    number: int
    start: int  # instant of its midnight
    shift: int  # seconds by which the clocks are put forward on this day: 0, 3600 or -3600

    @property
    def length(self) -> int:
        """Its length in seconds."""
        return DAY - self.shift

    @property
    def date(self) -> date:
        """The date of this day."""
        return _EPOCH + timedelta(days=self.number)

    @property
    def weekday(self) -> int:
        """0 is Monday, as in datetime; 1970-01-01 was a Thursday."""
        return (self.number + 3) % 7

    def elapsed(self, clock: int) -> int:
        """Return the seconds since midnight at a legal time; not for the hour that is skipped or repeated."""
        return clock - self.shift if clock >= 3 * HOUR else clock


@lru_cache(maxsize=16_384)
def legal_day(number: int) -> LegalDay:
    """Return the day of this number."""
    # Midnight is at 22:00 or 23:00 UTC, and the clocks change at 01:00 UTC: so 23:00 UTC has the offset of midnight.
    start, end = (midnight - utc_offset(midnight - HOUR) for midnight in (number * DAY, (number + 1) * DAY))
    return LegalDay(number, start, DAY - (end - start))


def legal_day_at(instant: int) -> LegalDay:
    """Return the day of an instant."""
    return legal_day((instant + utc_offset(instant)) // DAY)


def tempo_colour(number: int) -> int:
    """Return the colour of the tariff day that starts at 06:00 of this day.

    It is the same for all meters, as EDF announces one for the whole country. The draw follows EDF's rules.
    """
    day = legal_day(number).date
    return _tempo_season(day.year if day.month >= 9 else day.year - 1).get(number, BLUE)


@lru_cache(maxsize=256)
def _tempo_season(year: int) -> dict[int, int]:
    """Return the white and red days from 1 September of a year to 31 August of the next."""

    def draw(days: Iterable[int], count: int) -> list[int]:
        return sorted(days, key=lambda number: mix(year, number))[:count]

    def days(first: date, last: date, workdays: int) -> list[int]:
        return [n for n in range(day_number(first), day_number(last) + 1) if legal_day(n).weekday < workdays]

    # Red days are allowed from 1 November to 31 March; the shorter range used here has only two public holidays.
    holidays = {day_number(date(year, 12, 25)), day_number(date(year + 1, 1, 1))}
    red = draw(set(days(date(year, 11, 12), date(year + 1, 3, 20), 5)) - holidays, RED_DAYS)
    white = draw(set(days(date(year, 10, 1), date(year + 1, 4, 30), 6)) - set(red), WHITE_DAYS)
    return dict.fromkeys(white, WHITE) | dict.fromkeys(red, RED)
