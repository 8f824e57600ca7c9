"""Makes the table `minutes` from frames.

The server groups frames by meter, minute and label set; what a label set means is added here, and the one to three
groups of a minute become its row. First and last values are taken by time: the server compares `microsecond of the
minute << 32 | value`, in one pass and whatever the order.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from common.database import Connection, sql_time
from storer.rollups.label_facts import LabelFacts, LabelSets
from storer.rollups.registers import LARGEST

#: The first hour that can be a bucket: a TIMESTAMP begins a second after 1970, and an hour must hold its start.
FIRST_HOUR = datetime(1970, 1, 1, 1, tzinfo=UTC)
PIECE = 5  # seconds: coverage is counted in pieces of this length

_SHIFT = 32
_MASK = (1 << _SHIFT) - 1
_AT_ONCE = 500  # rows in one INSERT
_MOST_FRAMES = 2**16 - 1  # what the column holds
_PHASES = (1, 2, 3)

HourKey = tuple[int, datetime]  # id of the meter, start of the hour
MinuteRow = tuple[int | str | None, ...]  # id of the meter, minute as text, the columns of a row; `frames` is the last


class _Group(NamedTuple):
    """The frames of a meter, a minute and a label set; instants are microseconds of the minute."""

    meter_id: int
    minute: int  # since the epoch
    label_set_id: int
    frames: int
    pieces: int  # bit n: piece n of the minute has a frame
    first: int
    last: int
    total_first: int | None  # these six: instant << 32 | index
    total_last: int | None
    supplier_first: int | None
    supplier_last: int | None
    injected_first: int | None
    injected_last: int | None
    power_min: int | None
    power_sum: int | None
    power_count: int
    power_peak: int | None  # power << 6 | 63 - second
    power_1_max: int | None
    power_2_max: int | None
    power_3_max: int | None
    injected_power_sum: int | None
    injected_power_count: int
    injected_power_max: int | None
    current_1_max: int | None
    current_2_max: int | None
    current_3_max: int | None
    voltage_1_min: int | None
    voltage_1_sum: int | None
    voltage_1_count: int
    voltage_1_max: int | None
    voltage_2_min: int | None
    voltage_2_sum: int | None
    voltage_2_count: int
    voltage_2_max: int | None
    voltage_3_min: int | None
    voltage_3_sum: int | None
    voltage_3_count: int
    voltage_3_max: int | None
    overloads: int


_INSTANT = "EXTRACT(SECOND_MICROSECOND FROM f.timestamp)"


def _ends(column: str) -> str:
    packed = f"({_INSTANT} << {_SHIFT}) + f.{column}"
    return f"MIN({packed}), MAX({packed})"


# JSON: a row as one text is read five times faster than as forty values.
_SELECT = (
    "SELECT JSON_ARRAY(f.meter_id, UNIX_TIMESTAMP(f.timestamp) DIV 60, f.label_set_id, COUNT(*),"  # noqa: S608 - our own names
    f" BIT_OR(1 << (SECOND(f.timestamp) DIV {PIECE})), MIN({_INSTANT}), MAX({_INSTANT}),"
    f" {_ends('index_total')}, {_ends('index_supplier')}, {_ends('index_injected')},"
    " MIN(f.power), SUM(f.power), COUNT(f.power), MAX((f.power << 6) + 63 - SECOND(f.timestamp)),"
    " MAX(f.power_1), MAX(f.power_2), MAX(f.power_3),"
    " SUM(f.power_injected), COUNT(f.power_injected), MAX(f.power_injected),"
    # IINST of historic mode is the current of the only phase.
    " MAX(COALESCE(f.current_1, f.current)), MAX(f.current_2), MAX(f.current_3), "
    + ", ".join(
        f"MIN(f.voltage_{phase}), SUM(f.voltage_{phase}), COUNT(f.voltage_{phase}), MAX(f.voltage_{phase})"
        for phase in _PHASES
    )
    + ", COUNT(COALESCE(f.overload, f.overload_1, f.overload_2, f.overload_3)))"
    " FROM frames AS f WHERE f.timestamp >= %s AND f.timestamp < %s"
)
_GROUP_BY = " GROUP BY f.meter_id, UNIX_TIMESTAMP(f.timestamp) DIV 60, f.label_set_id"

#: The columns that both tables have, from frames alone.
MEASURES = (
    "power_min",
    "power_mean",
    "power_max",
    "power_max_second",
    *(f"power_{phase}_max" for phase in _PHASES),
    "injected_power_mean",
    "injected_power_max",
    *(f"current_{phase}_max" for phase in _PHASES),
    *(f"voltage_{phase}_{what}" for phase in _PHASES for what in ("min", "mean", "max")),
    "overload",
)
_KEY = ("meter_id", "minute")
_COLUMNS = ("seconds", "supplier", "total_first", "total_last", "injected_first", "injected_last", *MEASURES)


def upsert(table: str, key: Sequence[str], columns: Sequence[str]) -> tuple[str, str]:
    """Return the two parts of an INSERT, before and after the rows; the rows end with `frames`.

    A row is replaced only by one that was made of at least as many frames: after old frames were dropped, or if two
    storers roll up the same bucket, what is made of fewer frames changes nothing.
    """
    # Assignments are made in this order, and each reads what is stored: frames comes last.
    updates = ", ".join(
        f"{column} = IF(VALUES(frames) >= {table}.frames, VALUES({column}), {table}.{column})"
        for column in (*columns, "frames")
    )
    return f"INSERT INTO {table} ({', '.join((*key, *columns, 'frames'))})", f" ON DUPLICATE KEY UPDATE {updates}"


_INSERT, _UPDATE = upsert("minutes", _KEY, _COLUMNS)
# By meter, because the key begins with it.
_STORED = (
    f"SELECT meter_id, minute, {', '.join(_COLUMNS)}, frames FROM minutes"  # noqa: S608 - our own names
    " WHERE meter_id IN (SELECT id FROM meters) AND minute >= %s AND minute < %s"
)
# For each meter and hour: bit n is set if minute n has more frames than its row was made of.
_NEW = (
    "SELECT c.meter_id, c.minute DIV 60, BIT_OR(IF(m.frames >= c.frames, 0, 1 << c.minute MOD 60)) FROM ("
    " SELECT meter_id, UNIX_TIMESTAMP(timestamp) DIV 60 AS minute, COUNT(*) AS frames FROM frames"
    " WHERE timestamp >= %s AND timestamp < %s GROUP BY meter_id, UNIX_TIMESTAMP(timestamp) DIV 60"
    ") AS c LEFT JOIN minutes AS m ON m.meter_id = c.meter_id AND m.minute = FROM_UNIXTIME(c.minute * 60)"
    " GROUP BY c.meter_id, c.minute DIV 60"
)


def roll_minutes(
    connection: Connection,
    label_sets: LabelSets,
    start: datetime,
    end: datetime,
    meters: Collection[int] | None = None,
) -> Counter[HourKey]:
    """Make the rows of whole minutes from `start`, before `end`; return how many frames were read, by meter and hour.

    Safe to repeat. `meters`: only these, by id.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    rows, found = compute_minutes(connection, label_sets, start, end, meters)
    for begin in range(0, len(rows), _AT_ONCE):
        connection.execute(f"{_INSERT} VALUES {literals(rows[begin : begin + _AT_ONCE])}{_UPDATE}")
    return found


