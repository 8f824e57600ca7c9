"""Predicts what a home will draw on each day to come from its past days, and the colours of Tempo days. Pure.

A day is expected to be a mix of two estimates: one third the mean of the last two weeks, two thirds the same days of
earlier years, scaled to the level of the last four weeks. Where those same days were more than twice, or less than
half, of the same four weeks in earlier years (a home that is empty in July), they count alone, as they were. Weekdays
differ as in the last eight weeks. The range is the error that the same method made on past days, widened if its latest
errors were larger.

A Tempo colour is as likely as the days that are left of it in the season allow, spread over the months as in earlier
seasons. For owners, docs/energy.md explains both.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from math import sqrt

from monitor.money.calendars import TEMPO, Calendars
from monitor.money.tempo import RED, WHITE, bundled_colours, first_day, season_of

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
_LEFT = {"red": RED, "white": WHITE}  # of a whole season; all other days are blue
_COLD_SPELLS = 2.0  # red and white days come together, so their number varies more than by chance
_RULE = Calendars()
_SUNDAY = 6


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


class Chances:
    """The chances of colours after the last day of which the colour is known; without any, after `today`."""

    def __init__(self, known: Mapping[date, str], today: date) -> None:
        self._known = known
        self._today = max(known, default=today)
        self._seasons: dict[int, dict[str, tuple[float, float]]] = {}

    def of(self, day: date) -> Mapping[str, float]:
        """Return how likely each colour is; together they are 1."""
        if (colour := self._known.get(day)) is not None:
            return {colour: 1.0}
        red, white = (self._chance(day, colour) for colour in _LEFT)
        white = min(white, 1 - red)
        return {"red": red, "white": white, "blue": 1 - red - white}

    def spread(self, days: Iterable[date], colour: str) -> float:
        """Return by how many the number of days of a colour differs from what is expected (standard deviation)."""
        coming = [day for day in days if day not in self._known]
        variance = 0.0
        for year in {season_of(day) for day in coming}:
            left, weight = self._of_season(year)[colour]
            share = sum(_weight(day, colour) for day in coming if season_of(day) == year) / weight if weight else 0
            variance += left * share * max(1 - share, 0)
        return sqrt(_COLD_SPELLS * variance)

    def _chance(self, day: date, colour: str) -> float:
        left, weight = self._of_season(season_of(day))[colour]
        return min(left * _weight(day, colour) / weight, 1.0) if weight else 0.0

    def _of_season(self, year: int) -> Mapping[str, tuple[float, float]]:
        """Return of each colour the days that are left, and the weight of all days that may get them."""
        if year not in self._seasons:
            length = (first_day(year + 1) - first_day(year)).days
            days = [first_day(year) + timedelta(number) for number in range(length)]
            unknown = [day for day in days if day > self._today and day not in self._known]
            past = [day for day in days if day <= self._today]
            self._seasons[year] = {
                colour: (self._left(days, past, colour), sum(_weight(day, colour) for day in unknown))
                for colour in _LEFT
            }
        return self._seasons[year]

    def _left(self, days: Sequence[date], past: Sequence[date], colour: str) -> float:
        if all(day in self._known for day in past):
            used = sum(self._known.get(day) == colour for day in days)
            return max(_LEFT[colour] - used, 0)
        whole = sum(_weight(day, colour) for day in days)
        return _LEFT[colour] * (1 - sum(_weight(day, colour) for day in past) / whole)


def _weight(day: date, colour: str) -> float:
    """Return how often a day like this one had a colour, of the days of earlier seasons that may have it."""
    return _habits().get((colour, day.month), 0.0) if _may_be(day, colour) else 0.0


def _may_be(day: date, colour: str) -> bool:
    return not _RULE.cannot_be(TEMPO, day, "red") if colour == "red" else day.weekday() != _SUNDAY


@cache
def _habits() -> Mapping[tuple[str, int], float]:
    had, could = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for day, known in bundled_colours().items():
        for colour in _LEFT:
            if _may_be(day, colour):
                could[colour, day.month] += 1
                had[colour, day.month] += known == colour
    return {key: had[key] / count for key, count in could.items()}
