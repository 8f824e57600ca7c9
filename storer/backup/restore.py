"""Brings a backup back into an empty database, and compares what is there then with what was saved."""

from datetime import datetime
from pathlib import Path

from common.database import Connection, Database
from common.errors import BackupError, DatabaseError
from storer.backup.format import Table, Totals
from storer.backup.progress import NO_PROGRESS, Progress
from storer.backup.tables import TABLES, insert, ranges, read_table, schema_version, totals
from storer.backup.verify import Contents, check, parts
from storer.database.schema import make_earlier_partitions, make_partitions, migrate

_TOGETHER = 1000  # rows of a transaction


def restore(database: Database, path: Path, now: datetime, progress: Progress = NO_PROGRESS) -> Contents:
    """Check a backup, then bring its rows into a database that has none; return what was in it.

    The tables are made as they were, filled, compared, and brought up to date.

    Raises:
        BackupError: the backup is damaged or newer than this program, or its rows did not all arrive.
        DatabaseError: the database has rows already, is away, or refuses us.
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
                f"{error}; the database has a part of the backup now: drop it and create it again before the next try"
            ) from error
        migrate(database)
    finally:
        connection.close()
    return contents


def _refuse_if_occupied(connection: Connection, where: str, schema: int) -> None:
    version = schema_version(connection)
    for name in sorted(TABLES, key="frames".__ne__):  # what people know comes first
        table = read_table(connection, name)
        if table is not None and next(ranges(connection, table), None) is not None:
            raise DatabaseError(
                f"database {where}: has {name.replace('_', ' ')} already:"
                " a backup goes into an empty database, name one with --into"
            )
    if version is not None and version > schema:
        raise DatabaseError(
            f"database {where}: its tables are of version {version}, those of the backup of {schema}:"
            " drop the database and create it again"
        )


def _fill(connection: Connection, path: Path, progress: Progress) -> None:
    table, done = None, 0
    for part in parts(path):
        if isinstance(part, Table):
            table, done = part, 0
        elif isinstance(part, list):
            assert table is not None
            for begin in range(0, len(part), _TOGETHER):
                rows = part[begin : begin + _TOGETHER]
                table.totals(rows)  # what becomes SQL is what the table says, even if the file has changed since
                with connection.transaction():
                    insert(connection, table, rows)
                done += len(rows)
                progress.show("restoring", table.name, done)
        elif isinstance(part, Totals):
            assert table is not None
            _compare(connection, table, part, progress)


def _compare(connection: Connection, table: Table, saved: Totals, progress: Progress) -> None:
    there = table.nothing
    for part in ranges(connection, table):
        there += totals(connection, table, part)
        progress.show("comparing", table.name, there.rows)
    if there != saved:
        raise BackupError(
            f"{table.name} has {there.rows} rows now, or other values, and {saved.rows} were saved:"
            " is a storer writing into this database?"
        )
