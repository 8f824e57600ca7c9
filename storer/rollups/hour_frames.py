"""Reads frames of an hour: its readings, and what is between them where these are not enough.

Undamaged frames are preferred, and all readings of an end come from one frame, so they fit together.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from common.contract.labels import Mode
from common.contract.registers import TOTAL, Readings, readings, supplier_number
from common.database.mariadb import Connection, sql_time
from storer.frames.label_sets import read_contents
from storer.frames.rows import COLUMNS, row_values
from storer.rollups.breaks import HourReadings, Inside, ends_suffice

log = logging.getLogger(__name__)

_MINUTE, _SECOND = timedelta(minutes=1), timedelta(seconds=1)
_ALL_AT_ONCE = 10  # meters of which all frames of an hour are read

_FRAME = f"f.meter_id, f.timestamp, f.label_set_id, {', '.join(f'f.{column}' for column in COLUMNS)}"
_HAS_INDEX = " AND (index_total IS NOT NULL OR index_supplier IS NOT NULL)"
_WHOLE = " AND COALESCE(dropped, 0) = 0"


def _both_ends(only: str) -> str:
    """Return a query for the first and the last frame of a meter with an index, in a time."""
    select = (
        f"SELECT {_FRAME} FROM frames AS f"  # noqa: S608 - our own names
        f" WHERE timestamp >= %s AND timestamp < %s AND meter_id = %s{_HAS_INDEX}{only} ORDER BY timestamp"
    )
    return f"({select} LIMIT 1) UNION ALL ({select} DESC LIMIT 1)"


_ALL = (
    f"SELECT {_FRAME} FROM frames AS f"  # noqa: S608 - our own names
    f" WHERE timestamp >= %s AND timestamp < %s AND meter_id IN %s{_HAS_INDEX} ORDER BY timestamp"
)
_WHOLE_ENDS, _ALL_ENDS = _both_ends(_WHOLE), _both_ends("")


def _whole_end(end: str) -> str:
    """Return a query for the `MIN` or `MAX` of the whole frames with an index, in a minute, of each of some meters."""
    return (
        f"(SELECT {_FRAME} FROM (SELECT meter_id, {end}(timestamp) AS instant FROM frames"  # noqa: S608 - our own names
        f" WHERE timestamp >= %s AND timestamp < %s AND meter_id IN %s{_HAS_INDEX}{_WHOLE} GROUP BY meter_id) AS e"
        " STRAIGHT_JOIN frames AS f ON f.timestamp = e.instant AND f.meter_id = e.meter_id)"
    )


_WHOLE_FIRST, _WHOLE_LAST = _whole_end("MIN"), _whole_end("MAX")


class _Row(NamedTuple):
    """One frame as it is stored."""

    timestamp: datetime  # of one meter there is one row at a time: rows sort by it
    label_set_id: int
    columns: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _End:
    """The readings of one frame."""

    at: datetime
    label_set_id: int
    standard: bool
    supplier: int | None
    usual_interval: int | None
    values: Readings


def read_ends(connection: Connection, hour: datetime, minutes: Mapping[int, int]) -> dict[int, HourReadings]:
    """Return the readings of an hour, of each meter that has any.

    `minutes`: by meter, bit n is set if minute n has a frame.
    """
    ends = _ends(connection, hour, minutes)
    ids = {row.label_set_id for pair in ends.values() for row in pair}
    contents = read_contents(connection, ids)
    if missing := ids - contents.keys():
        log.warning("Label sets %s are missing: no readings of their frames in the table hours", sorted(missing))
    return {
        meter: _hour_readings(hour, *(_decode(row, contents[row.label_set_id]) for row in pair))
        for meter, pair in ends.items()
        if all(row.label_set_id in contents for row in pair)
    }


def read_insides(connection: Connection, rows: Mapping[int, HourReadings]) -> dict[int, Inside]:
    """Read what is between ends that are not enough, by meter, unless the frames were dropped.

    `rows`: by meter, all of one hour.
    """
    wanted = [meter for meter, row in rows.items() if not ends_suffice(row)]
    insides: dict[int, Inside] = {}
    # The key of frames begins with the time: to read one meter costs as much as to read past all others.
    for begin in range(0, len(wanted), _ALL_AT_ONCE):
        meters = wanted[begin : begin + _ALL_AT_ONCE]
        for meter, frames in _frames(connection, {meter: rows[meter] for meter in meters}).items():
            if (inside := _inside(connection, rows[meter], frames)) is not None:
                insides[meter] = inside
    return insides


def _frames(connection: Connection, rows: Mapping[int, HourReadings]) -> dict[int, list[_Row]]:
    """Return the frames with an index from the first to the last readings of an hour, by meter."""
    begin = min(row.first_at for row in rows.values())
    end = max(row.last_at for row in rows.values()) + _SECOND
    found: dict[int, list[_Row]] = {}
    for meter, *values in connection.query(_ALL, (sql_time(begin), sql_time(end), tuple(rows))):
        frame = _row(values)
        if rows[meter].first_at <= frame.timestamp < rows[meter].last_at + _SECOND:
            found.setdefault(meter, []).append(frame)
    return found


def _inside(connection: Connection, row: HourReadings, frames: Sequence[_Row]) -> Inside | None:
    """Return what the frames count; None if the first or the last was dropped."""
    contents = read_contents(connection, {frame.label_set_id for frame in frames})
    ends = [_decode(frame, contents[frame.label_set_id]) for frame in frames if frame.label_set_id in contents]
    values = [end.values for end in ends]
    if row.first not in values or row.last not in values:
        return None
    begin, end = values.index(row.first), len(values) - values[::-1].index(row.last)
    return Inside((frame.at, frame.standard, frame.values) for frame in ends[begin:end])


def _ends(connection: Connection, hour: datetime, minutes: Mapping[int, int]) -> dict[int, tuple[_Row, _Row]]:
    """Return the first and the last frame with an index, whole ones if any; `minutes`: bit n, minute n has one."""
    # The key of frames begins with the time: a minute is read once for all meters, and nearly always has both.
    first: dict[int, list[int]] = {}
    last: dict[int, list[int]] = {}
    for meter, bits in minutes.items():
        first.setdefault(_lowest(bits), []).append(meter)
        last.setdefault(bits.bit_length() - 1, []).append(meter)
    parts = [(_WHOLE_FIRST, *part) for part in first.items()] + [(_WHOLE_LAST, *part) for part in last.items()]
    ends: dict[int, list[_Row]] = {meter: [] for meter in minutes}
    if parts:
        arguments = [value for _, minute, meters in parts for value in (*_times(hour, minute), tuple(meters))]
        statement = " UNION ALL ".join(part[0] for part in parts)
        for meter, *values in connection.query(statement, arguments):
            ends[meter].append(_row(values))
    for meter, rows in ends.items():
        if len(rows) < 2:
            ends[meter] = _ends_of_hour(connection, hour, meter, minutes[meter])
    return {meter: (min(rows), max(rows)) for meter, rows in ends.items() if rows}


def _ends_of_hour(connection: Connection, hour: datetime, meter: int, minutes: int) -> list[_Row]:
    """Return what `_ends` returns, for a meter whose first or last minute has no whole frame with an index."""
    begin, _ = _times(hour, _lowest(minutes))
    _, end = _times(hour, minutes.bit_length() - 1)
    for statement in (_WHOLE_ENDS, _ALL_ENDS):
        rows = [_row(values) for _, *values in connection.query(statement, (begin, end, meter) * 2)]
        if rows:
            return rows
    return []


def _times(hour: datetime, minute: int) -> tuple[str, str]:
    begin = hour + minute * _MINUTE
    return sql_time(begin), sql_time(begin + _MINUTE)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _row(values: Sequence[Any]) -> _Row:
    timestamp, label_set_id, *columns = values
    return _Row(timestamp.replace(tzinfo=UTC), label_set_id, tuple(columns))


def _decode(row: _Row, content: Mapping[str, Any]) -> _End:
    mode = Mode(content["mode"])
    values = readings(mode, row_values(row.columns, content))
    supplier = supplier_number(content.get("columns", {}).get("index_supplier"))
    if supplier is None and mode is Mode.HISTORIC and values[TOTAL] is not None:
        supplier = 1  # BASE: there is only one
    return _End(
        at=row.timestamp.replace(microsecond=0),
        label_set_id=row.label_set_id,
        standard=mode is Mode.STANDARD,
        supplier=supplier,
        usual_interval=content.get("interval"),
        values=values,
    )


def _hour_readings(hour: datetime, first: _End, last: _End) -> HourReadings:
    return HourReadings(
        hour=hour,
        first_at=first.at,
        last_at=last.at,
        first_standard=first.standard,
        last_standard=last.standard,
        first=first.values,
        last=last.values,
        label_set_id=last.label_set_id,
        supplier=last.supplier,
        usual_interval=last.usual_interval,
    )
