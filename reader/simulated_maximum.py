"""The highest power of a day as a Linky measures it: filtered, so that short peaks count less. Pure.

Each second the square of the filtered power moves by 0.8 % of its distance from the square of the power
(Enedis-NOI-CPT_54E, 7).
"""

import math
from bisect import bisect_right
from collections.abc import Sequence

from reader.simulator.household import DayLoad

_KEPT = 1 - 0.008


class DailyMaximum:
    """Highest power of one day, from one power for each of its steps."""

    def __init__(self, load: DayLoad, powers: Sequence[float]) -> None:
        self._starts = load.starts
        self._targets = [power * power for power in powers]
        self._squares: list[float] = []  # of the filtered power, at the start of each step
        self._best: list[tuple[int, int]] = []  # until the start of each step: VA, and second of the day
        square, best = self._targets[0], (int(powers[0]), 0)
        ends = [*load.starts[1:], load.day.length]
        for start, end, target in zip(self._starts, ends, self._targets, strict=True):
            self._squares.append(square)
            self._best.append(best)
            square, best = _follow(square, target, start, end, best)

    def until(self, second: int) -> tuple[int, int]:
        """Highest value so far, and the second at which it was first reached."""
        i = min(bisect_right(self._starts, second), len(self._starts)) - 1
        return _follow(self._squares[i], self._targets[i], self._starts[i], second, self._best[i])[1]


def _follow(square: float, target: float, start: int, end: int, best: tuple[int, int]) -> tuple[float, tuple[int, int]]:
    """Filter a constant power from `start` to `end`: the square that comes out, and the best value with its second."""
    after = target + (square - target) * _KEPT ** (end - start)
    power = int(math.sqrt(after))
    if power > best[0]:
        # It rose all the way, hence went through this value once.
        missing = (target - power * power) / (target - square)
        reached = start + math.ceil(math.log(missing) / math.log(_KEPT)) if missing > 0 else end
        best = (power, min(max(reached, start), end))
    return after, best
