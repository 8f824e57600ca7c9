"""Keeps the items that are not confirmed in files in memory, where a crash or kill of the program cannot lose them.

    folder    = NNNNNNNN.journal... counts.0 counts.1       on tmpfs: nothing is ever synced
    segment   = record...                                   see reader/buffer/record.py
    body      = kind count time meter payload               count: frames of this meter and hour, including this one;
                                                            another format has another kind: see `newer`
              | 0xFF reader                                 first in each segment: the name of the reader that writes it
              | 0xFE                                        all items before it in its segment are released

A frame and its count are one record, so neither is ever there without the other. Before a segment is deleted, the
counts are saved (reader/buffer/hourly_counts.py). While each frame is confirmed before the next one comes, that is done
once for some dozens of them, and the record 0xFE is written each time.
"""

import contextlib
import errno
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from common.errors import NotReady, TeleinfoError
from common.runtime.file_lock import try_lock
from reader.buffer.folder import no_link, open_private
from reader.buffer.hourly_counts import HourKey, HourlyCounts
from reader.buffer.item import HOUR, Item, ItemId, ItemKind
from reader.buffer.record import newer, read_records, write_record

_BODY = struct.Struct("<BxHIq")  # kind, length of the meter's name, count, time
_LAST_KIND = bytes((max(ItemKind),))
# No ItemKind has these numbers.
_READER = b"\xff"  # begins the record with the reader's name
_RELEASED = b"\xfe"
_RELEASED_RECORD = write_record(_RELEASED)
_EMPTY_AT = 32 * 1024  # bytes of the segment that is written from which on it is emptied when all of it is released


class JournalBusy(TeleinfoError):
    """Another process uses this journal."""


@dataclass(slots=True)
class _Segment:
    """A file of the journal."""

    path: Path
    size: int = 0
    pending: int = 0  # items that are not released
    floor: int = 0  # hours before this one were forgotten after its records were written: their counts are not read


