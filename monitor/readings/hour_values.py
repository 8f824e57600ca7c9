"""Readings of single hours, and how they are read from `hours`. All times are aware and in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.contract.registers import REGISTERS
from common.database.mariadb import Connection, sql_time
from monitor.readings.grid_curves import moment_of
from monitor.readings.number_rows import hour_rows, number_rows

Values = tuple[int | None, ...]  # one for each of REGISTERS, Wh or VArh

#: Columns of `hours`.
LAST = [f"{register}_last" for register in REGISTERS]
FIRST = [f"COALESCE({register}_first, {register}_last)" for register in REGISTERS]
TIMES = ["UNIX_TIMESTAMP(first_at)", "UNIX_TIMESTAMP(last_at)"]
_AT_ONCE = 500  # hours in one query


@dataclass(frozen=True, slots=True)
class Reading:
    """The readings at the end of an hour that has any."""

    hour: datetime
    values: Values


def values_of(
    connection: Connection, meter: int, columns: Sequence[str], hours: Sequence[datetime]
) -> dict[datetime, tuple[Any, ...]]:
    """Return the columns, whole numbers, of those of the hours that have readings."""
    found: dict[datetime, tuple[Any, ...]] = {}
    for begin in range(0, len(hours), _AT_ONCE):
        part = hours[begin : begin + _AT_ONCE]
        rows = hour_rows(
            connection,
            columns,
            f"FROM hours WHERE meter_id = %s AND hour IN ({', '.join(['%s'] * len(part))}) AND last_at IS NOT NULL",
            (meter, *map(sql_time, part)),
        )
        found |= {moment_of(seconds): tuple(values) for seconds, *values in rows}
    return found


def reading_before(connection: Connection, meter: int, boundary: datetime) -> Reading | None:
    """Return the latest readings before a moment."""
    rows = number_rows(
        connection,
        ["UNIX_TIMESTAMP(hour)", *LAST],
        "FROM hours WHERE meter_id = %s AND hour < %s AND last_at IS NOT NULL ORDER BY hour DESC LIMIT 1",
        (meter, sql_time(boundary)),
    )
    return Reading(moment_of(rows[0][0]), tuple(rows[0][1:])) if rows else None


def utc(moment: Any) -> datetime:
    """Return a time of the database, which is in UTC."""
    result: datetime = moment.replace(tzinfo=UTC)
    return result
