"""Makes the table `hours`: measures from `minutes`, readings from the first and the last frame with an index.

Whole frames are preferred to damaged ones, and all readings of an end are those of one frame, so they fit together.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.database import Connection, sql_time
from common.labels import Mode
from common.registers import REGISTERS
from storer.database.label_sets import read_contents
from storer.database.rows import COLUMNS, decode_row
from storer.rollups.breaks import HourReadings, judge
from storer.rollups.minutes import MEASURES, literals, upsert
from storer.rollups.registers import TOTAL, Readings, readings, supplier_number
from storer.rollups.stored_hours import READINGS, StoredHours, hour_row

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
_AT_ONCE = 50  # meters in one transaction
_PEAK = "MAX((power_max << 12) + 4095 - MINUTE(minute) * 60 - power_max_second)"


def _mean(column: str) -> str:
    return f"ROUND(SUM({column} * frames) / SUM(IF({column} IS NULL, 0, frames)))"


def measure_of_minutes(name: str) -> str:
    """Return the expression that makes a measure of an hour from the rows of its minutes, in a session in UTC."""
    if name == "power_max_second":
        return f"4095 - ({_PEAK} & 4095)"
    if name == "overload":
        return "SUM(overload)"
    what = name.rpartition("_")[2]
    return _mean(name) if what == "mean" else f"{what.upper()}({name})"


_KEY = ("meter_id", "hour")
_INSERT, _UPDATE = upsert("hours", _KEY, ("seconds", "minutes", *MEASURES))
_FROM_MINUTES = (
    f"{_INSERT} SELECT meter_id, %s, SUM(seconds), BIT_OR(1 << MINUTE(minute)),"  # noqa: S608 - our own names
    f" {', '.join(map(measure_of_minutes, MEASURES))}, SUM(frames) FROM minutes"
    f" WHERE meter_id IN %s AND minute >= %s AND minute < %s GROUP BY meter_id{_UPDATE}"
)
_WRITTEN = (*READINGS, "drawn_wh", "injected_wh")
_SET = (
    f"INSERT INTO hours (meter_id, hour, frames, seconds, minutes, {', '.join(_WRITTEN)}) VALUES %s"  # noqa: S608 - our own names
    f" ON DUPLICATE KEY UPDATE {', '.join(f'{column} = VALUES({column})' for column in _WRITTEN)}"
)


def _both_ends(only: str) -> str:
    """Return a query for the first and the last frame with an index."""
    select = (
        f"SELECT timestamp, label_set_id, {', '.join(COLUMNS)} FROM frames"  # noqa: S608 - our own names
        " WHERE timestamp >= %s AND timestamp < %s AND meter_id = %s"
        f" AND (index_total IS NOT NULL OR index_supplier IS NOT NULL){only} ORDER BY timestamp"
    )
    return f"({select} LIMIT 1) UNION ALL ({select} DESC LIMIT 1)"


_WHOLE_ENDS, _ALL_ENDS = _both_ends(" AND COALESCE(dropped, 0) = 0"), _both_ends("")


@dataclass(frozen=True, slots=True)
class _End:
    """The readings of one frame."""

    at: datetime
    label_set_id: int
    standard: bool
    supplier: int | None
    values: Readings


def roll_hours(
    connection: Connection,
    hour: datetime,
    meters: Collection[int],
    held: Mapping[int, int] | None,
    *,
    always_judge: bool = False,
) -> None:
    """Make the rows of an hour from its minutes, which must be up to date; judge the breaks of it and of what follows.

    Safe to repeat.

    Args:
        connection: outside a transaction.
        hour: its start, in UTC.
        meters: the ids of those that have minutes in it.
        held: how many frames of the hour each meter has in `frames`: the readings are not replaced if the row was made
            of more, which were dropped since. None: nothing of this hour can have been dropped.
        always_judge: judge the breaks of this hour even if its row does not change.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    ordered = sorted(meters)
    for begin in range(0, len(ordered), _AT_ONCE):
        with connection.transaction():
            _HourRoller(connection, hour, ordered[begin : begin + _AT_ONCE]).roll(held, always_judge)


