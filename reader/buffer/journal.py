"""Keeps the items that wait for confirmation where a kill of the program cannot reach them: in files in memory.

    folder    = NNNNNNNN.journal... counts.0 counts.1       on tmpfs: nothing is ever synced
    segment   = record...                                   see reader/buffer/record.py
    body      = kind count key meter payload                count: frames of this meter and hour, with this one
              | 0xFF reader                                 first in each segment: the name of the reader that writes it

A frame is counted in the record that keeps it, so that neither can be there without the other. Before a segment goes,
the counts are saved: in turn into one of two files, so that a kill that tears one leaves the other, and the segment.
A count keeps the reader's name under which it was begun: after a renaming it must not look like the count of two.
"""

import contextlib
import errno
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from common.errors import TeleinfoError
from common.runtime.file_lock import try_lock
from reader.buffer.folder import no_link, open_private
from reader.buffer.item import HOUR, Item, ItemId, Kind
from reader.buffer.record import read_records, write_record

_BODY = struct.Struct("<BxHIq")  # kind, length of the meter's name, count, key
_COUNTS = struct.Struct("<QQII")  # generation, next segment, how many counts, how many floors
_COUNT = struct.Struct("<HIq")  # length of the meter's name, count, hour
_NAME = struct.Struct("<B")  # length of a reader's name
_FLOOR = struct.Struct("<Qq")  # segment, hour
_NAMED = b"\xff"  # begins the record of the reader's name; no kind
_COUNTS_ROOM = 16_384  # bytes set aside for the counts: they can be saved even when everything else is full


class JournalBusy(TeleinfoError):
    """Another process has this journal."""


@dataclass(slots=True)
class _Segment:
    path: Path
    size: int = 0
    waiting: int = 0  # items that are not released
    floor: int = 0  # counts of hours before this one were forgotten after its records were written


