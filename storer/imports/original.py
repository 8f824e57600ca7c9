"""The table of the original program: a row a second at most, with the index of the contract BASE. It is only read."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from common.contract.registers import TOTAL
from common.database.mariadb import Connection
from common.errors import ConfigError
from storer.database.original import COLUMNS, NAME, missing_columns
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed, refused
from storer.imports.periods import local_differences

_NAME = re.compile(r"(?:([\w$-]+)\.)?([\w$-]+)", re.ASCII)
_DAY = timedelta(days=1)
_FIRST = "1970-01-01 00:00:01"  # of a TIMESTAMP; a server that is not strict stores what it cannot read as zero

_SPAN = "SELECT MIN(timestamp), MAX(timestamp) FROM {table} WHERE timestamp >= %s"
_LAST_OF_HOURS = """
SELECT o.timestamp, o.meter_identifier, o.total_base_index_in_wh
FROM (
    SELECT MAX(timestamp) AS last FROM {table}
    WHERE timestamp >= %s AND timestamp < %s AND total_base_index_in_wh IS NOT NULL
    GROUP BY meter_identifier, HOUR(timestamp)
) AS h JOIN {table} AS o ON o.timestamp = h.last
ORDER BY o.timestamp
"""


def read_original(
    connection: Connection,
    name: str,
    meter: str,
    clock: LocalClock,
    *,
    local: bool,
    progress: Callable[[float, int], None] = lambda *_: None,
) -> Parsed:
    """Return the energy between the last rows of each hour of a meter; `name` is [DATABASE.]TABLE.

    The program wrote local times, and the server took them for those of its own zone: `local` says that this was UTC
    instead of the zone of `clock`. Either way both passes of October's doubled hour are in the table as one.
    `progress` is called with the part that is done, and the count of hours.

    Raises:
        ConfigError: there is no such table, the storer's account may not read it, or it has nothing of this meter.
        FileRefused: it is another table.
        DatabaseError: the database is unavailable.
    """
    table = _checked_table(connection, name)
    first, last = _span(connection, table)
    others: set[str] = set()
    day = begin = first.replace(hour=0, minute=0, second=0, microsecond=0)
    readings: list[tuple[datetime, Fraction]] = []
    while day <= last:  # a day at a time: a year has thirty million rows
        for time, address, index in connection.query(_LAST_OF_HOURS.format(table=table), (f"{day}", f"{day + _DAY}")):
            if address == meter:
                readings.append((time if local else clock.local(time.replace(tzinfo=UTC)), Fraction(index)))
            elif address:
                others.add(str(address))
        day += _DAY
        progress((day - begin) / (last - begin + _DAY), len(readings))
    if not readings:
        raise ConfigError(
            f"{name} has no rows of the meter {meter}, but of {', '.join(sorted(others)) or 'none'}: use --meter"
        )
    parsed = Parsed()
    local_differences(readings, TOTAL, clock, parsed)
    return parsed


def _checked_table(connection: Connection, name: str) -> str:
    """Return the name as SQL has it, of a table that can be read."""
    found = _NAME.fullmatch(name)
    missing = list(COLUMNS) if found is None else missing_columns(connection, found[2], found[1])
    if found is None or len(missing) == len(COLUMNS):
        raise ConfigError(
            f"there is no table {name} of the original program here, or the storer's account may not read it:"
            " GRANT SELECT"
        )
    if missing:
        raise refused(f"this is not the original program's table, it has no column {', '.join(missing)}")
    return ".".join(f"`{part}`" for part in found.groups() if part)


def _span(connection: Connection, table: str) -> tuple[datetime, datetime]:
    ((first, last),) = connection.query(_SPAN.format(table=table), (_FIRST,))
    if first is None:
        raise refused("this table is empty")
    return first, last


def with_ours(name: str) -> str:
    """Return the SQL that shows the rows of this table and of our view together."""
    columns = ", ".join(COLUMNS)
    return f"SELECT {columns} FROM {name} UNION ALL SELECT {columns} FROM {NAME}"  # noqa: S608 - checked, or ours
