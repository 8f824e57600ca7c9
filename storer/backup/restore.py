"""Restores backups into an empty database, and compares the result with what was saved."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from common.database.mariadb import Connection, Database
from common.database.schema import schema_version
from common.errors import BackupError, DatabaseError
from common.runtime.progress import NO_PROGRESS, Progress
from storer.backup.choice import choose, newest_rest, require_all
from storer.backup.format import Table, Totals
from storer.backup.numbers import Numbers
from storer.backup.scope import DROPPED, SHARED, TIME_COLUMNS
from storer.backup.tables import IN_FILES, TABLES, insert, ranges, read_table, totals
from storer.backup.verify import Contents, Rows, check, parts
from storer.database.locks import take_lock
from storer.database.months import month_of, next_month
from storer.database.saved_months import NOT_CLOSED, note_saved
from storer.database.schema import make_earlier_partitions, make_partitions, migrate, refuse_mismatch
from storer.database.unfinished import is_unfinished, mark_finished, mark_unfinished
from storer.rollups.hours import judge_from
from storer.rollups.state import raise_version, request_rebuild
from storer.sources.holes import judge_holes

_STATE = "rollup_state"
_BATCH = 1000  # rows per transaction


def restore(
    database: Database,
    paths: Path | Sequence[Path],
    now: datetime,
    progress: Progress = NO_PROGRESS,
    *,
    partial: bool = False,
) -> Contents:
    """Verify backups, then insert their rows into an empty database; return what they contain together.

    Any files, or a folder: its newest file, and those of months. If several have the same month, the frames of all of
    them count, and of the rest the latest. The tables are created with the schema of each file, filled, compared, and
    then migrated. Until then the database is marked as unfinished; what an interrupted restore left is dropped first.

    With `partial`, months may be missing.

    Raises:
        ConfigError: the folder has no backups, or those of several databases.
        BackupError: a backup is damaged or newer than this program, a month is missing, or the restored rows differ.
        DatabaseError: the database has rows already, is unavailable, or refuses a statement.
    """
    files = choose(paths)
    contents = {file: check(file, progress=progress) for file in files}
    missing = require_all(contents, partial=partial)
    # Those of older tables first: the tables are migrated in between.
    files.sort(key=lambda file: (contents[file].header.schema, file.name))
    connection = database.connect()
    try:
        _refuse_another(connection, database.where)
        if is_unfinished(connection):
            _drop_everything(connection)
        _refuse_if_occupied(connection, database.where, contents[files[0]].header.schema)
        mark_unfinished(connection)
        migrate(database, contents[files[0]].header.schema, restoring=True)
        make_partitions(connection, now)
        firsts = [found.first for found in contents.values() if found.first is not None]
        if firsts:
            make_earlier_partitions(connection, min(firsts))
        restored = _Restored(connection, contents, progress)
        try:
            for file in files:
                migrate(database, contents[file].header.schema, restoring=True)
                restored.fill(file)
            restored.compare()
        except (DatabaseError, BackupError) as error:
            raise type(error)(
                f"{error}; the database now has only part of the backup: run the restore again, it starts from the"
                " beginning"
            ) from error
        migrate(database, restoring=True)
        if not restored.tables.get(_STATE):
            # If a storer has rolled up before in this database: what was restored is older than that.
            request_rebuild(connection)
        elif several := sorted(restored.of_several):
            # Their rollups are those of one file, and know nothing of what frames the others have.
            first, last = (datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC) for month in (several[0], several[-1]))
            request_rebuild(connection, first, next_month(last))
        if missing:
            # What was drawn in a hole is in the first hour after it, as after an outage.
            judge_holes(connection)
            judge_from(
                connection, sorted({month for one in contents.values() for month in one.months.get("hours", ())})
            )
        raise_version(connection)
        note_saved(connection, {month_of(now): NOT_CLOSED})  # backups are made here: retention waits for the next
        mark_finished(connection)
    finally:
        connection.close()
    together = _together(list(contents.values()), restored.tables)
    together.warnings += missing
    return together


def _together(contents: Sequence[Contents], tables: Mapping[str, int]) -> Contents:
    newest = max(contents, key=lambda found: found.header.taken)
    if len(contents) == 1:
        return newest
    return Contents(
        newest.header,
        {name: Totals(rows, ()) for name, rows in tables.items()},
        min((found.first for found in contents if found.first is not None), default=None),
        warnings=[warning for found in contents for warning in found.warnings],
    )


def _refuse_another(connection: Connection, where: str) -> None:
    """Make sure that this is the only restore into the database."""
    if not take_lock(connection, "restore"):
        raise DatabaseError(f"database {where}: another restore into it is going on: wait for its end")


def _drop_everything(connection: Connection) -> None:
    """Drop all tables and views of the storer, but the mark."""
    for view in ("teleinfoframes", "energy_hours", "whole_label_sets"):
        connection.execute(f"DROP VIEW IF EXISTS {view}")
    for table in (*IN_FILES, "backups", "saved_months", "schema_version"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


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
    refuse_mismatch(connection)


class _Restored:
    """The rows of several files."""

    def __init__(self, connection: Connection, contents: Mapping[Path, Contents], progress: Progress) -> None:
        self.tables: dict[str, int] = {}  # rows
        self._sums: dict[str, dict[str, int]] = {}  # by table and column
        self._connection = connection
        self._contents = contents
        self._latest = sorted(contents, key=lambda file: contents[file].header.taken, reverse=True)
        self._newest_rest = newest_rest(contents)
        self._progress = progress
        self._owners: dict[tuple[bool, str], Path | None] = {}
        months = Counter(month for found in contents.values() for month in found.frames)
        self.of_several = {month for month, files in months.items() if files > 1}  # that have frames of it

    def fill(self, file: Path) -> None:
        table = None
        numbers = Numbers(self._connection)
        for part in parts(file):
            if isinstance(part, Table):
                table = part
                self.tables.setdefault(table.name, 0)
            elif isinstance(part, list):
                assert table is not None
                for begin in range(0, len(part), _BATCH):
                    rows = self._not_there(file, numbers, table, part[begin : begin + _BATCH])
                    if rows:
                        self._insert(table, rows)

    def _not_there(self, file: Path, numbers: Numbers, table: Table, rows: Rows) -> Rows:
        """Return the rows that are to be inserted, with the numbers of the database."""
        if len(self._contents) == 1:
            return rows
        column = TIME_COLUMNS.get(table.name)
        if table.name in SHARED:
            return list(numbers.translate(table, self._missing(file, numbers, table, rows)))
        if table.name == "frames":
            rows = numbers.translate(table, rows)
            return self._new_frames(table, rows) if self.of_several else rows
        if column is not None:
            place = list(table.columns).index(column)
            return numbers.translate(table, [row for row in rows if self._owner(table.name, row[place][:7]) == file])
        return numbers.translate(table, rows) if file == self._newest_rest else []

    def _missing(self, file: Path, numbers: Numbers, table: Table, rows: Rows) -> Rows:
        try:
            return numbers.missing(table, rows)
        except BackupError as error:
            raise BackupError(f"{file}: {error}; restore the files one by one, each with --into") from error

    def _new_frames(self, table: Table, rows: Rows) -> Rows:
        """Return the frames that no file has brought yet."""
        names = list(table.columns)
        time, meter = names.index("timestamp"), names.index("meter_id")
        shared = [row[time] for row in rows if row[time][:7] in self.of_several]
        if not shared:
            return rows
        there = {
            (str(text), int(number))
            for text, number in self._connection.query(
                "SELECT CAST(timestamp AS CHAR), meter_id FROM frames WHERE timestamp >= %s AND timestamp <= %s",
                (min(shared), max(shared)),
            )
        }
        return [row for row in rows if (row[time], row[meter]) not in there]

    def _owner(self, table: str, month: str) -> Path | None:
        """Return the latest file with rows of a table in a month; or of any table, if those are never dropped."""
        key = (table in DROPPED, month)
        if key not in self._owners:
            self._owners[key] = next(
                (
                    file
                    for file in self._latest
                    if any(
                        month in months
                        for name, months in self._contents[file].months.items()
                        if (name == table if table in DROPPED else name not in DROPPED)
                    )
                ),
                None,
            )
        return self._owners[key]

    def _insert(self, table: Table, rows: Rows) -> None:
        # Checks the kinds again before values become SQL: the file may have changed.
        inserted = table.totals(rows)
        if table.name == _STATE:
            insert(self._connection, table, rows, replace=True)
        else:
            with self._connection.transaction():
                insert(self._connection, table, rows)
            sums = self._sums.setdefault(table.name, dict.fromkeys(table.columns, 0))
            for name, value in zip(table.columns, inserted.sums, strict=True):
                sums[name] = sums.get(name, 0) + value
        self.tables[table.name] += len(rows)
        self._progress.show("restoring", table.name, self.tables[table.name])

    def compare(self) -> None:
        """Compare all tables with what was inserted."""
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
