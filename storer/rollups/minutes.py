"""Makes the table `minutes` from frames.

The server groups frames by meter, minute and label set; what a label set means is added here, and the one to three
groups of a minute become its row. First and last values are taken by time: the server compares `microsecond of the
minute << 32 | value`, in one pass and whatever the order.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from common.database.mariadb import Connection, sql_time
from storer.database.literals import literals
from storer.rollups.label_facts import LabelFacts, LabelSets
from storer.rollups.register_labels import LARGEST

#: The first hour that can be a bucket: a TIMESTAMP begins a second after 1970, and an hour must hold its start.
FIRST_HOUR = datetime(1970, 1, 1, 1, tzinfo=UTC)
PIECE = 5  # seconds: coverage is counted in pieces of this length

_SHIFT = 32
_MASK = (1 << _SHIFT) - 1
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_AT_ONCE = 500  # rows in one INSERT, meters in one query
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


def _ends(column: str, only: str = "") -> str:
    # IF: of a frame that lacks the column the server need not compute the instant, which costs most of this.
    packed = f"IF({only or f'f.{column} IS NOT NULL'}, ({_INSTANT} << {_SHIFT}) + f.{column}, NULL)"
    return f"MIN({packed}), MAX({packed})"


def _sum_of(column: str) -> str:
    # Of integers the server makes a sum of decimals, which takes three times as long. These sums are far below 2**53.
    return f"CAST(SUM(f.{column} + 0e0) AS UNSIGNED)"


# JSON: a row as one text is read five times faster than as forty values.
_SELECT = (
    "SELECT JSON_ARRAY(f.meter_id, {minute}, f.label_set_id, COUNT(*),"  # noqa: S608 - our own names
    f" BIT_OR(1 << (SECOND(f.timestamp) DIV {PIECE})), MIN({_INSTANT}), MAX({_INSTANT}),"
    # The supplier register counts only where no frame of the group has the total.
    f" {_ends('index_total')}, {_ends('index_supplier', 'f.index_total IS NULL')}, {_ends('index_injected')},"
    f" MIN(f.power), {_sum_of('power')}, COUNT(f.power), MAX((f.power << 6) + 63 - SECOND(f.timestamp)),"
    " MAX(f.power_1), MAX(f.power_2), MAX(f.power_3),"
    f" {_sum_of('power_injected')}, COUNT(f.power_injected), MAX(f.power_injected),"
    # IINST of historic mode is the current of the only phase.
    " MAX(COALESCE(f.current_1, f.current)), MAX(f.current_2), MAX(f.current_3), "
    + ", ".join(
        f"MIN(f.voltage_{phase}), {_sum_of(f'voltage_{phase}')}, COUNT(f.voltage_{phase}), MAX(f.voltage_{phase})"
        for phase in _PHASES
    )
    + ", COUNT(COALESCE(f.overload, f.overload_1, f.overload_2, f.overload_3)))"
    " FROM frames AS f WHERE f.timestamp >= %s AND f.timestamp < %s{only} GROUP BY f.meter_id, {minute}, f.label_set_id"
)

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
# By meter, because the key begins with it; forced, or the server may read all minutes of a year.
_OF_METERS = "minutes FORCE INDEX (PRIMARY) WHERE meter_id IN %s AND minute >= %s AND minute < %s"
_STORED = f"SELECT meter_id, minute, {', '.join(_COLUMNS)}, frames FROM {_OF_METERS}"  # noqa: S608 - our own names
_COUNT = "SELECT meter_id, COUNT(*) FROM frames WHERE timestamp >= %s AND timestamp < %s GROUP BY meter_id"
_COUNT_STORED = f"SELECT meter_id, SUM(frames) FROM {_OF_METERS} GROUP BY meter_id"  # noqa: S608 - our own names


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
    """Do as `roll_minutes` for those meters only that have more frames than their minutes were made of.

    To count frames costs a quarter of reading them, and none of so short a time ago was dropped. Return all meters and
    hours with frames.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    found: list[HourKey] = []
    begin = max(start, FIRST_HOUR)
    while begin < end:
        hour = begin.replace(minute=0, second=0, microsecond=0)
        limit = min(hour + _HOUR, end)
        frames = {int(meter): int(count) for meter, count in connection.query(_COUNT, _times(begin, limit))}
        stored = _by_meters(connection, _COUNT_STORED, sorted(frames), begin, limit)
        made = {int(meter): int(count) for meter, count in stored}
        if new := [meter for meter, count in frames.items() if count > made.get(meter, 0)]:
            roll_minutes(connection, label_sets, begin, limit, new if len(new) < _AT_ONCE else None)
        found += [(meter, hour) for meter in frames]
        begin = limit
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
    start = max(start, FIRST_HOUR)
    arguments: list[object] = [sql_time(start), sql_time(end)]
    # To group by one minute the server need not compute which it is.
    minute_of = f"{start.timestamp():.0f} DIV 60" if end - start == _MINUTE else "UNIX_TIMESTAMP(f.timestamp) DIV 60"
    only = ""
    if meters is not None:
        only = f" AND f.meter_id IN ({', '.join(['%s'] * len(meters))})"
        arguments += sorted(meters)
    groups: dict[tuple[int, int], list[_Group]] = {}
    found: Counter[HourKey] = Counter()
    for (text,) in connection.query(_SELECT.format(minute=minute_of, only=only), arguments):
        group = _Group(*json.loads(text))
        groups.setdefault((group.meter_id, group.minute), []).append(group)
    facts = label_sets.facts({group.label_set_id for parts in groups.values() for group in parts})
    rows: list[MinuteRow] = []
    times: dict[int, tuple[datetime, str]] = {}  # many meters have the same
    for (meter_id, minute), parts in sorted(groups.items()):
        if minute not in times:
            at = datetime.fromtimestamp(minute * 60, UTC)
            times[minute] = at.replace(minute=0), f"{at:%Y-%m-%d %H:%M:%S}"
        hour, text = times[minute]
        found[meter_id, hour] += sum(part.frames for part in parts)
        rows.append((meter_id, text, *_row(parts, facts)))
    return rows, found


