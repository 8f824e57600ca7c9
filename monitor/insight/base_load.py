"""The base load ("talon"): what a house draws when nobody does anything.

Of each local night, the lowest mean power of an hour between 00:00 and 06:00, from energy (so in W, not in VA). Hours
that are not whole, or hold recovered or imported energy, do not count. The base load of a range is the median of its
nights: one night with a boiler or a holiday does not move it.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from monitor.model import HourEnergy

_NIGHT = range(6)  # local hours
_WHOLE = 3540  # seconds covered


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """The base load of a range, W, and of each of its nights."""

    watts: int | None  # None: no night was whole enough
    nights: Sequence[tuple[date, int]]


def base_load(hours: Iterable[HourEnergy], zone: ZoneInfo) -> BaseLoad:
    """Compute the base load from hours."""
    lowest: dict[date, int] = {}
    for hour in hours:
        local = hour.start.astimezone(zone)
        if local.hour in _NIGHT and hour.covered >= _WHOLE and not hour.recovered and not hour.imported:
            day = local.date()
            lowest[day] = min(hour.wh, lowest.get(day, hour.wh))  # the Wh of an hour are its mean power in W
    nights = sorted(lowest.items())
    return BaseLoad(round(statistics.median(lowest.values())) if lowest else None, nights)
