"""Decodes recordings and files of raw bytes to frames as they are published."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from common.contract.frame import Frame
from common.plural import plural
from reader.line.filters import MAX_METERS, AddressFilter
from reader.recording.format import read_bytes
from reader.tic.decoder import Decoder

_NO_TIME = datetime.fromtimestamp(0, UTC)  # files of raw bytes have no times


@dataclass
class Summary:
    """Counts what was decoded and what was dropped."""

    frames: int = 0
    groups: int = 0
    no_address: int = 0  # frames without a valid address
    undecodable: int = 0  # frames without a start or without a good group
    address_mismatch: int = 0  # frames with an address that came only once
    refused: int = 0  # frames of more meters than one line may have
    parity_errors: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    _seen: set[int] = field(default_factory=set)

    def add_bytes(self, data: bytes) -> None:
        """Remember which characters occur, without their parity bits."""
        self._seen.update(byte & 0x7F for byte in set(data))

    def text(self) -> str:
        """Return the summary in one line."""
        parts = [f"{plural(self.frames, 'frame')}, {plural(self.groups, 'group')}"]
        if self.dropped:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.dropped.items()))
            parts.append(f"{plural(self.dropped.total(), 'group')} dropped ({reasons})")
        parts += [
            plural(count, noun) + rest
            for count, noun, rest in (
                (self.no_address, "frame", " without a valid address"),
                (self.undecodable, "frame", " without a start or a good group"),
                (self.address_mismatch, "frame", " with an address that came only once"),
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
            return ". There is no CR and no end of frame (ETX): was this recorded from a terminal that was not raw?"
        if 0x03 not in self._seen:
            return ". There is no end of frame (ETX)"
        return ""


def decode_file(file: BinaryIO, summary: Summary, name: str = "-") -> Iterator[str]:
    """Yield each frame as a line of JSON, as it is published but without its time; count into `summary`.

    Raises:
        ConfigError: the file is a damaged recording; `name` is its name for the message.
    """
    decoder, address_filter = Decoder(), AddressFilter()
    for data in read_bytes(file, name):
        summary.add_bytes(data)
        for reading in decoder.feed(data):
            summary.parity_errors += reading.parity_errors
            summary.dropped.update({fault.value: count for fault, count in reading.faults.items()})
            if reading.address is None:
                summary.no_address += 1
                continue
            for frame in address_filter.feed(reading.to_frame(reading.address, _NO_TIME)):
                summary.frames += 1
                summary.groups += len(frame.values)
                yield _line(frame)
    summary.undecodable = decoder.broken
    summary.address_mismatch = address_filter.address_mismatch + address_filter.pending
    summary.refused = address_filter.refused


def _line(frame: Frame) -> str:
    message: dict[str, Any] = {"meter": frame.meter} | frame.payload()
    return json.dumps(message, ensure_ascii=False)
