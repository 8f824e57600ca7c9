"""Queries of which hours have a row and frames, and of the gaps between them. All times are aware and in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.contract.usual_interval import held_seconds_sql
from common.database.mariadb import Connection, sql_time
from monitor.readings.rows import FIRST, LAST, TIMES, Values, moment_of, reading_before, utc, values_of

_HOUR = timedelta(hours=1)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Gap:
    """The time between two hours' readings, longer than the last one before it holds."""

    hour: datetime  # of `after`
    before: Values
    after: Values
    seconds: float


@dataclass(frozen=True, slots=True)
class MissingHours:
    """Intervals of hours without a row, in order, of the time from `first` to `end`."""

    intervals: tuple[tuple[datetime, datetime], ...]
    first: datetime
    end: datetime

    def touch(self, start: datetime, end: datetime) -> bool:
        """Tell whether a range has hours without a row, before `end` of these."""
        return start < self.first or any(low < end and start < high for low, high in self.intervals)


@dataclass(frozen=True, slots=True)
class _Pair:
    """An hour with readings and the one before it, and the time between their readings."""

    hour: datetime
    before: datetime
    start: datetime
    end: datetime
    held_until: datetime  # what is read later was drawn in a gap


class Availability:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, meters: Sequence[int], start: datetime, end: datetime) -> int:
        """Return how many hours of [start, end) have a row of one of these meters."""
        marks = ", ".join(["%s"] * len(meters))
        different = "*" if len(meters) == 1 else "DISTINCT hour"
        sql = f"SELECT COUNT({different}) FROM hours WHERE meter_id IN ({marks}) AND hour >= %s AND hour < %s"  # noqa: S608
        ((count,),) = self._connection.query(sql, (*meters, sql_time(start), sql_time(end)))
        return int(count)

    def without_row(self, meter: int) -> MissingHours:
        """Return which hours between the first and the last row of a meter have none."""
        ((first, last),) = self._connection.query(
            "SELECT MIN(hour), MAX(hour) FROM hours WHERE meter_id = %s", (meter,)
        )
        if first is None:
            return MissingHours((), _NEVER, _NEVER)
        begin, end = utc(first), utc(last) + _HOUR
        found: list[tuple[datetime, datetime]] = []
        ranges = [(begin, end)]  # halved until all of their hours have a row, or none
        while ranges:
            low, high = ranges.pop()
            hours, rows = (high - low) // _HOUR, self.count([meter], low, high)
            if rows == 0:
                found.append((low, high))
            elif rows < hours:
                middle = low + hours // 2 * _HOUR
                ranges += [(middle, high), (low, middle)]
        return MissingHours(tuple(found), begin, end)

    def doubtful(self, meter: int, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
        """Return the hours of [start, end) that frames do not cover wholly, and the seconds that they cover."""
        # By the index (meter_id, seconds, hour): nearly all hours of a good line are whole.
        sql = "SELECT hour, seconds FROM hours WHERE meter_id = %s AND seconds < %s AND hour >= %s AND hour < %s"
        rows = self._connection.query(sql, (meter, _HOUR.seconds, sql_time(start), sql_time(end)))
        return [(utc(hour), int(seconds)) for hour, seconds in rows]

    def covered(self, meter: int, boundaries: Sequence[datetime]) -> list[int]:
        """Return the seconds that have frames between neighbouring boundaries."""
        # INTERVAL() with constants is a binary search; a join with a table of ranges takes seconds.
        limits = ", ".join(str(int(boundary.timestamp())) for boundary in boundaries)
        sql = (
            f"SELECT INTERVAL(UNIX_TIMESTAMP(hour), {limits}) AS place, SUM(seconds) FROM hours"  # noqa: S608 - numbers
            " WHERE meter_id = %s AND hour >= %s AND hour < %s GROUP BY place"
        )
        rows = self._connection.query(sql, (meter, sql_time(boundaries[0]), sql_time(boundaries[-1])))
        found = {int(place): int(seconds) for place, seconds in rows}
        return [found.get(place, 0) for place in range(1, len(boundaries))]

    def gaps(self, meter: int, start: datetime, end: datetime, candidates: Sequence[datetime] | None) -> list[Gap]:
        """Return the gaps of more than a minute, or the usual interval, whose end lies in [start, end), in order.

        Args:
            meter: its number.
            start: the beginning.
            end: the end, exclusive.
            candidates: the hours in which a gap may end; None: any.
        """
        pairs = self._all_pairs(meter, start, end) if candidates is None else self._pairs(meter, candidates)
        wide = [pair for pair in pairs if pair.end > pair.held_until]
        before = values_of(self._connection, meter, LAST, [pair.before for pair in wide])
        after = values_of(self._connection, meter, FIRST, [pair.hour for pair in wide])
        return [
            Gap(pair.hour, before[pair.before], after[pair.hour], (pair.end - pair.start).total_seconds())
            for pair in wide
            if pair.before in before and pair.hour in after
        ]

    def _pairs(self, meter: int, hours: Sequence[datetime]) -> list[_Pair]:
        """Return the given hours, each with the hour before it; neither may be missing."""
        wanted = sorted({moment for hour in hours for moment in (hour - _HOUR, hour)})
        times = values_of(self._connection, meter, TIMES, wanted)
        return [
            _Pair(hour, hour - _HOUR, last_at, moment_of(times[hour][0]), held_until)
            for hour in sorted(hours)
            if hour in times and hour - _HOUR in times
            for last_at, held_until in [map(moment_of, times[hour - _HOUR][1:])]
        ]

    def _all_pairs(self, meter: int, start: datetime, end: datetime) -> list[_Pair]:
        """Return each hour of a range that has readings, with the latest one before it that has."""
        reading = reading_before(self._connection, meter, start)
        first = start if reading is None else reading.hour
        sql = (
            "SELECT hour, previous, last, first_at, held FROM"  # noqa: S608 - our own names
            " (SELECT hour, first_at, LAG(hour) OVER (ORDER BY hour) AS previous,"
            " LAG(last_at) OVER (ORDER BY hour) AS last,"
            f" LAG(last_at + INTERVAL {held_seconds_sql()} SECOND) OVER (ORDER BY hour) AS held FROM hours"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND last_at IS NOT NULL) AS pairs"
            " WHERE first_at > held AND hour >= %s"
        )
        rows = self._connection.query(sql, (meter, *map(sql_time, (first, end, start))))
        return [_Pair(*map(utc, row)) for row in rows]
