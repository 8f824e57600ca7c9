"""Cuts a curve of hours into local days."""

import bisect
import itertools
from collections.abc import Iterable, Sequence

from monitor.readings.hour_curves import Drawn

_HOUR = 3600


def by_day(hours: Iterable[Drawn], midnights: Sequence[int]) -> list[list[int | None]]:
    """Return the Wh of each hour of each day, None where an hour is not known; a day has 23, 24 or 25 hours.

    Args:
        hours: what was drawn, of hours inside the days.
        midnights: the beginnings of the days, and the end of the last; seconds since 1970.
    """
    days: list[list[int | None]] = [[None] * ((end - start) // _HOUR) for start, end in itertools.pairwise(midnights)]
    for hour in hours:
        place = bisect.bisect_right(midnights, hour.hour) - 1
        days[place][(hour.hour - midnights[place]) // _HOUR] = hour.wh
    return days
