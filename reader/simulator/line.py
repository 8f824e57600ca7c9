"""The serial line of a simulated meter: its bytes at the speed of the line, with parity and noise."""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import with_parity

_BITS_PER_CHARACTER = 10  # start, seven of data, parity, stop
_BAUD = {"historic": 1200, "standard": 9600}
_FRAME_GAP = 0.02  # seconds from ETX to STX
_MAX_DELAY = 1.0  # seconds that a reader may be late without losing bytes
_MIN_WAIT = 0.005  # seconds; at high speed several groups are delivered at once, to wake up less often
_MAX_WAIT = 0.2  # seconds until a closed line is noticed


class SimulatedLine:
    """Bytes of a simulated meter at the speed of its line.

    `speed` multiplies the frames a second. Their values follow `clock` at any speed, so at high speed many frames are
    equal. A reader that was away for more than a second continues from now; the bytes in between are never sent.
    """

    def __init__(
        self,
        kind: str,
        *,
        speed: float = 1.0,
        noise: float = 0.0,
        seed: int = 0,
        sunny: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stop: threading.Event | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (speed > 0 and math.isfinite(speed)):
            raise ValueError(f"speed must be a number above 0, not {speed}")
        self.meter = SimulatedMeter(kind, seed=seed, sunny=sunny)
        self._noise = Noise(noise, seed=seed)
        self._clock = clock
        self._monotonic = monotonic
        self._stop = stop or threading.Event()
        self._byte_time = _BITS_PER_CHARACTER / _BAUD[self.meter.mode] / speed
        self._gap = _FRAME_GAP / speed
        self._bursts: deque[bytes] = deque()  # of the frame that is being sent
        self._sent_until = monotonic()  # arrival time of the last byte that was read

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open simulate://KIND?speed=10&noise=1e-4&seed=3.

        Raises:
            ValueError: the URL is invalid; with the reason in one line.
        """
        parts = urlsplit(url)
        if parts.scheme != "simulate" or parts.path.strip("/") or parts.fragment:
            raise ValueError(f"not simulate://KIND?speed=…&noise=…&seed=…: {url!r}")
        options: dict[str, str] = {}
        for key, text in parse_qsl(parts.query, keep_blank_values=True):
            if key not in ("speed", "noise", "seed"):
                raise ValueError(f"simulate://: unknown option {key!r}; there are speed, noise and seed")
            if key in options:
                raise ValueError(f"simulate://: {key} is given twice")
            options[key] = text
        speed, noise, seed = (
            _number(options, "speed", 1.0),
            _number(options, "noise", 0.0),
            _number(options, "seed", 0.0),
        )
        if not seed.is_integer():
            raise ValueError(f"simulate://: seed must be a whole number, not {options['seed']!r}")
        try:
            return cls(parts.netloc, speed=speed, noise=noise, seed=int(seed))
        except ValueError as error:
            raise ValueError(f"simulate://: {error}") from None

    @property
    def closed(self) -> bool:
        """Whether there are no more bytes."""
        return self._stop.is_set()

    def close(self) -> None:
        """End the line; a `read` in another thread returns soon."""
        self._stop.set()

    def read(self, timeout: float) -> bytes:
        """Return the bytes that have arrived; b"" after `timeout` seconds without any, or when the line is closed."""
        deadline = self._monotonic() + timeout
        while not self.closed:
            now = self._monotonic()
            self._skip(now)
            if received := self._received(now):
                return received
            if now >= deadline:
                break
            wait = min(max(self._next_due() - now, _MIN_WAIT), deadline - now, _MAX_WAIT)
            self._stop.wait(wait)
        return b""

    def _skip(self, now: float) -> None:
        """Continue from now if the reader was away: catching up could take for ever."""
        due = self._sent_until + (len(self._bursts[0]) * self._byte_time if self._bursts else self._gap)
        if now - due > _MAX_DELAY:
            self._sent_until += now - due

    def _received(self, now: float) -> bytes:
        received = b""
        while (due := self._next_due()) <= now:
            burst = self._bursts.popleft()
            received += self._noise.apply(burst)
            self._sent_until = due
        return received

    def _next_due(self) -> float:
        """Return when the next burst arrives: counted from the previous one, so late wake-ups do not slow the line."""
        if not self._bursts:
            self._sent_until += self._gap
            self._begin_frame()
        return self._sent_until + len(self._bursts[0]) * self._byte_time

    def _begin_frame(self) -> None:
        frame = self.meter.frame(self._clock() + timedelta(seconds=self._sent_until - self._monotonic()))
        # A group at a time, as a serial driver delivers them.
        self._bursts.extend(with_parity(burst) for burst in frame.splitlines(keepends=True))


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


def _number(options: Mapping[str, str], key: str, default: float) -> float:
    text = options.get(key)
    try:
        return default if text is None else float(text)
    except ValueError:
        raise ValueError(f"simulate://: {key} must be a number, not {text!r}") from None
