"""Keeps on disk, compressed, the items that nobody has confirmed yet; what is confirmed goes, a segment at a time.

    folder    = NNNNNNNN.spool... NNNNNNNN.damaged...
    segment   = record...                                  see reader/record.py
    body      = version kind level flags count key meter offsets [lengths] payloads
    version   = u8: 1; level: u8, how often the segment was thinned; flags: u8, 1 when there are lengths
    key       = i64: of the first item; offsets: u32 each, of the others' keys from it, in microseconds, increasing
    lengths   = u32 each, only when a payload contains a newline, which otherwise stands between two payloads
    payloads  = one zlib stream

What is where stands in front of the compressed part, so that nothing needs to be decompressed to know it. Confirmations
are not written: what is left of a segment after a restart is unconfirmed again, and replayed, which does no harm.
"""

import contextlib
import errno
import fcntl
import os
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import TeleinfoError
from reader.items import Item, Kind
from reader.record import HEADER_SIZE, read_records, record_size, write_record

LONGEST_BLOCK = 120  # items; two minutes of a standard meter
_VERSION = 1
_LENGTHS = 1
_HEADER = struct.Struct("<BBBBHHq")  # version, kind, level, flags, length of the meter's name, count, key of the first
_FARTHEST = 2**32 - 1  # microseconds from the first key of a block to its last; 71 minutes
_BUCKET = 600_000_000  # microseconds; a handful of blocks as the program writes them
_SMALLEST_SEGMENT = 4096  # bytes; less than a page saves nothing
_LEAST_SEGMENTS = 8  # in a full spool: thinning needs something older than the newest
_DAMAGED_KEPT = 8  # files
_PAGE = 4096  # bytes that are given up where the disk cannot read


class SpoolBusy(TeleinfoError):
    """Another process has this spool."""


@dataclass(slots=True, eq=False)
class Block:
    """Items of one kind and meter that stand in one record; `pending` has a bit for each that is not confirmed."""

    segment: "_Segment" = field(repr=False)
    offset: int
    kind: Kind
    meter: str
    first: int
    offsets: "array[int]"
    pending: int
    noted: dict[str, int] | None = None  # who confirmed which, as long as that is not enough


@dataclass(slots=True, eq=False)
class _Segment:
    number: int
    path: Path
    size: int = 0
    level: int = 0
    revision: int = 0  # counts how often its blocks were replaced
    blocks: list[Block] = field(default_factory=list)
    items: int = 0
    left: int = 0  # items that are not confirmed
    frames: int = 0  # those of them that are frames


@dataclass(slots=True)
class _Draft:
    """A block that is being put together."""

    kind: Kind
    meter: str
    first: int
    offsets: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    noted: dict[str, int] | None = None

    def takes(self, key: int) -> bool:
        if not self.offsets:
            return True
        return len(self.offsets) < LONGEST_BLOCK and self.offsets[-1] < key - self.first <= _FARTHEST

    def add(self, key: int, payload: bytes, names: Iterable[str]) -> None:
        for name in names:
            self.noted = self.noted or {}
            self.noted[name] = self.noted.get(name, 0) | 1 << len(self.offsets)
        self.offsets.append(key - self.first)
        self.payloads.append(payload)

    def write(self, level: int) -> bytes:
        count, meter = len(self.offsets), self.meter.encode()
        flags = _LENGTHS if any(b"\n" in payload for payload in self.payloads) else 0
        header = _HEADER.pack(_VERSION, self.kind, min(level, 255), flags, len(meter), count, self.first)
        offsets = struct.pack(f"<{count - 1}I", *self.offsets[1:])
        lengths = struct.pack(f"<{count}I", *map(len, self.payloads)) if flags else b""
        joined = (b"" if flags else b"\n").join(self.payloads)
        return write_record(b"".join((header, meter, offsets, lengths, zlib.compress(joined, 6))))


class _Drafts:
    """Sorts items into blocks, in order of writing within a kind and meter."""

    def __init__(self) -> None:
        self.whole: list[_Draft] = []
        self._open: dict[tuple[Kind, str], _Draft] = {}

    def add(self, kind: Kind, meter: str, key: int, payload: bytes, names: Iterable[str] = ()) -> None:
        draft = self._open.get((kind, meter))
        if draft is None or not draft.takes(key):
            draft = self._open[kind, meter] = _Draft(kind, meter, key)
            self.whole.append(draft)
        draft.add(key, payload, names)


