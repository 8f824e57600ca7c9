"""Restores backups into an empty database, and compares the result with what was saved."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from common.database import Connection, Database
from common.errors import BackupError, DatabaseError
from storer.backup.choice import choose
from storer.backup.format import Header, Table, Totals
from storer.backup.scope import SHARED, TIME_COLUMNS, covers
from storer.backup.tables import TABLES, id_ranges, insert, ranges, read_table, schema_version, totals
from storer.backup.verify import Contents, Rows, check, parts
from storer.database.schema import make_earlier_partitions, make_partitions, migrate
from storer.progress import NO_PROGRESS, Progress
from storer.rollups.state import raise_version, request_rebuild

_STATE = "rollup_state"
_BATCH = 1000  # rows per transaction


def restore(
    database: Database, paths: Path | Sequence[Path], now: datetime, progress: Progress = NO_PROGRESS
) -> Contents:
    """Verify backups, then insert their rows into an empty database; return what they contain together.

    Any files, or a folder: its newest file, and those of months. If several have the same month, the latest counts.
    The tables are created with the schema of each file, filled, compared, and then migrated.

    Raises:
        ConfigError: the folder has no backups, or those of several databases.
        BackupError: a backup is damaged or newer than this program, or the restored rows differ from it.
        DatabaseError: the database has rows already, is unavailable, or refuses a statement.
    """
    files = choose(paths)
    contents = {file: check(file, progress=progress) for file in files}
    # Those of older tables first: the tables are migrated in between.
    files.sort(key=lambda file: (contents[file].header.schema, file.name))
    connection = database.connect()
    try:
        _refuse_if_occupied(connection, database.where, contents[files[0]].header.schema)
        migrate(database, contents[files[0]].header.schema)
        make_partitions(connection, now)
        firsts = [found.first for found in contents.values() if found.first is not None]
        if firsts:
            make_earlier_partitions(connection, min(firsts))
        restored = _Restored(connection, {file: found.header for file, found in contents.items()}, progress)
        try:
            for file in files:
                migrate(database, contents[file].header.schema)
                restored.fill(file)
            restored.compare()
        except (DatabaseError, BackupError) as error:
            raise type(error)(
                f"{error}; the database now has a part of the backup: drop it and create it again before the next try"
            ) from error
        migrate(database)
        if not restored.tables.get(_STATE):
            # If a storer has rolled up before in this database: what was restored is older than that.
            request_rebuild(connection)
        raise_version(connection)
    finally:
        connection.close()
    return _together(list(contents.values()), restored.tables)


def _together(contents: Sequence[Contents], tables: Mapping[str, int]) -> Contents:
    newest = max(contents, key=lambda found: found.header.taken)
    if len(contents) == 1:
        return newest
    return Contents(
        newest.header,
        {name: Totals(rows, ()) for name, rows in tables.items()},
        min((found.first for found in contents if found.first is not None), default=None),
        [warning for found in contents for warning in found.warnings],
    )


def _refuse_if_occupied(connection: Connection, where: str, schema: int) -> None:
    version = schema_version(connection)
    for name in sorted(TABLES, key="frames".__ne__):  # the best-known table comes first
        table = read_table(connection, name)
        # A storer that has run on the empty database has set up the state of the rollups.
        if table is not None and name != _STATE and next(ranges(connection, table), None) is not None:
            raise DatabaseError(
                f"database {where}: has {name.replace('_', ' ')} already:"
                " a backup is restored into an empty database only, name one with --into"
            )
    if version is not None and version > schema:
        raise DatabaseError(
            f"database {where}: its tables have version {version}, those of the backup {schema}:"
            " drop the database and create it again"
        )


class _Restored:
    """The rows of several files, of which the latest with a month has its rows."""

    def __init__(self, connection: Connection, headers: Mapping[Path, Header], progress: Progress) -> None:
        self.tables: dict[str, int] = {}  # rows
        self._sums: dict[str, dict[str, int]] = {}  # by table and column
        self._connection = connection
        self._latest = sorted(headers, key=lambda file: headers[file].taken, reverse=True)
        self._headers = headers
        self._progress = progress
        self._owners: dict[str, Path | None] = {}  # by month

    def fill(self, file: Path) -> None:
        table = None
        for part in parts(file):
            if isinstance(part, Table):
                table = part
                self.tables.setdefault(table.name, 0)
            elif isinstance(part, list):
                assert table is not None
                rows = self._of_file(file, table, part)
                for begin in range(0, len(rows), _BATCH):
                    self._insert(file, table, rows[begin : begin + _BATCH])

    def _of_file(self, file: Path, table: Table, rows: Rows) -> Rows:
        """Return the rows that no later file has."""
        column = TIME_COLUMNS.get(table.name)
        if column is not None:
            place = list(table.columns).index(column)
            return [row for row in rows if self._owner(row[place][:7]) == file]
        if table.name in SHARED:
            return rows
        whole = next((other for other in self._latest if self._headers[other].month is None), None)
        return rows if file == whole else []

    def _owner(self, month: str) -> Path | None:
        if month not in self._owners:
            self._owners[month] = next((file for file in self._latest if covers(self._headers[file], month)), None)
        return self._owners[month]

    def _insert(self, file: Path, table: Table, rows: Rows) -> None:
        totals_of_rows = table.totals(
            rows
        )  # checks the types again before values become SQL: the file may have changed
        if table.name == _STATE:
            insert(self._connection, table, rows, ", ".join(f"`{name}` = VALUES(`{name}`)" for name in table.columns))
        elif table.name in SHARED and len(self._headers) > 1:
            self._insert_shared(file, table, rows, totals_of_rows)
        else:
            with self._connection.transaction():
                insert(self._connection, table, rows)
            sums = self._sums.setdefault(table.name, dict.fromkeys(table.columns, 0))
            for name, value in zip(table.columns, totals_of_rows.sums, strict=True):
                sums[name] = sums.get(name, 0) + value
        self.tables[table.name] += len(rows)
        self._progress.show("restoring", table.name, self.tables[table.name])

    def _insert_shared(self, file: Path, table: Table, rows: Rows, saved: Totals) -> None:
        """Insert rows that other files may have, too: then they must be the same."""
        place = list(table.columns).index("id")
        ids = [row[place] for row in rows]
        with self._connection.transaction():
            insert(self._connection, table, rows, "`id` = `id`")
        found = table.nothing
        for part in id_ranges(ids):
            found += totals(self._connection, table, part)
        if found != saved:
            raise BackupError(
                f"{file}: its {table.name.replace('_', ' ')} differ from those of another file: they are of different"
                " databases, or of one that was set back in between; restore them one by one, each with --into"
            )

    def compare(self) -> None:
        """Compare all tables, but those that were compared while they were filled."""
        for name, sums in self._sums.items():
            table = read_table(self._connection, name)
            assert table is not None
            _compare(self._connection, table, self.tables[name], sums, self._progress)


def _compare(connection: Connection, table: Table, rows: int, sums: Mapping[str, int], progress: Progress) -> None:
    restored = table.nothing
    for part in ranges(connection, table):
        restored += totals(connection, table, part)
        progress.show("comparing", table.name, restored.rows)
    # A column that is newer than the backup has no values.
    found = dict(zip(table.columns, restored.sums, strict=True))
    if restored.rows != rows or any(found.get(name) != value for name, value in sums.items()):
        raise BackupError(
            f"{table.name}: {restored.rows} rows restored, {rows} saved, or their values differ:"
            " is a storer writing into this database?"
        )
