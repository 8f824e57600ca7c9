"""Detects the mode of the meter: historic at 1200 bit/s, standard at 9600 bit/s. Pure.

The supplier can switch the mode remotely, so detection never stops: after some seconds without a valid group, the other
speed is tried.
"""

import re

from common.contract.labels import LABELS, Mode
from reader.tic.decoder import SEVEN_BITS, Group, Reading, decode_group

SPEEDS = {Mode.HISTORIC: 1200, Mode.STANDARD: 9600}

PROBE_FOR = 4.0  # seconds to wait for a valid group at a speed; at 1200 bit/s some thirty groups arrive in it
LOST_AFTER = 10.0  # seconds without a valid group until a locked speed is given up; short interruptions are normal

_MAX_PIECE = 128  # bytes; the longest group has 111
_BREAK = re.compile(rb"[\x02-\x04\r\n]")


class Detector:
    """Chooses the mode to receive in; times are monotonic seconds."""

    def __init__(self, mode: str, now: float) -> None:
        """Take the configured mode: `historic`, `standard` or `auto`."""
        self._fixed = mode != "auto"
        self.mode = Mode(mode) if self._fixed else Mode.STANDARD
        self.locked = False  # a valid group was received at this speed
        self._last_valid = now
        self._partial = b""

    def on_open(self, now: float) -> None:
        """Give a locked speed its time again: a closed port brought nothing."""
        if self.locked:
            self._last_valid = now

    def feed(self, data: bytes, now: float) -> None:
        """Look for a valid group in received bytes."""
        *pieces, partial = _BREAK.split(self._partial + data.translate(SEVEN_BITS))
        self._partial = partial[-_MAX_PIECE:]
        if any(isinstance(group := decode_group(piece), Group) and group.known for piece in pieces):
            self._last_valid = now
            self.locked = True

    def on_frame(self, reading: Reading, now: float) -> None:
        """Take a decoded frame, which is cheaper than `feed`; as there, unknown labels alone do not count."""
        if reading.values.keys().isdisjoint(LABELS[reading.mode]):
            return
        self._last_valid = now
        self.locked = True
        self._partial = b""

    def poll(self, now: float) -> bool:
        """Switch to the other mode if it is time to; return whether `mode` has changed."""
        if self._fixed or now - self._last_valid < (LOST_AFTER if self.locked else PROBE_FOR):
            return False
        self.mode = Mode.HISTORIC if self.mode is Mode.STANDARD else Mode.STANDARD
        self.locked = False
        self._last_valid = now
        self._partial = b""
        return True
