"""Finds out at which speed the meter sends: 1200 bit/s in historic mode, 9600 in standard mode.

The supplier may switch the meter from afar, so this goes on for ever: a line that gives no good group for a while is
tried at the other speed.
"""

import re

from common.labels import LABELS, Mode
from reader.tic.decoder import Group, Reading, decode_group

SPEEDS = {Mode.HISTORIC: 1200, Mode.STANDARD: 9600}

#: Seconds at one speed without a single good group. 480 characters at 1200 bit/s, which hold some thirty groups.
PROBE_FOR = 4.0
#: Seconds at a speed that has proved right, before it is doubted. The line may be cut for a moment.
LOST_AFTER = 10.0

_LONGEST_PIECE = 128  # bytes; the longest group has 111
_BREAK = re.compile(rb"[\x02-\x04\r\n]")
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))


class Detector:
    """Says which mode to listen for; times are monotonic seconds."""

    def __init__(self, wanted: str, now: float) -> None:
        """Begin with `wanted`, a mode or `auto`."""
        self._fixed = wanted != "auto"
        self.mode = Mode(wanted) if self._fixed else Mode.STANDARD
        self.locked = False  # a good group came in at this speed
        self._heard = now
        self._rest = b""

    def feed(self, data: bytes, now: float) -> None:
        """Look for a good group in what came in."""
        *pieces, rest = _BREAK.split(self._rest + data.translate(_SEVEN_BITS))
        self._rest = rest[-_LONGEST_PIECE:]
        if any(isinstance(found := decode_group(piece), Group) and found.known for piece in pieces):
            self._heard = now
            self.locked = True

    def on_frame(self, reading: Reading, now: float) -> None:
        """Take note of a frame: cheaper than looking for its groups. As there, an unknown label proves nothing."""
        if reading.values.keys().isdisjoint(LABELS[reading.mode]):
            return
        self._heard = now
        self.locked = True
        self._rest = b""

    def poll(self, now: float) -> bool:
        """Return whether it is time to listen for the other mode, `mode` from now on."""
        if self._fixed or now - self._heard < (LOST_AFTER if self.locked else PROBE_FOR):
            return False
        self.mode = Mode.HISTORIC if self.mode is Mode.STANDARD else Mode.STANDARD
        self.locked = False
        self._heard = now
        self._rest = b""
        return True
