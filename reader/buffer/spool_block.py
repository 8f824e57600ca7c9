"""The records of the spool: items of one kind and meter, compressed. Pure.

    body      = version kind generation unused count time meter offsets payloads   in a record, see record.py
    version   = u8: 1; generation: u8, how often the segment was decimated; unused: u8
    time      = i64: of the first item; offsets: u32 each, of the others from it, in microseconds, increasing
    payloads  = one zlib stream; a newline, which the JSON of an item never has, separates them

The index of the items comes before the compressed part, so it can be read without decompressing.
"""

import struct
import zlib
from dataclasses import dataclass, field

from reader.buffer.item import ItemKind
from reader.buffer.record import write_record

LONGEST_BLOCK = 120  # items; two minutes of a standard meter
_VERSION = 1
_HEADER = struct.Struct("<BBBxHHq")  # version, kind, generation, length of the meter's name, count, first time
_LONGEST_SPAN = 2**32 - 1  # microseconds from the first item of a block to its last; 71 minutes


@dataclass(slots=True)
class BlockBuilder:
    """A block that is being filled."""

    kind: ItemKind
    meter: str
    first: int
    offsets: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    def fits(self, time_us: int) -> bool:
        """Whether an item of this time can be added."""
        if not self.offsets:
            return True
        return len(self.offsets) < LONGEST_BLOCK and self.offsets[-1] < time_us - self.first <= _LONGEST_SPAN

    def add(self, time_us: int, payload: bytes) -> None:
        """Append an item."""
        self.offsets.append(time_us - self.first)
        self.payloads.append(payload)

    def write(self, generation: int) -> bytes:
        """Return the record."""
        count, meter = len(self.offsets), self.meter.encode()
        header = _HEADER.pack(_VERSION, self.kind, min(generation, 255), len(meter), count, self.first)
        offsets = struct.pack(f"<{count - 1}I", *self.offsets[1:])
        stream = zlib.compress(b"\n".join(self.payloads), 6)
        return write_record(b"".join((header, meter, offsets, stream)))


class BlockBuilders:
    """Sorts items into blocks, in order of writing within a kind and meter."""

    def __init__(self) -> None:
        self.blocks: list[BlockBuilder] = []
        self._open: dict[tuple[ItemKind, str], BlockBuilder] = {}

    def add(self, kind: ItemKind, meter: str, time_us: int, payload: bytes) -> None:
        """Append an item to the block of its kind and meter, or to a new one."""
        builder = self._open.get((kind, meter))
        if builder is None or not builder.fits(time_us):
            builder = self._open[kind, meter] = BlockBuilder(kind, meter, time_us)
            self.blocks.append(builder)
        builder.add(time_us, payload)


def is_block(body: bytes) -> bool:
    """Tell whether a record is a block of the spool."""
    try:
        read_body(body)
    except (struct.error, ValueError):
        return False
    return True


def is_newer(body: bytes) -> bool:
    """Tell whether a record is of a later version than this program knows."""
    return body[:1] > bytes((_VERSION,))


def read_body(body: bytes) -> tuple[int, BlockBuilder, bytes]:
    """Return the generation, the block without its payloads, and the stream that `read_payloads` decodes.

    Raises:
        ValueError, struct.error: it is not a block of the spool.
    """
    version, kind, generation, length, count, first = _HEADER.unpack_from(body)
    if version != _VERSION or not count:
        raise ValueError(f"unknown version {version} of a block")
    at = _HEADER.size + length
    builder = BlockBuilder(ItemKind(kind), body[_HEADER.size : at].decode(), first)
    builder.offsets = [0, *struct.unpack_from(f"<{count - 1}I", body, at)]
    return generation, builder, body[at + 4 * (count - 1) :]


def read_payloads(builder: BlockBuilder, stream: bytes) -> list[bytes]:
    """Return the payloads of a block.

    Raises:
        ValueError, zlib.error: they are damaged.
    """
    payloads = zlib.decompress(stream).split(b"\n")
    if len(payloads) != len(builder.offsets):
        raise ValueError(f"{len(payloads)} payloads for {len(builder.offsets)} items")
    return payloads
