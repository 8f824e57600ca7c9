"""Curves on a regular grid: chooses the grid and reads its cells from `frames`, `minutes` or `hours`.

`aligned` lays one day's curve on another. Times are seconds since 1970, which are read faster than a datetime.
"""

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.contract.usual_interval import LATE, held_minutes
from common.database.mariadb import Connection, sql_time
from monitor.base.calendar import midnight
from monitor.readings.rows import moment_of, number_rows

FRAMES, MINUTES, HOURS = "frames", "minutes", "hours"
_PHASES = (1, 2, 3)
_ONE_HOUR = timedelta(hours=1)
#: Seconds that a reading is taken to hold: coverage counts in the same pieces.
HOLD = 5
#: The longest range that is shown from frames.
MOST_OF_FRAMES = timedelta(hours=2)
_MINUTE, _HOUR = 60, 3600
_OF_FRAMES = (1, 2, 3, 5, 10, 15, 20, 30, 60)
_OF_MINUTES = (_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE)
_OF_HOURS = (_HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR)


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
    intervals: Sequence[int | None]  # for each of the places: seconds, the usual one of a decoded meter


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
    usual_interval: int | None = None  # seconds, of a decoded meter

    @property
    def held_to(self) -> int:
        """Until when nothing is missing: its end, or where the next reading of a decoded meter is due."""
        return self.at + _MINUTE * (1 + held_minutes(self.usual_interval))


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
    # Of a decoded meter, which tells a power of now and then, they say nothing.
    "IF(usual_interval IS NULL, power_max, NULL)",
    "power_max_second",
    "IF(usual_interval IS NULL, overload, NULL)",
    "injected_first",
    "injected_last",
    "usual_interval",
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
        interval = "NULL" if source == FRAMES else "MAX(usual_interval)"
        rows = number_rows(
            self._connection,
            [place, interval, *values],
            f"FROM {table} WHERE meter_id IN ({_marks(meters)}) AND {key} >= %s AND {key} < %s"
            f" GROUP BY {place} ORDER BY {place}",
            (*meters, sql_time(start), sql_time(end)),
        )
        by_column = list(zip(*rows, strict=True)) or [()] * (len(columns) + 2)
        return Cells(by_column[0], dict(zip(columns, by_column[2:], strict=True)), by_column[1])

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
        """Return the highest power of the frames in [start, end), a short time; None also of a decoded meter."""
        sql = (
            "SELECT f.timestamp, f.power FROM frames AS f JOIN label_sets AS s ON s.id = f.label_set_id"
            " LEFT JOIN label_sets AS b ON b.id = s.base_id"
            " WHERE f.meter_id = %s AND f.timestamp >= %s AND f.timestamp < %s AND f.power IS NOT NULL"
            " AND JSON_VALUE(COALESCE(b.content, s.content), '$.interval') IS NULL"
            " ORDER BY f.power DESC, f.timestamp LIMIT 1"
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
        hours = {moment.replace(minute=0) - ago for moment in moments for ago in (timedelta(0), _ONE_HOUR)}
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


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of `count` cells of `step` seconds from `start` on, filled from frames, minutes or hours."""

    source: str
    start: datetime
    step: int
    count: int

    @property
    def end(self) -> datetime:
        """The end of the last cell."""
        return self.start + timedelta(seconds=self.step * self.count)


def choose_grid(start: datetime, end: datetime, points: int, source: str | None = None, pace: float = 1) -> Grid:
    """Return the finest grid with at most so many points.

    Args:
        start: the beginning; the grid begins at the whole step before it.
        end: the end, exclusive.
        points: the most cells.
        source: frames, minutes or hours, if one is asked for.
        pace: seconds between frames; a step that is shorter would be full of holes. Of a source that is asked for by
            name, the longest step is taken where even that one is shorter.

    Raises:
        ValueError: no grid has so few points, or frames are asked for in too long a range.
    """
    if source == FRAMES and end - start > MOST_OF_FRAMES:
        raise ValueError("frames")
    sources = [source] if source else ([FRAMES] if end - start <= MOST_OF_FRAMES else []) + [MINUTES, HOURS]
    for one in sources:
        steps = {FRAMES: _OF_FRAMES, MINUTES: _OF_MINUTES, HOURS: _OF_HOURS}[one]
        # A fifth: frames that come each 1.05 s leave few holes in cells of a second.
        wide = [step for step in steps if one == HOURS or step * 1.2 >= pace]
        for step in wide or (steps[-1:] if source else ()):
            grid = _grid(one, start, end, step)
            if grid.count <= points:
                return grid
    raise ValueError("points")


def _grid(source: str, start: datetime, end: datetime, step: int) -> Grid:
    # Cells begin at whole rows of their source; a day's cells at its midnight, which is a whole hour.
    unit = {FRAMES: 1, MINUTES: _MINUTE, HOURS: _HOUR}[source]
    first = math.floor(start.timestamp() / unit) * unit
    return Grid(source, datetime.fromtimestamp(first, UTC), step, max(math.ceil((end.timestamp() - first) / step), 0))


def spread(places: Sequence[int], values: Sequence[int | None], count: int) -> list[int | None]:
    """Return the values at their places, None elsewhere."""
    column: list[int | None] = [None] * count
    for place, value in zip(places, values, strict=True):
        if 0 <= place < count:
            column[place] = value
    return column


def reaches(intervals: Iterable[int | None], source: str, step: int) -> list[int]:
    """Return for how many cells after its own a value holds: those of frames for some seconds.

    Args:
        intervals: for each cell the usual interval of a decoded meter, seconds.
        source: frames, minutes or hours.
        step: seconds of a cell.
    """
    least = max(HOLD, step) if source == FRAMES else 0
    return [int(max(least, (interval or 0) * LATE)) // step for interval in intervals]


def hold(column: Sequence[int | None], reach: Sequence[int]) -> list[int | None]:
    """Return a column in which each value holds until the next one, for as many cells as `reach` says at most.

    It may be shorter: there the present is reached.
    """
    held = list(column)
    last, left = None, 0
    for place, (value, cells) in enumerate(zip(column, reach, strict=False)):
        if value is not None:
            last, left = value, cells
        elif left > 0:
            held[place], left = last, left - 1
    return held


def covered(minutes: Sequence[MinuteFacts], start: datetime, end: datetime) -> int:
    """Return how many seconds of [start, end) are measured, by its minutes and the last one before it, in order."""
    low, high, total = start.timestamp(), end.timestamp(), 0
    for place, minute in enumerate(minutes):
        own = minute.at + _MINUTE
        total += max(min(minute.seconds, int(min(own, high) - max(minute.at, low))), 0)
        following = minutes[place + 1].at if place + 1 < len(minutes) else minute.held_to
        total += max(int(min(minute.held_to, following, high) - max(own, low)), 0)
    return total


def without_end(columns: Iterable[Sequence[int | None]], step: int, seconds: float) -> int:
    """Return how many cells are not later than `seconds` after the beginning, or known."""
    known = [
        max((place + 1 for place, value in enumerate(column) if value is not None), default=0) for column in columns
    ]
    return max(min(math.ceil(seconds / step), max((len(column) for column in columns), default=0)), *known, 0)


def aligned(grid: Grid, day: datetime, zone: ZoneInfo) -> tuple[Grid, list[int | None]]:
    """Lay a curve over another day by the clock on the wall.

    Args:
        grid: of the curve; minutes or finer.
        day: the beginning of the day that is shown, a local midnight.
        zone: the local time.

    Returns:
        The grid of the day that is shown, and for each of its cells the cell of the curve with the same local time:
        None where the curve's day skips it. Of an hour that comes twice in the curve's day only, the first is taken.
    """
    shift = grid.start.astimezone(zone).date() - day.astimezone(zone).date()
    last = (grid.end - timedelta(seconds=1)).astimezone(zone).date() - shift
    end = midnight(last + timedelta(days=1), zone)
    count = int((end - day).total_seconds()) // grid.step
    places: list[int | None] = []
    for number in range(count):
        shown = (day + timedelta(seconds=number * grid.step)).astimezone(zone)
        wall = shown.replace(tzinfo=None) + shift
        found = wall.replace(tzinfo=zone, fold=shown.fold).astimezone(UTC)
        place = int((found - grid.start).total_seconds()) // grid.step
        exists = found.astimezone(zone).replace(tzinfo=None) == wall
        places.append(place if exists and 0 <= place < grid.count else None)
    return Grid(grid.source, day, grid.step, count), places


def runs(named: Iterable[tuple[int, str]], length: int) -> list[tuple[int, int, str]]:
    """Return intervals with the same name: from the first moment that has it to the end of the last.

    Args:
        named: moments, in order, and their names.
        length: of what a moment stands for.
    """
    found = []
    for name, part in itertools.groupby(named, key=lambda one: one[1]):
        moments = [moment for moment, _ in part]
        found.append((moments[0], moments[-1] + length, name))
    return found
