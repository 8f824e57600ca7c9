"""Makes periods of whole hours from energy of a few minutes, from days and months, or from readings of an index."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from storer.database.months import ceil_hour
from storer.imports.local_clock import DOUBLED, LocalClock
from storer.imports.model import HOUR, MAX_POWER, Parsed, Period, check_wh, refused

EMPTY = "empty values"
UNKNOWN_STEP = "values whose step is not known"
INCOMPLETE = "hours of which a part is missing"
UNKNOWN = timedelta(0)  # the length of an interval
_STEPS = frozenset(timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 30, 60))
FALLS = "falls of an index"
JUMPS = "jumps of an index that no meter of 36 kVA can make"
UNCLEAR_TIMES = "readings of the repeated hour of October, between which the others count on"


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
    lengths: list[timedelta] = []
    previous: timedelta | None = None
    for back, forth in zip(before, [*before[1:], None], strict=True):
        if back in _STEPS and back in (forth, previous):
            previous = back
        elif forth in _STEPS and forth is not None and (back is None or forth < back):
            previous = forth
        elif back in _STEPS and (previous is None or (back is not None and back < previous)):
            previous = back
        lengths.append(previous or UNKNOWN)
    return lengths


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


class Days:
    """Collects the energy of days, or of several days together."""

    def __init__(self, clock: LocalClock, register: int) -> None:
        self._clock = clock
        self._register = register
        self._found: dict[tuple[date, date], Fraction] = {}
        self._parsed = Parsed()

    def add(self, day: date, value: Fraction | None, factor: int, line: int, end: date | None = None) -> None:
        """Take the energy from a day to `end` (exclusive; one day without it), in units of `factor` Wh."""
        end = end or day + timedelta(days=1)
        if value is None:
            self._parsed.left_out[EMPTY] += 1
            return
        wh = value * factor
        check_wh(float(wh), self._clock.hours_of(day, end), line)
        known = self._found.get((day, end))
        if known is None:
            self._found[day, end] = wh
        elif known == wh:
            self._parsed.left_out[DOUBLED] += 1
        else:
            raise refused(f"{day} has several values: {float(known):g} Wh and {float(wh):g} Wh", line)

    def parsed(self) -> Parsed:
        """Return the days, each as one period; what rounding leaves is carried on within a month."""
        carry = Carry()
        self._parsed.periods = [
            Period(
                self._clock.midnight(end),
                self._clock.hours_of(day, end),
                self._register,
                carry.whole(wh, day.replace(day=1)),
            )
            for (day, end), wh in sorted(self._found.items())
        ]
        return self._parsed


def differences(readings: Iterable[tuple[datetime, int]], register: int, left_out: Counter[str]) -> list[Period]:
    """Return the energy between the last readings of each hour, in order; `readings` are in Wh.

    A reading at the end of an hour belongs to that hour. Where hours have no reading, the energy is that of all hours
    since the one before. What an index loses, or gains beyond reason, is no energy: left out, and counted.
    """
    last: dict[datetime, tuple[datetime, int]] = {}
    for instant, wh in readings:
        end = ceil_hour(instant)
        if end not in last or last[end][0] <= instant:
            last[end] = (instant, wh)
    periods = []
    for (start, (_, before)), (end, (_, after)) in pairwise(sorted(last.items())):
        hours = (end - start) // HOUR
        if after < before:
            left_out[FALLS] += 1
        elif after - before > MAX_POWER * hours:
            left_out[JUMPS] += 1
        else:
            periods.append(Period(end, hours, register, after - before))
    return periods


def local_differences(
    readings: Iterable[tuple[datetime, Fraction]], register: int, clock: LocalClock, parsed: Parsed
) -> None:
    """Add the energy between readings of an index in Wh at local times.

    Readings of the hour that comes twice are left out: the energy is then that of the hours around it together.
    """
    clear = []
    for local, wh in readings:
        if clock.is_twice(local):
            parsed.left_out[UNCLEAR_TIMES] += 1
        else:
            clear.append((clock.utc(local), round(wh)))
    parsed.periods += differences(clear, register, parsed.left_out)
