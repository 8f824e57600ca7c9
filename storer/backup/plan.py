"""Finds the months that are closed, and those whose file is missing or no longer what the database holds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.database.mariadb import Connection, sql_time
from common.errors import BackupError
from storer.backup.file import read_blocks
from storer.backup.format import Header, parse_header
from storer.backup.scope import TIME_COLUMNS, months_from
from storer.backup.tables import read_table
from storer.backup.verify import check
from storer.database.months import next_month
from storer.database.saved_months import month_digest
from storer.rollups.state import State, read_state

_MONTH = r"(?P<month>\d{4}-(?:0[1-9]|1[0-2]))"


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
class Plan:
    """What a run of `backup` into a folder writes."""

    months: list[Month]  # whose file is to be written
    closed: dict[datetime, str]  # the digests of those that have a file of their own, or get one; in order
    frames: dict[str, int]  # in the files of months that are there, or that were
    problems: list[str]
    without_file: set[datetime]  # months that have none which is whole


def make_plan(connection: Connection, folder: Path, name: str, suffix: str) -> Plan:
    """Decide what to save. Before the first roll-up no month is closed.

    Raises:
        BackupError: the folder has the backups of another database.
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    folder_of = _Folder(folder, name, suffix)
    first = _first(connection)
    known = folder_of.frames
    others = [*known, *(f"{month:%Y-%m}" for month in folder_of.months)]
    if others and (first is None or max(others) < f"{first:%Y-%m}"):
        raise BackupError(
            f"{folder}: has backups of another database, or of this one before it was emptied:"
            f" `teleinfo-storer restore {folder}` first, or choose another folder"
        )
    closed = _closed(connection, first)
    plan = Plan([], {}, known, [], set())
    for month in sorted({*closed, *map(_start, known), *folder_of.months}):
        _plan_month(connection, folder_of, month, month in closed, plan)
    return plan


def _plan_month(connection: Connection, folder: "_Folder", month: datetime, is_closed: bool, plan: Plan) -> None:
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
    if is_closed:
        digest = plan.closed[month] = month_digest(connection, month)
        if header is None or header.digest != digest:
            plan.months.append(Month(month, file, digest, header is not None))


def _closed(connection: Connection, first: datetime | None) -> set[datetime]:
    if read_table(connection, "rollup_state") is None or (state := read_state(connection)) is None or first is None:
        return set()
    late = {
        hour.replace(tzinfo=UTC, day=1, hour=0, minute=0, second=0)
        for (hour,) in connection.query("SELECT DISTINCT hour FROM late_hours WHERE waiting = 1")
    }
    return {month for month in months_from(first, state.up_to) if month not in late and not _is_rebuilt(state, month)}


def _is_rebuilt(state: State, month: datetime) -> bool:
    if state.rebuild_from is None or state.rebuild_to is None:
        return False
    return state.rebuild_from < next_month(month) and month < state.rebuild_to


def _first(connection: Connection) -> datetime | None:
    """Return the earliest time of any row; minutes and breaks have hours, too."""
    found = []
    for name in ("frames", "tallies", "hours", "late_hours", "imported_hours"):
        if read_table(connection, name) is not None:
            ((first,),) = connection.query(f"SELECT MIN({TIME_COLUMNS[name]}) FROM {name}")  # noqa: S608 - our own names
            found += [first.replace(tzinfo=UTC)] if first is not None else []
    return min(found, default=None)


def count_frames(connection: Connection, month: datetime) -> int:
    """Return how many frames of a month the database has.

    Raises:
        DatabaseError: the database is unavailable, or refuses the query.
    """
    return _of_month(connection, "SELECT COUNT(*) FROM frames WHERE timestamp >= %s AND timestamp < %s", month)


def _rolled_up(connection: Connection, month: datetime) -> int:
    return _of_month(connection, "SELECT COALESCE(SUM(frames), 0) FROM hours WHERE hour >= %s AND hour < %s", month)


def _of_month(connection: Connection, sql: str, month: datetime) -> int:
    ((count,),) = connection.query(sql, (sql_time(month), sql_time(next_month(month))))
    return int(count)


class _Folder:
    """The files of a database that are in a folder."""

    def __init__(self, folder: Path, name: str, suffix: str) -> None:
        self._folder, self._name, self._suffix = folder, name, suffix
        pattern = re.compile(f"{re.escape(name)}-{_MONTH}(?P<moment>-\\d\\dT\\d{{6}}Z)?{re.escape(suffix)}")
        found = [match for file in sorted(folder.iterdir()) if (match := pattern.fullmatch(file.name))]
        self.months = [_start(match["month"]) for match in found if not match["moment"]]
        #: How many frames the files of months had, as the newest file says that has the rest.
        self.frames: dict[str, int] = {}
        for match in reversed(found):
            if match["moment"] and (header := _header(folder / match[0])) is not None:
                self.frames = dict(header.months or {})
                break

    def file(self, month: datetime) -> Path:
        return self._folder / f"{self._name}-{month:%Y-%m}{self._suffix}"


def _start(month: str) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def _header(file: Path) -> Header | None:
    """Return the header of a file; None: there is none, or it cannot be read."""
    try:
        return read_header(file) if file.exists() else None
    except BackupError:
        return None


def read_header(file: Path) -> Header:
    """Return the header of a backup; the rest of the file is not read.

    Raises:
        BackupError: not a backup, or it is damaged there.
    """
    blocks: Iterable[list[bytes]] = read_blocks(file)
    for lines in blocks:
        return parse_header(lines[0])
    raise BackupError("not a backup of teleinfo-storer")
