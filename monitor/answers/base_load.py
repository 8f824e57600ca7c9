"""The base load ("talon"): what a house draws when nobody does anything.

Of each local night, the lowest mean power of an hour between 00:00 and 06:00, from energy (so in W, not in VA). Hours
that are not whole, or hold recovered or imported energy, do not count. The base load of a range is the median of its
nights: one night with a boiler or a holiday does not move it.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.readings.hour_curves import Night

METHOD = "min 00:00-06:00"  # for people who read the API
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """The base load of a range, W, and of each of its nights."""

    watts: int | None  # None: no night was whole enough
    nights: Sequence[tuple[date, int]]


def base_load(nights: Iterable[Night]) -> BaseLoad:
    """Compute the base load from the least of each night: the Wh of an hour are its mean power in W."""
    found = [(_EPOCH + timedelta(night.day), night.wh) for night in nights]
    return BaseLoad(round(statistics.median(watts for _, watts in found)) if found else None, found)