class Journal:
    """Append-only segments on memory-backed storage, and how many frames each hour had.

    For one process and one thread. Call `open` first.
    """

    def __init__(self, folder: Path, reader: str, *, segment_size: int = 256 * 1024) -> None:
        """Prepare the journal in this folder; `reader` is the name for counts that begin now."""
        self.size = 0  # bytes of all segments
        self.damaged_bytes = 0  # found by `open`
        self.counts = HourlyCounts(reader)
        self._folder = folder
        self._heading = write_record(_READER + reader.encode())
        self._segment_size = segment_size
        self._segments: dict[int, _Segment] = {}
        self._released: set[int] = set()  # segments that are no longer needed
        self._recovered: dict[ItemId, int] = {}  # the segments of the items that `open` returned
        self._next = 1
        self._current = 0  # the segment that is written; 0: none
        self._file = -1
        self._lock = -1

    def open(self) -> list[Item]:
        """Lock the folder and return the items of the previous run, in order of writing.

        Raises:
            JournalBusy: another process uses it.
            NotReady: a newer version has written to it.
            OSError: the folder cannot be used, or others may write to it.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = open_private(self._folder)
        try:
            locked = try_lock(self._lock)
            if locked is False:
                raise JournalBusy(f"{self._folder} is in use by another process")
            if locked is None:
                raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(self._folder))
            return self._read()
        except (JournalBusy, NotReady, OSError):
            self.close()
            raise

    def segment_of(self, item: Item) -> int:
        """Return the segment of an item that `open` returned, as `append` returns it for others."""
        return self._recovered[item.identity]

    def append(self, item: Item) -> int:
        """Write an item, and count it if it is a frame; return its segment.

        Raises:
            OSError: there is no room; the item is neither written nor counted.
        """
        kind, name, time_us, payload = item
        hour, count = None, 0
        if kind is ItemKind.FRAME:
            hour = name, time_us // HOUR * HOUR
            count = self.counts.frames.get(hour, 0) + 1
        meter = name.encode()
        record = write_record(b"".join((_BODY.pack(kind, len(meter), count, time_us), meter, payload)))
        if self._released:
            self._drop_released()
        segment = self._segment_for(len(self._heading) + len(record))
        if not segment.size:
            record = self._heading + record
        written = os.write(self._file, record)
        if written < len(record):
            self._cut_back(segment)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(segment.path))
        segment.size += written
        segment.pending += 1
        self.size += written
        if self._released:
            self._released.discard(self._current)
        if hour is not None:
            self.counts.raise_to(hour, count)
        return self._current

    def release(self, segment: int) -> None:
        """Drop one item of this segment, which may stay until the last one is dropped.

        Raises:
            ValueError: the segment has no items: one was released twice.
        """
        found = self._segments.get(segment)
        if found is None or not found.pending:
            raise ValueError(f"segment {segment} of the journal has no items")
        found.pending -= 1
        if found.pending or (segment == self._current and self._mark_released(found)):
            return
        self._released.add(segment)
        self._drop_released()

    def forget_counts(self, before: int) -> bool:
        """Drop the counts of hours before this one; return whether there were any.

        Records that are still here do not bring them back.
        """
        if not self.counts.forget(before):
            return False
        for segment in self._segments.values():
            segment.floor = max(segment.floor, before) if segment.size else 0
        # New frames count even for a forgotten hour, so they need a segment without that floor.
        if self._current and self._segments[self._current].size:
            self._close_segment()
        with contextlib.suppress(OSError):  # the next deletion of a segment saves them
            self._save_counts()
        return True

    def close(self) -> None:
        """Close the files and release the lock; the items stay."""
        self._close_segment()
        self.counts.close()
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    # The previous run.

    def _read(self) -> list[Item]:
        self._next, floors = self.counts.open(self._folder)
        items: dict[ItemId, Item] = {}
        for path in sorted(self._folder.glob("*.journal"), key=lambda path: (len(path.name), path.name)):
            if not path.stem.isdecimal():
                continue
            number = int(path.stem)
            with open(path, "rb", opener=no_link) as file:
                data = file.read()
            self._segments[number] = segment = _Segment(path, len(data), floor=floors.get(number, 0))
            self._next = max(self._next, number + 1)
            self.size += len(data)
            for item in self._read_segment(data, segment):
                items.pop(item.identity, None)  # the last one wins
                items[item.identity] = item
                self._recovered[item.identity] = number
        for number in self._recovered.values():
            self._segments[number].pending += 1
        self._released = {number for number, segment in self._segments.items() if not segment.pending}
        self._drop_released()
        return list(items.values())

    def _read_segment(self, data: bytes, segment: _Segment) -> list[Item]:
        """Count the frames of a segment; return the items that are not known to be released."""
        items: list[Item] = []
        records, damaged = read_records(data)
        self.damaged_bytes += sum(end - start for start, end in damaged)
        reader = None  # the record with the name may be damaged
        for _, body in records:
            if body.startswith(_READER):
                reader = body[1:].decode(errors="replace")
                continue
            if body == _RELEASED:
                items.clear()
                continue
            if body[:1] > _LAST_KIND:
                raise newer(segment.path)
            try:
                item, count = _read_body(body)
            except (struct.error, ValueError):  # whole, but not of this program
                self.damaged_bytes += len(body)
                continue
            hour = _hour_of(item)
            if item.kind is ItemKind.FRAME and hour[1] >= segment.floor:
                self.counts.raise_to(hour, count, reader)
            items.append(item)
        return items

    # Segments.

    def _segment_for(self, size: int) -> _Segment:
        segment = self._segments.get(self._current)
        if segment is not None and (not segment.size or segment.size + size <= self._segment_size):
            return segment
        path = self._folder / f"{self._next:08}.journal"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._close_segment()
        self._file, self._current = file, self._next
        self._next += 1
        self._segments[self._current] = segment = _Segment(path)
        return segment

    def _close_segment(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        if self._current and not self._segments[self._current].pending:
            self._released.add(self._current)
        self._file, self._current = -1, 0

    def _cut_back(self, segment: _Segment) -> None:
        try:
            os.ftruncate(self._file, segment.size)
        except OSError:
            self._close_segment()  # the torn record stays, and nothing is written after it

    def _mark_released(self, segment: _Segment) -> bool:
        """Record in the segment that is written that all of it is released; False if it is to be emptied instead."""
        if segment.size >= min(_EMPTY_AT, self._segment_size):
            return False
        try:
            written = os.write(self._file, _RELEASED_RECORD)
        except OSError:
            return False  # emptying it makes room
        if written < len(_RELEASED_RECORD):
            self._cut_back(segment)
            return False
        segment.size += written
        self.size += written
        return True

    def _drop_released(self) -> None:
        try:
            self._save_counts()
        except OSError:
            return  # the segments, with their counts, stay until there is room
        for number in list(self._released):
            segment = self._segments[number]
            try:
                if number == self._current:
                    os.ftruncate(self._file, 0)
                else:
                    segment.path.unlink(missing_ok=True)
            except OSError:
                continue
            self._released.discard(number)
            self.size -= segment.size
            segment.size = 0
            if number != self._current:
                del self._segments[number]
                if self._recovered:
                    self._recovered = {identity: at for identity, at in self._recovered.items() if at != number}

    def _save_counts(self) -> None:
        self.counts.save(self._next, {number: item.floor for number, item in self._segments.items() if item.floor})


def _hour_of(item: Item) -> HourKey:
    return item.meter, item.time_us // HOUR * HOUR


def _read_body(body: bytes) -> tuple[Item, int]:
    kind, length, count, time_us = _BODY.unpack_from(body)
    payload = _BODY.size + length
    return Item(ItemKind(kind), body[_BODY.size : payload].decode(), time_us, body[payload:]), count
