"""The counters of a line, why it brings no frames, and which lines read the same meter; times are monotonic seconds."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from common.contract.labels import Mode
from common.runtime.logs import RateLimiter
from reader.tic.decoder import Reading

NO_FRAME_AFTER = 15.0  # seconds without a frame until that is a problem; long enough to try both speeds
RECENT = 10.0  # seconds since the last frame for which a port counts as receiving
_SILENT_AFTER = 8.0  # seconds without a byte; a meter pauses for less than one


class Problem(StrEnum):
    """What is wrong with a line, as the health topic has it."""

    SILENT = "silent"  # no bytes
    UNREADABLE = "unreadable"  # bytes, but no frame


@dataclass
class LineHealth:
    """State and counters of one line; written by its thread, read by others."""

    port: str
    open: bool = False
    mode: Mode | None = None
    parity: bool = False  # the bytes carry parity bits
    meter: str | None = None
    frames: int = 0
    no_address: int = 0  # frames without a valid address
    undecodable: int = 0  # frames without a start, or without a single good group
    groups: int = 0  # with a correct checksum
    address_mismatch: int = 0  # frames with an address that was seen only once
    refused: int = 0  # frames of more meters than one line may have
    parity_errors: int = 0
    reopens: int = 0
    bytes: int = 0
    problem: Problem | None = None
    dropped: Counter[str] = field(default_factory=Counter)  # groups, by reason
    driver: dict[str, int] = field(default_factory=dict)
    decoded: dict[str, Any] = field(default_factory=dict)  # of a port that is a topic: who decodes, and how often
    lost_after: float = RECENT  # seconds without a frame until its meter counts as silent
    # Monotonic seconds: of the last round of its thread, its last byte, and its last frame with an address.
    last_loop_at: float = -math.inf
    last_byte_at: float = -math.inf
    last_frame_at: float = -math.inf

    def count(self, reading: Reading) -> None:
        """Add the groups and errors of a reading."""
        self.mode, self.parity = reading.mode, reading.parity
        self.parity_errors += reading.parity_errors
        self.groups += len(reading.values)
        self.dropped.update({reason.value: count for reason, count in reading.faults.items()})

    def report(self) -> dict[str, Any]:
        """Return the entry of this line in the health message."""
        return {
            "port": self.port,
            "open": self.open,
            "meter": self.meter,
            "mode": self.mode.value if self.mode else None,
            "parity": self.parity,
            "frames": self.frames,
            "no_address": self.no_address,
            "undecodable": self.undecodable,
            "address_mismatch": self.address_mismatch,
            "refused": self.refused,
            "parity_errors": self.parity_errors,
            "groups": self.groups,
            "groups_dropped": dict(self.dropped),
            "reopens": self.reopens,
            "bytes": self.bytes,
            "problem": self.problem,
            "driver": self.driver,
            **({"decoded": self.decoded} if self.decoded else {}),
        }

    def is_receiving(self, now: float) -> bool:
        """Return whether frames are coming, at a monotonic time."""
        return now - self.last_frame_at <= self.lost_after


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


class SharedMeters:
    """Compares the ports once a minute; a cable that was moved to another port is not reported."""

    def __init__(self) -> None:
        self._previous: set[str] = set()  # meters that two ports had at the last call
        self._reported: set[str] = set()

    def find(self, lines: Sequence[LineHealth], now: float) -> list[tuple[str, list[str]]]:
        """Return each meter that two ports had in two consecutive calls, with the ports; each meter once.

        `now` is monotonic seconds.
        """
        ports: dict[str, list[str]] = {}
        for line in lines:
            if line.meter is not None and line.is_receiving(now):
                ports.setdefault(line.meter, []).append(line.port)
        shared = {meter for meter, names in ports.items() if len(names) > 1}
        new = (shared & self._previous) - self._reported
        self._previous = shared
        self._reported |= new
        return [(meter, ports[meter]) for meter in sorted(new)]
