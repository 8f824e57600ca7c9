"""From mean power or energy of a few minutes to the energy of whole hours."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from storer.database.months import ceil_hour
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, Period

EMPTY = "empty values"
UNKNOWN_STEP = "values whose step is not known"
INCOMPLETE = "hours of which a part is missing"
UNKNOWN = timedelta(0)  # the length of an interval
_STEPS = frozenset(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 30, 60))


@dataclass(frozen=True, slots=True)
class Interval:
    """Energy of at most an hour."""

    end: datetime
    length: timedelta  # or UNKNOWN
    wh: Fraction | None  # None: the file has no value


def steps(ends: Sequence[datetime]) -> list[timedelta]:
    """Return how long each interval of a curve is, or UNKNOWN, by the ends of all of them in order.

    The step may change within the curve, and intervals may be missing: a distance is a step if its neighbour confirms
    it.
    """
    before = [None, *(b - a for a, b in pairwise(ends))]
    found: list[timedelta] = []
    previous: timedelta | None = None
    for back, forth in zip(before, [*before[1:], None], strict=True):
        if back in _STEPS and back in (forth, previous):
            previous = back
        elif forth in _STEPS and forth is not None and (back is None or forth < back):
            previous = forth
        elif back in _STEPS and (previous is None or (back is not None and back < previous)):
            previous = back
        found.append(previous or UNKNOWN)
    return found


def steps_from(starts: Sequence[datetime]) -> list[timedelta]:
    """Return the same by the starts of all intervals, in order."""
    if not starts:
        return []
    mirrored = [starts[0] - (start - starts[0]) for start in reversed(starts)]
    return list(reversed(steps(mirrored)))


def to_hours(intervals: Iterable[Interval], register: int, clock: LocalClock, left_out: Counter[str]) -> list[Period]:
    """Return the whole hours, in order; what has no value or no length, and incomplete hours, are left out and counted.

    What rounding to whole Wh leaves of an hour is carried on to the next one of the local day, so sums are right; not
    to the next day: files that begin on different days must have the same hours.
    """
    hours: defaultdict[datetime, list[Interval]] = defaultdict(list)
    sums: defaultdict[datetime, Fraction] = defaultdict(Fraction)
    for interval in intervals:
        if interval.wh is None:
            left_out[EMPTY] += 1
        elif interval.length == UNKNOWN:
            left_out[UNKNOWN_STEP] += 1
        else:
            hour = ceil_hour(interval.end)
            hours[hour].append(interval)
            sums[hour] += interval.wh
    periods = []
    carry = Carry()
    for end, inside in sorted(hours.items()):
        if _whole(inside, end):
            periods.append(Period(end, 1, register, carry.whole(sums[end], clock.local(end - HOUR).date())))
        else:
            left_out[INCOMPLETE] += 1
    return periods


class Carry:
    """Rounds energies to whole Wh; what that leaves is added to the next one."""

    def __init__(self) -> None:
        self._within: date | None = None
        self._rest = Fraction()

    def whole(self, wh: Fraction, within: date) -> int:
        """Return the next energy, in Wh, with the rest of the one before if that was in the same day or month."""
        total = wh + (self._rest if within == self._within else 0)
        found = round(total)
        self._within, self._rest = within, total - found
        return found


def _whole(inside: Iterable[Interval], end: datetime) -> bool:
    start = end - HOUR
    for interval in sorted(inside, key=lambda interval: interval.end):
        if interval.end - interval.length != start:
            return False
        start = interval.end
    return start == end
