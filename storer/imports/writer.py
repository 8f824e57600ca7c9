"""The tables of imports: what is there, what is added, and what is forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from common.contract.requests import FETCHED
from common.database.mariadb import Connection, sql_time
from common.errors import ConfigError
from common.machine.deployment import here
from common.runtime.logs import redact_prm
from storer.database.meters import known_meters, unknown_meter
from storer.imports.model import HOUR, Period
from storer.imports.plan import Stored
from storer.rollups.state import raise_version

TEMPERATURES = "temperatures"  # the kind that has no energy
_OF_DAYS = (TEMPERATURES, "meteo-france")  # the other one is of earlier versions
_BATCH = 1000  # rows of an INSERT
_INSERT = (
    "INSERT INTO imported_hours (meter_id, hour, register, source, wh, hours, import_id)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_DELETE = "DELETE FROM imported_hours WHERE meter_id = %s AND hour = %s AND register = %s AND source = %s"


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was imported, and what is left of it."""

    id: int
    meter: str
    kind: str
    file: str
    taken_at: datetime
    rows: int
    wh: int | None  # drawn and injected; None: it has temperatures
    start: datetime | None  # None: nothing is left
    end: datetime | None


def find_meter(connection: Connection, meter: str | None, *, new: bool = False) -> tuple[int | None, str]:
    """Return number and address of the meter to import for; the number is None if it is not stored yet.

    Without an address it is the only meter there is. With one it may be new, as long as there is no other meter, or
    `new` is set: a wrong digit must not make a meter.

    Raises:
        ConfigError: it is ambiguous, or unknown.
    """
    meters = known_meters(connection)
    if meter is None:
        if new:
            raise ConfigError("--new-meter needs --meter ADDRESS: that of the old meter")
        if len(meters) != 1:
            names = ", ".join(meters) or "none is stored yet"
            raise ConfigError(f"which meter is it? Use --meter ADDRESS ({names})")
        ((meter, number),) = meters.items()
        return number, meter
    if meter in meters:
        return meters[meter], meter
    if meters and not new:
        hint = "for an old meter of which nothing is stored, add --new-meter"
        raise ConfigError(f"{unknown_meter(meter, meters)}; {hint}")
    if len(meter) not in (12, 14) or not (meter.isascii() and meter.isdecimal()):
        raise ConfigError(
            f"{meter!r} is not a meter address: 12 digits are expected, as ADSC or ADCO has them, or the 14 of a"
            " delivery point (PRM) where no meter is read yet"
        )
    return None, meter


def read_stored(connection: Connection, meter: int) -> Stored:
    """Return what was imported for a meter."""
    stored = Stored()
    sql = "SELECT hour, hours, register, wh, import_id, source FROM imported_hours WHERE meter_id = %s"
    for hour, hours, register, wh, import_id, source in connection.query(sql, (meter,)):
        period = Period(hour.replace(tzinfo=UTC) + HOUR, int(hours), int(register), int(wh))
        stored.add(period, int(import_id), str(source))
    return stored


def read_hours(connection: Connection, meter: int) -> set[datetime]:
    """Return the hours in which a meter was read."""
    rows = connection.query("SELECT hour FROM hours WHERE meter_id = %s AND last_at IS NOT NULL", (meter,))
    return {hour.replace(tzinfo=UTC) for (hour,) in rows}


def find_import(connection: Connection, meter: int, kind: str, digest: bytes) -> int | None:
    """Return the import of the very same content, None if there is none."""
    sql = "SELECT id FROM imports WHERE meter_id = %s AND kind = %s AND digest = %s"
    rows = connection.query(sql, (meter, kind, digest))
    return int(rows[0][0]) if rows else None


def add_import(connection: Connection, meter: int, kind: str, file: str, digest: bytes) -> int:
    """Add an import within a transaction; return its id, which is that of the same content if there is one."""
    # The number of a delivery point is part of the names of Enedis' files.
    connection.execute(
        "INSERT INTO imports (meter_id, kind, file, digest) VALUES (%s, %s, %s, %s) ON DUPLICATE KEY UPDATE id = id",
        (meter, kind, redact_prm(file)[-255:], digest),
    )
    number = find_import(connection, meter, kind, digest)
    assert number is not None
    return number


