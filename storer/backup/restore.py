"""Restores a backup into an empty database, and compares the result with what was saved."""

from datetime import datetime
from pathlib import Path

from common.database import Connection, Database
from common.errors import BackupError, DatabaseError
from storer.backup.format import Table, Totals
from storer.backup.tables import TABLES, insert, ranges, read_table, schema_version, totals
from storer.backup.verify import Contents, check, parts
from storer.database.schema import make_earlier_partitions, make_partitions, migrate
from storer.progress import NO_PROGRESS, Progress
from storer.rollups.state import request_rebuild

_BATCH = 1000  # rows per transaction


def restore(database: Database, path: Path, now: datetime, progress: Progress = NO_PROGRESS) -> Contents:
    """Verify a backup, then insert its rows into an empty database; return its contents.

    The tables are created with the schema of the backup, filled, compared, and then migrated.

    Raises:
        BackupError: the backup is damaged or newer than this program, or the restored rows differ from it.
        DatabaseError: the database has rows already, is unavailable, or refuses a statement.
    """
    contents = check(path, progress=progress)
    connection = database.connect()
    try:
        _refuse_if_occupied(connection, database.where, contents.header.schema)
        migrate(database, contents.header.schema)
        make_partitions(connection, now)
        if contents.first is not None:
            make_earlier_partitions(connection, contents.first)
        try:
            _fill(connection, path, progress)
        except (DatabaseError, BackupError) as error:
            raise type(error)(
                f"{error}; the database now has a part of the backup: drop it and create it again before the next try"
            ) from error
        migrate(database)
        # If a storer has rolled up before in this database: what was restored is older than that.
        request_rebuild(connection)
    finally:
        connection.close()
    return contents


def _refuse_if_occupied(connection: Connection, where: str, schema: int) -> None:
    version = schema_version(connection)
    for name in sorted(TABLES, key="frames".__ne__):  # the best-known table comes first
        table = read_table(connection, name)
        if table is not None and next(ranges(connection, table), None) is not None:
            raise DatabaseError(
                f"database {where}: has {name.replace('_', ' ')} already:"
                " a backup is restored into an empty database only, name one with --into"
            )
    if version is not None and version > schema:
        raise DatabaseError(
            f"database {where}: its tables have version {version}, those of the backup {schema}:"
            " drop the database and create it again"
        )


def _fill(connection: Connection, path: Path, progress: Progress) -> None:
    table, done = None, 0
    for part in parts(path):
        if isinstance(part, Table):
            table, done = part, 0
        elif isinstance(part, list):
            assert table is not None
            for begin in range(0, len(part), _BATCH):
                rows = part[begin : begin + _BATCH]
                table.totals(rows)  # checks the types again before values become SQL: the file may have changed
                with connection.transaction():
                    insert(connection, table, rows)
                done += len(rows)
                progress.show("restoring", table.name, done)
        elif isinstance(part, Totals):
            assert table is not None
            _compare(connection, table, part, progress)


def _compare(connection: Connection, table: Table, saved: Totals, progress: Progress) -> None:
    restored = table.nothing
    for part in ranges(connection, table):
        restored += totals(connection, table, part)
        progress.show("comparing", table.name, restored.rows)
    if restored != saved:
        raise BackupError(
            f"{table.name}: {restored.rows} rows restored, {saved.rows} saved, or their values differ:"
            " is a storer writing into this database?"
        )
