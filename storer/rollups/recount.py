"""Compares rollups with the frames that they were made of, before these are dropped."""

from collections.abc import Collection
from datetime import datetime
from enum import Enum

from common.database.mariadb import Connection, sql_time
from storer.rollups.hours import HOUR, compare_hours
from storer.rollups.minutes import compute_minutes, read_minutes

_AT_ONCE = 500  # meters
_TABLES = (("hours", "hour", ""), ("minutes", "minute", ""), ("breaks", "hour", " AND step <> 0"))


class Comparison(Enum):
    """How rollups differ from what frames make."""

    SAME = 0
    OF_MORE_FRAMES = 1  # a row says that it was made of frames that are not there: it cannot be made again
    DIFFERENT = 2


def compare_rollups(connection: Connection, hour: datetime, meters: Collection[int]) -> Comparison:
    """Compare minutes, hours and breaks of an hour with what its frames make now; nothing is written.

    `meters`: the ids of all that there are.
    """
    computed, found = compute_minutes(connection, hour, hour + HOUR)
    made = {row[:2]: row for row in computed}
    stored = {row[:2]: row for row in read_minutes(connection, hour, hour + HOUR, meters)}
    more = {key for key, row in stored.items() if key not in made or _frames(row) > _frames(made[key])}
    others = set(meters) - {meter for meter, _ in more}
    hours = compare_hours(connection, hour, {meter: found[meter, hour] for meter in others})
    if hours.different or any(key not in more and stored.get(key) != row for key, row in made.items()):
        return Comparison.DIFFERENT
    return Comparison.OF_MORE_FRAMES if more or hours.of_more_frames else Comparison.SAME


def has_rollups(connection: Connection, start: datetime, end: datetime, meters: Collection[int]) -> bool:
    """Return whether there are minutes, hours or breaks of these meters from `start`, before `end`."""
    if start >= end:
        return False
    ordered = sorted(meters)
    return any(
        connection.query(
            f"SELECT 1 FROM {table} FORCE INDEX (PRIMARY)"  # noqa: S608 - our own names
            f" WHERE meter_id IN %s AND {column} >= %s AND {column} < %s{only} LIMIT 1",
            (tuple(ordered[begin : begin + _AT_ONCE]), sql_time(start), sql_time(end)),
        )
        for begin in range(0, len(ordered), _AT_ONCE)
        for table, column, only in _TABLES
    )


def _frames(row: tuple[int | str | None, ...]) -> int:
    frames = row[-1]
    assert isinstance(frames, int)
    return frames
