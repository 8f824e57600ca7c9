"""Estimates active power from the indexes over a minute: TIC carries none. Pure.

An index shows whole watt-hours: what two readings a minute apart differ by is right to 60 W. When it moves, though, is
known to a frame. So the energy is taken to grow evenly between two such moves, and the mean is that of the last minute
of this line:

    Wh │            ╭──   after the last move it grows on as before,
       │        ╭───╯     but by less than the 1 Wh that would have shown
       │   ╭────╯
       └───┴────────┴──▶ s
"""

from collections import deque
from typing import NamedTuple

MINUTE = 60.0  # seconds that the mean is of; and the longest silence of an index that is bridged
MARGIN, SLACK = 1.5, 2  # no more than 1.5 times the power subscribed, and 2 Wh: as reader.plausible has it
LARGEST = 36_000  # VA; a larger site has another kind of meter


class _Point(NamedTuple):
    monotonic: float
    energy: float  # Wh


class _Track:
    """The course of one energy."""

    def __init__(self) -> None:
        self._points: deque[_Point] = deque()
        self._index = 0
        self._last = 0.0

    def clear(self) -> None:
        self._points.clear()

    def take(self, index: int, monotonic: float, power: int) -> None:
        if self._points and not self._follows(index, monotonic, power):
            self.clear()
        if not self._points:
            self._points.append(_Point(monotonic, index + 0.5))  # somewhere between two moves
        elif index > self._index:
            self._points.append(_Point(monotonic, index))
        self._index, self._last = index, monotonic
        while len(self._points) > 2 and self._points[1].monotonic <= monotonic - MINUTE:
            self._points.popleft()

    def _follows(self, index: int, monotonic: float, power: int) -> bool:
        seconds = monotonic - self._last
        return 0 <= seconds <= MINUTE and 0 <= index - self._index <= SLACK + MARGIN * power * seconds / 3600

    def mean(self, monotonic: float) -> float | None:
        """W over the minute before the last reading; None while there is no such minute."""
        points = self._points
        if not points or monotonic - self._last > MINUTE or self._last - points[0].monotonic < MINUTE:
            return None
        return (self._energy(self._last) - self._energy(self._last - MINUTE)) * 3600 / MINUTE

    def _energy(self, monotonic: float) -> float:
        """Wh at a time, that of the first point or later."""
        points = self._points
        last = points[-1]
        if monotonic >= last.monotonic:
            grown = last.energy
            if len(points) > 1:
                before = points[-2]
                slope = (last.energy - before.energy) / (last.monotonic - before.monotonic)
                grown += slope * (monotonic - last.monotonic)
            return min(grown, self._index + 1.0)
        after = next(n for n, point in enumerate(points) if point.monotonic > monotonic)
        start, end = points[after - 1], points[after]
        share = (monotonic - start.monotonic) / (end.monotonic - start.monotonic)
        return start.energy + share * (end.energy - start.energy)


class Estimate:
    """The active power of one meter: what it imports less what it exports."""

    def __init__(self) -> None:
        self._imported, self._exported = _Track(), _Track()
        self._exports = False

    def clear(self) -> None:
        """Begin anew: the line was silent, or the registers are others."""
        self._imported.clear()
        self._exported.clear()
        self._exports = False

    def take(self, imported: int | None, exported: int | None, monotonic: float, subscribed: int | None) -> None:
        """Take the indexes in Wh that a frame really carries; None where it carries none. `subscribed` is in VA."""
        if imported is not None:
            self._imported.take(imported, monotonic, subscribed or LARGEST)
        if exported is not None:
            self._exports = True
            self._exported.take(exported, monotonic, LARGEST)

    def power(self, monotonic: float) -> int | None:
        """W, rounded to 10; negative while more is exported than imported. None while no minute is known."""
        imported = self._imported.mean(monotonic)
        exported = self._exported.mean(monotonic) if self._exports else 0.0
        if imported is None or exported is None:
            return None
        return round((imported - exported) / 10) * 10
