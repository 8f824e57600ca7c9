"""Which columns an export has, and the query that reads them in order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from common.contract.source_minutes import SourceMinute, unpack_hour
from common.database.mariadb import Connection
from storer.database.months import floor_hour
from storer.database.rows import COLUMNS
from storer.export.frames import Selection


class ColumnKind(Enum):
    """What the values of a column are; each may be None."""

    TIME = auto()  # datetime without a zone, in UTC
    TEXT = auto()
    NUMBER = auto()  # int
    ENERGY = auto()  # int, Wh: what was drawn, not an index


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export."""

    name: str
    kind: ColumnKind
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

# As the view teleinfoframes has them.
_FRAME_COLUMNS = (
    Column("timestamp", ColumnKind.TIME, "f.timestamp"),
    Column("meter", ColumnKind.TEXT, "m.identifier"),
    Column("subscription_type", ColumnKind.TEXT, "s.subscription_type"),
    Column("subscribed_current", ColumnKind.NUMBER, "s.subscribed_current"),
    Column("pricing_period", ColumnKind.TEXT, "s.pricing_period"),
    Column(
        "index_total",
        ColumnKind.NUMBER,
        "COALESCE(f.index_total, f.index_supplier + s.registers_at_rest, s.index_total)",
    ),
    *(Column(name, ColumnKind.NUMBER, f"f.{name}") for name in COLUMNS if name != "index_total"),
)
_FRAMES = "frames AS f LEFT JOIN label_sets AS s ON s.id = f.label_set_id LEFT JOIN meters AS m ON m.id = f.meter_id"
#: Of no use outside of the database.
_INTERNAL = {"meter_id", "label_set_id", "standard", "source_id"}
#: Bits, one a minute: `seconds` says how much of the hour is there.
_BITS = {"minutes"}
_ENERGY = {"drawn_wh", "injected_wh"}


def query_frames(selection: Selection) -> Query:
    """Return the query for frames, in order of time."""
    where, arguments = selection.where("f.timestamp")
    names = ", ".join(column.sql for column in _FRAME_COLUMNS)
    sql = f"SELECT {names} FROM {_FRAMES}{where} ORDER BY f.timestamp, f.meter_id"  # noqa: S608 - our own names
    return Query(_FRAME_COLUMNS, sql, arguments)


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
        Column("minute", ColumnKind.TIME, "r.hour"),
        Column("source", ColumnKind.TEXT, "m.name"),
        *(Column(name, ColumnKind.NUMBER, "r.minutes") for name in SourceMinute._fields),
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
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
        (table,),
    )
    of_source = table.startswith("source_")
    owner, identity = ("source", "m.name") if of_source else ("meter", "m.identifier")
    columns = [Column(time, ColumnKind.TIME, f"r.{time}"), Column(owner, ColumnKind.TEXT, identity)]
    for name, sql_type in found:
        if name not in {time} | _INTERNAL | _BITS:
            kind = (
                ColumnKind.ENERGY
                if name in _ENERGY
                else ColumnKind.TIME
                if sql_type == "timestamp"
                else ColumnKind.NUMBER
            )
            columns.append(Column(name, kind, f"r.{name}"))
    where, arguments = selection.where(f"r.{time}")
    names = ", ".join(column.sql for column in columns)
    rows = f"{table} AS r LEFT JOIN {owner}s AS m ON m.id = r.{owner}_id"
    sql = f"SELECT {names} FROM {rows}{where} ORDER BY r.{owner}_id, r.{time}"  # noqa: S608 - our own names
    return Query(columns, sql, arguments)
