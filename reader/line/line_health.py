"""The counters of one line, for the health topic and the watchdog."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from common.contract.labels import Mode
from reader.line.frame_watchdog import Problem
from reader.tic.decoder import Reading


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
        }
