"""Makes one backup: writes the files of months that are missing or outdated, reads old ones again, makes a dump."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.contract.retention import Retention
from common.database.mariadb import Connection, Database, sql_time
from common.errors import BackupError
from common.settings.language import plural
from storer.backup.dump import is_empty, write_dump
from storer.backup.folder import Folder, read_header
from storer.backup.month_file import FORMAT, count_lines, count_rows, write_month
from storer.database.forgotten import was_forgotten
from storer.database.locks import take_lock
from storer.database.months import month_of, next_month
from storer.database.saved_months import Saved, month_digest, months_with_rows, note_bad, note_saved, saved_months
from storer.database.schema import newest_version, open_tables
from storer.rollups.state import read_state, server_now

_DAYS, _WEEKS, _MONTHS = 7, 4, 12  # dumps that are kept
_KEPT_NOTES = 10
_READ_AGAIN = timedelta(days=20)
_LONGEST = 6 * 3600.0  # seconds of a statement
_ANOTHER = 900  # seconds for whoever else has the lock, such as the backup of the night


@dataclass(slots=True)
class Result:
    """What a backup did."""

    dump: Path | None = None
    written: list[Path] = field(default_factory=list)
    read: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def backup(database: Database, path: Path, retention: Retention) -> Result:
    """Make a backup while storers run; meanwhile nothing is dropped or forgotten, and no partition is made.

    Raises:
        BackupError: the folder cannot be used, or a file cannot be written.
        ConfigError: the tables are of an older version.
    """
    result = Result()
    with open_tables(database, _LONGEST) as connection:
        if not take_lock(connection, "backup", _ANOTHER):
            raise BackupError(f"database {database.where}: another backup is being made, or old months are dropped")
        folder = Folder(path, database.name)
        folder.remove_unfinished()
        if folder.earlier:
            result.notes.append(
                f"{path}: {plural(folder.earlier, 'file')} of an earlier version of this program (.jsonl.gz) left as"
                " they are: only commit 61720cba restores them"
            )
        if _is_foreign(connection, folder):
            raise BackupError(
                f"{path}: has backups of another database, or of this one before it was emptied: restore them first"
                f" (teleinfo-storer restore {path}), or choose another folder"
            )
        files = _Months(connection, folder, retention, result).run()
        _dump(database, connection, folder, files, result)
    return result


def _is_foreign(connection: Connection, folder: Folder) -> bool:
    """Return whether the folder has files that are older than this database, which was not restored from them."""
    if not is_empty(connection, "backups"):
        return False
    ((made,),) = connection.query("SELECT MIN(applied_at) FROM schema_version WHERE version > 0")
    made = made.replace(microsecond=0, tzinfo=UTC)
    headers = [read_header(path) or {"taken": "1970-01-01T00:00:00+00:00"} for path in folder.months().values()]
    return any(taken < made for taken in (*folder.dumps(), *(datetime.fromisoformat(one["taken"]) for one in headers)))


def _dump(
    database: Database, connection: Connection, folder: Folder, files: Mapping[datetime, str], result: Result
) -> None:
    taken = server_now(connection).replace(microsecond=0)
    result.dump = folder.dump(taken)
    there = {*files, *folder.months()}
    # A month that is open again and has no file in this folder is in the dump.
    rows = {
        f"{month:%Y-%m}": saved.rows
        for month, saved in saved_months(connection).items()
        if saved.rows and (month in there or count_rows(connection, month) < saved.rows)
    }
    facts = {"taken": taken.isoformat(), "schema": newest_version(), "months": rows}
    unchanged = (month for month, digest in files.items() if month_digest(connection, month) == digest)
    write_dump(database, result.dump, lambda: list(unchanged), facts)
    for old in expired([*folder.dumps(), taken]):
        folder.dump(old).unlink(missing_ok=True)
    if not result.problems:
        connection.execute(
            "INSERT INTO backups (slot, finished_at, saved_rows) SELECT COALESCE((SELECT (slot + 1) MOD %s"
            " FROM backups ORDER BY finished_at DESC LIMIT 1), 0), UTC_TIMESTAMP(6), %s ON DUPLICATE KEY"
            " UPDATE finished_at = VALUES(finished_at), saved_rows = VALUES(saved_rows)",
            (_KEPT_NOTES, sum(rows.values())),
        )


def expired(dumps: Iterable[datetime]) -> list[datetime]:
    """Return the dumps that no day, week or month needs; the newest stays.

    >>> expired([datetime(2026, 11, 24, 3), datetime(2026, 11, 24, 4)])
    [datetime.datetime(2026, 11, 24, 3, 0)]
    """
    kept: set[datetime] = set()
    for form, count in (("%Y-%j", _DAYS), ("%G-%V", _WEEKS), ("%Y-%m", _MONTHS)):
        newest = {f"{taken:{form}}": taken for taken in sorted(dumps)}
        kept |= set(list(newest.values())[-count:])
    return sorted(set(dumps) - kept)


class _Months:
    """The months of a database and their files."""

    def __init__(self, connection: Connection, folder: Folder, retention: Retention, result: Result) -> None:
        self._connection = connection
        self._folder = folder
        self._files = folder.months()
        self._retention = retention
        self._result = result
        self._saved = saved_months(connection)

    def run(self) -> dict[datetime, str]:
        """Write and read what is due; return the digest of each month whose file is good."""
        closed, there = _Closed(self._connection), _months_with_rows(self._connection)
        good: dict[datetime, str] = {}
        written: set[datetime] = set()
        for month in sorted({*there, *self._files, *self._saved}):
            header = read_header(self._files[month]) if month in self._files else None
            if header is not None and header.get("format") != FORMAT:
                header = None
            digest = month_digest(self._connection, month)
            if header is not None and header.get("digest") == digest:
                good[month] = digest
            elif month in closed and self._write(month, digest, header is not None):
                good[month] = digest
                written.add(month)
        for month in self._in_turn([month for month in good if month not in written]):
            if not self._read(month, good[month]):
                del good[month]
        return good

    def _in_turn(self, months: list[datetime]) -> list[datetime]:
        """Return which files to read: those that retention needs next, and the one not read for the longest time."""
        now = server_now(self._connection)
        due: list[datetime] = []
        for table, column, keep in (
            ("frames", "timestamp", self._retention.frames),
            ("minutes", "minute", self._retention.minutes),
            ("source_minutes", "hour", self._retention.minutes),
        ):
            if keep is not None:
                due += months_with_rows(self._connection, month_of(now, 1 - keep), table, column)

        def read_at(month: datetime) -> datetime:
            saved = self._saved.get(month)
            return datetime.min.replace(tzinfo=UTC) if saved is None or saved.read_at is None else saved.read_at

        first = [month for month in due if month in months and read_at(month) < now - _READ_AGAIN]
        rest = sorted((month for month in months if month not in first), key=read_at)
        return [*first, *rest[:1]]

    def _write(self, month: datetime, digest: str, has_old: bool) -> bool:
        """Write the file of a month; return whether it has one that is good."""
        path, saved = self._folder.month(month), self._saved.get(month)
        held = count_rows(self._connection, month)
        known = month in self._files or (saved is not None and saved.rows)
        if not held and not known:
            return False
        if has_old:
            with contextlib.suppress(BackupError):
                count_lines(path)
                return self._written(month, path, digest, with_old=True)
        if known:
            note_bad(self._connection, month)  # until a new file is written
            if not self._is_complete(month, saved):
                what = "is damaged" if month in self._files else "is missing"
                self._result.problems.append(
                    f"{path}: {what}, and the database has no more all of its rows: bring the file back from a copy; if"
                    " it is lost, remove what is left of it and its row of saved_months"
                )
                return False
        return self._written(month, path, digest, with_old=False)

    def _written(self, month: datetime, path: Path, digest: str, *, with_old: bool) -> bool:
        rows = sum(write_month(self._connection, path, month, digest, with_old=with_old).values())
        note_saved(self._connection, month, digest, rows)
        self._result.written.append(path)
        return True

    def _is_complete(self, month: datetime, saved: Saved | None) -> bool:
        """Return whether the database still has all rows of the file of a month, except of what was forgotten since."""
        forgotten = was_forgotten(self._connection).at.values()
        if saved is not None and saved.rows is not None and all(at < saved.saved_at for at in forgotten):
            return count_rows(self._connection, month) >= saved.rows
        ((frames, minutes),) = self._connection.query(
            "SELECT COALESCE(SUM(frames), 0), COALESCE(SUM(BIT_COUNT(minutes)), 0) FROM hours"
            " WHERE hour >= %s AND hour < %s",
            (sql_time(month), sql_time(next_month(month))),
        )
        return count_rows(self._connection, month, "fm") >= int(frames) + int(minutes)

    def _read(self, month: datetime, digest: str) -> bool:
        """Read a file whole; write it again if it is damaged. Return whether it is good."""
        path = self._files[month]
        try:
            rows = sum(count_lines(path).values())
        except BackupError as error:
            self._result.notes.append(str(error))
            return self._write(month, digest, has_old=False)
        note_saved(self._connection, month, digest, rows)
        self._result.read.append(path)
        return True


class _Closed:
    """The months for which no frame and no minute is expected any more; none before the first roll-up."""

    def __init__(self, connection: Connection) -> None:
        self._state = read_state(connection)
        rows = connection.query("SELECT DISTINCT hour FROM late_hours WHERE waiting = 1")
        self._late = {month_of(hour) for (hour,) in rows}

    def __contains__(self, month: datetime) -> bool:
        state, end = self._state, next_month(month)
        if state is None or end > state.up_to or month in self._late:
            return False
        if state.rebuild_from is None or state.rebuild_to is None:
            return True
        return end <= state.rebuild_from or state.rebuild_to <= month


def _months_with_rows(connection: Connection) -> set[datetime]:
    """Return the months from the first row to now."""
    firsts = [
        connection.query(f"SELECT MIN({column}) FROM {table}")[0][0]  # noqa: S608 - our own names
        for table, column in (("frames", "timestamp"), ("hours", "hour"), ("source_hours", "hour"))
    ]
    month, now = min((month_of(one) for one in firsts if one is not None), default=None), server_now(connection)
    months = set()
    while month is not None and month < now:
        months.add(month)
        month = next_month(month)
    return months
