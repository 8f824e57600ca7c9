"""The serial line of a simulated meter: its bytes at their pace, with parity and noise, in this process or on a pty."""

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
from reader.tic.parity import with_parity

_BITS_PER_CHARACTER = 10  # start, seven of data, parity, stop
_BAUD = {"historic": 1200, "standard": 9600}
_GAP = 0.02  # seconds from ETX to STX
_PATIENCE = 1.0  # seconds that a reader may be late and still get all of it
_NAP = 0.005  # seconds; at high speed several groups come at once instead of one wake-up for each
_LONGEST_WAIT = 0.2  # seconds until a closed line is noticed


class Noise:
    """Bit errors: each of the eight bits of a character flips with probability `rate`."""

    def __init__(self, rate: float, *, seed: int = 0) -> None:
        if not 0 <= rate <= 1:
            raise ValueError(f"noise is the probability that a bit flips: from 0 to 1, not {rate}")
        self._rate = rate
        self._random = random.Random(seed)  # noqa: S311 - noise is no secret
        self._until_next = self._draw()

    def disturb(self, data: bytes) -> bytes:
        """Send bytes through the noise."""
        bits = 8 * len(data)
        if self._until_next >= bits:
            self._until_next -= bits
            return data
        disturbed = bytearray(data)
        position = int(self._until_next)
        while position < bits:
            disturbed[position // 8] ^= 1 << position % 8
            self._until_next = position + 1 + self._draw()
            if self._until_next >= bits:
                break
            position = int(self._until_next)
        self._until_next -= bits
        return bytes(disturbed)

    def _draw(self) -> float:
        """Draw how many bits come through before the next error, instead of asking chance about each of them."""
        if self._rate == 0:
            return math.inf
        if self._rate == 1:
            return 0
        return math.floor(math.log(1 - self._random.random()) / math.log1p(-self._rate))


class SimulatedLine:
    """Bytes of a simulated meter at the pace of its line.

    `speed` multiplies the frames a second. What they say follows `clock` at any speed, so at high speed many frames say
    the same. A reader that was away for more than a second goes on from now; the bytes in between were never sent.
    With a `stop` of the caller's, setting it ends the line as `close` does; `close` does not set it.
    """

    def __init__(
        self,
        kind: str,
        *,
        speed: float = 1.0,
        noise: float = 0.0,
        seed: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stop: threading.Event | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (speed > 0 and math.isfinite(speed)):
            raise ValueError(f"speed must be a number above 0, not {speed}")
        self.meter = SimulatedMeter(kind, seed=seed)
        self._noise = Noise(noise, seed=seed)
        self._clock = clock
        self._monotonic = monotonic
        self._stop = stop or threading.Event()
        self._closed = False
        self._ours = stop is None
        self._byte_time = _BITS_PER_CHARACTER / _BAUD[self.meter.mode] / speed
        self._gap = _GAP / speed
        self._bursts: deque[bytes] = deque()  # of the frame that is being sent
        self._sent_until = monotonic()  # when the last byte that was handed out had come in

    @classmethod
    def from_url(cls, url: str, *, stop: threading.Event | None = None) -> Self:
        """Open simulate://KIND?speed=10&noise=1e-4&seed=3. A ValueError says in a line what is wrong."""
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
            return cls(parts.netloc, speed=speed, noise=noise, seed=int(seed), stop=stop)
        except ValueError as error:
            raise ValueError(f"simulate://: {error}") from None

    @property
    def closed(self) -> bool:
        """Tell whether nothing more will come."""
        return self._closed or self._stop.is_set()

    def close(self) -> None:
        """End the line; a `read` that waits in another thread returns soon."""
        self._closed = True
        if self._ours:
            self._stop.set()

    def read(self, timeout: float) -> bytes:
        """Return what has come in, after `timeout` seconds at most: b"" when nothing did, or the line is closed."""
        deadline = self._monotonic() + timeout
        while not self.closed:
            now = self._monotonic()
            self._skip(now)
            if received := self._received(now):
                return received
            if now >= deadline:
                break
            wait = min(max(self._next_due() - now, _NAP), deadline - now, _LONGEST_WAIT)
            self._stop.wait(wait)
        return b""

    def _skip(self, now: float) -> None:
        """Go on from now when the reader was away: catching up with a long absence could take for ever."""
        due = self._sent_until + (len(self._bursts[0]) * self._byte_time if self._bursts else self._gap)
        if now - due > _PATIENCE:
            self._sent_until += now - due

    def _received(self, now: float) -> bytes:
        received = b""
        while (due := self._next_due()) <= now:
            burst = self._bursts.popleft()
            received += self._noise.disturb(burst)
            self._sent_until = due
        return received

    def _next_due(self) -> float:
        """When the next burst will have come in, counted from the one before: waking up late does not slow the line."""
        if not self._bursts:
            self._sent_until += self._gap
            self._begin_frame()
        return self._sent_until + len(self._bursts[0]) * self._byte_time

    def _begin_frame(self) -> None:
        frame = self.meter.frame(self._clock() + timedelta(seconds=self._sent_until - self._monotonic()))
        # A group at a time, as a serial driver would hand them over.
        self._bursts.extend(with_parity(burst) for burst in frame.splitlines(keepends=True))


def _number(options: Mapping[str, str], key: str, default: float) -> float:
    text = options.get(key)
    try:
        return default if text is None else float(text)
    except ValueError:
        raise ValueError(f"simulate://: {key} must be a number, not {text!r}") from None
