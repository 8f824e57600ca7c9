"""Keeps the items that are not confirmed in a SQLite file in memory, where a kill of the program cannot lose them.

The file is on tmpfs, so nothing is ever synced; each item is a row of its own, and a transaction. The frames of each
meter and hour are counted in the same transaction, so neither is ever there without the other. A count keeps the name
of the reader that began it: after a rename it must not look like the count of a second reader.
"""

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.store import Store

_INSERT = "INSERT INTO items (kind, meter, time, payload) VALUES (?, ?, ?, ?)"
_COUNT = "INSERT INTO counts VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET frames = frames + 1"
_DELETE_REPLACED = "DELETE FROM items WHERE id NOT IN (SELECT max(id) FROM items GROUP BY kind, meter, time)"

HourKey = tuple[str, int]  # the meter, and the start of the hour in microseconds since 1970


class Journal(Store):
    """Items, and how many frames each hour had. Call `open` first."""

    FILE, KIND = "journal.sqlite", 0x544D4A31  # TMJ1
    TABLES: ClassVar = {
        "items": "id INTEGER PRIMARY KEY, kind INTEGER, meter TEXT, time INTEGER, payload BLOB, CHECK (kind IN (0, 1)"
        " AND typeof(meter) = 'text' AND typeof(time) = 'integer' AND typeof(payload) = 'blob')",
        "counts": "meter TEXT, hour INTEGER, reader TEXT, frames INTEGER, PRIMARY KEY (meter, hour)",
    }
    PAGE, SYNCHRONOUS, PRIVATE = 4096, "OFF", True

    def __init__(self, folder: Path, reader: str) -> None:
        """Prepare the journal in this folder; `reader` is the name for counts that begin now."""
        super().__init__(folder)
        self._reader = reader
        self._released: list[tuple[int]] = []  # rows that could not be deleted yet

    def open(self) -> dict[int, Item]:
        """Lock the folder and return the items of the previous run by row, in order of writing.

        Raises:
            InUse: another process uses it.
            OSError: the folder cannot be used, or others may write to it.
        """
        with contextlib.ExitStack() as on_error:
            on_error.callback(self.close)
            self._open_folder()
            self._open_file()
            with self._transaction() as connection:
                connection.execute(_DELETE_REPLACED)  # by a higher tally of the same hour
                rows = connection.execute("SELECT * FROM items ORDER BY id").fetchall()
            on_error.pop_all()
        return {row: Item(ItemKind(kind), meter, time_us, payload) for row, kind, meter, time_us, payload in rows}

    @property
    def counts(self) -> Mapping[HourKey, tuple[str, int]]:
        """The reader that began a count, and the number of frames, by meter and hour."""
        with self._transaction() as connection:
            rows = connection.execute("SELECT * FROM counts ORDER BY rowid").fetchall()
        return {(meter, hour): (reader, frames) for meter, hour, reader, frames in rows}

    def append(self, item: Item) -> int:
        """Write an item, and count it if it is a frame; return its row.

        Raises:
            OSError: there is no room; the item is neither written nor counted.
        """
        kind, meter, time_us, payload = item
        with self._transaction() as connection:
            row = connection.execute(_INSERT, (int(kind), meter, time_us, payload)).lastrowid
            if kind is ItemKind.FRAME:
                connection.execute(_COUNT, (meter, time_us // HOUR * HOUR, self._reader))
        assert row is not None
        return row

    def release(self, rows: Iterable[int]) -> None:
        """Delete these items. What cannot be deleted for lack of room is deleted with the next ones."""
        self._released += ((row,) for row in rows)
        with contextlib.suppress(OSError):
            with self._transaction() as connection:
                connection.executemany("DELETE FROM items WHERE id = ?", self._released)
            self._released.clear()

    def forget_counts(self, before: int) -> bool:
        """Drop the counts of hours before this one; return whether there were any. Without room, it is done later."""
        with contextlib.suppress(OSError), self._transaction() as connection:
            return connection.execute("DELETE FROM counts WHERE hour < ?", (before,)).rowcount > 0
        return False
