"""Finds the few minutes whose seconds must be read: what the highest powers of minutes tell of the breaker. Pure."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from monitor.power_need.breaker import HOLD, KEEP, MARGIN

MINUTE = 60
#: Seconds that are read before a minute in which the breaker may open: see `examine`.
LEAD = 30 * MINUTE


class BusyMinute(NamedTuple):
    """A minute whose highest power was above the floor."""

    at: int  # its start, seconds since 1970
    seconds: int  # measured
    highest: tuple[int, ...]  # VA, by phase


class Doubtful(NamedTuple):
    """A minute above the tested power."""

    minute: BusyMinute
    share: float  # Y is not above this share of its limit
    may_trip: bool


def examine(minutes: Iterable[BusyMinute], tested: float, floor: int, phases: int = 1) -> Iterator[Doubtful]:
    """Yield the minutes above a tested power, and whether the breaker may have opened in them.

    The bound. Let B be a number that Y is not above, and M the highest power of the n seconds that follow, so X <= M.
    `Y <- 0.008 X² + 0.992 Y` grows with X and with Y, so after each of these seconds Y is not above what the same rule
    makes of B and M: after n seconds `M² + 0.992^n (B - M²)`. That goes from B to M² without turning, so within the n
    seconds Y is not above the larger of its two ends. A trip sets Y to 0, which only lowers it. As M serves the
    highest of a minute; of a minute that is not in `minutes`, the floor; and as a reading may hold into the next
    minute, there the highest of the minute before, too. What is not measured counts as 0 in the filter, which is less.
    Y rises only while X² > Y, so it passes the limit only in a minute with X above 1.3 times the tested power, and
    only where the bound is above it. In all others the breaker did not open, whatever their seconds were.

    The lead. To know Y in such a minute the rule is run from rest over the `LEAD` before it. Y was not above its
    limit, so the error at the end of the lead is at most `0.992^1800` of it, half a millionth: less than a hundredth
    of a VA, and a meter sends whole ones.

    Args:
        minutes: in order, all those of which a phase was above the floor.
        tested: the power at which the breaker is set, VA.
        floor: VA, of a phase; not above the tested power.
        phases: one or three; each has its share of `tested`.
    """
    threshold = tested / phases
    limit = (MARGIN * threshold) ** 2
    rest = floor * floor
    bounds: list[float] = [rest] * phases
    previous: BusyMinute | None = None
    for minute in minutes:
        tops = [max(highest, floor) for highest in minute.highest]
        if previous is not None:
            pause = minute.at - previous.at - MINUTE
            if pause:
                bounds = [_later(b, max(p, floor) ** 2, HOLD) for b, p in zip(bounds, previous.highest, strict=True)]
                bounds = [_later(bound, rest, pause - HOLD) for bound in bounds]
            else:
                tops = [max(top, before) for top, before in zip(tops, previous.highest, strict=True)]
        after = [_later(bound, top * top, MINUTE) for bound, top in zip(bounds, tops, strict=True)]
        most = [max(pair) for pair in zip(bounds, after, strict=True)]
        if max(minute.highest) > threshold:
            may_trip = any(top * top > limit and bound > limit for top, bound in zip(tops, most, strict=True))
            yield Doubtful(minute, max(most) / limit, may_trip)
        bounds, previous = after, minute


def _later(bound: float, square: float, seconds: int) -> float:
    return float(square + KEEP**seconds * (bound - square))


def windows(doubtful: Sequence[Doubtful], start: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches of [start, end) whose seconds must be read, in order and apart from each other."""
    found: list[tuple[int, int]] = []
    for minute, _, may_trip in doubtful:
        low, high = minute.at - LEAD * may_trip, min(minute.at + MINUTE + HOLD, end)
        while found and found[-1][1] >= low:
            low = min(low, found.pop()[0])
        found.append((max(low, start), high))
    return found


def shortened(stretches: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Return the first so many seconds of some stretches.

    >>> shortened([(0, 60), (100, 160), (200, 260)], 90)
    [(0, 60), (100, 130)]
    """
    found = []
    for low, high in stretches:
        if most <= 0:
            break
        found.append((low, min(high, low + most)))
        most -= high - low
    return found


def spells(minutes: Iterable[int]) -> int:
    """Return in how many pieces minutes lie.

    >>> spells([0, 60, 120, 300])
    2
    """
    return sum(after - before > MINUTE for before, after in itertools.pairwise([-2 * MINUTE, *minutes]))
