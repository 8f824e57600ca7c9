"""Saves a snapshot of the tables while the storer runs; a file gets its name only once it is verified."""

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from common.database.mariadb import Connection, Database
from common.database.schema import schema_version
from common.errors import BackupError, ConfigError, Conflict
from common.machine.version import __version__
from common.runtime.file_lock import try_lock
from common.runtime.progress import NO_PROGRESS, Progress
from common.settings.file_errors import reason
from storer.backup.earlier import EarlierFile, Merged
from storer.backup.file import Writer
from storer.backup.file_names import SUFFIX, find_backups, path_of_rest
from storer.backup.format import Header, Table, end_line
from storer.backup.months import BackupPlan, Month, count_frames, make_plan
from storer.backup.note import note
from storer.backup.scope import DROPPED, EVERYTHING, SHARED, TIME_COLUMNS, Span, without
from storer.backup.tables import TABLES, id_ranges, lines, ranges, read_table, totals, used_label_sets
from storer.backup.verify import Contents, check
from storer.database.months import month_of, next_month
from storer.database.saved_months import NOT_CLOSED
from storer.database.schema import refuse_mismatch
from storer.database.unfinished import refuse_unfinished

_PART = ".part"
_ATTEMPTS = 3


def backup(
    database: Database, target: Path, now: datetime, keep: int | None = None, progress: Progress = NO_PROGRESS
) -> tuple[Path, Contents]:
    """Save the tables; return the path of the file that was written last, and its contents.

    In a folder, each closed month has a file of its own, which is written again only when its rows changed; frames
    that only the file has are in the new one, too. A file that is named after `now` has the rest; only the newest
    `keep` of those are kept (None: all). Otherwise everything goes into one file. A file gets its name only after it
    was written, read back and verified.

    A month whose file is missing or damaged, and whose frames the database has no more, is one of the `problems` of
    the contents; what else there is of it goes into the other file.

    The backup is noted in the database, if the account may write there, and if there are no problems.

    Raises:
        ConfigError: the target is not usable.
        BackupError: a file cannot be written, or differs from what the server holds.
    """
    try:
        file = _file(database, target, now, keep)
        folder = target if target.is_dir() else None
    except OSError as error:  # a parent folder is not readable, such as another user's home
        raise ConfigError(f"{target}: cannot be accessed: {error.strerror}; choose another folder") from error
    try:
        saved, digests = _save(database, file, folder, progress)
        if keep is not None:
            _prune(file, database.name, keep)
    except OSError as error:
        raise BackupError(f"{file}: cannot be written: {reason(error)}") from error
    contents = saved[-1]
    if warning := note(database, None if contents.problems else sum(one.rows for one in saved), digests):
        contents.warnings.append(warning)
    return file, contents


def _file(database: Database, target: Path, now: datetime, keep: int | None) -> Path:
    """Return the name of the new file."""
    if keep is not None and not target.is_dir():
        raise ConfigError(f"{target}: --keep needs a folder, and this is not one")
    file = path_of_rest(target, database.name, now) if target.is_dir() else target
    if not file.parent.is_dir():
        raise ConfigError(f"{file.parent}: no such folder: create it first")
    if file.exists():
        raise ConfigError(f"{file}: exists already, and is not overwritten: choose another name")
    return file


# -- the tables --------------------------------------------------------------------------------------------------------


_Saved = tuple[list[Contents], dict[datetime, str]]  # of the files that were written; the digests of months


def _save(database: Database, file: Path, folder: Path | None, progress: Progress) -> _Saved:
    """Write all files from one snapshot, `file` last.

    Start again if a table was altered meanwhile, which makes it unreadable.
    """
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(Conflict):
            return _save_snapshot(database, file, folder, progress)
    return _save_snapshot(database, file, folder, progress)


def _save_snapshot(database: Database, file: Path, folder: Path | None, progress: Progress) -> _Saved:
    with contextlib.closing(database.connect()) as connection:
        snapshot = _Snapshot(connection, database, progress)
        if folder is None:
            return [snapshot.save(file, EVERYTHING)], {}
        plan = snapshot.plan(folder)
        written = []
        # The months first: they are not in the other file.
        for month in plan.months:
            try:
                earlier = snapshot.earlier(month, plan.frames)
            except BackupError as error:
                plan.problems.append(
                    f"{error}: kept as it is, and what the database has of {month.name} is in the other file; to have"
                    " one backup that is whole, begin in another folder"
                )
                del plan.closed[month.start]
                plan.without_file.add(month.start)
                continue
            span = [(month.start, next_month(month.start))]
            part = {"month": month.name, "digest": month.digest}
            written.append(snapshot.save(month.file, span, part, earlier))
            plan.frames[month.name] = written[-1].tables["frames"].rows
        limits = without(plan.closed)
        rest: dict[str, Any] = {"months": plan.frames}
        if plan.closed:
            rest["open"] = tuple((_told(begin), _told(end)) for begin, end in limits)
        contents = snapshot.save(file, limits, rest)
        contents.problems += plan.problems
        not_closed = dict.fromkeys((snapshot.month, *plan.without_file), NOT_CLOSED)
        return [*written, contents], not_closed | plan.closed


