"""Makes the table `hours`: measures from `minutes`, readings from the first and the last frame with an index.

Whole frames are preferred to damaged ones, and all readings of an end are those of one frame, so they fit together.
"""

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from common.contract.labels import Mode
from common.contract.registers import REGISTERS, TOTAL
from common.database.mariadb import Connection, sql_time
from storer.database.label_sets import read_contents
from storer.database.rows import COLUMNS, row_values
from storer.rollups.breaks import HourReadings, Inside, Judgement, ends_tell, judge, kind_at_end
from storer.rollups.minutes import MEASURES, literals, upsert
from storer.rollups.register_labels import Readings, readings, supplier_number
from storer.rollups.state import raise_version
from storer.rollups.stored_hours import READINGS, StoredHours, hour_row

log = logging.getLogger(__name__)

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
_AT_ONCE = 500  # meters in one transaction
_ALL_AT_ONCE = 10  # meters of which all frames of an hour are read
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
_MEASURED = (
    "SELECT meter_id, %s, SUM(seconds), BIT_OR(1 << MINUTE(minute)),"  # noqa: S608 - our own names
    f" {', '.join(map(measure_of_minutes, MEASURES))}, SUM(frames) FROM minutes"
    " WHERE meter_id IN %s AND minute >= %s AND minute < %s GROUP BY meter_id"
)
_FROM_MINUTES = f"{_INSERT} {_MEASURED}{_UPDATE}"
_STORED = (
    f"SELECT meter_id, %s, seconds, minutes, {', '.join(MEASURES)}, frames FROM hours"  # noqa: S608 - our own names
    " WHERE meter_id IN %s AND hour = %s"
)
_WRITTEN = (*READINGS, "drawn_wh", "injected_wh")
_SET = (
    f"INSERT INTO hours (meter_id, hour, frames, seconds, minutes, {', '.join(_WRITTEN)}) VALUES %s"  # noqa: S608 - our own names
    f" ON DUPLICATE KEY UPDATE {', '.join(f'{column} = VALUES({column})' for column in _WRITTEN)}"
)


# JSON: a row as one text is read five times faster than as thirty values.
_FRAME = f"f.meter_id, JSON_ARRAY(f.timestamp, f.label_set_id, {', '.join(f'f.{column}' for column in COLUMNS)})"
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


@dataclass(frozen=True, slots=True)
class HourComparison:
    """Meters whose row of an hour, or its breaks, are not what minutes and frames make."""

    different: set[int]
    of_more_frames: set[int]  # the row was made of frames that are not there


def compare_hours(connection: Connection, hour: datetime, held: Mapping[int, int]) -> HourComparison:
    """Compare rows of an hour, and what is judged of it, with what minutes and frames make; nothing is written.

    Args:
        connection: any.
        hour: its start, in UTC.
        held: how many frames of the hour each meter has, also 0.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    found = HourComparison(set(), set())
    ordered = sorted(held)
    for begin in range(0, len(ordered), _AT_ONCE):
        meters = ordered[begin : begin + _AT_ONCE]
        _HourRoller(connection, hour, meters).compare(held, found)
    return found


def mend_measures(connection: Connection, hour: datetime, meters: Collection[int]) -> bool:
    """Make what is measured in an hour again from its minutes where it differs; return whether it did.

    Readings stay: their frames may have been dropped.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    ordered, mended = sorted(meters), False
    for begin in range(0, len(ordered), _AT_ONCE):
        if different := _HourRoller(connection, hour, ordered[begin : begin + _AT_ONCE]).measures_that_differ():
            roll_hours(connection, hour, different, {})
            mended = True
    return mended


