"""Finds the months that are closed, and those whose file is missing or no longer what the database holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.database import Connection, sql_time
from common.errors import BackupError
from storer.backup.file import read_blocks
from storer.backup.format import Header, Totals, parse_header
from storer.backup.scope import TIME_COLUMNS, Period, months_from, next_month, without
from storer.backup.tables import read_table, totals
from storer.rollups.state import State, read_state

#: Tables that are small, and change with any change of a month: frames that come late mark an hour, and rollups follow.
_SIGNED = ("tallies", "hours", "breaks", "late_hours", "imported_hours")


@dataclass(frozen=True, slots=True)
class Month:
    """A closed month whose file is to be written."""

    start: datetime
    file: Path
    signature: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run of `backup` into a folder writes."""

    months: list[Month]
    open: list[Period] | None  # what goes into the file of this run; None: everything


def make_plan(connection: Connection, folder: Path, name: str, suffix: str) -> Plan:
    """Decide what to save. Before the first roll-up no month is closed.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    if read_table(connection, "rollup_state") is None or (state := read_state(connection)) is None:
        return Plan([], None)
    first = _first(connection)
    late = {
        hour.replace(tzinfo=UTC, day=1, hour=0, minute=0, second=0)
        for (hour,) in connection.query("SELECT DISTINCT hour FROM late_hours WHERE waiting = 1")
    }
    closed = [
        month
        for month in (months_from(first, state.up_to) if first else [])
        if month not in late and not _is_rebuilt(state, month)
    ]
    todo = []
    for month in closed:
        file = folder / f"{name}-{month:%Y-%m}{suffix}"
        header = _header(file)
        if header is not None and state.frames_from is not None and next_month(month) <= state.frames_from:
            continue  # its frames are in the file only
        signature = _signature(connection, month)
        if header is None or header.signature != signature:
            todo.append(Month(month, file, signature))
    return Plan(todo, without(closed))


def _is_rebuilt(state: State, month: datetime) -> bool:
    if state.rebuild_from is None or state.rebuild_to is None:
        return False
    return state.rebuild_from < next_month(month) and month < state.rebuild_to


def _first(connection: Connection) -> datetime | None:
    """Return the earliest time of any row; minutes and breaks have hours, too."""
    found = []
    for name in ("frames", "tallies", "hours", "late_hours", "imported_hours"):
        ((first,),) = connection.query(f"SELECT MIN({TIME_COLUMNS[name]}) FROM {name}")  # noqa: S608 - our own names
        found += [first.replace(tzinfo=UTC)] if first is not None else []
    return min(found, default=None)


def _signature(connection: Connection, month: datetime) -> tuple[int, ...]:
    """Return the server's sums of the small tables."""
    limits = (sql_time(month), sql_time(next_month(month)))
    meters = [number for (number,) in connection.query("SELECT id FROM meters ORDER BY id")]
    if not meters:
        return ()
    signature: list[int] = []
    for name in _SIGNED:
        table = read_table(connection, name)
        assert table is not None
        column = TIME_COLUMNS[name]
        # By meter, because most of the keys begin with it.
        where = f"meter_id IN ({', '.join(map(str, meters))}) AND {column} >= %s AND {column} < %s"
        found: Totals = totals(connection, table, (where, limits))
        signature += [found.rows, *found.sums]
    return tuple(signature)


def _header(file: Path) -> Header | None:
    """Return the header of a file of a month; None: there is none, or it cannot be read."""
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
