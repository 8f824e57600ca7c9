"""What a home will draw on days to come, from its own days of the past. Pure; docs/energy.md says it in words.

A day to come is expected to be like two others, which count one third and two thirds: the mean of the last two weeks,
and the same days of earlier years, as much above or below them as the last four weeks were. Where those were more
than twice, or less than half, of these four weeks in earlier years (a home that is empty in July), they alone count.
Weekdays differ as they did in the last eight weeks. How far the truth may be from that is how far it was when the
same was done on past days; if it was farther lately, as much farther.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

LEAST = 14  # days, without which nothing is said
FARTHEST = 38  # days ahead without the same days of a year before: a month, and a week without readings before
_NEAR, _LEVEL, _WEEKS = 14, 28, 8
_SAME = 10  # days before and after the same day of an earlier year, which count as it
_CLOSE = 3  # the same, of days that differ much from those of now
_MUCH = 2
_YEARS = 3
LONGEST = 366 * _YEARS + _LEVEL + _SAME  # days of the past that matter
_OF_NEAR = 1 / 3

_STEP = 5  # days between two tries on the past
_TRIED = 730  # days of the past that are tried
_LONGEST_TRY = 61  # days
_OUTSIDE = 0.1  # of the tries at each end
_LATELY = 24  # tries, of the last four months
#: So few tries say little: some that stand for a home of which nothing is known count with them.
_FEW, _UNTRIED = 60, (0.75, 0.75, 1.33, 1.33)


@dataclass(frozen=True, slots=True)
class Coming:
    """What is expected of days to come, Wh; the truth lies four times of five between these shares of the sum."""

    days: Sequence[float]
    low: float
    high: float


class Days:
    """Days of the past without a gap: `wh[0]` was drawn on `first`."""

    def __init__(self, first: date, wh: Sequence[float]) -> None:
        self.first = first
        self._wh = wh
        self._sums = list(accumulate(wh, initial=0.0))
        # The same for each day up to a year ahead; None: no earlier year is known.
        places = range(len(wh) + 366)
        self._same = [self._earlier(place, _SAME, 7) for place in places]
        self._close = [self._earlier(place, _CLOSE, 1) for place in places]

    def __len__(self) -> int:
        return len(self._wh)

    def coming(self, count: int) -> Coming | None:
        """Return what is expected of so many days after the last one; None: the past does not tell."""
        if len(self) < LEAST or (days := self._expected(len(self), count)) is None:
            return None
        tried = min(count, _LONGEST_TRY)
        shares = []
        for place in range(len(self) - tried, max(LEAST, len(self) - tried - _TRIED) - 1, -_STEP):
            expected = sum(self._expected(place, tried) or ())
            if expected > 0:
                shares.append((self._sums[place + tried] - self._sums[place]) / expected)
        wider = 1.0
        if len(shares) < _FEW:
            shares += _UNTRIED
        elif (usual := _error(shares)) > 0:
            wider = max(_error(shares[:_LATELY]) / usual, 1.0)
        shares.sort()
        below, above = (max(1 - _quantile(shares, _OUTSIDE), 0.0), max(_quantile(shares, 1 - _OUTSIDE) - 1, 0.0))
        return Coming(days, max(1 - below * wider, 0.0), 1 + above * wider)

    def _expected(self, place: int, count: int) -> list[float] | None:
        """Return what was to be expected of so many days from a place on, by the days before it."""
        near = self._mean(place - _NEAR, place)
        same_weeks, close_weeks = (_mean_of(of[max(place - _LEVEL, 0) : place]) for of in (self._same, self._close))
        level = self._mean(place - _LEVEL, place) / same_weeks if same_weeks else None
        weekdays = self._weekdays(place)
        days = []
        for ahead in range(count):
            same = self._same[place + ahead]
            if same is None or level is None:
                if ahead >= FARTHEST:
                    return None
                expected = near
            else:
                of_near = _OF_NEAR if ahead < FARTHEST else 0
                expected = of_near * near + (1 - of_near) * level * same
                then = self._close[place + ahead]
                like = close_weeks is None or then is None or close_weeks <= _MUCH * then <= _MUCH**2 * close_weeks
                expected = expected if like or then is None else then
            days.append(expected * weekdays[ahead % 7])
        return days

    def _weekdays(self, place: int) -> list[float]:
        """Return the shares of a mean day that seven days from a place on are, by their weekday."""
        weeks = min(_WEEKS, place // 7)
        mean = self._mean(place - 7 * weeks, place)
        if mean <= 0:
            return [1.0] * 7
        return [sum(self._wh[place - 7 * weeks + day : place : 7]) / weeks / mean for day in range(7)]

    def _mean(self, start: int, end: int) -> float:
        return (self._sums[end] - self._sums[start]) / (end - start)

    def _earlier(self, place: int, around: int, step: int) -> float | None:
        """Return the mean of the same days of earlier years, a multiple of `step` away, and of those around."""
        means = []
        for years in range(1, _YEARS + 1):
            middle = place - round(365.25 * years / step) * step
            start, end = max(middle - around, 0), min(middle + around + 1, len(self))
            if middle >= 0 and end - start > around:
                means.append(self._mean(start, end))
        return sum(means) / len(means) if means else None


def _mean_of(weeks: Sequence[float | None]) -> float | None:
    """Return the mean of the last weeks; None: a day of them is not known."""
    known = [day for day in weeks if day is not None]
    return sum(known) / _LEVEL if len(known) == _LEVEL else None


def _error(shares: Sequence[float]) -> float:
    """Return by how much of what was expected the truth was away, in half of the tries."""
    return statistics.median(abs(share - 1) for share in shares)


def _quantile(values: Sequence[float], share: float) -> float:
    """Return what lies so far up in sorted values.

    >>> _quantile([10, 20, 40], 0.75)
    30.0
    """
    place, rest = divmod(share * (len(values) - 1), 1)
    low, high = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
    return low + (high - low) * rest
