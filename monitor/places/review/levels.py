"""Finds in a curve where the power rose at once, and how long it stayed so. Pure."""

import itertools
import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from monitor.readings.curves import MinuteFacts

_LEAST = 300  # W
_EDGE = 3  # values that must be beyond an edge: a single one may be noise
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Rise:
    """The power rose by so much at a place of a curve, and was down again at another one; its length: it stayed."""

    first: int
    last: int  # exclusive
    watts: int


def watts_of(minutes: Sequence[MinuteFacts], start: int, count: int) -> list[float | None]:
    """Return the mean power of each minute from `start` on, from energy; None where frames are missing.

    Args:
        minutes: of one meter, in order.
        start: seconds since 1970.
        count: of minutes.
    """
    found: list[float | None] = [None] * count
    for before, minute in itertools.pairwise(minutes):
        place = (minute.at - start) // _MINUTE
        if minute.at - before.at == _MINUTE and 0 <= place < count:
            first, last = before.total_last, minute.total_last
            found[place] = None if first is None or last is None or last < first else (last - first) * 60.0
    return found


def rises(watts: Sequence[float | None], wide: int, stays: int) -> list[Rise]:
    """Return where the power rose by 300 W or more and stayed so, in order.

    Args:
        watts: at regular times; None: not known.
        wide: how many values tell a level; what lasts for less than half of it is none.
        stays: how many values it must last.
    """
    levels = [_median(watts[place : place + wide], wide) for place in range(len(watts))]
    found: list[Rise] = []
    for group in _groups(watts, levels, wide):
        before, after = max(group.values(), key=lambda pair: pair[1] - pair[0])
        middle = (before + after) / 2
        first = _edge(watts, min(group), partial(operator.le, middle))
        fallen = (
            place for place in range(first, len(watts)) if (level := levels[place]) is not None and level < middle
        )
        last = _edge(watts, next(fallen, len(watts)), partial(operator.gt, middle))
        if last - first >= stays:
            known = [value for value in watts[first:last] if value is not None]
            found.append(Rise(first, last, round(statistics.median(known) - before)))
    return [one for one in found if one.watts >= _LEAST]


def _median(values: Sequence[float | None], wide: int) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if len(known) * 2 >= wide else None


def _groups(
    watts: Sequence[float | None], levels: Sequence[float | None], wide: int
) -> list[dict[int, tuple[float, float]]]:
    """Return neighbouring places after each of which the level is higher than before it, with both levels."""
    found: list[dict[int, tuple[float, float]]] = []
    for place in range(wide // 2, len(levels)):
        before = levels[place - wide] if place >= wide else _median(watts[:place], wide)
        after = levels[place]
        if before is not None and after is not None and after - before >= _LEAST:
            if not found or place - 1 not in found[-1]:
                found.append({})
            found[-1][place] = before, after
    return found


def _edge(watts: Sequence[float | None], start: int, is_beyond: Callable[[float], bool]) -> int:
    """Return the first place from `start` on after which some values are beyond an edge; the end, if there is none."""
    for place in range(start, len(watts)):
        known = [value for value in watts[place : place + _EDGE] if value is not None]
        if known and all(map(is_beyond, known)):
            return place
    return len(watts)
