"""The spool's index in memory: which items are on disk, where, and which are confirmed; what to discard. Pure."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from reader.buffer.item import ItemKind
from reader.buffer.spool_block import BlockBuilder

_BUCKET = 600_000_000  # microseconds; a handful of blocks as the program writes them


@dataclass(slots=True, eq=False)
class Block:
    """Items of one kind and meter in one record; `pending` has a bit for each that is not confirmed."""

    segment: "Segment" = field(repr=False)
    offset: int
    kind: ItemKind
    meter: str
    first: int
    offsets: "array[int]"
    pending: int

    def bit_of(self, kind: ItemKind, meter: str, time_us: int) -> int:
        """Return the bit of an item, as in `pending`; 0 if it is not in this block, or not pending."""
        offset = time_us - self.first
        if (kind, meter) != (self.kind, self.meter) or not self.pending or not 0 <= offset <= self.offsets[-1]:
            return 0
        index = bisect_left(self.offsets, offset)
        return self.pending & 1 << index if self.offsets[index] == offset else 0


@dataclass(slots=True, eq=False)
class Segment:
    """A file of blocks."""

    number: int
    path: Path
    size: int = 0  # bytes
    generation: int = 0  # how often it was decimated
    revision: int = 0  # counts how often its blocks were replaced
    blocks: list[Block] = field(default_factory=list)
    items: int = 0
    pending: int = 0  # items that are not confirmed
    frames: int = 0  # those of them that are frames


class Index:
    """The segments in order of writing, and their blocks by kind, meter and time."""

    def __init__(self) -> None:
        self.pending = 0  # frames that are not confirmed
        self.segments: dict[int, Segment] = {}
        self._buckets: dict[tuple[ItemKind, str], dict[int, list[Block]]] = {}
        self._meters: dict[str, str] = {}  # one string for all blocks of a meter

    @property
    def meters(self) -> set[str]:
        """The meters with items that are not confirmed."""
        return {meter for _, meter in self._buckets}

    @property
    def oldest(self) -> int | None:
        """Time of the first frame that is not confirmed, in order of writing; microseconds since 1970."""
        for segment in self.segments.values():
            if segment.frames:
                for block in segment.blocks:
                    if block.pending and block.kind is ItemKind.FRAME:
                        return block.first + block.offsets[_lowest(block.pending)]
        return None

    def add(self, segment: Segment, offset: int, builder: BlockBuilder, *, replace: bool = True) -> None:
        """Add a block that was written; with `replace`, its items are dropped from older blocks."""
        block = self._block(segment, offset, builder)
        if replace:
            existing = self._buckets.get((block.kind, block.meter), {})
            for other in {other for bucket in _buckets_of(block) for other in existing.get(bucket, ())}:
                self.drop(other, _shared(other, block))
        buckets = self._buckets.setdefault((block.kind, block.meter), {})
        for bucket in _buckets_of(block):
            buckets.setdefault(bucket, []).append(block)
        count = len(block.offsets)
        segment.blocks.append(block)
        segment.items += count
        segment.pending += count
        if block.kind is ItemKind.FRAME:
            segment.frames += count
            self.pending += count

    def find(self, kind: ItemKind, meter: str, time_us: int) -> tuple[Block, int] | None:
        """Return the block of an unconfirmed item, and its index in the block."""
        buckets = self._buckets.get((kind, meter))
        for block in buckets.get(time_us // _BUCKET, ()) if buckets else ():
            bit = block.bit_of(kind, meter, time_us)
            if bit:
                return block, bit.bit_length() - 1
        return None

    def drop(self, block: Block, bits: int) -> None:
        """Mark these items of a block as no longer pending."""
        bits &= block.pending
        if not bits:
            return
        block.pending &= ~bits
        count = bits.bit_count()
        block.segment.pending -= count
        if block.kind is ItemKind.FRAME:
            block.segment.frames -= count
            self.pending -= count
        if not block.pending:
            self._forget(block)

    def _forget(self, block: Block) -> None:
        buckets = self._buckets[block.kind, block.meter]
        for bucket in _buckets_of(block):
            buckets[bucket].remove(block)
            if not buckets[bucket]:
                del buckets[bucket]
        if not buckets:
            del self._buckets[block.kind, block.meter]
        block.offsets = array("I")

    def clear(self, segment: Segment) -> None:
        """Remove all blocks of a segment, before its rewritten ones are added."""
        replaced, segment.blocks, segment.items = segment.blocks, [], 0
        for block in replaced:
            self.drop(block, block.pending)
        segment.revision += 1

    def undelivered(self) -> Iterator[Block]:
        """Yield the blocks with unconfirmed items, in order of writing; the spool may change meanwhile.

        Blocks of a segment that is rewritten meanwhile come again.
        """
        reached = 0
        while segment := next((segment for number, segment in self.segments.items() if number > reached), None):
            reached = segment.number
            revision, index = segment.revision, 0
            while index < len(segment.blocks):
                block = segment.blocks[index]
                index += 1
                if block.pending:
                    yield block
                if segment.revision != revision:
                    revision, index = segment.revision, 0

    def _block(self, segment: Segment, offset: int, builder: BlockBuilder) -> Block:
        return Block(
            segment,
            offset,
            builder.kind,
            self._meters.setdefault(builder.meter, builder.meter),
            builder.first,
            array("I", builder.offsets),
            (1 << len(builder.offsets)) - 1,
        )


def _buckets_of(block: Block) -> range:
    return range(block.first // _BUCKET, (block.first + block.offsets[-1]) // _BUCKET + 1)


def _shared(older: Block, newer: Block) -> int:
    """Return the bits, in the older block, of the items that both have."""
    apart = older.first - newer.first
    if apart > newer.offsets[-1] or apart + older.offsets[-1] < 0:
        return 0
    offsets = set(newer.offsets)
    return sum(1 << index for index in bits_of(older.pending) if older.offsets[index] + apart in offsets)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def bits_of(bits: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set.

    >>> list(bits_of(0b1101))
    [0, 2, 3]
    """
    while bits:
        lowest = _lowest(bits)
        yield lowest
        bits ^= 1 << lowest