class Spool:
    """Segments on a disk, an index of what they hold in memory, and who has confirmed what.

    One process at a time, one thread. Call `open` first.
    """

    def __init__(self, folder: Path, *, max_size: int, segment_size: int = 512 * 1024, lock: bool = True) -> None:
        """Take the folder's name; without `lock`, whoever calls sees to it that nobody else uses it."""
        self.waiting = 0  # frames that are not confirmed
        self.size = 0  # bytes of all segments
        self.thinned = 0  # frames given up since the start, because there was no room
        self.damaged_bytes = 0  # found since the start
        self.lost = 0  # frames that could be read at the start, and later could not
        self._folder = folder
        self._max_size = max_size
        self._segment_size = max(min(segment_size, max_size // _LEAST_SEGMENTS), _SMALLEST_SEGMENT)
        self._segments: dict[int, _Segment] = {}  # in order of writing
        self._buckets: dict[tuple[Kind, str], dict[int, list[Block]]] = {}
        self._meters: dict[str, str] = {}  # one string for all blocks of a meter
        self._next = 1
        self._current: _Segment | None = None
        self._file = -1
        self._lock = -1
        self._locks = lock

    @property
    def oldest(self) -> int | None:
        """Key of the first frame that is not confirmed, in order of writing."""
        for segment in self._segments.values():
            if segment.frames:
                for block in segment.blocks:
                    if block.pending and block.kind is Kind.FRAME:
                        return block.first + block.offsets[_lowest(block.pending)]
        return None

    def open(self) -> None:
        """Index what is there; damage is put aside.

        Raises:
            SpoolBusy: another process has it.
            OSError: the folder cannot be made or read.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._locks:
            self._take_lock()
        try:
            self._read()
        except OSError:
            self.close()
            raise

    def _read(self) -> None:
        names = sorted(os.listdir(self._folder), key=lambda name: (len(name), name))
        numbered = [(int(Path(name).stem), self._folder / name) for name in names if Path(name).stem.isdecimal()]
        for number, path in numbered:
            if path.suffix in (".spool", ".damaged"):
                self._next = max(self._next, number + 1)
            if path.suffix == ".spool":
                self._open_segment(number, path)
            elif path.suffix == ".part":  # a kill came before its rename
                with contextlib.suppress(OSError):
                    path.unlink()
        for segment in list(self._segments.values()):
            if not segment.left:
                self._delete(segment)

    def append(self, items: Sequence[Item]) -> None:
        """Keep these items, whole or not at all; one that is here already is replaced.

        Raises:
            OSError: the disk is full, read-only or broken; nothing of the call is kept.
        """
        latest: dict[tuple[Kind, str, int], Item] = {}
        for item in items:
            identity = (item.kind, item.meter, item.key)
            latest.pop(identity, None)
            latest[identity] = item
        if not latest:
            return
        drafts = _Drafts()
        for item in latest.values():
            drafts.add(item.kind, item.meter, item.key, item.payload)
        records = [draft.write(0) for draft in drafts.whole]
        data = b"".join(records)
        self._make_room(len(data))
        segment = self._write(data)
        offset = segment.size
        for draft, record in zip(drafts.whole, records, strict=True):
            self._add(self._block(segment, offset, draft))
            offset += len(record)
        segment.size += len(data)
        self.size += len(data)
        self._delete_confirmed()

    def confirm(
        self, kind: Kind, meter: str, key: int, storer: str, enough: Callable[[frozenset[str]], bool]
    ) -> bool | None:
        """Note that a storer has an item. True: all who must have it do; None: it is not here, or was confirmed before.

        `enough` is asked with the names of all who have confirmed it since the start.
        """
        found = self._find(kind, meter, key)
        if found is None:
            return None
        block, index = found
        if not enough(frozenset((storer, *_names(block, index)))):
            block.noted = block.noted or {}
            block.noted[storer] = block.noted.get(storer, 0) | 1 << index
            return False
        self._drop(block, 1 << index)
        if not block.segment.left:
            self._delete(block.segment)
        return True

    def undelivered(self) -> Iterator[Block]:
        """Go through the blocks with something unconfirmed, in order of writing; the spool may change meanwhile.

        Blocks of a segment that is thinned meanwhile come again.
        """
        reached = 0
        while segment := next((segment for number, segment in self._segments.items() if number > reached), None):
            reached = segment.number
            revision, index = segment.revision, 0
            while index < len(segment.blocks):
                block = segment.blocks[index]
                index += 1
                if block.pending:
                    yield block
                if segment.revision != revision:
                    revision, index = segment.revision, 0

    def read(self, block: Block) -> list[Item]:
        """Return the items of a block that are not confirmed; none if they were thinned or damaged meanwhile.

        Raises:
            OSError: the disk cannot be read.
        """
        if not block.pending:
            return []
        payloads = self._payloads(block)
        if payloads is None:
            self._lose(block)
            if not block.segment.left:
                self._delete(block.segment)
            return []
        return [
            Item(block.kind, block.meter, block.first + block.offsets[index], payloads[index])
            for index in _bits(block.pending)
        ]

    def close(self) -> None:
        """Let the folder go; what it holds stays."""
        self._close_segment()
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def _take_lock(self) -> None:
        self._lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise SpoolBusy(f"{self._folder} is in use by another process") from error
        except OSError as error:
            # A network's disk may know no locks for folders; a spool without one is better than none.
            if error.errno not in (errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                self.close()
                raise

    def _close_segment(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._current = -1, None

    # What an earlier run left.

    def _open_segment(self, number: int, path: Path) -> None:
        data = read_what_can_be_read(path)
        records, damaged = read_records(data)
        known: list[tuple[int, int, bytes]] = []
        for offset, body in records:
            size = record_size(data, offset)
            if _is_ours(body):
                known.append((offset, size, body))
            else:
                damaged.append((offset, offset + size))
        if damaged:
            self.damaged_bytes += sum(end - start for start, end in damaged)
            try:
                self._put_aside(number, b"".join(data[start:end] for start, end in sorted(damaged)))
                if known:
                    data = b"".join(data[offset : offset + size] for offset, size, _ in known)
                    self._replace(path, data)
                    known = list(_packed(known))
            except OSError:  # no room for that now
                if not known:
                    return  # at the next start
        segment = _Segment(number, path, len(data))
        self._segments[number] = segment
        self.size += segment.size
        for offset, _, body in known:
            level, draft, _ = _read_body(body)
            segment.level = max(segment.level, level)
            self._add(self._block(segment, offset, draft))

    def _put_aside(self, number: int, data: bytes) -> None:
        with (self._folder / f"{number:08}.damaged").open("ab") as file:
            file.write(data)
        kept = sorted(self._folder.glob("*.damaged"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        for path in kept[:-_DAMAGED_KEPT]:
            path.unlink()

    # The index.

    def _block(self, segment: _Segment, offset: int, draft: _Draft) -> Block:
        return Block(
            segment,
            offset,
            draft.kind,
            self._meters.setdefault(draft.meter, draft.meter),
            draft.first,
            array("I", draft.offsets),
            (1 << len(draft.offsets)) - 1,
            draft.noted,
        )

    def _add(self, block: Block, *, replace: bool = True) -> None:
        """Take a block into the index; what it has and older blocks have, too, is dropped there."""
        if replace:
            there = self._buckets.get((block.kind, block.meter), {})
            for other in {other for bucket in _buckets_of(block) for other in there.get(bucket, ())}:
                self._drop(other, _shared(other, block))
        buckets = self._buckets.setdefault((block.kind, block.meter), {})
        for bucket in _buckets_of(block):
            buckets.setdefault(bucket, []).append(block)
        segment, count = block.segment, len(block.offsets)
        segment.blocks.append(block)
        segment.items += count
        segment.left += count
        if block.kind is Kind.FRAME:
            segment.frames += count
            self.waiting += count

    def _find(self, kind: Kind, meter: str, key: int) -> tuple[Block, int] | None:
        buckets = self._buckets.get((kind, meter))
        for block in buckets.get(key // _BUCKET, ()) if buckets else ():
            offset = key - block.first
            if 0 <= offset <= block.offsets[-1]:
                index = bisect_left(block.offsets, offset)
                if block.offsets[index] == offset and block.pending >> index & 1:
                    return block, index
        return None

    def _drop(self, block: Block, bits: int) -> None:
        """Stop waiting for these items of a block."""
        bits &= block.pending
        if not bits:
            return
        block.pending &= ~bits
        count = bits.bit_count()
        block.segment.left -= count
        if block.kind is Kind.FRAME:
            block.segment.frames -= count
            self.waiting -= count
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
        block.offsets, block.noted = array("I"), None

    def _delete(self, segment: _Segment) -> None:
        if segment is self._current:
            self._close_segment()
        # One that cannot be deleted comes back after a restart, and is replayed.
        with contextlib.suppress(OSError):
            segment.path.unlink(missing_ok=True)
        del self._segments[segment.number]
        self.size -= segment.size

    def _delete_confirmed(self) -> None:
        for segment in [segment for segment in self._segments.values() if not segment.left]:
            self._delete(segment)

    # Reading and writing.

    def _payloads(self, block: Block) -> list[bytes] | None:
        with block.segment.path.open("rb") as file:
            file.seek(block.offset)
            data = file.read(HEADER_SIZE)
            if len(data) == HEADER_SIZE:
                # The length may be damaged, too.
                data += file.read(min(record_size(data, 0), block.segment.size - block.offset) - HEADER_SIZE)
        records, _ = read_records(data)
        if not records or records[0][0] != 0:
            return None
        try:
            _, draft, lengths_and_stream = _read_body(records[0][1])
            return _unpack(draft, lengths_and_stream)
        except (ValueError, zlib.error, struct.error):
            return None

    def _lose(self, block: Block) -> None:
        if block.kind is Kind.FRAME:
            self.lost += block.pending.bit_count()
        self._drop(block, block.pending)

    def _write(self, data: bytes) -> _Segment:
        """Write behind the newest segment, or begin a new one; return it, its size not changed yet."""
        if self._current and self._current.size + len(data) > self._segment_size:
            self._close_segment()
        segment = self._current or self._begin()
        try:
            if os.write(self._file, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(segment.path))
            os.fdatasync(self._file)
            if not segment.size:
                self._sync_folder()
        except OSError:
            # What failed once is not written to again: the next append begins a new segment.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, segment.size)
            self._close_segment()
            if not segment.size:
                with contextlib.suppress(OSError):
                    segment.path.unlink()
            raise
        self._segments[segment.number] = segment
        return segment

    def _begin(self) -> _Segment:
        path = self._folder / f"{self._next:08}.spool"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._current = _Segment(self._next, path)
        self._next += 1
        return self._current

    def _replace(self, path: Path, data: bytes) -> None:
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    # Thinning.

    def _make_room(self, size: int) -> None:
        while self.size + size > self._max_size:
            older = list(self._segments.values())[:-1]
            emptier = [segment for segment in older if (segment.items - segment.left) * 2 >= segment.items]
            if emptier:  # that costs no frame
                self._rewrite(emptier[0], {block: block.pending for block in emptier[0].blocks}, emptier[0].level)
                continue
            thick = [segment for segment in older if segment.frames]
            if not thick:
                return
            thickest = min(thick, key=lambda segment: segment.level)
            self._rewrite(thickest, _every_other(thickest.blocks), thickest.level + 1)

    def _rewrite(self, segment: _Segment, keep: dict[Block, int], level: int) -> None:
        """Replace a segment by one that has only these items of its blocks; the frames among the others are thinned."""
        drafts = _Drafts()
        damaged = []
        for block in segment.blocks:
            bits = keep[block] & block.pending
            payloads = self._payloads(block) if bits else []
            if payloads is None:
                damaged.append(block)
                continue
            for index in _bits(bits):
                key = block.first + block.offsets[index]
                drafts.add(block.kind, block.meter, key, payloads[index], _names(block, index))
        records = [draft.write(level) for draft in drafts.whole]
        data = b"".join(records)
        if records:
            self._replace(segment.path, data)
        for block in damaged:
            self._lose(block)
        frames = segment.frames
        replaced, segment.blocks, segment.items = segment.blocks, [], 0
        for block in replaced:
            self._drop(block, block.pending)
        segment.level = level
        segment.revision += 1
        offset = 0
        for draft, record in zip(drafts.whole, records, strict=True):
            self._add(self._block(segment, offset, draft), replace=False)
            offset += len(record)
        self.thinned += frames - segment.frames
        self.size += len(data) - segment.size
        segment.size = len(data)
        if not records:
            self._delete(segment)


def read_what_can_be_read(path: Path, pread: Callable[[int, int, int], bytes] = os.pread) -> bytes:
    """Return what a file holds; zeros where the disk cannot read."""
    file = os.open(path, os.O_RDONLY)
    try:
        pages = []
        for offset in range(0, os.fstat(file).st_size, _PAGE):
            try:
                pages.append(pread(file, _PAGE, offset))
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                pages.append(bytes(_PAGE))
        return b"".join(pages)
    finally:
        os.close(file)


def _is_ours(body: bytes) -> bool:
    try:
        _read_body(body)
    except (struct.error, ValueError):
        return False
    return True


def _read_body(body: bytes) -> tuple[int, _Draft, tuple[Sequence[int], bytes]]:
    """Return the level, the block without its payloads, and what its payloads are made from."""
    version, kind, level, flags, length, count, first = _HEADER.unpack_from(body)
    if version != _VERSION or not count or flags & ~_LENGTHS:
        raise ValueError(f"unknown version {version} of a block")
    at = _HEADER.size + length
    draft = _Draft(Kind(kind), body[_HEADER.size : at].decode(), first)
    draft.offsets = [0, *struct.unpack_from(f"<{count - 1}I", body, at)]
    at += 4 * (count - 1)
    lengths: Sequence[int] = ()
    if flags & _LENGTHS:
        lengths = struct.unpack_from(f"<{count}I", body, at)
        at += 4 * count
    return level, draft, (lengths, body[at:])


def _unpack(draft: _Draft, lengths_and_stream: tuple[Sequence[int], bytes]) -> list[bytes]:
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


def _packed(records: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
    """Give each record the offset that it has when all stand one behind the other."""
    offset = 0
    for _, size, body in records:
        yield offset, size, body
        offset += size


def _buckets_of(block: Block) -> range:
    return range(block.first // _BUCKET, (block.first + block.offsets[-1]) // _BUCKET + 1)


def _shared(older: Block, newer: Block) -> int:
    """Return the bits of what two blocks both have, in the older one."""
    apart = older.first - newer.first
    if apart > newer.offsets[-1] or apart + older.offsets[-1] < 0:
        return 0
    there = set(newer.offsets)
    return sum(1 << index for index in _bits(older.pending) if older.offsets[index] + apart in there)


def _names(block: Block, index: int) -> list[str]:
    return [name for name, bits in block.noted.items() if bits >> index & 1] if block.noted else []


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _bits(bits: int) -> Iterator[int]:
    """Go through the numbers of the bits that are set.

    >>> list(_bits(0b1101))
    [0, 2, 3]
    """
    while bits:
        lowest = _lowest(bits)
        yield lowest
        bits ^= 1 << lowest


def _every_other(blocks: Sequence[Block]) -> dict[Block, int]:
    """Choose what stays when a segment is thinned: of each block the first, the last and every other frame between.

    Blocks of two and less cannot be thinned so: then it is every other frame of a meter in the whole segment, at last
    none. Tallies stay.
    """
    keep = {block: block.pending for block in blocks}
    frames = [block for block in blocks if block.kind is Kind.FRAME and block.pending]
    groups = [[(block, index) for index in _bits(block.pending)] for block in frames]
    if all(len(group) < 3 for group in groups):
        meters = {block.meter for block in frames}
        groups = [[place for group in groups for place in group if place[0].meter == meter] for meter in meters]
        if all(len(group) < 3 for group in groups):
            return keep | dict.fromkeys(frames, 0)
    keep |= dict.fromkeys(frames, 0)
    for group in groups:
        for block, index in {*group[::2], *group[-1:]}:
            keep[block] |= 1 << index
    return keep
