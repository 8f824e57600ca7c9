"""Keeps the items that are not confirmed on disk, compressed; confirmed ones are deleted a segment at a time.

    folder    = NNNNNNNN.spool... NNNNNNNN.damaged...
    segment   = record...                                  see reader/buffer/record.py, reader/buffer/spool_block.py

Confirmations are not written: after a restart, what is left of a segment counts as unconfirmed and is sent again, which
does no harm.
"""

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from common.errors import NotReady, TeleinfoError
from common.runtime.file_lock import try_lock
from reader.buffer.folder import no_link, open_trusted
from reader.buffer.item import Item, ItemId, ItemKind
from reader.buffer.record import HEADER_SIZE, newer, read_records, record_size
from reader.buffer.segment_files import read_readable, replace_file, save_damaged, sync_folder
from reader.buffer.spool_block import BlockBuilders, is_block, is_newer, read_body, read_payloads
from reader.buffer.spool_index import Block, Index, Segment, bits_of, next_to_compact

_SMALLEST_SEGMENT = 4096  # bytes; less than a page saves nothing
_LEAST_SEGMENTS = 8  # in a full spool: decimation needs something older than the newest


class SpoolBusy(TeleinfoError):
    """Another process uses this spool."""


class Spool:
    """Segments on a disk, and an index of what they hold in memory.

    For one process and one thread. Call `open` first.
    """

    def __init__(self, folder: Path, *, max_size: int, segment_size: int = 512 * 1024, lock: bool = True) -> None:
        """Prepare the spool in this folder; without `lock`, the caller makes sure that nobody else uses it."""
        self.size = 0  # bytes of all segments
        self.max_size = max_size  # what `size` never exceeds
        self.decimated = 0  # frames discarded since the start, because there was no room
        self.damaged_bytes = 0  # found since the start
        self.lost = 0  # frames that could be read at the start, but not later
        self._folder = folder
        self._segment_size = max(min(segment_size, max_size // _LEAST_SEGMENTS), _SMALLEST_SEGMENT)
        self._index = Index()
        self._next = 1
        self._current: Segment | None = None
        self._file = -1
        self._lock = -1
        self._locks = lock

    @property
    def pending(self) -> int:
        """Frames that are not confirmed."""
        return self._index.pending

    @property
    def oldest(self) -> int | None:
        """Time of the first frame that is not confirmed, in order of writing; microseconds since 1970."""
        return self._index.oldest

    @property
    def meters(self) -> set[str]:
        """The meters with items that are not confirmed."""
        return self._index.meters

    def open(self) -> None:
        """Lock the folder and index its segments; damaged records move to another file.

        Raises:
            SpoolBusy: another process uses it.
            NotReady: a newer version has written to it.
            OSError: the folder cannot be made or read, or belongs to another user.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = open_trusted(self._folder)
        if self._locks:
            self._take_lock()
        try:
            self._read()
        except (NotReady, OSError):
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
            elif path.suffix == ".part":  # killed before its rename
                with contextlib.suppress(OSError):
                    path.unlink()
        self._delete_confirmed()

    def append(self, items: Sequence[Item]) -> None:
        """Write these items, all or none; one that is here already is replaced.

        Raises:
            OSError: the disk is full, read-only or broken; none was written.
        """
        latest: dict[ItemId, Item] = {}
        for item in items:
            latest.pop(item.identity, None)
            latest[item.identity] = item
        if not latest:
            return
        builders = BlockBuilders()
        for item in latest.values():
            builders.add(item.kind, item.meter, item.time_us, item.payload)
        records = [builder.write(0) for builder in builders.blocks]
        data = b"".join(records)
        self._make_room(len(data))
        segment = self._write(data)
        offset = segment.size
        for builder, record in zip(builders.blocks, records, strict=True):
            self._index.add(segment, offset, builder)
            offset += len(record)
        segment.size += len(data)
        self.size += len(data)
        self._delete_confirmed()

    def has(self, kind: ItemKind, meter: str, time_us: int) -> bool:
        """Whether an item is here and not confirmed."""
        return self._index.find(kind, meter, time_us) is not None

    def confirm(self, kind: ItemKind, meter: str, time_us: int) -> bool:
        """Drop an item that is confirmed; return whether it was here."""
        found = self._index.find(kind, meter, time_us)
        if found is None:
            return False
        block, index = found
        self.drop(block, 1 << index)
        return True

    def drop(self, block: Block, bits: int) -> int:
        """Drop these items of a block, which need no further confirmation; return how many were pending."""
        dropped = (bits & block.pending).bit_count()
        if dropped:
            self._index.drop(block, bits)
            if not block.segment.pending:
                self._delete(block.segment)
        return dropped

    def undelivered(self) -> Iterator[Block]:
        """Yield the blocks with unconfirmed items, in order of writing; the spool may change meanwhile.

        Blocks of a segment that is rewritten meanwhile come again.
        """
        return self._index.undelivered()

    def read(self, block: Block) -> list[Item]:
        """Return the items of a block that are not confirmed; none if they are damaged.

        Raises:
            OSError: the disk cannot be read.
        """
        if not block.pending:
            return []
        payloads = self._payloads(block)
        if payloads is None:
            self._drop_unreadable(block)
            if not block.segment.pending:
                self._delete(block.segment)
            return []
        return [
            Item(block.kind, block.meter, block.first + block.offsets[index], payloads[index])
            for index in bits_of(block.pending)
        ]

    def close(self) -> None:
        """Close the files and release the lock; the items stay."""
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
        if locked is False:  # None, on a network share without locks, is accepted
            self.close()
            raise SpoolBusy(f"{self._folder} is in use by another process")

    def _close_segment(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._current = -1, None

    # The previous run.

    def _open_segment(self, number: int, path: Path) -> None:
        data = read_readable(path)
        records, damaged = read_records(data)
        known: list[tuple[int, int, bytes]] = []
        for offset, body in records:
            size = record_size(data, offset)
            if is_block(body):
                known.append((offset, size, body))
            elif is_newer(body):
                raise newer(path)
            else:
                damaged.append((offset, offset + size))
        if damaged:
            self.damaged_bytes += sum(end - start for start, end in damaged)
            try:
                save_damaged(self._folder, number, b"".join(data[start:end] for start, end in sorted(damaged)))
                if known:
                    data = b"".join(data[offset : offset + size] for offset, size, _ in known)
                    replace_file(path, data)
                    known = list(_packed(known))
            except OSError:  # no room for that now; the next start tries again
                if not known:
                    return
        segment = Segment(number, path, len(data))
        self._index.segments[number] = segment
        self.size += segment.size
        for offset, _, body in known:
            generation, builder, _ = read_body(body)
            segment.generation = max(segment.generation, generation)
            self._index.add(segment, offset, builder)

    def _delete(self, segment: Segment) -> None:
        if segment is self._current:
            self._close_segment()
        # One that cannot be deleted is read and sent again after a restart.
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
                # The length may be damaged.
                data += file.read(min(record_size(data, 0), block.segment.size - block.offset) - HEADER_SIZE)
        records, _ = read_records(data)
        if not records or records[0][0] != 0:
            return None
        try:
            _, builder, stream = read_body(records[0][1])
            return read_payloads(builder, stream)
        except (ValueError, zlib.error, struct.error):
            return None

    def _drop_unreadable(self, block: Block) -> None:
        if block.kind is ItemKind.FRAME:
            self.lost += block.pending.bit_count()
        self._index.drop(block, block.pending)

    def _write(self, data: bytes) -> Segment:
        """Append to the current segment, or to a new one; return it, with its size not updated yet."""
        if self._current and self._current.size + len(data) > self._segment_size:
            self._close_segment()
        segment = self._current or self._new_segment()
        try:
            if os.write(self._file, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(segment.path))
            os.fdatasync(self._file)
            if not segment.size:
                sync_folder(self._folder)
        except OSError:
            # A segment that failed once is not written again: the next append begins a new one.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, segment.size)
            self._close_segment()
            if not segment.size:
                with contextlib.suppress(OSError):
                    segment.path.unlink()
            raise
        self._index.segments[segment.number] = segment
        return segment

    def _new_segment(self) -> Segment:
        path = self._folder / f"{self._next:08}.spool"
        self._file = no_link(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        self._current = Segment(self._next, path)
        self._next += 1
        return self._current

    def _make_room(self, size: int) -> None:
        while self.size + size > self.max_size:
            compaction = next_to_compact(list(self._index.segments.values())[:-1])
            if compaction is None:
                return
            self._rewrite(*compaction)

    def _rewrite(self, segment: Segment, keep: dict[Block, int], generation: int) -> None:
        """Replace a segment by one with only these items of its blocks; other unconfirmed frames are decimated."""
        builders = BlockBuilders()
        damaged = []
        for block in segment.blocks:
            bits = keep[block] & block.pending
            payloads = self._payloads(block) if bits else []
            if payloads is None:
                damaged.append(block)
                continue
            for index in bits_of(bits):
                time_us = block.first + block.offsets[index]
                builders.add(block.kind, block.meter, time_us, payloads[index])
        records = [builder.write(generation) for builder in builders.blocks]
        data = b"".join(records)
        if records:
            replace_file(segment.path, data)
        for block in damaged:
            self._drop_unreadable(block)
        frames = segment.frames
        self._index.clear(segment)
        segment.generation = generation
        offset = 0
        for builder, record in zip(builders.blocks, records, strict=True):
            self._index.add(segment, offset, builder, replace=False)
            offset += len(record)
        self.decimated += frames - segment.frames
        self.size += len(data) - segment.size
        segment.size = len(data)
        if not records:
            self._delete(segment)


def _packed(records: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
    """Give each record the offset that it has after the gaps between them are gone."""
    offset = 0
    for _, size, body in records:
        yield offset, size, body
        offset += size
