"""Finds the months that are closed, and those whose file is missing or no longer what the database holds."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.database.mariadb import Connection, sql_time
from common.errors import BackupError
from storer.backup.file_names import find_backups, path_of_month, path_of_rest
from storer.backup.format import Header
from storer.backup.scope import SHARED, TIME_COLUMNS, months_from
from storer.backup.verify import check, read_header
from storer.database.months import month_of, next_month
from storer.database.saved_months import EMPTY, month_digest
from storer.rollups.state import State, read_state


@dataclass(frozen=True, slots=True)
class Month:
    """A closed month whose file is to be written."""

    start: datetime
    file: Path
    digest: str
    earlier: bool  # it has a file, whose frames go into the new one

    @property
    def name(self) -> str:
        """The month as text, such as 2026-10."""
        return f"{self.start:%Y-%m}"


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """What a run of `backup` into a folder writes."""

    months: list[Month]  # whose file is to be written
    closed: dict[datetime, str]  # the digests of those that have a file of their own, or get one; in order
    frames: dict[str, int]  # in the files of months that are there, or that were
    problems: list[str]
    without_file: set[datetime]  # months that have none which is whole


def make_plan(connection: Connection, folder: Path, name: str) -> BackupPlan:
    """Decide what to save. Before the first roll-up no month is closed.

    Raises:
        BackupError: the folder has the backups of another database.
    """
    folder_of = _Folder(folder, name)
    first = _first(connection)
    known = folder_of.frames
    others = [*known, *(f"{month:%Y-%m}" for month in folder_of.months)]
    is_new = others and (first is None or max(others) < f"{first:%Y-%m}")
    if is_new and not (folder_of.is_after(first) and all(_is_imported(folder_of.file(_start(one))) for one in others)):
        raise BackupError(
            f"{folder}: has backups of another database, or of this one before it was emptied:"
            f" `teleinfo-storer restore {folder}` first, or choose another folder"
        )
    closed = _closed(connection, first)
    plan = BackupPlan([], {}, known, [], set())
    for month in sorted({*closed, *map(_start, known), *folder_of.months}):
        is_forgotten = first is not None and next_month(month) <= first and _is_imported(folder_of.file(month))
        _plan_month(connection, folder_of, month, month in closed or is_forgotten, plan)
    return plan


def _is_imported(file: Path) -> bool:
    """Tell whether all that a file has was imported: where the database has nothing so old, that was forgotten."""
    try:
        return {name for name, totals in check(file).tables.items() if totals.rows} <= {*SHARED, "imported_hours"}
    except BackupError:
        return False


def _plan_month(connection: Connection, folder: "_Folder", month: datetime, is_closed: bool, plan: BackupPlan) -> None:
    name, file = f"{month:%Y-%m}", folder.file(month)
    header = _header(file)
    if header is not None and name not in plan.frames:
        try:
            plan.frames[name] = check(file).tables["frames"].rows
        except (BackupError, KeyError):
            header = None
    if header is None:
        # What a file that cannot be read had, hours tell: they know of how many frames they were made.
        had = plan.frames.get(name, _rolled_up(connection, month) if file.exists() else 0)
        if had > (held := count_frames(connection, month)):
            plan.frames[name] = had
            plan.without_file.add(month)
            what = "cannot be read" if file.exists() else "is missing"
            plan.problems.append(
                f"{file}: {what}, and of its {had} frames the database has {held}: bring the file back, or begin in"
                " another folder if it is lost; everything else is saved"
            )
            return
        plan.frames.pop(name, None)
    digest = month_digest(connection, month) if is_closed else EMPTY
    # A wrong clock may make frames of the year 2000: the hundreds of months in between need no files.
    if is_closed and (header is not None or digest != EMPTY):
        plan.closed[month] = digest
        if header is None or header.digest != digest:
            plan.months.append(Month(month, file, digest, header is not None))


def _closed(connection: Connection, first: datetime | None) -> set[datetime]:
    state = read_state(connection)
    if state is None or first is None:
        return set()
    late = {month_of(hour) for (hour,) in connection.query("SELECT DISTINCT hour FROM late_hours WHERE waiting = 1")}
    return {month for month in months_from(first, state.up_to) if month not in late and not _is_rebuilt(state, month)}


def _is_rebuilt(state: State, month: datetime) -> bool:
    if state.rebuild_from is None or state.rebuild_to is None:
        return False
    return state.rebuild_from < next_month(month) and month < state.rebuild_to


def _first(connection: Connection) -> datetime | None:
    """Return the earliest time of any row; minutes and breaks have hours, too."""
    found = []
    for name in ("frames", "tallies", "hours", "late_hours", "imported_hours", "source_hours"):
        ((first,),) = connection.query(f"SELECT MIN({TIME_COLUMNS[name]}) FROM {name}")  # noqa: S608 - our own names
        found += [first.replace(tzinfo=UTC)] if first is not None else []
    return min(found, default=None)


def count_frames(connection: Connection, month: datetime) -> int:
    """Return how many frames of a month the database has."""
    return _of_month(connection, "SELECT COUNT(*) FROM frames WHERE timestamp >= %s AND timestamp < %s", month)


def _rolled_up(connection: Connection, month: datetime) -> int:
    return _of_month(connection, "SELECT COALESCE(SUM(frames), 0) FROM hours WHERE hour >= %s AND hour < %s", month)


def _of_month(connection: Connection, sql: str, month: datetime) -> int:
    ((count,),) = connection.query(sql, (sql_time(month), sql_time(next_month(month))))
    return int(count)


class _Folder:
    """The files of a database that are in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        found = [one for one in find_backups(folder) if one.database == name]
        self.months = [_start(one.month) for one in found if one.of_month]
        self._rest = [one.path for one in found if not one.of_month]
        headers = (_header(path) for path in reversed(self._rest))
        newest = next((header for header in headers if header is not None), None)
        #: How many frames the files of months had, as the newest file says that has the rest.
        self.frames = {} if newest is None else dict(newest.months or {})

    def is_after(self, first: datetime | None) -> bool:
        """Tell whether the last backup was made after the first row of the database."""
        return first is not None and self._rest[-1:] > [path_of_rest(self._folder, self._name, first)]

    def file(self, month: datetime) -> Path:
        return path_of_month(self._folder, self._name, month)


def _start(month: str) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def _header(file: Path) -> Header | None:
    """Return the header of a file; None: there is none, or it cannot be read."""
    try:
        return read_header(file) if file.exists() else None
    except BackupError:
        return None
