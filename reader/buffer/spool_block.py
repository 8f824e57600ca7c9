"""The records of the spool: items of one kind and meter, compressed. Pure.

    body      = version kind level flags count key meter offsets [lengths] payloads   in a record, see record.py
    version   = u8: 1; level: u8, how often the segment was thinned; flags: u8, 1 when there are lengths
    key       = i64: of the first item; offsets: u32 each, of the others' keys from it, in microseconds, increasing
    lengths   = u32 each, only when a payload contains a newline, which otherwise stands between two payloads
    payloads  = one zlib stream

What is where stands in front of the compressed part, so that nothing needs to be decompressed to know it.
"""

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reader.buffer.item import Kind
from reader.buffer.record import write_record

LONGEST_BLOCK = 120  # items; two minutes of a standard meter
_VERSION = 1
_LENGTHS = 1
_HEADER = struct.Struct("<BBBBHHq")  # version, kind, level, flags, length of the meter's name, count, key of the first
_FARTHEST = 2**32 - 1  # microseconds from the first key of a block to its last; 71 minutes


@dataclass(slots=True)
class BlockBuilder:
    """A block that is being put together."""

    kind: Kind
    meter: str
    first: int
    offsets: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    confirmed_by: dict[str, int] | None = None

    def fits(self, key: int) -> bool:
        """Whether an item with this key can stand behind the others."""
        if not self.offsets:
            return True
        return len(self.offsets) < LONGEST_BLOCK and self.offsets[-1] < key - self.first <= _FARTHEST

    def add(self, key: int, payload: bytes, names: Iterable[str]) -> None:
        """Put an item behind the others; `names` have confirmed it already."""
        for name in names:
            self.confirmed_by = self.confirmed_by or {}
            self.confirmed_by[name] = self.confirmed_by.get(name, 0) | 1 << len(self.offsets)
        self.offsets.append(key - self.first)
        self.payloads.append(payload)

    def write(self, level: int) -> bytes:
        """Return the record."""
        count, meter = len(self.offsets), self.meter.encode()
        flags = _LENGTHS if any(b"\n" in payload for payload in self.payloads) else 0
        header = _HEADER.pack(_VERSION, self.kind, min(level, 255), flags, len(meter), count, self.first)
        offsets = struct.pack(f"<{count - 1}I", *self.offsets[1:])
        lengths = struct.pack(f"<{count}I", *map(len, self.payloads)) if flags else b""
        joined = (b"" if flags else b"\n").join(self.payloads)
        return write_record(b"".join((header, meter, offsets, lengths, zlib.compress(joined, 6))))


class BlockBuilders:
    """Sorts items into blocks, in order of writing within a kind and meter."""

    def __init__(self) -> None:
        self.whole: list[BlockBuilder] = []
        self._open: dict[tuple[Kind, str], BlockBuilder] = {}

    def add(self, kind: Kind, meter: str, key: int, payload: bytes, names: Iterable[str] = ()) -> None:
        """Put an item into the block of its kind and meter, or begin another one."""
        draft = self._open.get((kind, meter))
        if draft is None or not draft.fits(key):
            draft = self._open[kind, meter] = BlockBuilder(kind, meter, key)
            self.whole.append(draft)
        draft.add(key, payload, names)


def is_ours(body: bytes) -> bool:
    """Tell whether a record is one of the spool."""
    try:
        read_body(body)
    except (struct.error, ValueError):
        return False
    return True


def read_body(body: bytes) -> tuple[int, BlockBuilder, tuple[Sequence[int], bytes]]:
    """Return the level, the block without its payloads, and what `read_payloads` makes them from.

    Raises:
        ValueError, struct.error: it is not a record of the spool.
    """
    version, kind, level, flags, length, count, first = _HEADER.unpack_from(body)
    if version != _VERSION or not count or flags & ~_LENGTHS:
        raise ValueError(f"unknown version {version} of a block")
    at = _HEADER.size + length
    draft = BlockBuilder(Kind(kind), body[_HEADER.size : at].decode(), first)
    draft.offsets = [0, *struct.unpack_from(f"<{count - 1}I", body, at)]
    at += 4 * (count - 1)
    lengths: Sequence[int] = ()
    if flags & _LENGTHS:
        lengths = struct.unpack_from(f"<{count}I", body, at)
        at += 4 * count
    return level, draft, (lengths, body[at:])


def read_payloads(draft: BlockBuilder, lengths_and_stream: tuple[Sequence[int], bytes]) -> list[bytes]:
    """Return the payloads of a block.

    Raises:
        ValueError, zlib.error: they are damaged.
    """
    lengths, stream = lengths_and_stream
    joined = zlib.decompress(stream)
    if not lengths:
        payloads = joined.split(b"\n")
    else:
        payloads, at = [], 0
        for length in lengths:
            payloads.append(joined[at : at + length])
            at += length
    if len(payloads) != len(draft.offsets):
        raise ValueError(f"{len(payloads)} payloads for {len(draft.offsets)} items")
    return payloads
