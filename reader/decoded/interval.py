"""The usual interval of a meter that arrives decoded, learnt from when its messages come. Pure.

Adapters send each ten seconds or each quarter of an hour, at night more seldom than by day, some all labels in a burst.
So a gap counts by its length: the usual interval is the shortest in whose gaps nearly all of a recent day has passed. A
burst hardly counts then, a quiet night does. A longer gap than the longest interval is an outage, and does not count.
"""

import math
from collections.abc import Sequence
from typing import Self

from common.contract.usual_interval import LATE

#: Seconds; a gap counts as the first that it does not exceed.
INTERVALS = (10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900)
LONGEST = INTERVALS[-1]
_SHARE = 0.95  # of the time
_HALF_LIFE = 86_400.0
_LEARNT = 5  # gaps


class UsualInterval:
    """Learns the usual interval of one meter."""

    def __init__(self) -> None:
        self._heard_at: float | None = None
        self._gaps = 0
        self._seconds = [0.0] * len(INTERVALS)  # that passed in gaps of each, recent ones more

    def hear(self, at: float) -> bool:
        """Take note of a message; return whether the one before came within the longest interval. `at`: monotonic."""
        gap = math.inf if self._heard_at is None else at - self._heard_at
        self._heard_at = at
        place = next((place for place, interval in enumerate(INTERVALS) if gap <= interval * LATE), None)
        if place is None:
            return False
        fading = 0.5 ** (gap / _HALF_LIFE)
        self._seconds = [seconds * fading for seconds in self._seconds]
        self._seconds[place] += gap
        self._gaps += gap > 0
        return True

    @property
    def seconds(self) -> int:
        """Return the usual interval; the longest until some messages have come."""
        if self._gaps < _LEARNT:
            return LONGEST
        within, total = 0.0, sum(self._seconds)
        for interval, seconds in zip(INTERVALS, self._seconds, strict=True):
            within += seconds
            if within >= _SHARE * total:
                return interval
        return LONGEST

    def to_json(self) -> list[float]:
        """Return what was learnt."""
        return [self._gaps, *self._seconds]

    @classmethod
    def from_json(cls, saved: Sequence[float]) -> Self:
        """Resume; the gap until the next message is not known."""
        interval = cls()
        interval._gaps, interval._seconds = int(saved[0]), [float(seconds) for seconds in saved[1:]]
        if len(interval._seconds) != len(INTERVALS):
            raise ValueError("other intervals")
        return interval
