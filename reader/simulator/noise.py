"""Noise on the line of a simulated meter: random bit errors."""

import math
import random


class Noise:
    """Bit errors: each of the eight bits of a character flips with probability `rate`."""

    def __init__(self, rate: float, *, seed: int = 0) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"noise must be the probability of a bit error, from 0 to 1, not {rate}")
        self._rate = rate
        self._random = random.Random(seed)  # noqa: S311 - not for cryptography
        self._until_next = self._draw()

    def apply(self, data: bytes) -> bytes:
        """Return the bytes with their errors."""
        bits = 8 * len(data)
        if self._until_next >= bits:
            self._until_next -= bits
            return data
        noisy = bytearray(data)
        position = int(self._until_next)
        while position < bits:
            noisy[position // 8] ^= 1 << position % 8
            self._until_next = position + 1 + self._draw()
            if self._until_next >= bits:
                break
            position = int(self._until_next)
        self._until_next -= bits
        return bytes(noisy)

    def _draw(self) -> float:
        """Draw the number of good bits before the next error, which is faster than a draw for each bit."""
        if self._rate == 0:
            return math.inf
        if self._rate == 1:
            return 0
        return math.floor(math.log(1 - self._random.random()) / math.log1p(-self._rate))
