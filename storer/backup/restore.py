"""Restores all of a folder into an empty database, or one month into any database."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from common.database.mariadb import Connection, Database, sql_time
from common.database.schema import schema_version
from common.errors import BackupError, DatabaseError
from storer.backup.dump import FIRST, LAST, is_empty, load_dump
from storer.backup.folder import Folder, read_header, read_whole
from storer.backup.month_file import KINDS, count_lines, load_month
from storer.database.forgotten import was_forgotten
from storer.database.locks import take_lock
from storer.database.saved_months import hold, note_saved
from storer.database.schema import (
    make_earlier_partitions,
    make_partitions,
    migrate,
    newest_version,
    open_tables,
    refuse_mismatch,
)
from storer.database.unfinished import is_unfinished, mark_finished, mark_unfinished
from storer.rollups.state import raise_version, server_now
from storer.sources.tables import remake_hours

_LONGEST = 6 * 3600.0  # seconds of a statement
_VIEWS = ("teleinfoframes", "energy_hours", "whole_label_sets")
#: Made again with the rest; the last is of earlier versions.
_NOT_SAVED = ("request_pieces", "adoptions", "backups", "saved_months", "schema_version", "imported_temperatures")
_DATA = (*(table for table, _, _ in KINDS.values()), "label_sets", *FIRST, *LAST)


@dataclass(slots=True)
class Backup:
    """The intact files of a folder."""

    dump: Path
    taken: datetime
    schema: int
    months: dict[datetime, int] = field(default_factory=dict)  # rows
    missing: list[str] = field(default_factory=list)  # damaged or missing months, in words
    notes: list[str] = field(default_factory=list)


def check(folder: Folder) -> Backup:
    """Read all files that a restore needs: the newest intact dump, and all months.

    Raises:
        BackupError: no dump is intact.
    """
    notes: list[str] = []
    names = {f"{month:%Y-%m}" for month in folder.months()}
    newest: Backup | None = None
    expected: dict[str, int] = {}
    for taken, path in reversed(folder.dumps().items()):
        try:
            facts = read_whole(path)
            found = Backup(path, taken, int(facts["schema"]), notes=notes)
        except (BackupError, KeyError, ValueError) as error:
            notes.append(f"{error}; the dump before it is taken")
            continue
        # On a new machine, a dump may be made before the old files are copied there: it does not list them.
        if names <= set(facts["months"]):
            newest, expected = found, facts["months"]
            break
        if newest is None:
            newest, expected = found, facts["months"]
    if newest is not None:
        _check_months(folder, newest, expected)
        return newest
    earlier = f", but {folder.earlier} files that only commit 61720cba restores" if folder.earlier else ""
    raise BackupError("; ".join([f"{folder.path}: has no dump that is whole{earlier}", *notes]))


def _check_months(folder: Folder, backup: Backup, expected: Mapping[str, int]) -> None:
    if backup.schema > newest_version():
        raise BackupError(f"{backup.dump}: was made by a newer version of this program: update the storer")
    for month, path in folder.months().items():
        try:
            backup.months[month] = sum(count_lines(path).values())
        except BackupError as error:
            backup.missing.append(str(error))
    for name, rows in sorted(expected.items()):
        month = datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC)
        if month not in folder.months():
            backup.missing.append(f"{folder.month(month)}: is missing ({rows} rows)")


def restore(database: Database, path: Path, *, partial: bool = False) -> Backup:
    """Restore the newest backup of a folder into an empty database; return what it had.

    All files are read before anything is changed. `partial`: although months are damaged or missing.

    Raises:
        BackupError: no dump is intact, or the server refuses it.
        DatabaseError: the database has rows already, is unavailable, or refuses a statement.
    """
    folder = Folder(path)
    found = check(folder)
    if found.missing and not partial:
        raise BackupError(
            "; ".join(found.missing) + ": bring these files back from a copy, or restore the rest with --partial"
        )
    with contextlib.closing(database.connect(_LONGEST)) as connection:
        if not take_lock(connection, "restore"):
            raise DatabaseError(f"database {database.where}: another restore into it is going on: wait for its end")
        if not is_unfinished(connection):
            _refuse_rows(connection, database.where)
        mark_unfinished(connection)
        try:
            _fill(database, connection, folder, found)
        except (DatabaseError, BackupError) as error:
            raise type(error)(
                f"{error}; the database now has only part of the backup: run the restore again, it starts from the"
                " beginning"
            ) from error
        mark_finished(connection)
    return found


def _fill(database: Database, connection: Connection, folder: Folder, backup: Backup) -> None:
    for view in _VIEWS:
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    for table in (*_DATA, *_NOT_SAVED):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    migrate(database, backup.schema, restoring=True)
    make_partitions(connection, server_now(connection))
    if backup.months:
        make_earlier_partitions(connection, min(backup.months))
    load_dump(database, backup.dump)
    migrate(database, restoring=True)
    # What was to be deleted, or was just being imported, when the dump was made, is not to be done now.
    connection.execute("UPDATE requests SET state = 'cancelled' WHERE state IN ('waiting', 'running')")
    forgotten = was_forgotten(connection)
    files = folder.months()
    for month, rows in sorted(backup.months.items()):
        load_month(connection, files[month], forgotten)
        header = read_header(files[month]) or {}
        note_saved(connection, month, str(header.get("digest")), rows)
    # Hours may lack what came while the dump was made: frames that were late then are marked, and minutes of sources
    # make their hours again. What is newer than `up_to` is rolled up in any case.
    connection.execute("UPDATE late_hours SET waiting = 1")
    for _ in remake_hours(connection, None, None):
        pass
    raise_version(connection)
    connection.execute(
        "INSERT INTO backups (slot, finished_at, saved_rows) VALUES (0, %s, 0)", (sql_time(backup.taken),)
    )


def _refuse_rows(connection: Connection, where: str) -> None:
    refuse_mismatch(connection)
    if schema_version(connection) is None:
        return
    there = {
        str(name)
        for (name,) in connection.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        )
    }
    for table in _DATA:
        # A storer that has run on the empty database has set up the state of the rollups.
        if table in there and table != "rollup_state" and not is_empty(connection, table):
            raise DatabaseError(
                f"database {where}: has {table.replace('_', ' ')} already: a backup is restored into an empty database"
                " only"
            )


def restore_month(database: Database, path: Path, month: datetime) -> int:
    """Restore the frames and minutes of a month, which retention keeps until they are released; return how many.

    Raises:
        BackupError: the folder has no file of it, or that is damaged.
    """
    files = Folder(path).months()
    if month not in files:
        raise BackupError(f"{path}: has no file of {month:%Y-%m}")
    with open_tables(database, _LONGEST) as connection:
        hold(connection, month, True)
        rows = load_month(connection, files[month], was_forgotten(connection))
        raise_version(connection)
    return rows


def release_month(database: Database, month: datetime) -> None:
    """Let retention drop a restored month again."""
    with open_tables(database) as connection:
        hold(connection, month, False)