class Compaction(NamedTuple):
    """A segment that is to be rewritten."""

    segment: Segment
    keep: dict[Block, int]  # the bits of the items that stay
    generation: int  # how often it will have been decimated


def next_to_compact(segments: Sequence[Segment]) -> Compaction | None:
    """Choose a segment to rewrite to make room; None when nothing can be discarded.

    `segments` are in order of writing, without the newest, which is being written.
    """
    half_confirmed = [segment for segment in segments if (segment.items - segment.pending) * 2 >= segment.items]
    if half_confirmed:  # this discards no frame
        segment = half_confirmed[0]
        return Compaction(segment, {block: block.pending for block in segment.blocks}, segment.generation)
    with_frames = [segment for segment in segments if segment.frames]
    if not with_frames:
        return None
    segment = min(with_frames, key=lambda segment: segment.generation)
    return Compaction(segment, _every_other(segment.blocks), segment.generation + 1)


def _every_other(blocks: Sequence[Block]) -> dict[Block, int]:
    """Choose what stays when a segment is decimated: of each block the first, the last and every other frame between.

    Blocks of one or two frames have nothing between: then it is every other frame of a meter in the whole segment, and
    in the end none. Tallies stay.
    """
    keep = {block: block.pending for block in blocks}
    frames = [block for block in blocks if block.kind is ItemKind.FRAME and block.pending]
    groups = [[(block, index) for index in bits_of(block.pending)] for block in frames]
    if all(len(group) < 3 for group in groups):
        meters = {block.meter for block in frames}
        groups = [[entry for group in groups for entry in group if entry[0].meter == meter] for meter in meters]
        if all(len(group) < 3 for group in groups):
            return keep | dict.fromkeys(frames, 0)
    keep |= dict.fromkeys(frames, 0)
    for group in groups:
        for block, index in {*group[::2], *group[-1:]}:
            keep[block] |= 1 << index
    return keep