def _told(limit: datetime | None) -> str | None:
    return None if limit is None else f"{limit:%Y-%m-%d}"


class _Snapshot:
    """The tables at one moment, while a storer goes on."""

    def __init__(self, connection: Connection, database: Database, progress: Progress) -> None:
        self._connection = connection
        self._name = database.name
        self._progress = progress
        refuse_unfinished(connection, database.where)
        connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        with _without_locks(connection):
            refuse_mismatch(connection)
            schema = schema_version(connection)
            ((self._taken, self._server),) = connection.query("SELECT UTC_TIMESTAMP(6), VERSION()")
            self._tables = [table for table in (read_table(connection, name) for name in TABLES) if table is not None]
        if schema is None:
            raise BackupError(f"the database {self._name} has no tables of the storer: there is nothing to save")
        self._schema = schema

    @property
    def month(self) -> datetime:
        """The month in which the snapshot was taken."""
        return month_of(self._taken)

    def plan(self, folder: Path) -> BackupPlan:
        """Decide what goes into which file."""
        with _without_locks(self._connection):
            return make_plan(self._connection, folder, self._name)

    def earlier(self, month: Month, frames: Mapping[str, int]) -> EarlierFile | None:
        """Return the file that a month has so far, None if there is none or if it is of no use.

        Raises:
            BackupError: its frames cannot go into a new file, and the database does not have all of them.
        """
        if not month.earlier:
            return None
        with _without_locks(self._connection):
            try:
                check(month.file, progress=self._progress)
            except BackupError:
                if count_frames(self._connection, month.start) < frames[month.name]:
                    raise
                return None
            try:
                return EarlierFile(self._connection, month.file, {table.name: table for table in self._tables})
            except BackupError as error:
                raise BackupError(f"{month.file}: {error}") from error

    def save(
        self,
        file: Path,
        spans: Sequence[Span],
        part: Mapping[str, Any] = MappingProxyType({}),
        earlier: EarlierFile | None = None,
    ) -> Contents:
        """Write a file with the rows of some times, and with what these refer to; verify it, and give it its name."""
        with _part(file) as (path, stream):
            self._write(Writer(stream), spans, part, earlier)
            _flush(stream)
            contents = check(path, file, self._progress)
            path.rename(file)
        _sync_folder(file.parent)
        return contents

    def _write(
        self, writer: Writer, spans: Sequence[Span], part: Mapping[str, Any], earlier: EarlierFile | None
    ) -> None:
        taken = f"{self._taken.isoformat()}Z"
        writer.write(Header(self._schema, taken, self._name, __version__, str(self._server), **part).line())
        # The file of a month has no rows without a time: they are in the other one.
        tables = [table for table in self._tables if "month" not in part or table.name in (*SHARED, *TIME_COLUMNS)]
        for table in tables:
            self._write_table(writer, table, spans, earlier)
        writer.write(end_line(len(tables)))
        writer.finish()

    def _write_table(self, writer: Writer, table: Table, spans: Sequence[Span], earlier: EarlierFile | None) -> None:
        connection = self._connection
        writer.write(table.line())
        sums = table.nothing
        merged = Merged(table, earlier) if earlier is not None and table.name in (*SHARED, *DROPPED) else None
        if table.name == "label_sets" and list(spans) != list(EVERYTHING):
            with _without_locks(connection):
                used = set(used_label_sets(connection, spans))
                parts = id_ranges(sorted(used | earlier.label_sets if earlier is not None else used))
        else:
            parts = ranges(connection, table, spans)
        while True:
            with _without_locks(connection):
                part = next(parts, None)
                if part is None:
                    break
                sums += totals(connection, table, part)
                for block in lines(connection, table, part):
                    writer.write(block if merged is None else merged.add(block))
            self._progress.show("saving", table.name, sums.rows)
        if merged is not None:
            for block in merged.rest():
                writer.write(block)
            sums += merged.sums
        writer.write(sums.line())


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
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "w+b") as stream:
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
    found = find_backups(newest.parent)
    others = [one.path for one in found if one.database == name and not one.of_month and one.path != newest]
    for old in others[: max(0, len(others) - (keep - 1))]:
        old.unlink()
