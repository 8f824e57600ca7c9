"""Reads rows of whole numbers as JSON texts, and readings of single hours. All times are aware and in UTC.

A row of ten values takes PyMySQL three times as long as a text.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.contract.registers import REGISTERS
from common.contract.usual_interval import held_seconds_sql
from common.database.mariadb import Connection, sql_time

#: Of one text, in bytes: the rows of a block take a tenth of it.
_LONGEST = 1_000_000
_BLOCK = 1_000_000  # seconds: eleven days of hours
Values = tuple[int | None, ...]  # one for each of REGISTERS, Wh or VArh
#: Columns of `hours`.
LAST = [f"{register}_last" for register in REGISTERS]
FIRST = [f"COALESCE({register}_first, {register}_last)" for register in REGISTERS]
#: The first and the last reading, and until when the next one shows nothing that was drawn in a gap.
TIMES = [
    "UNIX_TIMESTAMP(first_at)",
    "UNIX_TIMESTAMP(last_at)",
    f"UNIX_TIMESTAMP(last_at) + {held_seconds_sql()}",
]
_AT_ONCE = 500  # hours in one query


def number_rows(connection: Connection, columns: Sequence[str], rest: str, arguments: Sequence[Any]) -> list[list[Any]]:
    """Return the rows of `SELECT columns rest`; each column is a whole number, or None."""
    rows = connection.query(f"SELECT {_text_of(columns)} {rest}", arguments)
    return _read([text for (text,) in rows])


def hour_rows(connection: Connection, columns: Sequence[str], rest: str, arguments: Sequence[Any]) -> list[list[Any]]:
    """Return rows of different hours, in order; each begins with its hour, in seconds since 1970.

    A text has many of them, which for years of hours takes half the time. `rest` has conditions only.
    """
    text = f"GROUP_CONCAT({_text_of(['UNIX_TIMESTAMP(hour)', *columns])} SEPARATOR '],[')"
    rows = connection.query(
        f"SET STATEMENT group_concat_max_len = {_LONGEST} FOR"
        f" SELECT {text} {rest} GROUP BY UNIX_TIMESTAMP(hour) DIV {_BLOCK}",
        arguments,
    )
    return sorted(_read([text for (text,) in rows]))


def _text_of(columns: Sequence[str]) -> str:
    # As text that is JSON: JSON_ARRAY() takes the server twice as long.
    values = ", ".join(f"IFNULL({column}, 'null')" for column in columns)
    return f"CONCAT_WS(',', {values})"


def _read(texts: Sequence[str]) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(f"[[{'],['.join(texts)}]]") if texts else []
    return found


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


def moment_of(seconds: int) -> datetime:
    """Return an instant."""
    return datetime.fromtimestamp(seconds, UTC)
