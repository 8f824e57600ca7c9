"""Notices that a line brings no frames, and why; times are monotonic seconds."""

import math
from enum import StrEnum

from common.runtime.logs import RateLimiter

NO_FRAME_AFTER = 15.0  # seconds without a frame until that is a problem; long enough to try both speeds
_SILENT_AFTER = 8.0  # seconds without a byte; a meter pauses for less than one


class Problem(StrEnum):
    """What is wrong with a line, as the health topic has it."""

    SILENT = "silent"  # no bytes
    UNREADABLE = "unreadable"  # bytes, but no frame


class FrameWatchdog:
    """Measures the time since the last frame; warns of each problem at most once an hour."""

    def __init__(self, port: str, now: float) -> None:
        self.problem: Problem | None = None
        self._port = port
        self._since = now  # the last frame, or the opening of the port
        self._bytes = 0  # since then
        self._last_byte = -math.inf
        self._rate_limiter = RateLimiter()

    def on_open(self, now: float) -> None:
        """Start to measure when the port was opened; a problem lasts until the next frame."""
        if self.problem is None:
            self._since, self._bytes = now, 0

    def on_absent(self) -> None:
        """Clear the problem: the port could not be opened, which the line reports itself."""
        self.problem = None

    def on_bytes(self, count: int, now: float) -> None:
        """Count received bytes."""
        self._bytes += count
        self._last_byte = now

    def on_frame(self, now: float) -> None:
        """Clear the problem: a frame was received."""
        self.problem = None
        self._since, self._bytes = now, 0

    def poll(self, now: float) -> str | None:
        """Update `problem`; return a warning if one is due."""
        if now - self._since < NO_FRAME_AFTER:
            return None
        self.problem = self._diagnose(now)
        return self._describe(self.problem) if self._rate_limiter.allow(self.problem, now) else None

    def explain(self, now: float) -> str | None:
        """Return why there is no frame; None if the port was opened too recently to tell.

        The caller logs it, so that `poll` does not warn of the same within the hour.
        """
        if now - self._since < _SILENT_AFTER:
            return None
        problem = self._diagnose(now)
        self._rate_limiter.allow(problem, now)
        return self._describe(problem)

    def _diagnose(self, now: float) -> Problem:
        return Problem.SILENT if now - self._last_byte >= _SILENT_AFTER else Problem.UNREADABLE

    def _describe(self, problem: Problem) -> str:
        if problem is Problem.SILENT:
            parts = "the gateway, I1/I2, the cable" if "://" in self._port else "I1/I2, the cable, the port"
            return f"nothing arrives on {self._port}: check {parts}"
        return f"{self._bytes:,} bytes on {self._port}, no valid frame: wrong speed or noise; run teleinfo-reader check"
