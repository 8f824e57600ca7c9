"""The mean power of up to ten minutes, from the steps of the index: the only true watts. Pure: no clock."""

from collections import deque
from typing import NamedTuple

SECONDS = 600
LEAST = 300  # a step is 1 Wh: over five minutes that is 12 W, so that tens of watts are told
_EVERY = 10  # seconds between two readings that are kept


class Mean(NamedTuple):
    """How much was drawn on average, and over how many seconds."""

    watts: int
    seconds: int


class IndexMean:
    """Keeps some readings of ten minutes."""

    def __init__(self) -> None:
        self._readings: deque[tuple[int, int]] = deque()

    def add(self, second: int, wh: int) -> None:
        """Take over the index of a second (Unix time). One that fell, or a clock that was set back, begins anew."""
        kept = self._readings
        if kept and (wh < kept[-1][1] or second < kept[-1][0]):
            kept.clear()
        if len(kept) > 1 and second - kept[-2][0] < _EVERY:
            kept.pop()
        kept.append((second, wh))
        while second - kept[0][0] > SECONDS:
            kept.popleft()

    def mean(self) -> Mean | None:
        """Return the mean up to the newest reading; None: too little is known yet."""
        if not self._readings:
            return None
        (start, first), (end, last) = self._readings[0], self._readings[-1]
        seconds = end - start
        return Mean(round((last - first) * 360 / seconds) * 10, seconds) if seconds >= LEAST else None
