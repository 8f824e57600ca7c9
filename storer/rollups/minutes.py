"""Makes the table `minutes` from frames; its columns are in `storer/rollups/minute_columns.py`."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from common.database.mariadb import Connection, sql_time
from storer.database.literals import Literal, literals
from storer.database.months import floor_hour
from storer.frames.late import FIRST_HOUR
from storer.rollups.label_facts import read_facts
from storer.rollups.minute_columns import AGGREGATES, COLUMNS, minute_values, upsert

_HOUR = timedelta(hours=1)
_AT_ONCE = 500  # rows in one INSERT, meters in one query

HourKey = tuple[int, datetime]  # id of the meter, start of the hour
MinuteRow = tuple[Literal, ...]  # id of the meter, minute as text, the values of `COLUMNS`

_GROUPS = (
    "SELECT f.meter_id, UNIX_TIMESTAMP(f.timestamp) DIV 60 AS minute, f.label_set_id, COUNT(*),"  # noqa: S608
    f" {', '.join(AGGREGATES)}"
    " FROM frames AS f WHERE f.timestamp >= %s AND f.timestamp < %s{only} GROUP BY f.meter_id, minute, f.label_set_id"
)
_INSERT, _UPDATE = upsert("minutes", ("meter_id", "minute"), COLUMNS)
# By meter, because the key begins with it; forced, or the server may read all minutes of a year.
_OF_METERS = "minutes FORCE INDEX (PRIMARY) WHERE meter_id IN %s AND minute >= %s AND minute < %s"
_STORED = f"SELECT meter_id, minute, {', '.join(COLUMNS)} FROM {_OF_METERS}"  # noqa: S608 - our own names
_COUNT = "SELECT meter_id, COUNT(*) FROM frames WHERE timestamp >= %s AND timestamp < %s GROUP BY meter_id"
_COUNT_STORED = f"SELECT meter_id, SUM(frames) FROM {_OF_METERS} GROUP BY meter_id"  # noqa: S608 - our own names


def roll_minutes(
    connection: Connection,
    start: datetime,
    end: datetime,
    meters: Collection[int] | None = None,
) -> Counter[HourKey]:
    """Make the rows of whole minutes from `start`, before `end`; return how many frames were read, by meter and hour.

    Safe to repeat. `meters`: only these, by id.
    """
    rows, found = compute_minutes(connection, start, end, meters)
    for begin in range(0, len(rows), _AT_ONCE):
        connection.execute(f"{_INSERT} VALUES {literals(rows[begin : begin + _AT_ONCE])}{_UPDATE}")
    return found


def roll_new_minutes(connection: Connection, start: datetime, end: datetime) -> Collection[HourKey]:
    """Do as `roll_minutes` for those meters only that have more frames than their minutes were made of.

    To count frames costs a quarter of reading them, and none of so short a time ago was dropped. Return all meters and
    hours with frames.
    """
    found: list[HourKey] = []
    begin = max(start, FIRST_HOUR)
    while begin < end:
        hour = floor_hour(begin)
        limit = min(hour + _HOUR, end)
        frames = {int(meter): int(count) for meter, count in connection.query(_COUNT, _times(begin, limit))}
        stored = _by_meters(connection, _COUNT_STORED, sorted(frames), begin, limit)
        made = {int(meter): int(count) for meter, count in stored}
        if new := [meter for meter, count in frames.items() if count > made.get(meter, 0)]:
            roll_minutes(connection, begin, limit, new if len(new) < _AT_ONCE else None)
        found += [(meter, hour) for meter in frames]
        begin = limit
    return found


def compute_minutes(
    connection: Connection,
    start: datetime,
    end: datetime,
    meters: Collection[int] | None = None,
) -> tuple[list[MinuteRow], Counter[HourKey]]:
    """Return the rows of whole minutes as the frames make them, and how many frames were read, by meter and hour."""
    start = max(start, FIRST_HOUR)
    times = _times(start, end)
    if meters is None:
        rows = connection.query(_GROUPS.format(only=""), times)
    else:
        rows = connection.query(_GROUPS.format(only=" AND f.meter_id IN %s"), (*times, sorted(meters)))
    groups: dict[tuple[int, int], list[tuple[int, Sequence[Any]]]] = {}
    found: Counter[HourKey] = Counter()
    for meter_id, minute, label_set_id, frames, *values in rows:
        groups.setdefault((meter_id, minute), []).append((label_set_id, values))
        found[meter_id, _time(minute).replace(minute=0)] += frames
    facts = read_facts(connection, {label_set_id for parts in groups.values() for label_set_id, _ in parts})
    made: list[MinuteRow] = [
        (
            meter_id,
            f"{_time(minute):%Y-%m-%d %H:%M:%S}",
            *minute_values([(facts[label_set_id], values) for label_set_id, values in parts]),
        )
        for (meter_id, minute), parts in sorted(groups.items())
    ]
    return made, found


def read_minutes(connection: Connection, start: datetime, end: datetime, meters: Collection[int]) -> list[MinuteRow]:
    """Return the stored rows of whole minutes from `start`, before `end`, in the form of `compute_minutes`."""
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


def _time(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
