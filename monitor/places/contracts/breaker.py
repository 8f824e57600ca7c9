"""How often a Linky's breaker may have opened at another power, from minutes, and whether a winter is in them. Pure.

Each second `Y <- 0.008 X² + 0.992 Y`, X being the apparent power; it opens when `Y > (1.3 P)²`, P being the power at
which it is set. With three phases each has its own Y, and a third of P.

Of a minute only the mean and the highest power are known. X lasts at its highest for as many seconds as the mean allows
and is 0 else: at the beginning of the minute for the trips in it, at its end for what Y is after it. No course of the
seconds makes Y higher, so the breaker opened at most so often. What is not measured counts as 0.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

MARGIN = 1.3
REST = 0.5  # of the tested power: minutes up to it need not be given, as Y stays below its square
MINUTE = 60
_KEEP = 0.992  # of Y, each second
_WEEK, _WEEKS = 7, 13  # days; weeks from 1 December to the end of February
_WHOLE = 0.9  # of a week: so much of it must be measured


class BusyMinute(NamedTuple):
    """A minute in which a phase was above the rest."""

    at: int  # its start, seconds since 1970
    seconds: int  # measured
    mean: int  # VA, of all phases
    highest: tuple[int, ...]  # VA, by phase


def most_trips(minutes: Iterable[BusyMinute], tested: float, phases: int = 1) -> int:
    """Return how often the breaker may have opened at most; after a trip it starts from 0 at once.

    Args:
        minutes: in order, all those of which a phase was above `REST` of its share of `tested`.
        tested: the power at which the breaker is set, VA.
        phases: one or three.
    """
    limit, rest = (MARGIN * tested / phases) ** 2, (REST * tested / phases) ** 2
    bounds: Sequence[float] = [rest] * phases  # Y is not above
    end, trips = 0, 0
    for minute in minutes:
        if minute.at > end:
            bounds = [_later(bound, rest, minute.at - end) for bound in bounds]
        count, bounds = _through(minute, bounds, limit)
        trips += count
        end = minute.at + MINUTE
    return trips


def _through(minute: BusyMinute, bounds: Sequence[float], limit: float) -> tuple[int, Sequence[float]]:
    """Return the trips of a minute, and what Y is not above after it."""
    squares = [highest * highest for highest in minute.highest]
    lasting = [
        min(minute.seconds, math.ceil((minute.mean + 1) * minute.seconds / highest)) if highest else 0  # it is rounded
        for highest in minute.highest
    ]
    phases = list(zip(bounds, squares, lasting, strict=True))
    if all(_later(bound, square, seconds) <= limit for bound, square, seconds in phases):
        return 0, [_later(_later(bound, 0, MINUTE - seconds), square, seconds) for bound, square, seconds in phases]
    trips, found = 0, list(bounds)
    for second in range(max(lasting)):
        found = [
            y + (1 - _KEEP) * ((square if second < seconds else 0) - y)
            for y, (_, square, seconds) in zip(found, phases, strict=True)
        ]
        if max(found) > limit:
            trips, found = trips + 1, [0.0] * len(found)
    after = [
        y if seconds == MINUTE else min(_later(0, square, seconds), limit)
        for y, (_, square, seconds) in zip(found, phases, strict=True)
    ]
    return trips, after


def _later(bound: float, square: float, seconds: int) -> float:
    """Return what Y becomes of `bound` while X² is `square`."""
    return float(square + _KEEP**seconds * (bound - square))


def missing_winter_weeks(covered: Mapping[date, float]) -> int:
    """Return how many of the 13 weeks from 1 December on were never measured, in no winter of a range.

    Args:
        covered: the measured share of each local day; days that are not there have none.
    """
    best = [0.0] * _WEEKS
    for year in {day.year + offset for day in covered for offset in (-1, 0)}:
        first = date(year, 12, 1)
        for week in range(_WEEKS):
            days = (first + timedelta(days=week * _WEEK + number) for number in range(_WEEK))
            best[week] = max(best[week], sum(covered.get(day, 0.0) for day in days) / _WEEK)
    return sum(share < _WHOLE for share in best)
