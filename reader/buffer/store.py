"""What journal and spool share: a folder with a lock, and a SQLite file in it.

A file that cannot be used is set aside, and the rows of it that can be read are kept. They are written to a new file
beside it, which takes its place when it is complete: whenever the program is killed, one of the two files has them.
"""

import contextlib
import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from common.errors import TeleinfoError
from common.runtime.file_lock import try_lock
from reader.buffer.item import ItemKind

_VERSION = 1  # of both schemas
_SET_ASIDE_KEPT = 3  # files
_WITH_IT = ("", "-journal", "-wal", "-shm")  # a file, and what SQLite keeps beside it
_EXCLUSIVE = "PRAGMA locking_mode = EXCLUSIVE"  # before anything is read: then SQLite makes no file for shared memory
_DAMAGED = "it is damaged"
_TEMPORARY = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
    sqlite3.SQLITE_BUSY: errno.EBUSY,  # another program reads the file
}
_ERRNO = {**_TEMPORARY, sqlite3.SQLITE_READONLY: errno.EROFS, sqlite3.SQLITE_CANTOPEN: errno.EACCES}
_MAGIC, _HEADER_SIZE = b"\xffTM\x01", 12  # of a record of the format before SQLite

Row = tuple[Any, ...]


class InUse(TeleinfoError):
    """Another process uses this folder."""


class _UnusableError(TeleinfoError):
    """A file that is to be set aside."""


class SetAside(NamedTuple):
    """What became of a file that could not be used."""

    path: Path  # where it is now
    problem: str
    rows: int  # that could be read, and are kept


