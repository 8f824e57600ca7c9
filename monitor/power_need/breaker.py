"""The breaker of a Linky: how it filters the apparent power, and when it opens. Pure.

Each second `Y <- 0.008 X² + 0.992 Y`, X being the apparent power; it opens when `Y > (1.3 PCOUP)²`, PCOUP being the
power at which it is set. With three phases each has its own filter, and a third of PCOUP.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

KEEP = 0.992  # of Y, each second
MARGIN = 1.3
#: Seconds that a reading is taken to hold, as everywhere in the monitor; what follows it is not measured.
HOLD = 5
_PAUSE = 60  # seconds at or below the tested power that end a moment

#: A second since 1970, and the powers of the phases in VA.
Reading = tuple[int, tuple[int, ...]]


@dataclass(slots=True)
class Moment:
    """A time above the tested power; a minute at or below it ends it."""

    start: int  # seconds since 1970
    end: int
    power: int  # VA, the highest of a phase
    phase: int  # that had it; from 1 on
    trips: int = 0


@dataclass(slots=True)
class Outcome:
    """What became of one tested power."""

    above: int = 0  # seconds above it
    beyond: int = 0  # seconds above 1.3 times of it
    trips: int = 0
    share: float = 0.0  # the highest Y, as a share of that at which the breaker opens
    moments: list[Moment] = field(default_factory=list)  # those with a trip
    until: int | None = None  # the second at which it was stopped: there were too many trips


def simulate(readings: Iterable[Reading], end: int, tested: float, phases: int = 1, most: int | None = None) -> Outcome:
    """Return what the breaker would have done, from rest; `readings` are in order and end before `end`.

    A reading holds until the next one, for `HOLD` seconds at most. What follows is not measured: the filter goes on as
    if nothing was drawn, so what is missing can hide a trip, but never makes one. After a trip the filter starts from
    rest at once: how long a house stays dark is not modelled.

    Args:
        readings: a second and the power of each phase; of several in one second the last one counts.
        end: the second at which the last reading ends at the latest.
        tested: the power at which the breaker is set, VA.
        phases: one or three; each has its share of `tested`.
        most: stop after so many trips; None: never.
    """
    threshold = tested / phases
    beyond = MARGIN * threshold
    limit = beyond**2
    found, moments = Outcome(), _Moments()
    filtered = [0.0] * phases
    for at, powers, seconds, rest in _held(readings, end):
        top = max(powers)
        if top > threshold:
            found.above += seconds
            moments.add(at, seconds, powers)
        if top > beyond:
            found.beyond += seconds
            for _ in range(seconds):
                filtered = [y + (1 - KEEP) * (power * power - y) for y, power in zip(filtered, powers, strict=True)]
                found.share = max(found.share, *filtered)
                if max(filtered) > limit:
                    found.trips += 1
                    moments.trip()
                    filtered = [0.0] * phases
        else:  # nothing is above the limit, so that no filter rises above it
            kept = _KEPT[seconds]
            filtered = [power * power + kept * (y - power * power) for y, power in zip(filtered, powers, strict=True)]
            found.share = max(found.share, max(filtered))
        if rest:
            kept = KEEP**rest
            filtered = [y * kept for y in filtered]
        if most is not None and found.trips >= most:
            found.until = at + seconds
            break
    found.share /= limit
    found.moments = moments.tripped()
    return found


_KEPT = [KEEP**seconds for seconds in range(HOLD + 1)]


def _held(readings: Iterable[Reading], end: int) -> Iterator[tuple[int, tuple[int, ...], int, int]]:
    """Yield each reading with the seconds that it holds, and those that are not measured after it."""
    for (at, powers), (following, _) in itertools.pairwise(itertools.chain(readings, [(end, ())])):
        seconds = following - at
        if seconds > HOLD:
            yield at, powers, HOLD, seconds - HOLD
        elif seconds > 0:
            yield at, powers, seconds, 0


class _Moments:
    """Gathers the moments above the tested power."""

    def __init__(self) -> None:
        self._found: list[Moment] = []

    def add(self, at: int, seconds: int, powers: Sequence[int]) -> None:
        """Add some seconds above it."""
        top = max(powers)
        phase = powers.index(top) + 1
        last = self._found[-1] if self._found else None
        if last is None or at - last.end >= _PAUSE:
            if last is not None and not last.trips:
                self._found.pop()
            self._found.append(Moment(at, at + seconds, top, phase))
            return
        last.end = at + seconds
        if top > last.power:
            last.power, last.phase = top, phase

    def trip(self) -> None:
        """Count a trip in the last one."""
        self._found[-1].trips += 1

    def tripped(self) -> list[Moment]:
        """Return those with a trip."""
        return [moment for moment in self._found if moment.trips]
