"""Decodes captures, recordings or files of raw bytes as a line gave them, to frames as they are published."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from common.frame import Frame
from common.plural import plural
from reader.line.address_filter import MAX_METERS, AddressFilter
from reader.recording.format import read_bytes
from reader.tic.decoder import Decoder

_NO_TIME = datetime.fromtimestamp(0, UTC)  # a capture does not tell when its bytes came in


@dataclass
class Summary:
    """What became of a capture's bytes."""

    frames: int = 0
    groups: int = 0
    no_address: int = 0  # frames without a valid address
    undecodable: int = 0  # frames without a start or without a good group
    address_mismatch: int = 0  # frames whose address stood alone
    refused: int = 0  # frames of more meters than one line may have
    parity_errors: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    _seen: set[int] = field(default_factory=set)

    def look(self, data: bytes) -> None:
        """Note which characters there are, with a parity bit or without."""
        self._seen.update(byte & 0x7F for byte in set(data))

    def text(self) -> str:
        """Return one line for people."""
        parts = [f"{plural(self.frames, 'frame')}, {plural(self.groups, 'group')}"]
        if self.dropped:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.dropped.items()))
            parts.append(f"{plural(self.dropped.total(), 'group')} dropped ({reasons})")
        parts += [
            plural(count, noun) + rest
            for count, noun, rest in (
                (self.no_address, "frame", " without a valid address"),
                (self.undecodable, "frame", " without a start or a good group"),
                (self.address_mismatch, "frame", " with an address that stood alone"),
                (self.refused, "frame", f" of more than {MAX_METERS} meters"),
                (self.parity_errors, "parity error", ""),
            )
            if count
        ]
        return "; ".join(parts) + self._hint()

    def _hint(self) -> str:
        if self.frames or self.no_address or not self._seen:
            return ""
        if 0x03 not in self._seen and 0x0D not in self._seen and 0x0A in self._seen:
            return ". No CR and no end of frame (ETX) at all: was this recorded from a terminal that was not raw?"
        if 0x03 not in self._seen:
            return ". No end of frame (ETX) at all"
        return ""


def decode_file(file: BinaryIO, summary: Summary, name: str = "-") -> Iterator[str]:
    """Yield each frame as one line of JSON, as it is published but without its time; count into `summary`.

    Raises:
        ConfigError: the file is a recording and damaged; it is called `name` there.
    """
    decoder, identity = Decoder(), AddressFilter()
    for data in read_bytes(file, name):
        summary.look(data)
        for reading in decoder.feed(data):
            summary.parity_errors += reading.parity_errors
            summary.dropped.update({fault.value: count for fault, count in reading.faults.items()})
            if reading.address is None:
                summary.no_address += 1
                continue
            for frame in identity.feed(reading.to_frame(reading.address, _NO_TIME)):
                summary.frames += 1
                summary.groups += len(frame.values)
                yield _line(frame)
    summary.undecodable = decoder.broken
    summary.address_mismatch = identity.address_mismatch + identity.pending
    summary.refused = identity.refused


def _line(frame: Frame) -> str:
    message: dict[str, Any] = {"meter": frame.meter} | frame.payload()
    return json.dumps(message, ensure_ascii=False)
