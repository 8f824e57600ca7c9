"""Queries of curves on a regular grid, from `frames`, `minutes` or `hours`, and of single minutes.

Times are seconds since 1970, which are read faster than a datetime.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from common.database.mariadb import Connection, sql_time
from monitor.readings.rows import moment_of, number_rows

FRAMES, MINUTES, HOURS = "frames", "minutes", "hours"
_PHASES = (1, 2, 3)
_HOUR = timedelta(hours=1)


class _Column(NamedTuple):
    """How a column of an answer is made of rows of a rollup, and of frames."""

    of_rollup: str
    of_frames: str


def _mean(column: str, frames: str) -> _Column:
    # Of several rows each weighs what it covers.
    weight = f"SUM(IF({column} IS NULL, 0, seconds))"
    return _Column(f"SUM({column} * seconds) / NULLIF({weight}, 0)", f"AVG({frames})")


#: The columns of an answer, by channel.
CHANNELS: Mapping[str, Mapping[str, _Column]] = {
    "power": {
        "mean": _mean("power_mean", "power"),
        "min": _Column("MIN(power_min)", "MIN(power)"),
        "max": _Column("MAX(power_max)", "MAX(power)"),
    },
    "injected": {"injected": _mean("injected_power_mean", "power_injected")},
    "phases": {f"p{phase}_max": _Column(f"MAX(power_{phase}_max)", f"MAX(power_{phase})") for phase in _PHASES},
    "current": {
        f"i{phase}_max": _Column(
            f"MAX(current_{phase}_max)",
            f"MAX(COALESCE(current_{phase}, current))" if phase == 1 else f"MAX(current_{phase})",
        )
        for phase in _PHASES
    },
    "voltage": {
        f"v{phase}_{name}": column
        for phase in _PHASES
        for name, column in (
            ("mean", _mean(f"voltage_{phase}_mean", f"voltage_{phase}")),
            ("min", _Column(f"MIN(voltage_{phase}_min)", f"MIN(voltage_{phase})")),
            ("max", _Column(f"MAX(voltage_{phase}_max)", f"MAX(voltage_{phase})")),
        )
    },
}
_TABLES = {MINUTES: ("minutes", "minute"), HOURS: ("hours", "hour")}


class Cells(NamedTuple):
    """Values by place in a grid."""

    places: Sequence[int]
    columns: Mapping[str, Sequence[int | None]]  # by name, a value for each of the places


class MinuteFacts(NamedTuple):
    """A minute that has frames."""

    at: int  # its start, seconds since 1970
    seconds: int  # covered
    frames: int
    supplier: int | None
    total_first: int | None  # Wh
    total_last: int | None
    power_max: int | None  # VA
    power_max_second: int | None
    overload: int | None  # frames that told of one
    injected_first: int | None = None  # Wh
    injected_last: int | None = None


class Total(NamedTuple):
    """A reading of all that was drawn, and injected, Wh; None: the meter does not send it."""

    drawn: int
    injected: int | None


class Second(NamedTuple):
    """A power at a moment."""

    at: datetime
    power: int  # VA


#: The columns of `MinuteFacts`.
FACTS = (
    "UNIX_TIMESTAMP(minute)",
    "seconds",
    "frames",
    "supplier",
    "total_first",
    "total_last",
    "power_max",
    "power_max_second",
    "overload",
    "injected_first",
    "injected_last",
)


class Series:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cells(
        self, source: str, meters: Sequence[int], start: datetime, end: datetime, step: int, channels: Collection[str]
    ) -> Cells:
        """Return what is known of the cells of a grid of `step` seconds that begins at `start`, of all these meters."""
        columns = {
            name: column.of_frames if source == FRAMES else column.of_rollup
            for channel, of_channel in CHANNELS.items()
            if channel in channels
            for name, column in of_channel.items()
        }
        values = [f"CAST(ROUND({column}) AS SIGNED)" for column in columns.values()]
        first = int(start.timestamp())
        table, key = ("frames", "timestamp") if source == FRAMES else _TABLES[source]
        place = f"(UNIX_TIMESTAMP({key}) - {first}) DIV {step}"
        rows = number_rows(
            self._connection,
            [place, *values],
            f"FROM {table} WHERE meter_id IN ({_marks(meters)}) AND {key} >= %s AND {key} < %s"
            f" GROUP BY {place} ORDER BY {place}",
            (*meters, sql_time(start), sql_time(end)),
        )
        by_column = list(zip(*rows, strict=True)) or [()] * (len(columns) + 1)
        return Cells(by_column[0], dict(zip(columns, by_column[1:], strict=True)))

    def minutes(self, meter: int, start: datetime, end: datetime) -> list[MinuteFacts]:
        """Return the minutes that begin in [start, end), in order."""
        rows = number_rows(
            self._connection,
            FACTS,
            "FROM minutes WHERE meter_id = %s AND minute >= %s AND minute < %s ORDER BY minute",
            (meter, sql_time(start), sql_time(end)),
        )
        return [MinuteFacts(*row) for row in rows]

    def minute_before(self, meter: int, moment: datetime) -> MinuteFacts | None:
        """Return the last minute before a moment that has readings."""
        rows = number_rows(
            self._connection,
            FACTS,
            "FROM minutes WHERE meter_id = %s AND minute < %s AND total_last IS NOT NULL ORDER BY minute DESC LIMIT 1",
            (meter, sql_time(moment)),
        )
        return MinuteFacts(*rows[0]) if rows else None

    def total_of_frames(self, meter: int, start: datetime, end: datetime) -> Total | None:
        """Return the last reading of the frames in [start, end), a short time; None: no frame there has one."""
        total = "COALESCE(f.index_total, f.index_supplier + s.registers_at_rest, s.index_total)"
        sql = (
            f"SELECT {total} AS total, f.index_injected FROM frames AS f"  # noqa: S608 - our own names
            " JOIN label_sets AS s ON s.id = f.label_set_id"
            f" WHERE f.meter_id = %s AND f.timestamp >= %s AND f.timestamp < %s AND {total} IS NOT NULL"
            " ORDER BY f.timestamp DESC LIMIT 1"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return Total(int(rows[0][0]), rows[0][1]) if rows else None

    def total_of_minutes(self, meter: int, moment: datetime) -> Total | None:
        """Return the last reading of the minutes that end at or before a moment."""
        sql = (
            "SELECT total_last, injected_last FROM minutes WHERE meter_id = %s AND minute <= %s"
            " AND total_last IS NOT NULL ORDER BY minute DESC LIMIT 1"
        )
        rows = self._connection.query(sql, (meter, sql_time(moment - timedelta(minutes=1))))
        return Total(*rows[0]) if rows else None

    def highest_of_frames(self, meter: int, start: datetime, end: datetime) -> Second | None:
        """Return the highest power of the frames in [start, end), a short time."""
        sql = (
            "SELECT timestamp, power FROM frames WHERE meter_id = %s AND timestamp >= %s AND timestamp < %s"
            " AND power IS NOT NULL ORDER BY power DESC, timestamp LIMIT 1"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return Second(rows[0][0].replace(tzinfo=UTC), rows[0][1]) if rows else None

    def powers(self, meter: int, start: datetime, end: datetime) -> list[Second]:
        """Return the powers of the frames in [start, end), a short time, in order."""
        sql = (
            "SELECT timestamp, power FROM frames WHERE meter_id = %s AND timestamp >= %s AND timestamp < %s"
            " AND power IS NOT NULL ORDER BY timestamp"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Second(at.replace(tzinfo=UTC), power) for at, power in rows]

    def voltages(self, source: str, meter: int, start: datetime, end: datetime) -> tuple[int, int] | None:
        """Return the lowest and the highest voltage on any phase of the rows in [start, end); None: not known."""
        table, key = _TABLES[source]
        ends = [f"{of}(voltage_{phase}_{of.lower()})" for of in ("MIN", "MAX") for phase in _PHASES]
        sql = f"SELECT {', '.join(ends)} FROM {table} WHERE meter_id = %s AND {key} >= %s AND {key} < %s"  # noqa: S608
        ((*found,),) = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        known = [int(volts) for volts in found if volts is not None]
        return (min(known), max(known)) if known else None

    def siblings_heard(self, meter: int, moments: Sequence[datetime]) -> set[datetime]:
        """Return those of some minutes in which the reader of a meter heard another one."""
        if not moments:
            return set()
        # A tally is sent once an hour: that of the hour, or of the one before, tells who read the meter then.
        hours = {moment.replace(minute=0) - ago for moment in moments for ago in (timedelta(0), _HOUR)}
        sql = (
            "SELECT DISTINCT UNIX_TIMESTAMP(m.minute) FROM tallies AS mine"  # noqa: S608 - marks
            " JOIN tallies AS other ON other.hour = mine.hour AND other.reader = mine.reader"
            " AND other.meter_id <> mine.meter_id"
            f" JOIN minutes AS m ON m.meter_id = other.meter_id AND m.minute IN ({_marks(moments)})"
            f" WHERE mine.hour IN ({_marks(hours)}) AND mine.meter_id = %s"
            " AND m.minute >= mine.hour AND m.minute < mine.hour + INTERVAL 2 HOUR"
        )
        arguments = (*map(sql_time, moments), *map(sql_time, sorted(hours)), meter)
        return {moment_of(int(minute)) for (minute,) in self._connection.query(sql, arguments)}


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
