"""The databases of other programs: a file of SQLite, or a database on a server; only read."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from common.database.mariadb import Database, DatabaseConfig
from common.errors import ConfigError, FileRefused, PermanentError, Unavailable
from common.settings.config import Secret

_SCHEMES = ("mysql", "mariadb")
_SQLITE = b"SQLite format 3\x00"
_NO_FILES = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)  # a file beside the database cannot be made
Rows = Sequence[Sequence[Any]]


class ForeignDatabase:
    """An open database; values in SQL are marked `%s`."""

    def __init__(self, name: str, query: Callable[[str, Sequence[Any]], Rows], *, sqlite: bool) -> None:
        self.name = name
        self.sqlite = sqlite
        self._query = query

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        """Return all rows."""
        return self._query(sql, arguments)

    def columns(self, table: str) -> set[str]:
        """Return the names of the columns of a table, none if there is no such table."""
        if self.sqlite:
            return {str(row[1]) for row in self.query(f"PRAGMA table_info({table})")}
        sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s"
        return {str(name) for (name,) in self.query(sql, (table,))}


def is_address(text: str) -> bool:
    """Tell whether a database on a server is meant, and no file."""
    return urlsplit(text).scheme in _SCHEMES


def is_sqlite(data: bytes) -> bool:
    """Tell whether a file, of which these are the first bytes, is a database of SQLite."""
    return data.startswith(_SQLITE)


@contextlib.contextmanager
def open_file(file: Path) -> Iterator[ForeignDatabase]:
    """Open a file of SQLite, which its program may be using."""

    def query(sql: str, arguments: Sequence[Any]) -> Rows:
        with _refusing():
            return connection.execute(sql.replace("%s", "?"), arguments).fetchall()

    with _refusing():
        connection = _connect(file)
    try:
        yield ForeignDatabase(file.name, query, sqlite=True)
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


@contextlib.contextmanager
def open_address(address: str, password_file: Path | None) -> Iterator[ForeignDatabase]:
    """Open a database by an address such as mysql://user@host:3306/name.

    Raises:
        ConfigError: the address is incomplete, or has a password, which others on this machine could see.
        FileRefused: the server is unavailable.
        NotReady: the password file cannot be read.
        PermanentError: the server refuses the user.
    """
    config = _config(address, password_file)
    try:
        connection = Database(config).connect()
    except PermanentError as error:
        hint = "" if password_file else "; its password is given by --password-file FILE"
        raise PermanentError(f"{error}{hint}") from error
    except Unavailable as error:  # a check of the storer's own database would find nothing
        raise FileRefused(str(error)) from error

    def query(sql: str, arguments: Sequence[Any]) -> Rows:
        try:
            return connection.query(sql, arguments)
        except PermanentError as error:
            what = "the database cannot be read, or is that of another program, or of another version"
            raise FileRefused(f"{what}: {error}") from error

    try:
        yield ForeignDatabase(config.name, query, sqlite=False)
    finally:
        connection.close()


def _config(address: str, password_file: Path | None) -> DatabaseConfig:
    try:
        parts = urlsplit(address)
        port = parts.port or 3306
    except ValueError as error:
        raise ConfigError(f"{address!r} is not an address such as mysql://user@host:3306/name: {error}") from error
    if parts.password is not None:
        raise ConfigError("leave the password out of the address: others could see it; use --password-file FILE")
    if not parts.hostname or not parts.username or not parts.path.strip("/"):
        raise ConfigError(f"{address!r} is not complete: mysql://user@host:3306/name is expected")
    return DatabaseConfig(
        host=(parts.hostname,),
        port=port,
        user=unquote(parts.username),
        name=unquote(parts.path.strip("/")),
        password=Secret(password_file=str(password_file)).secret() if password_file else None,
    )
