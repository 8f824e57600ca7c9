"""Long-term statistics of Home Assistant, from its SQLite file: running totals by hour, in UTC."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from common.contract.registers import TOTAL
from common.errors import ConfigError, FileRefused
from storer.imports.model import HOUR, Parsed, check_registers, read_register
from storer.imports.periods import differences

_UNITS = {"Wh": 1, "kWh": 1000, "MWh": 1_000_000}
_SHOWN = 12
_LONGEST = 300.0  # seconds that a file of somebody else may take
_STEPS = 1_000_000  # of SQLite, some milliseconds
Series = Mapping[str, int]  # register by the name or number of a series
_SQLITE = b"SQLite format 3\x00"
_NO_FILES = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)  # a file beside the database cannot be made
_Rows = Sequence[Sequence[Any]]


class SeriesNeeded(ConfigError):
    """None of several series was chosen."""

    def __init__(self, text: str, known: Mapping[str, str]) -> None:
        """Take the text, and the unit of each series."""
        super().__init__(text)
        self.known = dict(known)


class SqliteFile:
    """An open database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> _Rows:
        """Return all rows."""
        with _refusing():
            return self._connection.execute(sql, arguments).fetchall()

    def columns(self, table: str) -> set[str]:
        """Return the names of the columns of a table, none if there is no such table."""
        return {str(row[1]) for row in self.query(f"PRAGMA table_info({table})")}


def is_sqlite(data: bytes) -> bool:
    """Return whether a file that begins with these bytes is a database of SQLite."""
    return data.startswith(_SQLITE)


@contextlib.contextmanager
def open_file(file: Path) -> Iterator[SqliteFile]:
    """Open a file of SQLite, which its program may be using."""
    with _refusing():
        connection = _connect(file)
    try:
        yield SqliteFile(connection)
    finally:
        connection.close()


@contextlib.contextmanager
def open_bytes(data: bytes) -> Iterator[SqliteFile]:
    """Open the content of a file of SQLite."""
    # In memory there is no write-ahead log, which Home Assistant's files are marked to have: bytes 18 and 19.
    whole = data[:18] + b"\x01\x01" + data[20:]
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        with _refusing():
            connection.deserialize(whole)
            connection.execute("PRAGMA query_only = ON")
        end = time.monotonic() + _LONGEST
        connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        yield SqliteFile(connection)


def _connect(file: Path) -> sqlite3.Connection:
    address = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError as error:
        connection.close()
        # With a write-ahead log, as Home Assistant has it, SQLite makes files beside the database even to read it. In a
        # folder that is only readable there can be none; unless such a log is there, the file itself has everything.
        log = file.with_name(f"{file.name}-wal")
        if error.sqlite_errorcode & 0xFF not in _NO_FILES or (log.exists() and log.stat().st_size):
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if str(error).startswith("no such"):
            raise FileRefused("this is a database of another program, or of another version") from error
        raise FileRefused(
            f"the database cannot be read ({error.sqlite_errorname}); import a copy, in a folder that can be written"
        ) from error


def read_series(texts: list[str]) -> dict[str, int]:
    """Return the series that the command line names: `NAME` for the total, or `NAME=REGISTER`.

    Raises:
        ConfigError: there is no such register, or two series count the same energy.

    >>> read_series(["sensor.linky_easf01=supplier_1", "sensor.linky_easf02=EASF02"])
    {'sensor.linky_easf01': 1, 'sensor.linky_easf02': 2}
    """
    found: dict[str, int] = {}
    for text in texts:
        name, equals, register = text.rpartition("=")
        name, number = (name, read_register(register)) if equals else (text, TOTAL)
        if not name:
            raise ConfigError(f"--series {text!r}: NAME or NAME=REGISTER is expected")
        if number in found.values():
            raise ConfigError(f"--series {text}: another series is imported as the same register")
        found[name] = number
    check_registers(found.values())
    return found


def choose(wanted: Series, known: Mapping[str, str]) -> dict[str, int]:
    """Return the wanted series; without any, the only one there is, as total. `known` has the unit of each.

    Raises:
        ConfigError: it is unknown, or there are several to choose from.
    """
    listed = "; ".join(f"{name} ({what})" if what else name for name, what in [*known.items()][:_SHOWN])
    more = f"; and {len(known) - _SHOWN} others" if len(known) > _SHOWN else ""
    if not known:
        raise ConfigError("there is no series of energy in this database")
    if not wanted and len(known) == 1:
        return dict.fromkeys(known, TOTAL)
    if not wanted:
        raise SeriesNeeded(f"choose by --series NAME[=REGISTER], which may be repeated: {listed}{more}", known)
    for name in wanted:
        if name not in known:
            raise ConfigError(f"there is no series {name!r} here, only: {listed}{more}")
    return dict(wanted)


def read_home_assistant(source: SqliteFile, wanted: Series) -> Parsed:
    """Return the energy of the hours of some statistics, whose names are ids such as sensor.linky_east.

    `sum` counts on where the meter's index begins again; its beginning is arbitrary, so only differences count.

    Raises:
        ConfigError: the series are unknown, or none of several is chosen.
    """
    rows = source.query("SELECT id, statistic_id, unit_of_measurement FROM statistics_meta WHERE has_sum = 1")
    known = {str(name): (number, str(unit)) for number, name, unit in rows if unit in _UNITS}
    registers = choose(wanted, {name: unit for name, (_, unit) in sorted(known.items())})
    old = "start" in source.columns("statistics")
    parsed = Parsed()
    for name, register in registers.items():
        number, unit = known[name]
        parsed.periods += differences(_readings(source, number, _UNITS[unit], old=old), register, parsed.left_out)
    return parsed


def _readings(source: SqliteFile, number: int, factor: int, *, old: bool) -> Iterator[tuple[datetime, int]]:
    # Until 2023 the time was in `start`, as text or DATETIME; it was moved to `start_ts`, and `start` became NULL.
    columns = "start_ts, start, sum" if old else "start_ts, NULL, sum"
    sql = f"SELECT {columns} FROM statistics WHERE metadata_id = ? AND sum IS NOT NULL"  # noqa: S608 - our own names
    for seconds, start, total in source.query(sql, (number,)):
        instant = datetime.fromtimestamp(float(seconds), UTC) if seconds is not None else _utc(start)
        if instant is not None:
            # Through its text: the shortest decimal number that is this float.
            yield instant + HOUR, round(Fraction(str(total)) * factor)


def _utc(start: Any) -> datetime | None:
    if start is None:
        return None
    instant = start if isinstance(start, datetime) else datetime.fromisoformat(str(start))
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