class Journal:
    """Append-only segments on memory-backed storage, and how many frames were made in each hour.

    One process at a time, one thread. Call `open` first.
    """

    def __init__(self, folder: Path, reader: str, *, segment_size: int = 256 * 1024) -> None:
        """Prepare the journal in this folder; `reader` is the name under which new counts are begun."""
        self.size = 0  # bytes of all segments
        self.damaged_bytes = 0  # that an earlier run left
        self._folder = folder
        self._reader = reader
        self._heading = write_record(_NAMED + reader.encode())
        self._segment_size = segment_size
        self._segments: dict[int, _Segment] = {}
        self._released: set[int] = set()  # segments that are no longer needed
        self._places: dict[ItemId, int] = {}  # of what an earlier run left
        self._counts: dict[tuple[str, int], int] = {}
        self._counted_by: dict[tuple[str, int], str] = {}  # the same keys
        self._next = 1
        self._current = 0  # the segment that is written; 0: none
        self._file = -1
        self._lock = -1
        self._slots: list[int] = []
        self._generation = 0

    @property
    def counts(self) -> Mapping[tuple[str, int], int]:
        """Frames made, by meter and key of the hour."""
        return MappingProxyType(self._counts)

    def counted_by(self, meter: str, hour: int) -> str:
        """Return the reader's name under which the count of this hour was begun."""
        return self._counted_by[meter, hour]

    def open(self) -> list[Item]:
        """Take the folder and return what an earlier run left, in order of writing.

        Raises:
            JournalBusy: another process has it.
            OSError: the folder cannot be used, or is not ours alone.
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
        except (JournalBusy, OSError):
            self.close()
            raise

    def place_of(self, item: Item) -> int:
        """Return the place of an item that `open` returned, as `append` returns it for others."""
        return self._places[item.identity]

    def append(self, item: Item) -> int:
        """Keep an item, and count it if it is a frame; return its place.

        Raises:
            OSError: there is no room; the item is neither kept nor counted.
        """
        hour = (item.meter, item.time_us // HOUR * HOUR) if item.kind is Kind.FRAME else None
        count = self._counts.get(hour, 0) + 1 if hour else 0
        record = write_record(_write_body(item, count))
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
        segment.waiting += 1
        self.size += written
        self._released.discard(self._current)
        if hour:
            self._counts[hour] = count
            self._counted_by.setdefault(hour, self._reader)
        return self._current

    def release(self, place: int) -> None:
        """Give up one item of this place; the last one takes the segment with it.

        Raises:
            ValueError: nothing waits there: an item was released twice.
        """
        segment = self._segments.get(place)
        if segment is None or not segment.waiting:
            raise ValueError(f"nothing waits in segment {place} of the journal")
        segment.waiting -= 1
        if not segment.waiting:
            self._released.add(place)
            self._drop_released()

    def forget_counts(self, before: int) -> None:
        """Drop the counts of hours before this key; records that are still here do not bring them back."""
        forgotten = [hour for hour in self._counts if hour[1] < before]
        if not forgotten:
            return
        for hour in forgotten:
            del self._counts[hour], self._counted_by[hour]
        for segment in self._segments.values():
            segment.floor = max(segment.floor, before) if segment.size else 0
        # What is counted from now on counts, even for an hour that is forgotten: it needs a segment of its own.
        if self._current and self._segments[self._current].size:
            self._close_segment()
        with contextlib.suppress(OSError):  # then with the next segment that goes
            self._save_counts()

    def close(self) -> None:
        """Let the folder go; what it holds stays."""
        self._close_segment()
        for file in [*self._slots, self._lock]:
            if file >= 0:
                os.close(file)
        self._slots, self._lock = [], -1

    # What an earlier run left.

    def _read(self) -> list[Item]:
        self._slots = [no_link(self._folder / f"counts.{slot}", os.O_RDWR | os.O_CREAT) for slot in (0, 1)]
        for slot in self._slots:
            with contextlib.suppress(OSError):  # room is wished for, not needed
                os.posix_fallocate(slot, 0, _COUNTS_ROOM)
        floors = self._load_counts()
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
            for item in self._read_segment(data, segment.floor):
                items.pop(item.identity, None)  # the last one wins, in its own place
                items[item.identity] = item
                self._places[item.identity] = number
        for number in self._places.values():
            self._segments[number].waiting += 1
        self._released = {number for number, segment in self._segments.items() if not segment.waiting}
        self._drop_released()
        return list(items.values())

    def _read_segment(self, data: bytes, floor: int) -> Iterator[Item]:
        records, damaged = read_records(data)
        self.damaged_bytes += sum(end - start for start, end in damaged)
        reader = self._reader  # unless it is named: earlier versions did not
        for _, body in records:
            if body.startswith(_NAMED):
                reader = body[1:].decode(errors="replace")
                continue
            try:
                item, count = _read_body(body)
            except (struct.error, ValueError):  # whole, but not ours
                self.damaged_bytes += len(body)
                continue
            hour = (item.meter, item.time_us // HOUR * HOUR)
            if item.kind is Kind.FRAME and hour[1] >= floor:
                self._counts[hour] = max(count, self._counts.get(hour, 0))
                self._counted_by.setdefault(hour, reader)
            yield item

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
        if self._current and not self._segments[self._current].waiting:
            self._released.add(self._current)
        self._file, self._current = -1, 0

    def _cut_back(self, segment: _Segment) -> None:
        try:
            os.ftruncate(self._file, segment.size)
        except OSError:
            self._close_segment()  # the torn record stays where it is, and nothing comes behind it

    def _drop_released(self) -> None:
        try:
            self._save_counts()
        except OSError:
            return  # the records keep their counts until there is room; the next one tries again
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
                if self._places:
                    self._places = {identity: at for identity, at in self._places.items() if at != number}

    # Counts.

    def _save_counts(self) -> None:
        floors = [(number, segment.floor) for number, segment in self._segments.items() if segment.floor]
        parts = [_COUNTS.pack(self._generation + 1, self._next, len(self._counts), len(floors))]
        parts += [_FLOOR.pack(*floor) for floor in floors]
        for (meter, hour), count in self._counts.items():
            name = meter.encode()
            parts += (_COUNT.pack(len(name), count, hour), name)
        # Behind all that earlier versions read: they leave it alone.
        for hour_key in self._counts:
            reader = self._counted_by[hour_key].encode()
            parts += (_NAME.pack(len(reader)), reader)
        record = write_record(b"".join(parts))
        if os.pwrite(self._slots[(self._generation + 1) % 2], record, 0) < len(record):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder))
        self._generation += 1

    def _load_counts(self) -> dict[int, int]:
        """Take the newer of the two that is whole; return the floors of the segments."""
        floors: dict[int, int] = {}
        for slot in self._slots:
            records, _ = read_records(os.pread(slot, os.fstat(slot).st_size, 0))
            if not records or records[0][0] != 0:
                continue
            body = records[0][1]
            generation, following, counts, floor_count = _COUNTS.unpack_from(body)
            if generation <= self._generation:
                continue
            self._generation, self._next = generation, following
            at = _COUNTS.size + floor_count * _FLOOR.size
            floors = dict(_FLOOR.iter_unpack(body[_COUNTS.size : at]))
            self._counts = {}
            for _ in range(counts):
                length, count, hour = _COUNT.unpack_from(body, at)
                at += _COUNT.size + length
                self._counts[body[at - length : at].decode(), hour] = count
            self._counted_by = dict.fromkeys(self._counts, self._reader)
            if at < len(body):  # earlier versions kept no names
                for key in self._counts:
                    (length,) = _NAME.unpack_from(body, at)
                    at += _NAME.size + length
                    self._counted_by[key] = body[at - length : at].decode()
        return floors


def _write_body(item: Item, count: int) -> bytes:
    meter = item.meter.encode()
    return b"".join((_BODY.pack(item.kind, len(meter), count, item.time_us), meter, item.payload))


def _read_body(body: bytes) -> tuple[Item, int]:
    kind, length, count, key = _BODY.unpack_from(body)
    payload = _BODY.size + length
    return Item(Kind(kind), body[_BODY.size : payload].decode(), key, body[payload:]), count
