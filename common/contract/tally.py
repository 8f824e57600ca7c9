"""The tally: how many frames of a meter a reader produced in one hour, to check that all arrived."""

import json
import re
from datetime import datetime
from typing import NamedTuple, Self

from common.contract.frame import METER, check_size, parse_time, read_json, wanted, write_stamp
from common.errors import MessageError

_READER = re.compile(r"[0-9A-Za-z_.-]{1,64}")  # as in common.settings.config.client_name


class Tally(NamedTuple):
    """How many frames a reader produced in one hour; `(hour, meter, reader)` is its identity.

    It may be sent again with a higher number: the highest one is right.
    """

    meter: str
    hour: datetime  # aware, UTC, a whole hour; by the timestamps of the frames
    reader: str  # its name: two readers may read the same meter, and each counts its own frames
    frames: int

    def to_json(self) -> bytes:
        """Write the message of `teleinfo/<meter>/tally`."""
        message = {
            "meter": self.meter,
            "hour": write_stamp(self.hour),
            "reader": self.reader,
            "frames": self.frames,
        }
        return json.dumps(message).encode()

    @classmethod
    def from_json(cls, payload: bytes) -> Self:
        """Read a tally; unknown keys are ignored.

        Raises:
            MessageError: the payload is not a tally.
        """
        check_size(payload)
        message = read_json(payload)
        if not isinstance(message, dict):
            raise MessageError("not a tally: a JSON object is expected")
        meter = wanted(message, "meter", str, "tally")
        if not METER.fullmatch(meter):
            raise MessageError("not a tally: 'meter' is not an address (letters, digits, '-', '_' and '.', at most 32)")
        reader = wanted(message, "reader", str, "tally")
        if not _READER.fullmatch(reader):
            raise MessageError("not a tally: 'reader' is not a name (letters, digits, '-', '_' and '.', at most 64)")
        hour = parse_time(wanted(message, "hour", str, "tally"))
        if (hour.minute, hour.second, hour.microsecond) != (0, 0, 0):
            raise MessageError(f"not a tally: {write_stamp(hour)} is not a whole hour")
        frames = wanted(message, "frames", int, "tally")
        if frames < 0:
            raise MessageError("not a tally: 'frames' is negative")
        return cls(meter, hour, reader, frames)
