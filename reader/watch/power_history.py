"""Remembers the power of the last minutes for the chart. Pure: no clock."""

from collections import deque

from reader.watch.view import SECONDS_PER_POINT

SPANS = (2, 5, 10)  # minutes: the shortest that holds all there is, the longest once there is more


class PowerHistory:
    """The highest power of each five seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[int, int]] = deque()  # number of the point, VA

    def add(self, power: int, now: float) -> None:
        """Add a power in VA at monotonic `now`."""
        number = int(now // SECONDS_PER_POINT)
        if self._points and self._points[-1][0] == number:
            power = max(power, self._points.pop()[1])
        self._points.append((number, power))
        while self._points[0][0] <= number - _count(SPANS[-1]):
            self._points.popleft()

    def points(self, now: float) -> tuple[int | None, ...]:
        """Return the points until monotonic `now`, the oldest first; None where there was no frame."""
        last, known = int(now // SECONDS_PER_POINT), dict(self._points)
        age = last - min(known, default=last)
        count = next((_count(minutes) for minutes in SPANS if _count(minutes) > age), _count(SPANS[-1]))
        return tuple(known.get(number) for number in range(last - count + 1, last + 1))


def _count(minutes: int) -> int:
    return round(minutes * 60 / SECONDS_PER_POINT)
