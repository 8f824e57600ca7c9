"""Keeps on disk, compressed, the items that nobody has confirmed yet; what is confirmed goes, a segment at a time.

    folder    = NNNNNNNN.spool... NNNNNNNN.damaged...
    segment   = record...                                  see reader/buffer/record.py, reader/buffer/spool_block.py

Confirmations are not written: what is left of a segment after a restart is unconfirmed again, and replayed, which does
no harm.
"""

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from common.errors import TeleinfoError
from common.runtime.file_lock import try_lock
from reader.buffer.folder import no_link, open_trusted
from reader.buffer.item import Item, ItemId, Kind
from reader.buffer.record import HEADER_SIZE, read_records, record_size
from reader.buffer.spool_block import BlockBuilders, is_ours, read_body, read_payloads
from reader.buffer.spool_index import Block, Index, Segment, bits_of, next_to_compact

_SMALLEST_SEGMENT = 4096  # bytes; less than a page saves nothing
_LEAST_SEGMENTS = 8  # in a full spool: thinning needs something older than the newest
_DAMAGED_KEPT = 8  # files
_PAGE = 4096  # bytes that are given up where the disk cannot read


class SpoolBusy(TeleinfoError):
    """Another process has this spool."""


class Spool:
    """Segments on a disk, an index of what they hold in memory, and who has confirmed what.

    One process at a time, one thread. Call `open` first.
    """

    def __init__(self, folder: Path, *, max_size: int, segment_size: int = 512 * 1024, lock: bool = True) -> None:
        """Take the folder's name; without `lock`, whoever calls sees to it that nobody else uses it."""
        self.size = 0  # bytes of all segments
        self.thinned = 0  # frames given up since the start, because there was no room
        self.damaged_bytes = 0  # found since the start
        self.lost = 0  # frames that could be read at the start, and later could not
        self._folder = folder
        self._max_size = max_size
        self._segment_size = max(min(segment_size, max_size // _LEAST_SEGMENTS), _SMALLEST_SEGMENT)
        self._index = Index()
        self._next = 1
        self._current: Segment | None = None
        self._file = -1
        self._lock = -1
        self._locks = lock

    @property
    def waiting(self) -> int:
        """Frames that are not confirmed."""
        return self._index.waiting

    @property
    def oldest(self) -> int | None:
        """Key of the first frame that is not confirmed, in order of writing."""
        return self._index.oldest

    def open(self) -> None:
        """Index what is there; damage is put aside.

        Raises:
            SpoolBusy: another process has it.
            OSError: the folder cannot be made or read, or is another user's.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = open_trusted(self._folder)
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
        self._delete_confirmed()

    def append(self, items: Sequence[Item]) -> None:
        """Keep these items, whole or not at all; one that is here already is replaced.

        Raises:
            OSError: the disk is full, read-only or broken; nothing of the call is kept.
        """
        latest: dict[ItemId, Item] = {}
        for item in items:
            latest.pop(item.identity, None)
            latest[item.identity] = item
        if not latest:
            return
        drafts = BlockBuilders()
        for item in latest.values():
            drafts.add(item.kind, item.meter, item.time_us, item.payload)
        records = [draft.write(0) for draft in drafts.whole]
        data = b"".join(records)
        self._make_room(len(data))
        segment = self._write(data)
        offset = segment.size
        for draft, record in zip(drafts.whole, records, strict=True):
            self._index.add(segment, offset, draft)
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
        found = self._index.find(kind, meter, key)
        if found is None:
            return None
        block, index = found
        if not enough(frozenset((storer, *block.names(index)))):
            block.note(index, storer)
            return False
        self._index.drop(block, 1 << index)
        if not block.segment.pending:
            self._delete(block.segment)
        return True

    def undelivered(self) -> Iterator[Block]:
        """Go through the blocks with something unconfirmed, in order of writing; the spool may change meanwhile.

        Blocks of a segment that is thinned meanwhile come again.
        """
        return self._index.undelivered()

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
            if not block.segment.pending:
                self._delete(block.segment)
            return []
        return [
            Item(block.kind, block.meter, block.first + block.offsets[index], payloads[index])
            for index in bits_of(block.pending)
        ]

    def close(self) -> None:
        """Let the folder go; what it holds stays."""
        self._close_segment()
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    def _take_lock(self) -> None:
        try:
            locked = try_lock(self._lock)
        except OSError:
            self.close()
            raise
        if locked is False:  # a spool on a network share without locks is better than none
            self.close()
            raise SpoolBusy(f"{self._folder} is in use by another process")

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
            if is_ours(body):
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
        segment = Segment(number, path, len(data))
        self._index.segments[number] = segment
        self.size += segment.size
        for offset, _, body in known:
            level, draft, _ = read_body(body)
            segment.generation = max(segment.generation, level)
            self._index.add(segment, offset, draft)

    def _put_aside(self, number: int, data: bytes) -> None:
        with open(self._folder / f"{number:08}.damaged", "ab", opener=no_link) as file:
            file.write(data)
        kept = sorted(self._folder.glob("*.damaged"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        for path in kept[:-_DAMAGED_KEPT]:
            path.unlink()

    def _delete(self, segment: Segment) -> None:
        if segment is self._current:
            self._close_segment()
        # One that cannot be deleted comes back after a restart, and is replayed.
        with contextlib.suppress(OSError):
            segment.path.unlink(missing_ok=True)
        del self._index.segments[segment.number]
        self.size -= segment.size

    def _delete_confirmed(self) -> None:
        for segment in [segment for segment in self._index.segments.values() if not segment.pending]:
            self._delete(segment)

    # Reading and writing.

    def _payloads(self, block: Block) -> list[bytes] | None:
        with open(block.segment.path, "rb", opener=no_link) as file:
            file.seek(block.offset)
            data = file.read(HEADER_SIZE)
            if len(data) == HEADER_SIZE:
                # The length may be damaged, too.
                data += file.read(min(record_size(data, 0), block.segment.size - block.offset) - HEADER_SIZE)
        records, _ = read_records(data)
        if not records or records[0][0] != 0:
            return None
        try:
            _, draft, lengths_and_stream = read_body(records[0][1])
            return read_payloads(draft, lengths_and_stream)
        except (ValueError, zlib.error, struct.error):
            return None

    def _lose(self, block: Block) -> None:
        if block.kind is Kind.FRAME:
            self.lost += block.pending.bit_count()
        self._index.drop(block, block.pending)

    def _write(self, data: bytes) -> Segment:
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
        self._index.segments[segment.number] = segment
        return segment

    def _begin(self) -> Segment:
        path = self._folder / f"{self._next:08}.spool"
        self._file = no_link(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        self._current = Segment(self._next, path)
        self._next += 1
        return self._current

    def _replace(self, path: Path, data: bytes) -> None:
        part = path.with_suffix(".part")
        try:
            with open(part, "wb", opener=no_link) as file:
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

    def _make_room(self, size: int) -> None:
        while self.size + size > self._max_size:
            rewriting = next_to_compact(list(self._index.segments.values())[:-1])
            if rewriting is None:
                return
            self._rewrite(*rewriting)

    def _rewrite(self, segment: Segment, keep: dict[Block, int], level: int) -> None:
        """Replace a segment by one that has only these items of its blocks; the frames among the others are thinned."""
        drafts = BlockBuilders()
        damaged = []
        for block in segment.blocks:
            bits = keep[block] & block.pending
            payloads = self._payloads(block) if bits else []
            if payloads is None:
                damaged.append(block)
                continue
            for index in bits_of(bits):
                key = block.first + block.offsets[index]
                drafts.add(block.kind, block.meter, key, payloads[index], block.names(index))
        records = [draft.write(level) for draft in drafts.whole]
        data = b"".join(records)
        if records:
            self._replace(segment.path, data)
        for block in damaged:
            self._lose(block)
        frames = segment.frames
        self._index.clear(segment)
        segment.generation = level
        offset = 0
        for draft, record in zip(drafts.whole, records, strict=True):
            self._index.add(segment, offset, draft, replace=False)
            offset += len(record)
        self.thinned += frames - segment.frames
        self.size += len(data) - segment.size
        segment.size = len(data)
        if not records:
            self._delete(segment)


def read_what_can_be_read(path: Path, pread: Callable[[int, int, int], bytes] = os.pread) -> bytes:
    """Return what a file holds; zeros where the disk cannot read."""
    file = no_link(path, os.O_RDONLY)
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


def _packed(records: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
    """Give each record the offset that it has when all stand one behind the other."""
    offset = 0
    for _, size, body in records:
        yield offset, size, body
        offset += size