def read_minutes(connection: Connection, start: datetime, end: datetime, meters: Collection[int]) -> list[MinuteRow]:
    """Return the stored rows of whole minutes from `start`, before `end`, in the form of `compute_minutes`.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    rows = _by_meters(connection, _STORED, sorted(meters), start, end)
    return [(meter, f"{minute:%Y-%m-%d %H:%M:%S}", *values) for meter, minute, *values in rows]


def _by_meters(
    connection: Connection, statement: str, meters: Sequence[int], start: datetime, end: datetime
) -> Iterator[Sequence[Any]]:
    # Not too many at once: the server makes a table of a list of a thousand, and then no longer uses the key.
    for begin in range(0, len(meters), _AT_ONCE):
        yield from connection.query(statement, (tuple(meters[begin : begin + _AT_ONCE]), *_times(start, end)))


def _times(start: datetime, end: datetime) -> tuple[str, str]:
    return sql_time(start), sql_time(end)


def _row(parts: Sequence[_Group], facts: Mapping[int, LabelFacts]) -> tuple[int | None, ...]:
    """Return the values of `_COLUMNS` and `frames` of one minute."""
    overloads = 0
    running: list[tuple[int, int]] = []  # instant, number of the register
    firsts: list[int] = []
    lasts: list[int] = []
    for part in parts:
        label_set = facts[part.label_set_id]
        overloads += part.frames if label_set.overload else part.overloads
        number = label_set.supplier
        if number is None and label_set.historic and part.total_first is not None:
            number = 1  # BASE: there is only one
        if number is not None:
            running.append((part.last, number))
        firsts += _total(part.total_first, part.supplier_first, part.first, label_set)
        lasts += _total(part.total_last, part.supplier_last, part.last, label_set)
    whole = parts[0] if len(parts) == 1 else _together(parts)
    peak = whole.power_peak
    return (
        whole.pieces.bit_count() * PIECE,
        max(running)[1] if running else None,
        min(firsts) & _MASK if firsts else None,
        max(lasts) & _MASK if lasts else None,
        _index(whole.injected_first),
        _index(whole.injected_last),
        whole.power_min,
        _mean(whole.power_sum, whole.power_count),
        None if peak is None else peak >> 6,
        None if peak is None else 63 - (peak & 63),
        whole.power_1_max,
        whole.power_2_max,
        whole.power_3_max,
        _mean(whole.injected_power_sum, whole.injected_power_count),
        whole.injected_power_max,
        whole.current_1_max,
        whole.current_2_max,
        whole.current_3_max,
        whole.voltage_1_min,
        _mean(whole.voltage_1_sum, whole.voltage_1_count),
        whole.voltage_1_max,
        whole.voltage_2_min,
        _mean(whole.voltage_2_sum, whole.voltage_2_count),
        whole.voltage_2_max,
        whole.voltage_3_min,
        _mean(whole.voltage_3_sum, whole.voltage_3_count),
        whole.voltage_3_max,
        overloads or None,
        min(whole.frames, _MOST_FRAMES),
    )


def _together(parts: Sequence[_Group]) -> _Group:
    """Return the groups of a minute as one; the label set is that of any."""
    return _Group._make(together(values) for together, values in zip(_TOGETHER, zip(*parts, strict=True), strict=True))


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


def _mean(total: int | None, count: int) -> int | None:
    """Return the mean of a sum, rounded half up as the server rounds."""
    return (2 * total + count) // (2 * count) if total is not None and count else None


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _sum(values: Iterable[int | None]) -> int:
    return sum(value for value in values if value is not None)


def _bits(values: Iterable[int]) -> int:
    return reduce(or_, values)


# How the values of several groups become one, by the last word of the field.
_BY_NAME: Mapping[str, Callable[[Any], int | None]] = {
    **dict.fromkeys(("first", "min"), _least),
    **dict.fromkeys(("last", "max", "peak"), _most),
    **dict.fromkeys(("sum", "count", "frames", "overloads"), _sum),
    **dict.fromkeys(("id", "minute"), max),  # the same in all, but for the label set
    "pieces": _bits,
}
_TOGETHER = tuple(_BY_NAME[field.rpartition("_")[2]] for field in _Group._fields)