class _HourRoller:
    """One hour of some meters, inside a transaction."""

    def __init__(self, connection: Connection, hour: datetime, meters: Sequence[int]) -> None:
        self._connection = connection
        self._hour = hour
        self._meters = meters
        self._stored = StoredHours(connection)

    def roll(self, held: Mapping[int, int] | None, always_judge: bool) -> None:
        connection, hour = self._connection, self._hour
        connection.execute(_FROM_MINUTES, (sql_time(hour), tuple(self._meters), sql_time(hour), sql_time(hour + HOUR)))
        # The rows are locked from here on: what follows reads what another storer has committed.
        old = self._stored.of_hour(hour, self._meters)
        new = self._readings(held)
        judged = [meter for meter in new if always_judge or new[meter] != old.get(meter)]
        if not judged:
            return
        # For nearly all meters the hour before is the one that counts.
        previous = self._stored.of_hour(hour - HOUR, judged, lock=True)
        breaks = self._stored.breaks_of_hour(hour, judged)
        rows = []
        for meter in judged:
            judgement = judge(new[meter], *self._stored.before(meter, new[meter], previous.get(meter)))
            self._stored.write_breaks(meter, hour, judgement, breaks.get(meter, {}))
            rows.append(
                (
                    meter,
                    f"{hour:%Y-%m-%d %H:%M:%S}",
                    0,
                    0,
                    0,
                    *hour_row(new[meter]),
                    judgement.drawn,
                    judgement.injected,
                )
            )
        connection.execute(_SET % literals(rows))
        for meter in judged:
            if new[meter] != old.get(meter):
                self._judge_following(meter, old.get(meter), new[meter])

    def _readings(self, held: Mapping[int, int] | None) -> dict[int, HourReadings]:
        """Return the readings of each meter that has any, and whose frames are all held."""
        ends: dict[int, tuple[Sequence[Any], Sequence[Any]]] = {}
        for meter, (frames, minutes) in self._stored.minutes_of_hour(self._hour, self._meters).items():
            if held is None or held.get(meter, 0) >= frames:
                found = self._frames(meter, minutes)
                if found is not None:
                    ends[meter] = found
        ids = {int(row[1]) for pair in ends.values() for row in pair}
        contents = read_contents(self._connection, ids)
        if missing := ids - contents.keys():
            log.warning("Label sets %s are missing: no readings of their frames in the table hours", sorted(missing))
        return {
            meter: _hour_readings(self._hour, *(_decode(row, contents[row[1]]) for row in pair))
            for meter, pair in ends.items()
            if all(row[1] in contents for row in pair)
        }

    def _judge_following(self, meter: int, previous: HourReadings | None, new: HourReadings) -> None:
        """Judge the next hour with readings, and for each register that it lacks the next hour that has it."""
        following = self._stored.next(meter, self._hour)
        if following is None:
            return
        again = {following.hour: following}
        for register in range(len(REGISTERS)):
            here = any(row is not None and row.last[register] is not None for row in (previous, new))
            if here and following.last[register] is None:
                later = self._stored.next(meter, following.hour, register)
                if later is not None:
                    again[later.hour] = later
        for row in again.values():
            judgement = judge(row, *self._stored.before(meter, row))
            breaks = self._stored.breaks_of_hour(row.hour, [meter])
            self._stored.write_breaks(meter, row.hour, judgement, breaks.get(meter, {}))
            self._stored.write_energy(meter, row.hour, judgement)

    def _frames(self, meter: int, minutes: int) -> tuple[Sequence[Any], Sequence[Any]] | None:
        """Return the first and the last frame with an index, whole ones if any; `minutes`: bit n, minute n has one."""
        # The key of frames begins with the time: only the minutes that have frames are worth reading.
        begin = self._hour + timedelta(minutes=(minutes & -minutes).bit_length() - 1)
        end = self._hour + timedelta(minutes=minutes.bit_length())
        arguments = (sql_time(begin), sql_time(end), meter) * 2
        for statement in (_WHOLE_ENDS, _ALL_ENDS):
            rows = sorted(self._connection.query(statement, arguments), key=lambda row: row[0])
            if rows:
                return rows[0], rows[-1]
        return None


def _decode(row: Sequence[Any], content: Mapping[str, Any]) -> _End:
    timestamp, label_set_id, *columns = row
    frame = decode_row(timestamp.replace(tzinfo=UTC), "", tuple(columns), content)
    values = readings(frame)
    supplier = supplier_number(content.get("columns", {}).get("index_supplier"))
    if supplier is None and frame.mode is Mode.HISTORIC and values[TOTAL] is not None:
        supplier = 1  # BASE: there is only one
    return _End(
        at=frame.timestamp.replace(microsecond=0),
        label_set_id=label_set_id,
        standard=frame.mode is Mode.STANDARD,
        supplier=supplier,
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
    )
