"""Makes frames of rows of the original program's table: one of each kind in Python, the others in SQL.

Rows are of one kind if they differ only in time, index, current and power, which are columns of `frames`: they share a
label set. The first row of each kind is written as any frame is; the others take its meter and its label set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Connection, sql_time
from common.errors import DatabaseError
from storer.adoption.doubled_hour import Split
from storer.adoption.original_table import OriginalTable
from storer.adoption.source_clock import Piece
from storer.database.frame_store import FrameStore

_KIND = (
    "meter_identifier",
    "subscription_type",
    "subscription_power_in_a",
    "current_pricing_period",
    "intensity_max_in_a",
    "peak_off_peak_schedule",
    "meter_state_code",
)
_MOVING = ("total_base_index_in_wh", "instantaneous_intensity_in_a", "power_consumption_in_va")
# As bytes: otherwise the table's collation decides what is equal.
_BYTES = {
    name: f"CAST(o.{name} AS BINARY)"
    for name in (
        "meter_identifier", "subscription_type", "current_pricing_period", "peak_off_peak_schedule", "meter_state_code",
    )
}  # fmt: skip
_KIND_SQL = {name: _BYTES.get(name, f"o.{name}") for name in _KIND}
_VALUES = ", ".join(f"COALESCE(o.{name}, 'n')" for name in _MOVING)
_FIXED = ("OPTARIF", "PTEC")  # four characters on the line; a server cuts spaces from the end of a CHAR

RowKind = tuple[bytes | int | None, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """How many rows are frames, and the first and last timestamp of these, in UTC."""

    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def __add__(self, other: "Made") -> "Made":
        times = [time for time in (self.first, self.last, other.first, other.last) if time is not None]
        return Made(self.rows + other.rows, min(times, default=None), max(times, default=None))


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one piece of time that all become frames in the same way."""

    piece: Piece
    meter: str | None = None  # None: all
    split: Split | None = None
    second: bool = False  # of a split hour: the second pass

    @property
    def add(self) -> timedelta:
        """What is added to a row's time to give UTC."""
        return self.piece.add + timedelta(hours=1) if self.second else self.piece.add

    @property
    def seconds(self) -> int:
        """What is added, in seconds."""
        return int(self.add.total_seconds())

    def where(self) -> tuple[str, tuple[object, ...]]:
        """Return the condition for the rows in SQL, and its arguments."""
        condition = "o.timestamp >= %s AND o.timestamp < %s AND o.meter_identifier <> ''"
        arguments: tuple[object, ...] = (sql_time(self.piece.begin), sql_time(self.piece.end))
        if self.meter is not None:
            condition += f" AND {_BYTES['meter_identifier']} = %s"
            arguments += (self.meter.encode(),)
        if self.split is not None:
            of_second, values = self.split.sql("o.timestamp", "o.total_base_index_in_wh")
            condition += f" AND {of_second} = {'TRUE' if self.second else 'FALSE'}"
            arguments += values
        return condition, arguments


def parts(source: OriginalTable, piece: Piece) -> list[Part]:
    """Return the parts of a piece: one, or for a doubled hour those of each meter and pass."""
    if not piece.doubled:
        return [Part(piece)]
    found = []
    for meter, split in source.splits(piece).items():
        found.append(Part(piece, meter, split))
        if split is not None:
            found.append(Part(piece, meter, split, second=True))
    return found


def first_frames(source: OriginalTable, part: Part) -> dict[RowKind, Frame]:
    """Return the frame of the first row of each kind."""
    where, arguments = part.where()
    names = ", ".join(_KIND_SQL.values())
    sql = f"SELECT {names}, MIN(o.timestamp) FROM {source.table} AS o WHERE {where} GROUP BY {names}"  # noqa: S608
    found = {}
    for *kind, time in source.connection.query(sql, arguments):
        match = " AND ".join(f"{name} <=> %s" for name in _KIND_SQL.values())
        sql = (
            "SELECT o.total_base_index_in_wh, o.instantaneous_intensity_in_a, o.power_consumption_in_va"  # noqa: S608
            f" FROM {source.table} AS o WHERE {where} AND o.timestamp = %s AND {match} LIMIT 1"
        )
        (values,) = source.connection.query(sql, (*arguments, sql_time(time), *kind))
        found[tuple(kind)] = _frame(tuple(kind), time + part.add, values)
    return found


def _frame(kind: RowKind, instant: datetime, values: Sequence[int | None]) -> Frame:
    meter, contract, subscribed, period, most, schedule, state = (
        value.decode("latin-1") if isinstance(value, bytes) else value for value in kind
    )
    index, current, power = values
    labels: dict[str, Value | None] = {
        "ADCO": meter,
        "OPTARIF": contract,
        "ISOUSC": subscribed,
        "BASE": index,
        "PTEC": period,
        "IINST": current,
        "IMAX": most,
        "PAPP": power,
        "HHPHC": schedule,
        "MOTDETAT": state,
    }
    sent = {label: value for label, value in labels.items() if value is not None}
    for label in _FIXED:
        if label in sent:
            sent[label] = str(sent[label]).ljust(4)
    return Frame(meter=str(meter), timestamp=instant.replace(tzinfo=UTC), mode=Mode.HISTORIC, values=sent)


