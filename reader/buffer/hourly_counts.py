"""Counts the frames of each meter and hour, and saves the counts beside the journal.

    folder  = counts.0 counts.1                       written in turn: a kill that tears one leaves the other
    body    = generation next counts floors           in a record, see reader/buffer/record.py
              (segment hour)... (count hour meter)... reader...

The journal saves them before it deletes a segment; until then, the segment's own records hold them.
A count keeps the name of the reader that began it: after a rename it must not look like the count of a second reader.
"""

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path
from struct import Struct
from types import MappingProxyType

from reader.buffer.folder import no_link
from reader.buffer.record import read_records, write_record

_HEADER = Struct("<QQII")  # generation, next segment, number of counts, number of floors
_COUNT = Struct("<HIq")  # length of the meter's name, count, hour
_NAME = Struct("<B")  # length of a reader's name
_FLOOR = Struct("<Qq")  # segment, hour
_RESERVED = 16_384  # bytes allocated for each file: the counts can be saved even when the file system is full

HourKey = tuple[str, int]  # the meter, and the start of the hour in microseconds since 1970


class HourlyCounts:
    """Frames per meter and hour. Call `open` first."""

    def __init__(self, reader: str) -> None:
        """Prepare the counts; `reader` is the name for those that begin now."""
        self._reader = reader
        self._frames: dict[HourKey, int] = {}
        self.frames: Mapping[HourKey, int] = MappingProxyType(self._frames)
        """Number of frames, by meter and hour."""
        self._readers: dict[HourKey, str] = {}  # the same keys
        self._files: list[int] = []
        self._generation = 0

    def reader_of(self, hour: HourKey) -> str:
        """Return the name of the reader that began this count."""
        return self._readers[hour]

    def open(self, folder: Path) -> tuple[int, dict[int, int]]:
        """Load the counts; return what was saved with them: the number of the next segment, and the floors by segment.

        Raises:
            OSError: the folder cannot be used.
        """
        self._files = [no_link(folder / f"counts.{slot}", os.O_RDWR | os.O_CREAT) for slot in (0, 1)]
        for file in self._files:
            with contextlib.suppress(OSError):  # not every file system can reserve space
                os.posix_fallocate(file, 0, _RESERVED)
        next_segment, floors = 1, dict[int, int]()
        for file in self._files:
            records, _ = read_records(os.pread(file, os.fstat(file).st_size, 0))
            if not records or records[0][0] != 0:
                continue
            body = records[0][1]
            if _HEADER.unpack_from(body)[0] > self._generation:
                next_segment, floors = self._load(body)
        return next_segment, floors

    def raise_to(self, hour: HourKey, frames: int, reader: str | None = None) -> None:
        """Set a count, unless it is higher already; `reader` began it, by default this one."""
        if frames > self._frames.get(hour, -1):
            self._frames[hour] = frames
        if hour not in self._readers:
            self._readers[hour] = reader or self._reader

    def forget(self, before: int) -> bool:
        """Drop the counts of hours before this one; return whether there were any."""
        forgotten = [hour for hour in self._frames if hour[1] < before]
        for hour in forgotten:
            del self._frames[hour], self._readers[hour]
        return bool(forgotten)

    def save(self, next_segment: int, floors: Mapping[int, int]) -> None:
        """Write the counts to the older of the two files, with what `open` is to return.

        Raises:
            OSError: they could not be written.
        """
        parts = [_HEADER.pack(self._generation + 1, next_segment, len(self._frames), len(floors))]
        parts += [_FLOOR.pack(*floor) for floor in floors.items()]
        for (meter, hour), frames in self._frames.items():
            name = meter.encode()
            parts += (_COUNT.pack(len(name), frames, hour), name)
        for key in self._frames:
            reader = self._readers[key].encode()
            parts += (_NAME.pack(len(reader)), reader)
        record = write_record(b"".join(parts))
        if os.pwrite(self._files[(self._generation + 1) % 2], record, 0) < len(record):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._generation += 1

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            os.close(file)
        self._files = []

    def _load(self, body: bytes) -> tuple[int, dict[int, int]]:
        self._generation, next_segment, count, floor_count = _HEADER.unpack_from(body)
        at = _HEADER.size + floor_count * _FLOOR.size
        floors = dict(_FLOOR.iter_unpack(body[_HEADER.size : at]))
        self._frames.clear()
        for _ in range(count):
            length, frames, hour = _COUNT.unpack_from(body, at)
            at += _COUNT.size + length
            self._frames[body[at - length : at].decode(), hour] = frames
        self._readers.clear()
        for key in self._frames:
            (length,) = _NAME.unpack_from(body, at)
            at += _NAME.size + length
            self._readers[key] = body[at - length : at].decode()
        return next_segment, floors
