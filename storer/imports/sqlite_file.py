"""The SQLite database of another program; only read."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from common.errors import FileRefused

_SQLITE = b"SQLite format 3\x00"
_NO_FILES = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)  # a file beside the database cannot be made
Rows = Sequence[Sequence[Any]]


class SqliteFile:
    """An open database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        """Return all rows."""
        with _refusing():
            return self._connection.execute(sql, arguments).fetchall()

    def columns(self, table: str) -> set[str]:
        """Return the names of the columns of a table, none if there is no such table."""
        return {str(row[1]) for row in self.query(f"PRAGMA table_info({table})")}


def is_sqlite(data: bytes) -> bool:
    """Tell whether a file, of which these are the first bytes, is a database of SQLite."""
    return data.startswith(_SQLITE)


@contextlib.contextmanager
def open_file(file: Path) -> Iterator[SqliteFile]:
    """Open a file of SQLite, which its program may be using."""
    with _refusing():
        connection = _connect(file)
    try:
        yield SqliteFile(connection)
    finally:
        connection.close()


def _connect(file: Path) -> sqlite3.Connection:
    address = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError as error:
        connection.close()
        # With a write-ahead log, as Home Assistant has it, SQLite makes files beside the database even to read it. In a
        # folder that is only readable there can be none; unless such a log is there, the file itself has everything.
        log = file.with_name(f"{file.name}-wal")
        if error.sqlite_errorcode & 0xFF not in _NO_FILES or (log.exists() and log.stat().st_size):
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if str(error).startswith("no such"):
            raise FileRefused("this is a database of another program, or of another version") from error
        raise FileRefused(
            f"the database cannot be read ({error.sqlite_errorname}); import a copy, in a folder that can be written"
        ) from error