def write(
    connection: Connection,
    meter: int,
    kind: str,
    file: str,
    digest: bytes,
    periods: Sequence[Period],
    *,
    replaced: Sequence[Period] = (),
    progress: Callable[[int], None] = lambda _: None,
    written: Callable[[int], None] = lambda _: None,
) -> int:
    """Store periods, all or none; return the id of the import, which is that of the same content if there is one.

    `replaced` are periods of the same kind that go. `written` gets the id in the same transaction.
    """
    with connection.transaction():
        number = add_import(connection, meter, kind, file, digest)
        connection.execute_many(
            _DELETE, [(meter, sql_time(one.end - HOUR)[:19], one.register, kind) for one in replaced]
        )
        for first in range(0, len(periods), _BATCH):
            batch = periods[first : first + _BATCH]
            connection.execute_many(
                _INSERT,
                [
                    (meter, sql_time(one.end - HOUR)[:19], one.register, kind, one.wh, one.hours, number)
                    for one in batch
                ],
            )
            progress(first + len(batch))
        raise_version(connection)
        written(number)
    return number


def source_of(number: int) -> str:
    """Return the source of the rows of `outside` that an import brought."""
    return f"import {number}"


def list_imports(connection: Connection) -> list[Import]:
    """Return all imports, in order.

    What was fetched for a meter is one, with the number of its newest file and the last of their dated names.
    """
    rows = connection.query(
        "SELECT MAX(i.id), m.identifier, i.kind, MAX(i.file), MAX(i.taken_at), COUNT(h.hour) + COUNT(t.start),"
        " IF(COUNT(t.start), NULL, COALESCE(SUM(h.wh), 0)),"
        " MIN(COALESCE(h.hour - INTERVAL h.hours - 1 HOUR, t.start)),"
        " MAX(COALESCE(h.hour, t.start) + INTERVAL 1 HOUR)"
        " FROM imports AS i LEFT JOIN meters AS m ON m.id = i.meter_id"
        # An import has rows in one of both.
        " LEFT JOIN imported_hours AS h ON h.meter_id = i.meter_id AND h.import_id = i.id"
        " LEFT JOIN outside AS t ON t.what = 'temperature' AND t.source = CONCAT('import ', i.id)"
        " GROUP BY i.meter_id, i.kind, IF(i.kind = %s, 0, i.id) ORDER BY 1",
        (FETCHED,),
    )
    return [
        Import(
            int(number),
            str(meter),
            str(kind),
            str(file),
            taken.replace(tzinfo=UTC),
            int(count),
            None if wh is None else int(wh),
            start.replace(tzinfo=UTC) if start else None,
            end.replace(tzinfo=UTC) if end else None,
        )
        for number, meter, kind, file, taken, count, wh, start, end in rows
    ]


def forget(connection: Connection, number: int, forgotten: Callable[[int], None] = lambda _: None) -> int:
    """Delete an import and its energy or temperatures; return how many rows that were.

    Of what the monitor has fetched for a meter, a file a day, all goes: it is one import for its owner. `forgotten`
    gets the number of rows in the same transaction.

    Raises:
        ConfigError: there is no such import.
    """
    with connection.transaction():
        rows = connection.query("SELECT meter_id, kind FROM imports WHERE id = %s FOR UPDATE", (number,))
        if rows:
            ((meter, kind),), numbers = rows, {number}
            if kind in _OF_DAYS:
                deleted = connection.execute(
                    "DELETE FROM outside WHERE what = 'temperature' AND source = %s", (source_of(number),)
                )
            else:
                if kind == FETCHED:
                    sql = "SELECT id FROM imports WHERE meter_id = %s AND kind = %s"
                    numbers.update(one for (one,) in connection.query(sql, (meter, kind)))
                deleted = connection.execute(
                    "DELETE FROM imported_hours WHERE meter_id = %s AND import_id IN %s", (meter, tuple(numbers))
                )
            connection.execute("DELETE FROM imports WHERE id IN %s", (tuple(numbers),))
            raise_version(connection)
            forgotten(deleted)
    if not rows:
        raise ConfigError(
            f"there is no import {number}: {here('teleinfo-storer').run('teleinfo-storer', 'import --list')} shows them"
        )
    return deleted
