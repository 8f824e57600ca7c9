"""Opens the SQLite files of journal and spool: one that cannot be used is set aside, and its readable rows are kept."""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from common.errors import TeleinfoError
from reader.buffer.item import ItemKind

_VERSION = 1  # of both schemas
_SET_ASIDE_KEPT = 3  # files
_WITH_IT = ("", "-journal", "-wal", "-shm")  # a file, and what SQLite keeps beside it
_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
}
_MAGIC, _HEADER_SIZE = b"\xffTM\x01", 12  # of a record of the format before SQLite

Row = tuple[Any, ...]


class OpenedFile:
    """A connection, and what happened to the file that was there before."""

    def __init__(self, path: Path, kind: int, schema: str, pragmas: Sequence[str]) -> None:
        """Open a file, or make it; `kind` tells the files of this program from others, and from each other.

        Raises:
            OSError: it can neither be used nor be set aside.
        """
        self.set_aside: Path | None = None
        """Where the earlier file is now, if it could not be used."""
        self.problem = ""
        """What was wrong with it."""
        self.rows: list[Row] = []
        """What could be read of it, of the schema's first table."""
        self.path = path
        self._kind, self._schema, self._pragmas = kind, schema, pragmas
        made = not os.path.lexists(path)
        try:
            self.connection = self._open()
        except sqlite3.Error as error:
            if primary_code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM):
                if made:
                    path.unlink()
                raise os_error(error, path) from error
            self.problem = "it is damaged" if path.is_file() and os.access(path, os.R_OK) else "it cannot be read"
            self._start_anew()
        except _UnusableError as error:
            self.problem = str(error)
            self._start_anew()

    def _open(self) -> sqlite3.Connection:
        if self.path.is_symlink():
            raise _UnusableError("it is a symbolic link")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))  # frames are personal data
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            for pragma in self._pragmas:
                connection.execute(f"PRAGMA {pragma}")
            (kind,), (version,) = (
                connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
            )
            if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] and not (kind or version):
                connection.executescript(
                    f"BEGIN; {self._schema};"
                    f" PRAGMA application_id = {self._kind}; PRAGMA user_version = {_VERSION}; COMMIT"
                )
            elif kind != self._kind:
                raise _UnusableError("it belongs to another program")
            elif version > _VERSION:
                raise _UnusableError("a newer version of teleinfo-reader has written it")
            elif (answer := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(answer)
        except BaseException:
            connection.close()
            raise
        return connection

    def _start_anew(self) -> None:
        if self.problem == "it is damaged":
            self.rows = self._readable()
        taken = [int(path.suffix[1:]) for path in _set_aside_files(self.path)]
        self.set_aside = self.path.with_name(f"{self.path.name}.unusable.{max(taken, default=0) + 1}")
        for suffix in _WITH_IT:
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{self.path}{suffix}", f"{self.set_aside}{suffix}")
        for old in _set_aside_files(self.path)[:-_SET_ASIDE_KEPT]:
            for suffix in _WITH_IT:
                Path(f"{old}{suffix}").unlink(missing_ok=True)
        try:
            self.connection = self._open()
        except (sqlite3.Error, _UnusableError) as error:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self.path)) from error

    def _readable(self) -> list[Row]:
        """Return the rows of a damaged file up to the damage, from both ends, in order."""
        table = self._schema.split()[2]
        found: dict[int, Row] = {}
        with contextlib.suppress(sqlite3.Error):
            connection = sqlite3.connect(self.path, isolation_level=None)
            for order in ("ASC", "DESC"):
                with contextlib.suppress(sqlite3.Error):
                    for row in connection.execute(f"SELECT * FROM {table} ORDER BY id {order}"):  # noqa: S608
                        found[row[0]] = row
            connection.close()
        return [found[key] for key in sorted(found)]


class _UnusableError(TeleinfoError):
    """A file of another program, or of a later version of this one."""


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's error code without its details; 0 if the error is not SQLite's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def os_error(error: sqlite3.Error, path: Path) -> OSError:
    """Return an error of SQLite as one of the operating system."""
    number = _ERRNO.get(primary_code(error), errno.EIO)
    return OSError(number, os.strerror(number), str(path))


def earlier_frames(folder: Path) -> int:
    """Count the frames in files of the format before SQLite (`NNNNNNNN.spool`, `NNNNNNNN.journal`)."""
    count = 0
    for path in [*folder.glob("*.spool"), *folder.glob("*.journal")]:
        of_file = 0
        for body in path.read_bytes().split(_MAGIC)[1:]:
            body = body[_HEADER_SIZE - len(_MAGIC) :]
            if path.suffix == ".spool":
                of_file += int.from_bytes(body[6:8], "little") if body[1:2] == bytes((ItemKind.FRAME,)) else 0
            else:
                of_file = 0 if body[:1] == b"\xfe" else of_file + (body[:1] == bytes((ItemKind.FRAME,)))
        count += of_file
    return count


def _set_aside_files(path: Path) -> list[Path]:
    found = [each for each in path.parent.glob(f"{path.name}.unusable.*") if each.suffix[1:].isdecimal()]
    return sorted(found, key=lambda each: int(each.suffix[1:]))


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done within, all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # some errors have rolled back already
            connection.execute("ROLLBACK")
        raise
