"""Notices a line without frames, and says what comes instead; times are monotonic seconds."""

import math
from enum import StrEnum

from common.runtime.logs import RateLimiter

NO_FRAME_AFTER = 15.0  # seconds without a frame until that is a problem; both speeds were tried by then
_SILENT_AFTER = 8.0  # seconds without a byte; a meter pauses for less than one


class Problem(StrEnum):
    """What is wrong with a line, as `health` says it."""

    SILENT = "silent"  # nothing arrives
    UNREADABLE = "unreadable"  # bytes arrive, and no frame


class FrameWatchdog:
    """Tells since when there was no frame, and what to do about it: each problem at most once an hour."""

    def __init__(self, port: str, now: float) -> None:
        """Begin to listen to `port`."""
        self.problem: Problem | None = None
        self._port = port
        self._since = now  # the last frame, or when listening began
        self._bytes = 0  # since then
        self._last_byte = -math.inf
        self._seldom = RateLimiter()

    def opened(self, now: float) -> None:
        """The port has been opened; a problem lasts until the next frame."""
        if self.problem is None:
            self._since, self._bytes = now, 0

    def absent(self) -> None:
        """There is no port: that is said elsewhere."""
        self.problem = None

    def received(self, count: int, now: float) -> None:
        """So many bytes came in."""
        self._bytes += count
        self._last_byte = now

    def framed(self, now: float) -> None:
        """A frame came in."""
        self.problem = None
        self._since, self._bytes = now, 0

    def poll(self, now: float) -> str | None:
        """Return what to warn of, if it is time to."""
        if now - self._since < NO_FRAME_AFTER:
            return None
        self.problem = self._kind(now)
        return self._diagnosis(now) if self._seldom.allow(self.problem, now) else None

    def explain(self, now: float) -> str | None:
        """Return why there is no frame, for a warning of now, if the port is open for long enough to tell."""
        if now - self._since < _SILENT_AFTER:
            return None
        self._seldom.allow(self._kind(now), now)
        return self._diagnosis(now)

    def _diagnosis(self, now: float) -> str:
        if self._kind(now) is Problem.SILENT:
            what = "the gateway, I1/I2, the cable" if "://" in self._port else "I1/I2, the cable, the port"
            return f"nothing arrives on {self._port}: check {what}"
        return f"{self._bytes:,} bytes on {self._port}, no valid frame: wrong speed or noise; run teleinfo-reader check"

    def _kind(self, now: float) -> Problem:
        return Problem.SILENT if now - self._last_byte >= _SILENT_AFTER else Problem.UNREADABLE
