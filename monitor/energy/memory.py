"""What is remembered of meters, because it rarely changes and is costly to find: contracts, and which registers run.

Several readers may share it, in any threads: what two of them find at the same time is the same.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.history.contracts import MeterContract
from monitor.history.hours import Holes, Meter

_RECENT = timedelta(days=2)
_LOOK_AGAIN = 600.0  # seconds; at the recent hours
FORGET = 3600.0  # seconds; late frames may change any hour, and the database may go back to an earlier state

#: An hour, and a number for the registers that are read from it on.
Shape = tuple[datetime, int]
Change = tuple[datetime, MeterContract]


class Known:
    """What is remembered of one meter."""

    def __init__(self, first: datetime | None) -> None:
        """Know nothing but the first reading; when older ones are adopted, all is looked for again."""
        self.first = first
        self.contracts: dict[datetime, MeterContract | None] = {}  # by hour; None: it has no readings
        self.changes: dict[tuple[datetime, datetime], list[Change]] = {}  # between two hours
        self._holes: Holes | None = None
        self._shapes: list[Shape] | None = None
        self._shapes_until: datetime | None = None  # those from here on must be looked at again; None: none

    def before(self, moment: datetime) -> "Known":
        """Return what is known of the time before a moment."""
        known = Known(self.first)
        known.contracts = {hour: contract for hour, contract in self.contracts.copy().items() if hour < moment}
        known.changes = {hours: found for hours, found in self.changes.copy().items() if hours[1] < moment}
        known._holes = self._holes  # a row never goes away; what comes late makes an answer slower, not wrong
        if self._shapes is not None:
            known._shapes = [shape for shape in self._shapes if shape[0] < moment]
            known._shapes_until = moment if self._shapes_until is None else min(self._shapes_until, moment)
        return known

    def holes(self, find: Callable[[], Holes]) -> Holes:
        """Return which hours have no row; `find` finds them."""
        if self._holes is None:
            self._holes = find()
        return self._holes

    def shapes(self, find: Callable[[datetime | None], list[Shape]]) -> list[Shape]:
        """Return the hours from which other registers are read.

        Args:
            find: gives them: all, or those from a moment on, of which the first is what holds there.
        """
        if self._shapes is None:
            self._shapes = find(None)
        elif self._shapes_until is not None:
            shapes = self._shapes.copy()
            for hour, shape in find(self._shapes_until):
                if not shapes or shapes[-1][1] != shape:
                    shapes.append((hour, shape))
            self._shapes, self._shapes_until = shapes, None
        return self._shapes


class Memory:
    """Remembers meters for an hour, and their last two days for ten minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives monotonic seconds."""
        self._clock = clock
        self._meters: dict[tuple[int, str], tuple[float, float, Known]] = {}  # begun at, looked at

    def of(self, meter: Meter) -> Known:
        """Return what is known of a meter."""
        key, now = (meter.number, meter.identifier), self._clock()
        found = self._meters.get(key)
        if found is None or now - found[0] > FORGET or found[2].first != meter.first:
            known, begun = Known(meter.first), now
        elif now - found[1] > _LOOK_AGAIN:
            begun = found[0]
            known = Known(meter.first) if meter.last is None else found[2].before(meter.last - _RECENT)
        else:
            return found[2]
        self._meters[key] = begun, now, known
        return known

    def take_over(self, other: "Memory") -> None:
        """Remember what another one has found, instead of what was known of the same meters."""
        self._meters |= other._meters