def judge_from(connection: Connection, months: Iterable[str]) -> None:
    """Judge the first hour of each meter again from the start of some months on, because hours before are missing.

    `months`: such as 2026-10. The frames are not needed.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    meters = [int(number) for (number,) in connection.query("SELECT id FROM meters ORDER BY id")]
    for month in months:
        before = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC) - HOUR
        for meter in meters:
            with connection.transaction():
                _HourRoller(connection, before, [meter]).judge_following(meter)


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
        changed = [meter for meter in new if new[meter] != old.get(meter)]
        # Between ends that do not tell, a frame may be new although the ends are the same.
        judged = [meter for meter in new if always_judge or meter in changed or not ends_tell(new[meter])]
        if not judged:
            return
        breaks = self._stored.breaks_of_hour(hour, judged)
        rows = []
        for meter, judgement in self._judge_all({meter: new[meter] for meter in judged}).items():
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
        later = self._stored.later(hour, changed)
        for meter, following in later.items():
            self._judge_following(meter, following, old.get(meter), new[meter])
        if later and held is not None:
            # Last: others wait for that row. Nobody remembers the newest hours, nor those that change as they go on.
            raise_version(connection)

    def compare(self, held: Mapping[int, int], found: HourComparison) -> None:
        made = self._stored.minutes_of_hour(self._hour, self._meters)
        breaks = self._stored.breaks_of_hour(self._hour, self._meters)
        broken = {meter: {place: step for place, step in steps.items() if step} for meter, steps in breaks.items()}
        more = {meter for meter, (frames, _) in made.items() if frames > held[meter]}
        found.of_more_frames.update(more, (meter for meter, steps in broken.items() if steps and not held[meter]))
        found.different.update(self.measures_that_differ() - more)
        readings, new = self._stored.of_hour(self._hour, self._meters), self._readings(held)
        energy = self._stored.energy_of_hour(self._hour, self._meters)
        judgements = self._judge_all(new)
        for meter in made.keys() - more:
            judged = judgements.get(meter)
            wanted = ({}, None, None) if judged is None else (judged.steps, judged.drawn, judged.injected)
            if readings.get(meter) != new.get(meter) or (broken.get(meter, {}), *energy[meter]) != wanted:
                found.different.add(meter)

    def measures_that_differ(self) -> set[int]:
        """Return the meters whose measures are not what their minutes make, but for rows that know of more frames."""
        start, meters = sql_time(self._hour), tuple(self._meters)
        measured = self._connection.query(_MEASURED, (start, meters, start, sql_time(self._hour + HOUR)))
        stored = {row[0]: tuple(row) for row in self._connection.query(_STORED, (start, meters, start))}
        return {
            row[0]
            for row in measured
            if row[0] not in stored or (stored[row[0]] != tuple(row) and stored[row[0]][-1] <= row[-1])
        }

    def _readings(self, held: Mapping[int, int] | None) -> dict[int, HourReadings]:
        """Return the readings of each meter that has any, and whose frames are all held."""
        minutes = {
            meter: bits
            for meter, (frames, bits) in self._stored.minutes_of_hour(self._hour, self._meters).items()
            if held is None or held.get(meter, 0) >= frames
        }
        ends = self._ends(minutes)
        ids = {row.label_set_id for pair in ends.values() for row in pair}
        contents = read_contents(self._connection, ids)
        if missing := ids - contents.keys():
            log.warning("Label sets %s are missing: no readings of their frames in the table hours", sorted(missing))
        return {
            meter: _hour_readings(self._hour, *(_decode(row, contents[row.label_set_id]) for row in pair))
            for meter, pair in ends.items()
            if all(row.label_set_id in contents for row in pair)
        }

    def judge_following(self, meter: int) -> None:
        """Judge the next hour with readings after this one, which nothing is known of."""
        if (following := self._stored.later(self._hour, [meter]).get(meter)) is not None:
            previous = self._stored.earlier(following.hour, [meter]).get(meter)
            self._judge_following(meter, following, previous, following)

    def _judge_following(
        self, meter: int, following: HourReadings, old: HourReadings | None, new: HourReadings
    ) -> None:
        """Judge the next hour with readings, and for each register that it lacks the next hour that has it."""
        again = {following.hour: following}
        rows = [row for row in (old, new) if row is not None]
        # A row of another kind hides registers that it does not have.
        hides = any(kind_at_end(row) != kind_at_end(following) for row in rows)
        for register in range(len(REGISTERS)):
            here = hides or any(row.last[register] is not None for row in rows)
            if here and following.last[register] is None:
                later = self._stored.next_with(register, meter, following.hour)
                if later is not None:
                    again[later.hour] = later
        for row in again.values():
            previous = self._stored.earlier(row.hour, [meter]).get(meter)
            judgement = self._judge(meter, row, previous, self._insides({meter: row}))
            breaks = self._stored.breaks_of_hour(row.hour, [meter])
            self._stored.write_breaks(meter, row.hour, judgement, breaks.get(meter, {}))
            self._stored.write_energy(meter, row.hour, judgement)

    def _judge_all(self, rows: Mapping[int, HourReadings]) -> dict[int, Judgement]:
        """Judge this hour, by its readings."""
        # For nearly all meters the hour before is the one that counts.
        previous = self._stored.of_hour(self._hour - HOUR, rows, lock=True) if rows else {}
        previous |= self._stored.earlier(self._hour, [meter for meter in rows if meter not in previous])
        insides = self._insides(rows)
        return {meter: self._judge(meter, row, previous.get(meter), insides) for meter, row in rows.items()}

    def _judge(
        self, meter: int, row: HourReadings, previous: HourReadings | None, insides: Mapping[int, Inside]
    ) -> Judgement:
        return judge(row, self._stored.before(meter, row, previous), previous, insides.get(meter))

    def _insides(self, rows: Mapping[int, HourReadings]) -> dict[int, Inside]:
        """Read what is between the ends of an hour that do not tell, by meter; without those whose frames were dropped.

        `rows`: by meter, all of one hour.
        """
        wanted = [meter for meter, row in rows.items() if not ends_tell(row)]
        insides: dict[int, Inside] = {}
        # The key of frames begins with the time: to read one meter costs as much as to read past all others.
        for begin in range(0, len(wanted), _ALL_AT_ONCE):
            meters = wanted[begin : begin + _ALL_AT_ONCE]
            for meter, frames in self._frames({meter: rows[meter] for meter in meters}).items():
                if (inside := self._inside(rows[meter], frames)) is not None:
                    insides[meter] = inside
        return insides

    def _frames(self, rows: Mapping[int, HourReadings]) -> dict[int, list[_Row]]:
        """Return the frames with an index from the first to the last readings of an hour, by meter."""
        begin = min(row.first_at for row in rows.values())
        end = max(row.last_at for row in rows.values()) + SECOND
        found: dict[int, list[_Row]] = {}
        for meter, text in self._connection.query(_ALL, (sql_time(begin), sql_time(end), tuple(rows))):
            frame = _row(text)
            if rows[meter].first_at <= frame.timestamp < rows[meter].last_at + SECOND:
                found.setdefault(meter, []).append(frame)
        return found

    def _inside(self, row: HourReadings, frames: Sequence[_Row]) -> Inside | None:
        """Return what the frames count; None if those of the ends were dropped."""
        contents = read_contents(self._connection, {frame.label_set_id for frame in frames})
        ends = [_decode(frame, contents[frame.label_set_id]) for frame in frames if frame.label_set_id in contents]
        values = [end.values for end in ends]
        if row.first not in values or row.last not in values:
            return None
        begin, end = values.index(row.first), len(values) - values[::-1].index(row.last)
        return Inside((frame.at, frame.standard, frame.values) for frame in ends[begin:end])

    def _ends(self, minutes: Mapping[int, int]) -> dict[int, tuple[_Row, _Row]]:
        """Return the first and the last frame with an index, whole ones if any; `minutes`: bit n, minute n has one."""
        # The key of frames begins with the time: a minute is read once for all meters, and nearly always has both.
        first: dict[int, list[int]] = {}
        last: dict[int, list[int]] = {}
        for meter, bits in minutes.items():
            first.setdefault(_lowest(bits), []).append(meter)
            last.setdefault(bits.bit_length() - 1, []).append(meter)
        parts = [(_WHOLE_FIRST, *part) for part in first.items()] + [(_WHOLE_LAST, *part) for part in last.items()]
        found: dict[int, list[_Row]] = {meter: [] for meter in minutes}
        if parts:
            arguments = [value for _, minute, meters in parts for value in (*self._times(minute), tuple(meters))]
            statement = " UNION ALL ".join(part[0] for part in parts)
            for meter, text in self._connection.query(statement, arguments):
                found[meter].append(_row(text))
        for meter, rows in found.items():
            if len(rows) < 2:
                found[meter] = self._ends_of_hour(meter, minutes[meter])
        return {meter: (min(rows), max(rows)) for meter, rows in found.items() if rows}

    def _ends_of_hour(self, meter: int, minutes: int) -> list[_Row]:
        """Return what `_ends` returns, for a meter whose first or last minute has no whole frame with an index."""
        begin, _ = self._times(_lowest(minutes))
        _, end = self._times(minutes.bit_length() - 1)
        for statement in (_WHOLE_ENDS, _ALL_ENDS):
            rows = [_row(text) for _, text in self._connection.query(statement, (begin, end, meter) * 2)]
            if rows:
                return rows
        return []

    def _times(self, minute: int) -> tuple[str, str]:
        begin = self._hour + minute * MINUTE
        return sql_time(begin), sql_time(begin + MINUTE)


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _row(text: str) -> _Row:
    timestamp, label_set_id, *columns = json.loads(text)
    return _Row(datetime.fromisoformat(timestamp).replace(tzinfo=UTC), label_set_id, tuple(columns))


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
