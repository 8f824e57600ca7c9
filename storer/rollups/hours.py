"""Makes the table `hours`: measures from `minutes`, readings from frames; and judges what of their steps is energy."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.contract.registers import REGISTERS
from common.database.mariadb import Connection, sql_time
from storer.rollups.breaks import HourReadings, Inside, Judgement, ends_suffice, judge, kind_at_end
from storer.rollups.hour_frames import read_ends, read_insides
from storer.rollups.minute_columns import CARRIED, HOUR_COLUMNS, upsert
from storer.rollups.state import raise_version, read_state
from storer.rollups.stored_hours import StoredHours

HOUR = timedelta(hours=1)
_AT_ONCE = 500  # meters in one transaction
# Before `up_to`. The monitor caches nothing of the three hours before a meter's newest one.
_NOT_CACHED = timedelta(hours=2)
_INSERT, _UPDATE = upsert("hours", ("meter_id", "hour"), tuple(HOUR_COLUMNS))
_MEASURED = (
    f"SELECT meter_id, %s, {', '.join(HOUR_COLUMNS.values())} FROM minutes"  # noqa: S608 - our own names
    f" LEFT JOIN (SELECT meter_id AS carrier, {CARRIED} AS carried FROM hours WHERE meter_id IN %s AND hour = %s"
    " AND usual_interval IS NOT NULL) AS h ON carrier = meter_id"
    " WHERE meter_id IN %s AND minute >= %s AND minute < %s GROUP BY meter_id"
)
_STORED = (
    f"SELECT meter_id, %s, {', '.join(HOUR_COLUMNS)} FROM hours"  # noqa: S608 - our own names
    " WHERE meter_id IN %s AND hour = %s"
)


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
    """
    ordered = sorted(meters)
    for begin in range(0, len(ordered), _AT_ONCE):
        with connection.transaction():
            _HourRollup(connection, hour, ordered[begin : begin + _AT_ONCE]).roll(held, always_judge)


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
    """
    found = HourComparison(set(), set())
    ordered = sorted(held)
    for begin in range(0, len(ordered), _AT_ONCE):
        meters = ordered[begin : begin + _AT_ONCE]
        _HourRollup(connection, hour, meters).compare(held, found)
    return found


def mend_measures(connection: Connection, hour: datetime, meters: Collection[int]) -> bool:
    """Make what is measured in an hour again from its minutes where it differs; return whether it did.

    Readings stay: their frames may have been dropped.
    """
    ordered, mended = sorted(meters), False
    for begin in range(0, len(ordered), _AT_ONCE):
        if different := _HourRollup(connection, hour, ordered[begin : begin + _AT_ONCE]).measures_that_differ():
            roll_hours(connection, hour, different, {})
            mended = True
    return mended


class _HourRollup:
    """One hour of some meters, inside a transaction."""

    def __init__(self, connection: Connection, hour: datetime, meters: Sequence[int]) -> None:
        self._connection = connection
        self._hour = hour
        self._meters = meters
        self._stored = StoredHours(connection)

    def roll(self, held: Mapping[int, int] | None, always_judge: bool) -> None:
        connection, hour = self._connection, self._hour
        touched = self._measure()
        # The rows are locked from here on: what follows reads what another storer has committed.
        old = self._stored.of_hour(hour, self._meters)
        new = self._readings(held)
        changed = [meter for meter in new if new[meter] != old.get(meter)]
        # Where the ends are not enough, a frame between them may be new although the ends are the same.
        judged = [meter for meter in new if always_judge or meter in changed or not ends_suffice(new[meter])]
        if judged:
            breaks = self._stored.breaks_of_hour(hour, judged)
            judgements = self._judge_all({meter: new[meter] for meter in judged})
            for meter, judgement in judgements.items():
                self._stored.write_breaks(meter, hour, judgement, breaks.get(meter, {}))
            self._stored.write_readings([(meter, new[meter], judgement) for meter, judgement in judgements.items()])
        later = self._stored.later(hour, changed if held is None else new)
        for meter in later.keys() & changed:
            self._judge_following(meter, later[meter], old.get(meter), new[meter])
            if later[meter].hour == hour + HOUR and _is_decoded(old.get(meter), new[meter]):
                _HourRollup(connection, hour + HOUR, [meter])._measure()  # what this one reaches into it
        if held is not None and (touched or changed) and (later or self._is_past()):
            # Last: others wait for that row. The newest hours are in no cache.
            raise_version(connection)

    def _measure(self) -> int:
        """Make the rows from their minutes; return how many changed."""
        return self._connection.execute(f"{_INSERT} {_MEASURED}{_UPDATE}", self._minutes())

    def _minutes(self) -> tuple[Any, ...]:
        """Return the arguments of `_MEASURED`."""
        hour, meters = self._hour, tuple(self._meters)
        return sql_time(hour), meters, sql_time(hour - HOUR), meters, sql_time(hour), sql_time(hour + HOUR)

    def _is_past(self) -> bool:
        """Return whether a monitor may have the hour in its cache: a replaced meter has no later hour."""
        state = read_state(self._connection)
        return state is not None and self._hour + HOUR <= state.up_to - _NOT_CACHED

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
        """Return the meters whose measures differ from their minutes, except for rows that were made of more frames."""
        start, meters = sql_time(self._hour), tuple(self._meters)
        measured = self._connection.query(_MEASURED, self._minutes())
        stored = {row[0]: tuple(row) for row in self._connection.query(_STORED, (start, meters, start))}
        return {
            row[0]
            for row in measured
            if row[0] not in stored or (stored[row[0]] != tuple(row) and stored[row[0]][-1] <= row[-1])
        }

    def _readings(self, held: Mapping[int, int] | None) -> dict[int, HourReadings]:
        """Return the readings of each meter that has any, and whose frames are all held."""
        stored = self._stored.minutes_of_hour(self._hour, self._meters)
        minutes = {
            meter: bits for meter, (frames, bits) in stored.items() if held is None or held.get(meter, 0) >= frames
        }
        return read_ends(self._connection, self._hour, minutes)

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
            judgement = self._judge(meter, row, previous, read_insides(self._connection, {meter: row}))
            breaks = self._stored.breaks_of_hour(row.hour, [meter])
            self._stored.write_breaks(meter, row.hour, judgement, breaks.get(meter, {}))
            self._stored.write_readings([(meter, row, judgement)])

    def _judge_all(self, rows: Mapping[int, HourReadings]) -> dict[int, Judgement]:
        """Judge this hour, by its readings."""
        previous = self._stored.earlier(self._hour, rows)
        insides = read_insides(self._connection, rows)
        return {meter: self._judge(meter, row, previous.get(meter), insides) for meter, row in rows.items()}

    def _judge(
        self, meter: int, row: HourReadings, previous: HourReadings | None, insides: Mapping[int, Inside]
    ) -> Judgement:
        return judge(row, self._stored.before(meter, row, previous), previous, insides.get(meter))


def _is_decoded(*rows: HourReadings | None) -> bool:
    return any(row is not None and row.usual_interval is not None for row in rows)