class Store:
    """A SQLite file in a locked folder. For one process and one thread."""

    FILE: ClassVar[str]
    KIND: ClassVar[int]  # the application id, which tells the files of this program from others, and from each other
    TABLES: ClassVar[dict[str, str]]  # names and columns
    PAGE: ClassVar[int]  # bytes
    SYNCHRONOUS: ClassVar[str]
    PRIVATE: ClassVar[bool]  # whether others may neither have made the folder nor write to it

    def __init__(self, folder: Path) -> None:
        self.path = folder / self.FILE
        self.set_aside: SetAside | None = None
        self._new = folder / f"{self.FILE}.new"
        self._connection: sqlite3.Connection | None = None
        self._lock = -1

    @property
    def size(self) -> int:
        """Bytes that are filled; SQLite's log of half a megabyte at most comes beside them."""
        if self._connection is None:
            return 0
        pages, free = (self._connection.execute(f"PRAGMA {x}").fetchone()[0] for x in ("page_count", "freelist_count"))
        return int(pages - free) * self.PAGE

    def close(self) -> None:
        """Close the file and release the lock; the items stay."""
        if self._connection is not None:
            self._connection.close()
        if self._lock >= 0:
            os.close(self._lock)
        self._connection, self._lock = None, -1

    def _open_folder(self, *, lock: bool = True) -> None:
        """Open and lock the folder.

        Raises:
            InUse: another process uses it.
            OSError: it cannot be made or opened, or another user may have tampered with it.
        """
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if reason := refusal(folder, os.geteuid(), private=self.PRIVATE):
            raise PermissionError(errno.EPERM, reason, str(folder))
        locked = try_lock(self._lock) if lock else True
        if locked is False:
            raise InUse(f"{folder} is in use by another process")
        if locked is None and self.PRIVATE:  # a spool may be on a network share without locks
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(folder))

    def _open_file(self) -> None:
        """Open the file, or make it; one that cannot be used is replaced.

        Raises:
            OSError: there is no room, or the file can neither be used nor be set aside.
        """
        problem = ""
        if self._new.exists() and not os.path.lexists(self.path):
            problem = "it could not be used"  # and the program was killed while it was replaced
        else:
            try:
                self._connection = self._connect(self.path)
            except _UnusableError as error:
                problem = str(error)
                self._salvage(readable=problem == _DAMAGED)
        if problem:
            aside = self._replace()
            self._connection = self._connect(self.path)
            rows = self._connection.execute(f"SELECT count(*) FROM {next(iter(self.TABLES))}").fetchone()[0]  # noqa: S608
            self.set_aside = SetAside(aside, problem, rows)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done within, all or nothing.

        Raises:
            OSError: there is no room, or the file cannot be written.
        """
        assert self._connection is not None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):  # some errors have rolled back already
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._os_error(error) from error
            raise

    def _os_error(self, error: sqlite3.Error) -> OSError:
        """Return an error of SQLite as one of the operating system."""
        number = _ERRNO.get(primary_code(error), errno.EIO)
        return OSError(number, os.strerror(number), str(self.path))

    def _connect(self, path: Path) -> sqlite3.Connection:
        if path.is_symlink():
            raise _UnusableError("it is a symbolic link")
        made = not os.path.lexists(path)
        if made:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # frames are personal data
        try:
            return self._prepared(path)
        except sqlite3.Error as error:
            if made:
                path.unlink()
            if made or primary_code(error) in _TEMPORARY:
                raise self._os_error(error) from error
            readable = path.is_file() and os.access(path, os.R_OK)
            raise _UnusableError(_DAMAGED if readable else "it cannot be read") from error

    def _prepared(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=1, isolation_level=None)
        try:
            connection.text_factory = lambda text: text.decode(errors="replace")  # of a damaged row
            connection.execute(f"PRAGMA page_size = {self.PAGE}")
            connection.execute(_EXCLUSIVE)
            kind, version, tables = (
                connection.execute(statement).fetchone()[0]
                for statement in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema")
            )
            made = kind == version == tables == 0
            if not made and kind != self.KIND:
                raise _UnusableError("it belongs to another program")
            if version > _VERSION:
                raise _UnusableError("a newer version of teleinfo-reader has written it")
            if (answer := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(answer)
            # A WAL writes half as much to a card as a rollback journal.
            for pragma in (
                "journal_mode = WAL",
                f"synchronous = {self.SYNCHRONOUS}",
                "wal_autocheckpoint = 64",  # pages
                "cache_size = -256",  # KiB
                "temp_store = MEMORY",
            ):
                connection.execute(f"PRAGMA {pragma}")
            if made:
                schema = "; ".join(f"CREATE TABLE {name} ({columns})" for name, columns in self.TABLES.items())
                connection.executescript(
                    f"BEGIN; {schema}; PRAGMA application_id = {self.KIND}; PRAGMA user_version = {_VERSION}; COMMIT"
                )
        except BaseException:
            connection.close()
            raise
        return connection

    def _salvage(self, *, readable: bool) -> None:
        """Make the new file, with the rows that can be read."""
        _remove(self._new)
        connection = self._connect(self._new)
        try:
            connection.execute("BEGIN")
            for table in self.TABLES if readable else ():
                for row in self._readable(table):
                    values = ", ".join("?" * len(row))
                    connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({values})", row)  # noqa: S608
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it is in the file that will be renamed
        except sqlite3.Error as error:
            raise self._os_error(error) from error
        finally:
            connection.close()

    def _readable(self, table: str) -> Iterator[Row]:
        """Yield the rows of a damaged file up to the damage, from both ends; if there is none, twice."""
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute(_EXCLUSIVE)  # to read it, no room is needed
            for order in ("ASC", "DESC"):
                try:
                    yield from connection.execute(f"SELECT * FROM {table} ORDER BY rowid {order}")  # noqa: S608
                except sqlite3.Error as error:
                    if primary_code(error) in _TEMPORARY:
                        raise

    def _replace(self) -> Path:
        """Set the file aside, and put the new one in its place; may be continued after a kill."""
        prefix = f"{self.FILE}.unusable."
        names = [path.name.removeprefix(prefix) for path in self.path.parent.glob(f"{prefix}*")]
        numbers = [int(name) for name in names if name.isdecimal()]
        number = max(numbers, default=0) + os.path.lexists(self.path)  # if it is gone, what is left belongs to the last
        aside = self.path.with_name(f"{prefix}{number}")
        for suffix in _WITH_IT:
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{self.path}{suffix}", f"{aside}{suffix}")
        self._new.replace(self.path)
        for old in numbers:
            if old <= number - _SET_ASIDE_KEPT:
                _remove(self.path.with_name(f"{prefix}{old}"))
        return aside


def refusal(folder: Path, user: int, *, private: bool) -> str:
    """Return why a folder is not to be used, because another user may have tampered with it; empty if it may be.

    A private folder belongs to this user, who alone writes to it. Others may be root's, and links, to another disk.
    """
    link, target, trusted = folder.lstat(), folder.stat(), {user} if private else {user, 0}
    if stat.S_ISLNK(link.st_mode) and private:
        return "it is a symbolic link"
    if link.st_uid not in trusted and stat.S_ISLNK(link.st_mode):
        return f"it is a link of user {link.st_uid}"
    if target.st_uid not in trusted:
        return f"it belongs to user {target.st_uid}"
    return "others may write into it" if private and target.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's error code without its details; 0 if the error is not SQLite's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


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


def _remove(path: Path) -> None:
    for suffix in _WITH_IT:
        with contextlib.suppress(OSError):
            os.unlink(f"{path}{suffix}")
