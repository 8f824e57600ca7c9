"""Which columns an export has, and the query that reads them in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from common.database.mariadb import Connection
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


ROLLUPS = {"minutes": "minute", "hours": "hour"}  # tables, and their columns of time

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
_INTERNAL = {"meter_id", "label_set_id", "standard"}
#: Bits, one a minute: `seconds` says how much of the hour is there.
_BITS = {"minutes"}
_ENERGY = {"drawn_wh", "injected_wh"}


def query_frames(selection: Selection) -> Query:
    """Return the query for frames, in order of time."""
    where, arguments = selection.where("f.timestamp")
    names = ", ".join(column.sql for column in _FRAME_COLUMNS)
    sql = f"SELECT {names} FROM {_FRAMES}{where} ORDER BY f.timestamp, f.meter_id"  # noqa: S608 - our own names
    return Query(_FRAME_COLUMNS, sql, arguments)


def query_rollup(connection: Connection, table: str, selection: Selection) -> Query:
    """Return the query for a rollup, by meter and then in order of time, which is its key."""
    time = ROLLUPS[table]
    found = connection.query(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
        (table,),
    )
    columns = [Column(time, ColumnKind.TIME, f"r.{time}"), Column("meter", ColumnKind.TEXT, "m.identifier")]
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
    source = f"{table} AS r LEFT JOIN meters AS m ON m.id = r.meter_id"
    sql = f"SELECT {names} FROM {source}{where} ORDER BY r.meter_id, r.{time}"  # noqa: S608 - our own names
    return Query(columns, sql, arguments)
