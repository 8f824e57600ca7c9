"""Saves a snapshot of the tables in a file while the storer runs; the file gets its name only once it is verified."""

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from common.database import Connection, Database
from common.errors import BackupError, ConfigError, Conflict
from common.file_errors import reason
from common.runtime.file_lock import try_lock
from common.version import __version__
from storer.backup.file import Writer
from storer.backup.format import Header, end_line
from storer.backup.tables import TABLES, lines, ranges, read_table, schema_version, totals
from storer.backup.verify import Contents, check
from storer.database.schema import ensure_supported
from storer.progress import NO_PROGRESS, Progress

SUFFIX = ".jsonl.gz"
_PART = ".part"
_ATTEMPTS = 3


def backup(
    database: Database, target: Path, now: datetime, keep: int | None = None, progress: Progress = NO_PROGRESS
) -> tuple[Path, Contents]:
    """Save the tables in a new file; return its path and its contents.

    In a folder, the file is named after the database and `now`, and only the newest `keep` of such files are kept
    (None: all). The file gets its name only after it was written, read back and verified.

    Raises:
        ConfigError: the target is not usable.
        BackupError: the file cannot be written, or differs from what the server holds.
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    try:
        file = _file(database, target, now, keep)
    except OSError as error:  # a parent folder is not readable, such as another user's home
        raise ConfigError(f"{target}: cannot be accessed: {error.strerror}; choose another folder") from error
    try:
        with _part(file) as (part, stream):
            _write(database, stream, progress)
            _flush(stream)
            contents = check(part, file, progress)
            part.rename(file)
        _sync_folder(file.parent)
        if keep is not None:
            _prune(file, database.name, keep)
    except OSError as error:
        raise BackupError(f"{file}: cannot be written: {reason(error)}") from error
    return file, contents


def _file(database: Database, target: Path, now: datetime, keep: int | None) -> Path:
    """Return the name of the new file."""
    if keep is not None and not target.is_dir():
        raise ConfigError(f"{target}: --keep needs a folder, and this is not one")
    file = target / f"{database.name}-{now:%Y-%m-%dT%H%M%SZ}{SUFFIX}" if target.is_dir() else target
    if not file.parent.is_dir():
        raise ConfigError(f"{file.parent}: no such folder: create it first")
    if file.exists():
        raise ConfigError(f"{file}: exists already, and is not overwritten: choose another name")
    return file


# -- the tables --------------------------------------------------------------------------------------------------------


def _write(database: Database, stream: BinaryIO, progress: Progress) -> None:
    """Write the backup; start again if a table was altered meanwhile, which makes the snapshot unreadable."""
    for attempt in range(_ATTEMPTS):
        stream.seek(0)
        stream.truncate()
        connection = database.connect()
        try:
            _write_snapshot(connection, database.name, Writer(stream), progress)
            return
        except Conflict:
            if attempt + 1 == _ATTEMPTS:
                raise
        finally:
            connection.close()


def _write_snapshot(connection: Connection, name: str, writer: Writer, progress: Progress) -> None:
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    with _without_locks(connection):
        schema = schema_version(connection)
        ((taken, server),) = connection.query("SELECT UTC_TIMESTAMP(6), VERSION()")
        tables = [table for table in (read_table(connection, name) for name in TABLES) if table is not None]
    if schema is None:
        raise BackupError(f"the database {name} has no tables of the storer: there is nothing to save")
    ensure_supported(schema)
    writer.write(Header(schema, f"{taken.isoformat()}Z", name, __version__, str(server)).line())
    for table in tables:
        writer.write(table.line())
        sums = table.nothing
        parts = ranges(connection, table)
        while True:
            with _without_locks(connection):
                part = next(parts, None)
                if part is None:
                    break
                sums += totals(connection, table, part)
                for block in lines(connection, table, part):
                    writer.write(block)
            progress.show("saving", table.name, sums.rows)
        writer.write(sums.line())
    writer.write(end_line(len(tables)))
    writer.finish()


@contextlib.contextmanager
def _without_locks(connection: Connection) -> Iterator[None]:
    """Release the metadata locks of the tables at the end, and keep the snapshot.

    Otherwise an ALTER, such as the storer's for new partitions, would wait for the whole backup, and every INSERT would
    wait behind it.
    """
    connection.execute("SAVEPOINT part")
    yield
    connection.execute("ROLLBACK TO SAVEPOINT part")


# -- the file ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _part(file: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a file under a temporary name, readable by us only; if it still has that name at the end, it is deleted."""
    _remove_abandoned(file.parent)
    part = file.with_name(f".{file.name}{_PART}")
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "w+b") as stream:
        if try_lock(stream.fileno()) is False:
            raise BackupError(f"{file}: another backup is writing it")
        try:
            yield part, stream
        finally:
            part.unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Delete the files of killed backups; a running backup holds a lock on its file."""
    for part in folder.glob(f".*{SUFFIX}{_PART}"):
        with part.open("rb") as stream:
            if try_lock(stream.fileno()):
                part.unlink(missing_ok=True)


def _flush(stream: BinaryIO) -> None:
    """Write the file to disk and drop it from the page cache, so that it is read back from the disk."""
    stream.flush()
    os.fsync(stream.fileno())
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not supported on network shares
            raise
    finally:
        os.close(handle)


def _prune(newest: Path, name: str, keep: int) -> None:
    """Delete the oldest backups by name, but never the one just written: the clock may be years behind."""
    ours = re.compile(re.escape(name) + r"-\d{4}-\d\d-\d\dT\d{6}Z" + re.escape(SUFFIX))
    others = sorted(file for file in newest.parent.iterdir() if ours.fullmatch(file.name) and file != newest)
    for old in others[: max(0, len(others) - (keep - 1))]:
        old.unlink()
