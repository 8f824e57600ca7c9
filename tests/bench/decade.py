"""Makes a database of ten years, in bulk: the rollups of three meters.

The last quarter of each meter is that of a simulated household; the years before it are copies, moved in time and in
index, so that all registers go on. They end today: the monitor answers nothing about days to come.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.contract.registers import REGISTERS
from common.database.mariadb import Connection, sql_time
from demo.history import History
from reader.simulator.meter import SimulatedMeter
from tests.support.servers import Database
from tests.support.storing import make_tables

KINDS = ("standard-single-phase-tempo", "standard-three-phase-producer", "historic-single-phase-hchp")
#: Of sources: name, kind, the first and the last reading and the temperature of an hour, and which hours have any.
SOURCES = (
    ("roof", "production", "place * 900 - 900, place * 900, NULL", "HOUR(hour) BETWEEN 6 AND 17"),
    ("car", "device", "place * 400 - 400, place * 400, NULL", "TRUE"),
    ("garden", "temperature", "NULL, NULL, 120 + 80 * COS(DAYOFYEAR(hour) / 58)", "TRUE"),
)
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)
#: For whole years, and a server that is asked about them.
SERVER_OPTIONS = ("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=256M")

_MINUTES = ("total_first", "total_last", "injected_first", "injected_last")
_HOURS = tuple(f"{register}_{end}" for register in REGISTERS for end in ("first", "last"))


@dataclass(frozen=True, slots=True)
class Size:
    """How much to make; the days of rollups are `days * copies`."""

    days: int = 91
    copies: int = 40

    @property
    def start(self) -> datetime:
        """The start of the rollups."""
        return END - self.days * self.copies * DAY


@dataclass(frozen=True, slots=True)
class Decade:
    """A database of ten years."""

    start: datetime
    meters: Sequence[str]  # their identifiers


def make(server: Database, size: Size) -> Decade:
    """Fill the tables of a server."""
    database = make_tables(server, END)
    with contextlib.closing(database.connect()) as connection:
        meters = [rollups(connection, kind, size) for kind in KINDS]
        add_sources(connection, meters[1])
    return Decade(size.start, meters)


def rollups(connection: Connection, kind: str, size: Size) -> str:
    """Make the minutes and hours of a meter; return its identifier."""
    meter = SimulatedMeter(kind)
    start = END - size.days * DAY
    History(connection, meter).write(start, END)
    ((number,),) = connection.query("SELECT id FROM meters WHERE identifier = %s", (meter.address,))
    for table, key, registers in (("minutes", "minute", _MINUTES), ("hours", "hour", _HOURS)):
        columns = _columns(connection, table)
        steps = _steps(connection, table, key, registers, number)
        before = ", ".join(f"{column} = {column} + {(size.copies - 1) * step}" for column, step in steps.items())
        connection.execute(f"UPDATE {table} SET {before} WHERE meter_id = %s", (number,))
        for copy in range(1, size.copies):
            seconds = copy * size.days * 86_400
            moved = ", ".join(_moved(column, key, -seconds, -copy * steps.get(column, 0)) for column in columns)
            connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {moved} FROM {table}"
                f" WHERE meter_id = %s AND {key} >= %s AND {key} < %s",
                (number, sql_time(start), sql_time(END)),
            )
    return meter.address


def add_sources(connection: Connection, meter: str) -> None:
    """Add hours of a roof, a car and a thermometer to those of a meter."""
    for number, (name, kind, values, when) in enumerate(SOURCES, 1):
        connection.execute(
            "INSERT INTO sources (id, name, kind, meter) VALUES (%s, %s, %s, %s)", (number, name, kind, meter)
        )
        connection.execute(
            "INSERT INTO source_hours (source_id, hour, seconds, energy_first, energy_last, temperature_mean)"
            f" SELECT {number}, hour, 3600, {values} FROM (SELECT hour, ROW_NUMBER() OVER (ORDER BY hour) AS place"
            f" FROM hours WHERE meter_id = (SELECT id FROM meters WHERE identifier = %s)) AS known WHERE {when}",
            (meter,),
        )


def _columns(connection: Connection, table: str) -> list[str]:
    return [
        str(name)
        for (name,) in connection.query(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
            (table,),
        )
    ]


def _steps(connection: Connection, table: str, key: str, registers: Sequence[str], number: int) -> dict[str, int]:
    """Return by column how much its register goes on by from where a copy begins to where it ends."""
    names = sorted({column.rpartition("_")[0] for column in registers})
    ends = ", ".join(f"MAX({name}_last) - MIN({name}_first)" for name in names)
    (found,) = connection.query(f"SELECT {ends} FROM {table} WHERE meter_id = %s", (number,))
    of_register = dict(zip(names, found, strict=True))
    return {column: int(of_register[column.rpartition("_")[0]] or 0) for column in registers}


def _moved(column: str, key: str, seconds: int, step: int) -> str:
    if column in {key, "first_at", "last_at"}:
        return f"FROM_UNIXTIME(UNIX_TIMESTAMP({column}) + {seconds})"
    return f"{column} + {step}" if step else column
