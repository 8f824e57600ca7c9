"""Estimates active power, which TIC does not carry, from the indexes over a minute. Pure.

An index shows whole watt-hours, so the difference of two readings a minute apart is only accurate to 60 W. But it is
known to the frame when the index steps. So the energy is interpolated between two steps, and the estimate is the mean
over the last minute of this curve:

    Wh │            ╭──   after the last step it grows on as before,
       │        ╭───╯     but by less than the 1 Wh that would have shown
       │   ╭────╯
       └───┴────────┴──▶ s
"""

from collections import deque
from typing import NamedTuple

from common.contract.rise import MAX_POWER, largest_rise

MINUTE = 60.0  # seconds: the mean is of so many; and the longest gap between two readings that is bridged


class _Point(NamedTuple):
    monotonic: float
    energy: float  # Wh


class _EnergyCurve:
    """The last minute of one index, interpolated."""

    def __init__(self) -> None:
        self._points: deque[_Point] = deque()
        self._index = 0
        self._last = 0.0

    def clear(self) -> None:
        self._points.clear()

    def add(self, index: int, monotonic: float, max_power: int) -> None:
        points = self._points
        if points and not self._plausible(index, monotonic, max_power):
            points.clear()
        if not points:
            points.append(_Point(monotonic, index + 0.5))  # somewhere between two steps
        elif index > self._index:
            points.append(_Point(monotonic, index))
        self._index, self._last = index, monotonic
        while len(points) > 2 and points[1].monotonic <= monotonic - MINUTE:
            points.popleft()

    def _plausible(self, index: int, monotonic: float, max_power: int) -> bool:
        seconds = monotonic - self._last
        return 0 <= seconds <= MINUTE and 0 <= index - self._index <= largest_rise(max_power, seconds)

    def has_minute(self, monotonic: float) -> bool:
        """Return whether there is a full minute."""
        points, end = self._points, self._last
        return bool(points) and monotonic - end <= MINUTE <= end - points[0].monotonic

    def mean(self) -> float:
        """Return the mean power in W over the minute before the last reading, which must be there."""
        points, end = self._points, self._last
        start = end - MINUTE
        before, energy = points[-1]
        slope = 0.0
        if len(points) > 1:
            previous, its_energy = points[-2]
            slope = (energy - its_energy) / (before - previous)
        at_end = min(energy + slope * (end - before), self._index + 1.0)
        if start >= before:
            at_start = min(energy + slope * (start - before), self._index + 1.0)
        else:  # between the first two: `add` keeps no second point that is older, unless it is the last
            first, energy = points[0]
            second, its_energy = points[1]
            at_start = energy + (start - first) / (second - first) * (its_energy - energy)
        return (at_end - at_start) * 3600 / MINUTE


class PowerEstimate:
    """The active power of one meter: imported less exported."""

    def __init__(self) -> None:
        self._imported, self._exported = _EnergyCurve(), _EnergyCurve()
        self._exports = False

    def clear(self) -> None:
        """Start again: no frames came for a while, or the registers are others."""
        self._imported.clear()
        self._exported.clear()
        self._exports = False

    def update(self, imported: int | None, exported: int | None, monotonic: float, subscribed: int | None) -> None:
        """Add the indexes of a frame in Wh, None where this frame has none; `subscribed` is the power in VA."""
        if imported is not None:
            self._imported.add(imported, monotonic, subscribed or MAX_POWER)
        if exported is not None:
            self._exports = True
            self._exported.add(exported, monotonic, MAX_POWER)

    def known(self, monotonic: float) -> bool:
        """Return whether there is an estimate."""
        return self._imported.has_minute(monotonic) and (not self._exports or self._exported.has_minute(monotonic))

    def power(self, monotonic: float) -> int | None:
        """Return W, rounded to 10, negative while exporting; None before the first full minute."""
        if not self.known(monotonic):
            return None
        imported, exported = self._imported.mean(), self._exported.mean() if self._exports else 0.0
        return round((imported - exported) / 10) * 10
