"""Keeps the items that are not confirmed in a SQLite file in memory, where a kill of the program cannot lose them.

The file is on tmpfs, so nothing is ever synced; each item is a row of its own, and a transaction. The frames of each
meter and hour are counted in the same transaction, so neither is ever there without the other. A count keeps the name
of the reader that began it: after a rename it must not look like the count of a second reader.
"""

import errno
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from common.errors import TeleinfoError
from common.runtime.file_lock import try_lock
from reader.buffer.folder import open_private
from reader.buffer.item import HOUR, Item, ItemId, ItemKind
from reader.buffer.sqlite_file import OpenedFile, os_error, transaction

FILE = "journal.sqlite"
_KIND = 0x544D4A31  # TMJ1
_SCHEMA = """CREATE TABLE items (id INTEGER PRIMARY KEY, kind INTEGER, meter TEXT, time INTEGER, payload BLOB);
    CREATE TABLE counts (meter TEXT, hour INTEGER, reader TEXT, frames INTEGER, PRIMARY KEY (meter, hour))"""
_PRAGMAS = (
    "locking_mode = EXCLUSIVE",  # before the next: then the file needs no index in shared memory
    "journal_mode = WAL",
    "synchronous = OFF",
    "wal_autocheckpoint = 40",  # pages
    "cache_size = -256",  # KiB
    "temp_store = MEMORY",
)
_INSERT = "INSERT INTO items (kind, meter, time, payload) VALUES (?, ?, ?, ?)"
_COUNT = "INSERT INTO counts VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET frames = frames + 1"
_TYPES, _KINDS = [int, int, str, int, bytes], {*ItemKind}
_OVERHEAD = 50  # bytes of a row beside its payload, about

HourKey = tuple[str, int]  # the meter, and the start of the hour in microseconds since 1970


class JournalBusy(TeleinfoError):
    """Another process uses this journal."""


class Journal:
    """Items, and how many frames each hour had. For one process and one thread. Call `open` first."""

    def __init__(self, folder: Path, reader: str) -> None:
        """Prepare the journal in this folder; `reader` is the name for counts that begin now."""
        self.size = 0
        """Bytes of the items."""
        self.set_aside: OpenedFile | None = None
        """What became of an earlier file that could not be used."""
        self._folder, self._path, self._reader = folder, folder / FILE, reader
        self._lock = -1
        self._sizes: dict[int, int] = {}  # of the rows
        self._recovered: dict[ItemId, int] = {}  # rows of the items that `open` returned
        self._released: list[tuple[int]] = []  # rows that could not be deleted yet
        self._counts: dict[HourKey, tuple[str, int]] = {}
        self.counts: Mapping[HourKey, tuple[str, int]] = MappingProxyType(self._counts)
        """The reader that began a count, and the number of frames, by meter and hour."""

    def open(self) -> list[Item]:
        """Lock the folder and return the items of the previous run, in order of writing.

        Raises:
            JournalBusy: another process uses it.
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
            opened = OpenedFile(self._path, _KIND, _SCHEMA, _PRAGMAS)
        except (JournalBusy, OSError):
            os.close(self._lock)
            raise
        self._connection = opened.connection
        self.set_aside = opened if opened.set_aside else None
        with transaction(self._connection):
            intact = [row for row in opened.rows if list(map(type, row)) == _TYPES and row[1] in _KINDS]
            self._connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?)", intact)
        for meter, hour, reader, frames in self._connection.execute("SELECT * FROM counts"):
            self._counts[meter, hour] = reader, frames
        return self._read()

    def row_of(self, item: Item) -> int:
        """Return the row of an item that `open` returned, as `append` returns it for others."""
        return self._recovered[item.identity]

    def append(self, item: Item) -> int:
        """Write an item, and count it if it is a frame; return its row.

        Raises:
            OSError: there is no room; the item is neither written nor counted.
        """
        kind, meter, time_us, payload = item
        key = meter, time_us // HOUR * HOUR
        reader, frames = self._counts.get(key, (self._reader, 0))
        try:
            with transaction(self._connection):
                row = self._connection.execute(_INSERT, (int(kind), meter, time_us, payload)).lastrowid
                if kind is ItemKind.FRAME:
                    self._connection.execute(_COUNT, (*key, reader))
        except sqlite3.Error as error:
            raise os_error(error, self._path) from error
        assert row is not None
        if kind is ItemKind.FRAME:
            self._counts[key] = reader, frames + 1
        self._sizes[row] = len(payload) + _OVERHEAD
        self.size += len(payload) + _OVERHEAD
        return row

    def release(self, rows: Iterable[int]) -> None:
        """Delete these items. What cannot be deleted for lack of room is deleted with the next ones."""
        for row in rows:
            self.size -= self._sizes.pop(row)
            self._released.append((row,))
        try:
            with transaction(self._connection):
                self._connection.executemany("DELETE FROM items WHERE id = ?", self._released)
        except sqlite3.Error:
            return
        self._released.clear()

    def forget_counts(self, before: int) -> bool:
        """Drop the counts of hours before this one; return whether there were any."""
        forgotten = [key for key in self._counts if key[1] < before]
        for key in forgotten:
            del self._counts[key]
        if forgotten:
            try:
                self._connection.execute("DELETE FROM counts WHERE hour < ?", (before,))
            except sqlite3.Error:
                return True  # there is no room: they are read again, and dropped, at the next start
        return bool(forgotten)

    def close(self) -> None:
        """Close the file and release the lock; the items stay."""
        if self._lock >= 0:
            self._connection.close()
            os.close(self._lock)
        self._lock = -1

    def _read(self) -> list[Item]:
        items: dict[ItemId, Item] = {}
        for row, kind, meter, time_us, payload in self._connection.execute("SELECT * FROM items ORDER BY id"):
            item = Item(ItemKind(kind), meter, time_us, payload)
            if items.pop(item.identity, None) is not None:  # a higher tally of the same hour replaced it
                self._released.append((self._recovered[item.identity],))
            items[item.identity] = item
            self._recovered[item.identity] = row
        for identity, item in items.items():
            self._sizes[self._recovered[identity]] = len(item.payload) + _OVERHEAD
        self.size = sum(self._sizes.values())
        return list(items.values())
