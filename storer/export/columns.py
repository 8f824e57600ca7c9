"""Which columns an export has, the query that reads them in order, and how its rows are written."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.source_minutes import SourceMinute, unpack_hour
from common.database.mariadb import Connection
from storer.database.months import floor_hour
from storer.export.frames import Selection


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query whose rows have the columns, in order."""

    columns: Sequence[Column]
    sql: str
    arguments: Sequence[str]
    #: Makes the rows of those that the server sends.
    expand: Callable[[Iterable[Sequence[Any]]], Iterable[Sequence[Any]]] = iter


#: Tables, and their columns of time.
ROLLUPS = {"minutes": "minute", "hours": "hour", "source_minutes": "hour", "source_hours": "hour"}

#: Of no use outside of the database.
_INTERNAL = {"meter_id", "label_set_id", "standard", "source_id"}
#: Bits, one a minute: `seconds` says how much of the hour is there.
_BITS = {"minutes"}


def _source_minutes(selection: Selection) -> Query:
    """Return the query for the minutes of sources, by source and then in order of time."""
    hour = selection.start and floor_hour(selection.start)
    where, arguments = replace(selection, start=hour).where("r.hour")
    first, end = (None if time is None else time.replace(tzinfo=None) for time in (selection.start, selection.end))

    def expand(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for hour, name, text in rows:
            for number, row in unpack_hour(text).items():
                minute = hour + timedelta(minutes=number)
                if (first is None or first <= minute) and (end is None or minute < end):
                    yield (minute, name, *row)

    columns = [
        Column("minute", "r.hour"),
        Column("source", "m.name"),
        *(Column(name, "r.minutes") for name in SourceMinute._fields),
    ]
    sql = (
        "SELECT r.hour, m.name, r.minutes FROM source_minutes AS r LEFT JOIN sources AS m ON m.id = r.source_id"  # noqa: S608
        f"{where} ORDER BY r.source_id, r.hour"
    )
    return Query(columns, sql, arguments, expand)


def query_rollup(connection: Connection, table: str, selection: Selection) -> Query:
    """Return the query for a rollup, by meter or source and then in order of time, which is its key."""
    if table == "source_minutes":
        return _source_minutes(selection)
    time = ROLLUPS[table]
    found = connection.query(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
        (table,),
    )
    of_source = table.startswith("source_")
    owner, identity = ("source", "m.name") if of_source else ("meter", "m.identifier")
    columns = [Column(time, f"r.{time}"), Column(owner, identity)]
    for (name,) in found:
        if name not in {time} | _INTERNAL | _BITS:
            columns.append(Column(name, f"r.{name}"))
    where, arguments = selection.where(f"r.{time}")
    names = ", ".join(column.sql for column in columns)
    rows = f"{table} AS r LEFT JOIN {owner}s AS m ON m.id = r.{owner}_id"
    sql = f"SELECT {names} FROM {rows}{where} ORDER BY r.{owner}_id, r.{time}"  # noqa: S608 - our own names
    return Query(columns, sql, arguments)


def json_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield an object a line; None is null, and a time of the database has its `Z`."""
    names = [column.name for column in columns]
    for row in rows:
        yield json.dumps(dict(zip(names, map(_plain, row), strict=True))).encode() + b"\n"


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