def roll_new_minutes(
    connection: Connection, label_sets: LabelSets, start: datetime, end: datetime
) -> Collection[HourKey]:
    """Make those rows only that have come by frames since they were made; return all meters and hours with frames.

    Frames never change, so a row that was made of as many is right. To count them costs a quarter.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    found: list[HourKey] = []
    new: list[int] = []  # minutes since the epoch
    meters: set[int] = set()
    for meter, number, bits in connection.query(_NEW, (sql_time(max(start, FIRST_HOUR)), sql_time(end))):
        found.append((int(meter), datetime.fromtimestamp(number * 3600, UTC)))
        if bits:
            meters.add(int(meter))
            new += (number * 60 + (bits & -bits).bit_length() - 1, number * 60 + bits.bit_length() - 1)
    if new:
        begin, limit = (datetime.fromtimestamp(minute * 60, UTC) for minute in (min(new), max(new) + 1))
        roll_minutes(connection, label_sets, begin, limit, meters)
    return found


def compute_minutes(
    connection: Connection,
    label_sets: LabelSets,
    start: datetime,
    end: datetime,
    meters: Collection[int] | None = None,
) -> tuple[list[MinuteRow], Counter[HourKey]]:
    """Return the rows of whole minutes as the frames make them, and how many frames were read, by meter and hour.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    arguments: list[object] = [sql_time(max(start, FIRST_HOUR)), sql_time(end)]
    only = ""
    if meters is not None:
        only = f" AND f.meter_id IN ({', '.join(['%s'] * len(meters))})"
        arguments += sorted(meters)
    groups: dict[tuple[int, int], list[_Group]] = {}
    found: Counter[HourKey] = Counter()
    for (text,) in connection.query(_SELECT + only + _GROUP_BY, arguments):
        group = _Group(*json.loads(text))
        groups.setdefault((group.meter_id, group.minute), []).append(group)
    facts = label_sets.facts({group.label_set_id for parts in groups.values() for group in parts})
    rows: list[MinuteRow] = []
    for (meter_id, minute), parts in sorted(groups.items()):
        row = _row(parts, facts)
        found[meter_id, datetime.fromtimestamp(minute // 60 * 3600, UTC)] += sum(part.frames for part in parts)
        rows.append((meter_id, f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%d %H:%M:%S}", *row))
    return rows, found


def read_minutes(connection: Connection, start: datetime, end: datetime) -> list[MinuteRow]:
    """Return the stored rows of whole minutes from `start`, before `end`, in the form of `compute_minutes`.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    rows = connection.query(_STORED, (sql_time(start), sql_time(end)))
    return [(meter, f"{minute:%Y-%m-%d %H:%M:%S}", *values) for meter, minute, *values in rows]


def literals(rows: Iterable[tuple[int | str | None, ...]]) -> str:
    """Write rows of numbers, times and None as SQL; `repr` writes all of these as SQL does, but None."""
    return ",".join(map(repr, rows)).replace("None", "NULL")


def _row(parts: Sequence[_Group], facts: Mapping[int, LabelFacts]) -> tuple[int | None, ...]:
    """Return the values of `_COLUMNS` and `frames` of one minute."""
    frames, pieces, overloads = 0, 0, 0
    running: list[tuple[int, int]] = []  # instant, number of the register
    firsts: list[int] = []
    lasts: list[int] = []
    for part in parts:
        label_set = facts[part.label_set_id]
        frames += part.frames
        pieces |= part.pieces
        overloads += part.frames if label_set.overload else part.overloads
        number = label_set.supplier
        if number is None and label_set.historic and part.total_first is not None and part.supplier_first is None:
            number = 1  # BASE: there is only one
        if number is not None:
            running.append((part.last, number))
        firsts += _total(part.total_first, part.supplier_first, part.first, label_set)
        lasts += _total(part.total_last, part.supplier_last, part.last, label_set)
    peak = _most(part.power_peak for part in parts)
    return (
        pieces.bit_count() * PIECE,
        max(running)[1] if running else None,
        min(firsts) & _MASK if firsts else None,
        max(lasts) & _MASK if lasts else None,
        _index(_least(part.injected_first for part in parts)),
        _index(_most(part.injected_last for part in parts)),
        _least(part.power_min for part in parts),
        _mean((part.power_sum, part.power_count) for part in parts),
        None if peak is None else peak >> 6,
        None if peak is None else 63 - (peak & 63),
        _most(part.power_1_max for part in parts),
        _most(part.power_2_max for part in parts),
        _most(part.power_3_max for part in parts),
        _mean((part.injected_power_sum, part.injected_power_count) for part in parts),
        _most(part.injected_power_max for part in parts),
        _most(part.current_1_max for part in parts),
        _most(part.current_2_max for part in parts),
        _most(part.current_3_max for part in parts),
        _least(part.voltage_1_min for part in parts),
        _mean((part.voltage_1_sum, part.voltage_1_count) for part in parts),
        _most(part.voltage_1_max for part in parts),
        _least(part.voltage_2_min for part in parts),
        _mean((part.voltage_2_sum, part.voltage_2_count) for part in parts),
        _most(part.voltage_2_max for part in parts),
        _least(part.voltage_3_min for part in parts),
        _mean((part.voltage_3_sum, part.voltage_3_count) for part in parts),
        _most(part.voltage_3_max for part in parts),
        overloads or None,
        min(frames, _MOST_FRAMES),
    )


def _total(total: int | None, supplier: int | None, instant: int, label_set: LabelFacts) -> list[int]:
    """Return `instant << 32 | total` as the view `teleinfoframes` computes the total; nothing if there is none."""
    if total is not None:
        return [total]
    if supplier is not None and label_set.idle_total is not None:
        return [supplier + label_set.idle_total] if (supplier & _MASK) + label_set.idle_total <= LARGEST else []
    known = label_set.index_total
    return [instant << _SHIFT | known] if known is not None and known <= LARGEST else []


def _index(packed: int | None) -> int | None:
    return None if packed is None else packed & _MASK


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _mean(parts: Iterable[tuple[Any, int]]) -> int | None:
    """Return the mean of sums and counts, rounded half up as the server rounds."""
    total = count = 0
    for part_sum, part_count in parts:
        total += int(part_sum or 0)
        count += part_count
    return (2 * total + count) // (2 * count) if count else None
