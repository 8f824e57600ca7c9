"""Exports rollups: an object a line, by meter or source and then in order of time, which is their key."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.source_minutes import SourceMinute, unpack_hour
from common.database.mariadb import Connection
from storer.database.months import floor_hour
from storer.export.frames import Selection

#: Tables, and their columns of time.
ROLLUPS = {"minutes": "minute", "hours": "hour", "source_minutes": "hour", "source_hours": "hour"}

#: Numbers of other tables; and bits, one a minute: `seconds` shows how much of the hour is there.
_INTERNAL = {"meter_id", "label_set_id", "standard", "source_id", "minutes"}

_Rows = Iterator[Sequence[Any]]


def export_rollup(connection: Connection, table: str, selection: Selection) -> Iterator[bytes]:
    """Yield an object for each row; a missing value is null, and times have their `Z`."""
    time, owner = ROLLUPS[table], "source" if table.startswith("source_") else "meter"
    if table == "source_minutes":
        names, rows = ["minute", owner, *SourceMinute._fields], _source_minutes(connection, selection)
    else:
        found = connection.query(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
            (table,),
        )
        columns = [name for (name,) in found if name not in {time} | _INTERNAL]
        names, rows = [time, owner, *columns], _rows(connection, table, columns, selection)
    for row in rows:
        yield json.dumps(dict(zip(names, map(_plain, row), strict=True))).encode() + b"\n"


def _rows(connection: Connection, table: str, columns: Sequence[str], selection: Selection) -> _Rows:
    """Return the time, the owner and some columns of the rows of a table."""
    time = ROLLUPS[table]
    owner, name = ("source", "name") if table.startswith("source_") else ("meter", "identifier")
    where, arguments = selection.where(f"r.{time}")
    names = ", ".join([f"r.{time}", f"m.{name}", *(f"r.{column}" for column in columns)])
    return connection.stream(
        f"SELECT {names} FROM {table} AS r LEFT JOIN {owner}s AS m ON m.id = r.{owner}_id{where}"  # noqa: S608 - ours
        f" ORDER BY r.{owner}_id, r.{time}",
        arguments,
    )


def _source_minutes(connection: Connection, selection: Selection) -> _Rows:
    """Yield the minutes of sources, of which a row has those of an hour."""
    first, end = (None if time is None else time.replace(tzinfo=None) for time in (selection.start, selection.end))
    hours = replace(selection, start=selection.start and floor_hour(selection.start))
    for hour, name, text in _rows(connection, "source_minutes", ["minutes"], hours):
        for number, row in unpack_hour(text).items():
            minute = hour + timedelta(minutes=number)
            if (first is None or first <= minute) and (end is None or minute < end):
                yield (minute, name, *row)


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