def write_first(store: FrameStore, frames: Mapping[RowKind, Frame]) -> None:
    """Write the frames that show the others their meter and label set; committed when this returns.

    Raises:
        DatabaseError: the database is unavailable, refuses a statement, or has another frame in the place of one.
    """
    result = store.write(list(frames.values()))
    for frame, reason in zip(frames.values(), result.reasons, strict=True):
        if reason is not None:
            raise DatabaseError(f"the frame of meter {frame.meter} at {frame.timestamp} cannot be stored: {reason}")


def insert(source: OriginalTable, part: Part, frames: Mapping[RowKind, Frame]) -> Made:
    """Make frames of the rows of a part; return what the table `frames` has of them now.

    Runs inside the caller's transaction. Rows that are frames already stay as they are.

    Raises:
        DatabaseError: the database is unavailable, refuses a statement, or has other frames in the place of some.
    """
    if not frames:
        return Made()
    ids = {kind: _ids(source.connection, frame) for kind, frame in frames.items()}
    columns = [*_KIND, "meter_id", "label_set_id"]
    first = ", ".join(f"%s AS {name}" for name in columns)
    others = f" UNION ALL SELECT {', '.join(['%s'] * len(columns))}" * (len(ids) - 1)
    match = " AND ".join(f"{sql} <=> k.{name}" for name, sql in _KIND_SQL.items())
    where, arguments = part.where()
    joined = f"FROM {source.table} AS o JOIN (SELECT {first}{others}) AS k ON {match} WHERE {where}"
    kinds = [value for kind, numbers in ids.items() for value in (*kind, *numbers)]
    source.connection.execute(
        "INSERT INTO frames (timestamp, meter_id, label_set_id, index_total, current, power)"
        " SELECT o.timestamp + INTERVAL %s SECOND, k.meter_id, k.label_set_id, o.total_base_index_in_wh,"
        f" o.instantaneous_intensity_in_a, o.power_consumption_in_va {joined} ORDER BY o.timestamp"
        " ON DUPLICATE KEY UPDATE meter_id = frames.meter_id",
        (part.seconds, *kinds, *arguments),
    )
    return _compare(source.connection, joined, (*kinds, *arguments), part, [number for _, number in ids.values()])


def _ids(connection: Connection, frame: Frame) -> tuple[int, int]:
    """Return the ids of a frame's meter and label set, inside the transaction that uses them."""
    rows = connection.query(
        "SELECT f.meter_id, f.label_set_id FROM frames AS f JOIN meters AS m ON m.id = f.meter_id"
        " WHERE f.timestamp = %s AND m.identifier = %s",
        (sql_time(frame.timestamp), frame.meter),
    )
    if not rows:
        raise DatabaseError(
            f"the frame of meter {frame.meter} at {frame.timestamp} is gone: was the database replaced?"
        )
    ((meter, label_set),) = rows
    return int(meter), int(label_set)


def _compare(
    connection: Connection, joined: str, arguments: Sequence[object], part: Part, label_sets: Sequence[int]
) -> Made:
    """Return which rows are frames, all values alike."""
    ((count, checksum, first, last),) = connection.query(
        f"SELECT COUNT(*), SUM(CRC32(CONCAT_WS(',', UNIX_TIMESTAMP(o.timestamp) + %s, {_VALUES}))),"
        f" MIN(o.timestamp), MAX(o.timestamp) {joined}",
        (part.seconds, *arguments),
    )
    if not count:
        return Made()
    begin, end = ((time + part.add).replace(tzinfo=UTC) for time in (first, last))
    marks = ", ".join(["%s"] * len(label_sets))
    # A label set has the meter's address, so it is of one meter.
    ((stored, stored_checksum),) = connection.query(
        "SELECT COUNT(*), SUM(CRC32(CONCAT_WS(',', FLOOR(UNIX_TIMESTAMP(f.timestamp)),"  # noqa: S608 - our own names
        " COALESCE(f.index_total, 'n'), COALESCE(f.current, 'n'), COALESCE(f.power, 'n')))) FROM frames AS f"
        f" WHERE f.timestamp BETWEEN %s AND %s AND MICROSECOND(f.timestamp) = 0 AND f.label_set_id IN ({marks})",
        (sql_time(begin), sql_time(end), *label_sets),
    )
    if (stored, stored_checksum) == (count, checksum):
        return Made(int(count), begin, end)
    # Row by row, which takes longer.
    ((count,),) = connection.query(
        f"SELECT COUNT(*) {joined} AND EXISTS (SELECT 1 FROM frames AS f"  # noqa: S608 - our own names
        " WHERE f.timestamp = o.timestamp + INTERVAL %s SECOND AND f.meter_id = k.meter_id"
        " AND f.label_set_id = k.label_set_id AND f.index_total <=> o.total_base_index_in_wh"
        " AND f.current <=> o.instantaneous_intensity_in_a AND f.power <=> o.power_consumption_in_va)",
        (*arguments, part.seconds),
    )
    return Made(int(count), begin, end)
