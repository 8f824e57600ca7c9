"""Queries of `hours` and `breaks`. All times are aware and in UTC."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.registers import REGISTERS
from common.database.mariadb import Connection, sql_time

Values = tuple[int | None, ...]  # one for each of REGISTERS, Wh or VArh

# JSON: a row as one text is read three times faster than as twenty values.
_LAST = f"JSON_ARRAY({', '.join(f'{register}_last' for register in REGISTERS)})"
_FIRST = f"JSON_ARRAY({', '.join(f'COALESCE({register}_first, {register}_last)' for register in REGISTERS)})"
_TIMES = "JSON_ARRAY(UNIX_TIMESTAMP(first_at), UNIX_TIMESTAMP(last_at))"
_SHAPE = " + ".join(f"({register}_last IS NULL) * {1 << number}" for number, register in enumerate(REGISTERS))
_AT_ONCE = 500  # hours in one query
_HOUR = timedelta(hours=1)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter, and the hours of its first and last readings (None: it has none).

    It may stand for a house, whose meter was replaced: then it has the address of the newest one, and `of_house` has
    each of them, with its own readings.
    """

    number: int
    identifier: str
    first: datetime | None
    last: datetime | None
    version: int = 0  # of the rollups: another one after each change of hours of the past
    name: str | None = None  # that its owner gave it
    replaced: tuple[str, ...] = ()  # addresses that it had before, the earliest first
    of_house: "tuple[Meter, ...]" = ()  # the earliest first
    others: tuple[tuple[datetime, datetime], ...] = ()  # when other meters of its house were read

    @property
    def parts(self) -> "tuple[Meter, ...]":
        """The meters that have readings of their own: those of a house, else this one."""
        return self.of_house or (self,)

    @property
    def title(self) -> str:
        """What tells it from the others: its name and its address."""
        return f"{self.name} ({self.identifier})" if self.name else self.identifier

    def has(self, address: str) -> bool:
        """Tell whether it has, or had, an address."""
        return address == self.identifier or address in self.replaced

    def was_read(self, hour: datetime) -> bool:
        """Tell whether an hour lies between the first and the last reading of a meter of its house."""
        own = () if self.first is None or self.last is None else ((self.first, self.last),)
        return any(first <= hour <= last for first, last in (*own, *self.others))


@dataclass(frozen=True, slots=True)
class Reading:
    """The readings at the end of an hour that has any."""

    hour: datetime
    values: Values


@dataclass(frozen=True, slots=True)
class Gap:
    """The time between two hours' readings, more than a minute: from the last one before it to the first after it."""

    hour: datetime  # of `after`
    start: datetime
    end: datetime
    before: Values
    after: Values


@dataclass(frozen=True, slots=True)
class Break:
    """A step of a register that is no energy, shown by the readings of `hour`."""

    hour: datetime
    register: int  # its place in REGISTERS
    step: int


@dataclass(frozen=True, slots=True)
class HourRow:
    """An hour as it stands, for curves."""

    hour: datetime
    drawn_wh: int | None
    injected_wh: int | None
    supplier: int | None
    seconds: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holes:
    """Stretches of hours without a row, in order, of the time from `first` to `end`."""

    stretches: tuple[tuple[datetime, datetime], ...]
    first: datetime
    end: datetime

    def touch(self, start: datetime, end: datetime) -> bool:
        """Tell whether a range has hours without a row, before `end` of these."""
        return start < self.first or any(low < end and start < high for low, high in self.stretches)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Hours of one stretch of time that ended with the same supplier register."""

    first: datetime  # of these hours
    supplier: int | None
    drawn_wh: int
    seconds: int
    hours: int  # with energy


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a period has frames."""

    hours: int  # that have a row
    seconds: int


@dataclass(frozen=True, slots=True)
class _Pair:
    """An hour with readings and the one before it, and the time between their readings."""

    hour: datetime
    before: datetime
    start: datetime
    end: datetime


class Hours:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def meters(self) -> list[Meter]:
        """Return all meters, by identifier."""
        first, last = (
            "(SELECT hour FROM hours WHERE meter_id = m.id AND last_at IS NOT NULL"  # noqa: S608 - our own words
            f" ORDER BY hour {order} LIMIT 1)"
            for order in ("ASC", "DESC")
        )
        version = "(SELECT version FROM rollup_state WHERE id = 1)"
        sql = f"SELECT m.id, m.identifier, {version}, {first}, {last} FROM meters AS m ORDER BY identifier"  # noqa: S608
        rows = self._connection.query(sql)
        return [
            Meter(int(number), str(name), _maybe_utc(first), _maybe_utc(last), int(version or 0))
            for number, name, version, first, last in rows
        ]

    def readings_at(self, meter: Meter, boundaries: Sequence[datetime]) -> list[Reading | None]:
        """Return the latest readings before each boundary; boundaries are whole hours, in order."""
        found = self._readings_of(meter.number, [boundary - _HOUR for boundary in boundaries])
        result: list[Reading | None] = []
        latest: Reading | None = None
        for boundary in reversed(boundaries):
            reading = found.get(boundary - _HOUR)
            if reading is None and meter.first is not None and meter.first < boundary:
                # The one found for a later boundary is also the latest before this one, if it lies before it.
                reading = (
                    latest if latest is not None and latest.hour < boundary else self._before(meter.number, boundary)
                )
            latest = reading or latest
            result.append(reading)
        return result[::-1]

    def _readings_of(self, meter: int, hours: Sequence[datetime]) -> dict[datetime, Reading]:
        return {hour: Reading(hour, values) for hour, values in self._values_of(meter, _LAST, hours).items()}

    def _before(self, meter: int, boundary: datetime) -> Reading | None:
        sql = (
            f"SELECT hour, {_LAST} FROM hours"  # noqa: S608 - our own names
            " WHERE meter_id = %s AND hour < %s AND last_at IS NOT NULL ORDER BY hour DESC LIMIT 1"
        )
        rows = self._connection.query(sql, (meter, sql_time(boundary)))
        return Reading(_utc(rows[0][0]), tuple(json.loads(rows[0][1]))) if rows else None

    def first_value(self, meter: int, register: int, start: datetime, end: datetime) -> int | None:
        """Return the first reading of a register in [start, end)."""
        name = REGISTERS[register]
        return self._value(f"COALESCE({name}_first, {name}_last)", name, "ASC", meter, start, end)

    def last_value(self, meter: int, register: int, start: datetime, end: datetime) -> int | None:
        """Return the last reading of a register in [start, end)."""
        name = REGISTERS[register]
        return self._value(f"{name}_last", name, "DESC", meter, start, end)

    def _value(self, column: str, name: str, order: str, meter: int, start: datetime, end: datetime) -> int | None:
        sql = (
            f"SELECT {column} FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s"  # noqa: S608 - our own names
            f" AND {name}_last IS NOT NULL ORDER BY hour {order} LIMIT 1"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return int(rows[0][0]) if rows else None

    def shape_changes(self, meter: int, since: datetime | None = None) -> list[tuple[datetime, int]]:
        """Return the hours from which other registers are read, or in another mode, with a number for the shape.

        Args:
            meter: its number.
            since: the first one is the first hour from there on; None: of all hours.
        """
        shape = f"{_SHAPE} + (standard & 2) * {1 << len(REGISTERS)}"
        where = "meter_id = %s AND last_at IS NOT NULL" + ("" if since is None else " AND hour >= %s")
        values = (meter,) if since is None else (meter, sql_time(since))
        # Nearly always there is one shape, or each comes once: then no hour needs to be compared with the one before.
        sql = (
            f"SELECT MIN(hour), MAX(hour), {shape} AS shape FROM hours WHERE {where}"  # noqa: S608 - our own names
            " GROUP BY shape ORDER BY 1"
        )
        stretches = self._connection.query(sql, values)
        if all(last < first for (_, last, _), (first, _, _) in itertools.pairwise(stretches)):
            return [(_utc(first), int(number or 0)) for first, _, number in stretches]
        sql = (
            "SELECT hour, shape FROM (SELECT hour, shape, LAG(shape) OVER (ORDER BY hour) AS previous FROM"  # noqa: S608
            f" (SELECT hour, {shape} AS shape FROM hours WHERE {where}) AS shapes) AS steps"
            " WHERE previous IS NULL OR previous <> shape ORDER BY hour"
        )
        return [(_utc(hour), int(number or 0)) for hour, number in self._connection.query(sql, values)]

    def breaks(self, meter: int, start: datetime, end: datetime) -> list[Break]:
        """Return the breaks in [start, end)."""
        sql = (
            "SELECT hour, register, step FROM breaks"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND step <> 0 ORDER BY hour, register"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Break(_utc(hour), int(register), int(step)) for hour, register, step in rows]

    def count(self, meter: int, start: datetime, end: datetime) -> int:
        """Return how many hours of [start, end) have a row."""
        # By the index (meter_id, seconds, hour), in any order: rows of `hours` themselves are long.
        sql = "SELECT COUNT(*) FROM hours FORCE INDEX (meter_id) WHERE meter_id = %s AND hour >= %s AND hour < %s"
        ((count,),) = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return int(count)

    def without_row(self, meter: int) -> Holes:
        """Return which hours between the first and the last row of a meter have none."""
        ((first, last),) = self._connection.query(
            "SELECT MIN(hour), MAX(hour) FROM hours WHERE meter_id = %s", (meter,)
        )
        if first is None:
            return Holes((), _NEVER, _NEVER)
        low, high = _utc(first), _utc(last) + _HOUR
        return Holes(tuple(self._holes(meter, low, high)), low, high)

    def _holes(self, meter: int, low: datetime, high: datetime) -> Iterator[tuple[datetime, datetime]]:
        hours, found = (high - low) // _HOUR, self.count(meter, low, high)
        if found == hours:
            return
        if found == 0:
            yield low, high
            return
        middle = low + hours // 2 * _HOUR
        yield from self._holes(meter, low, middle)
        yield from self._holes(meter, middle, high)

    def doubtful(self, meter: int, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
        """Return the hours of [start, end) that frames do not cover wholly, and the seconds that they cover."""
        # By the index (meter_id, seconds, hour): nearly all hours of a good line are whole.
        sql = "SELECT hour, seconds FROM hours WHERE meter_id = %s AND seconds < %s AND hour >= %s AND hour < %s"
        rows = self._connection.query(sql, (meter, _HOUR.seconds, sql_time(start), sql_time(end)))
        return [(_utc(hour), int(seconds)) for hour, seconds in rows]

    def coverage(self, meter: int, boundaries: Sequence[datetime]) -> list[Coverage]:
        """Return what is covered between neighbouring boundaries, where hours without a row lie between them."""
        # INTERVAL() with constants is a binary search; a join with a table of ranges takes seconds.
        limits = ", ".join(str(int(boundary.timestamp())) for boundary in boundaries)
        sql = (
            f"SELECT INTERVAL(UNIX_TIMESTAMP(hour), {limits}) AS place, COUNT(*), SUM(seconds)"  # noqa: S608 - numbers
            " FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s GROUP BY place"
        )
        rows = self._connection.query(sql, (meter, sql_time(boundaries[0]), sql_time(boundaries[-1])))
        found = {int(place): Coverage(int(hours), int(seconds)) for place, hours, seconds in rows}
        return [found.get(place, Coverage(0, 0)) for place in range(1, len(boundaries))]

    def running(self, meter: int, boundaries: Sequence[datetime]) -> list[dict[int, int]]:
        """Return for neighbouring boundaries at whole hours how many hours ended with each supplier register."""
        limits = ", ".join(str(int(boundary.timestamp())) for boundary in boundaries)
        sql = (
            f"SELECT INTERVAL(UNIX_TIMESTAMP(hour), {limits}) AS place, supplier, COUNT(*) FROM hours"  # noqa: S608 - numbers
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND supplier IS NOT NULL AND drawn_wh IS NOT NULL"
            " GROUP BY place, supplier"
        )
        result: list[dict[int, int]] = [{} for _ in boundaries[1:]]
        rows = self._connection.query(sql, (meter, sql_time(boundaries[0]), sql_time(boundaries[-1])))
        for place, supplier, hours in rows:
            result[int(place) - 1][int(supplier)] = int(hours)
        return result

    def voltages(self, meter: int, start: datetime, end: datetime) -> tuple[int, int] | None:
        """Return the lowest and the highest voltage of the hours in [start, end) on any phase; None: not known."""
        ends = [f"{of}(voltage_{phase}_{of.lower()})" for of in ("MIN", "MAX") for phase in (1, 2, 3)]
        sql = f"SELECT {', '.join(ends)} FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s"  # noqa: S608
        ((*found,),) = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        known = [int(volts) for volts in found if volts is not None]
        return (min(known), max(known)) if known else None

    def gathered(self, meter: int, boundaries: Sequence[datetime]) -> list[list[Gathered]]:
        """Return what was drawn between neighbouring boundaries at whole hours, by the register that ran."""
        limits = ", ".join(str(int(boundary.timestamp())) for boundary in boundaries)
        sql = (
            f"SELECT INTERVAL(UNIX_TIMESTAMP(hour), {limits}) AS place, MIN(UNIX_TIMESTAMP(hour)), supplier,"  # noqa: S608
            " SUM(drawn_wh), SUM(seconds), SUM(drawn_wh > 0) FROM hours"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND first_at IS NOT NULL AND drawn_wh IS NOT NULL"
            " GROUP BY place, supplier"
        )
        result: list[list[Gathered]] = [[] for _ in boundaries[1:]]
        rows = self._connection.query(sql, (meter, sql_time(boundaries[0]), sql_time(boundaries[-1])))
        for place, first, supplier, wh, seconds, hours in rows:
            result[int(place) - 1].append(Gathered(_instant(first), supplier, int(wh), int(seconds), int(hours)))
        return result

    def switches(self, meter: int, start: datetime, end: datetime) -> list[tuple[datetime, int, int]]:
        """Return the hours of [start, end) that ended with another supplier register than the hour before, and both."""
        sql = (
            "SELECT UNIX_TIMESTAMP(hour), before_it, supplier FROM (SELECT hour, supplier,"
            " LAG(hour) OVER (ORDER BY hour) AS previous, LAG(supplier) OVER (ORDER BY hour) AS before_it FROM hours"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND supplier IS NOT NULL) AS pairs"
            " WHERE supplier <> before_it AND previous = hour - INTERVAL 1 HOUR ORDER BY hour"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [(_instant(hour), int(before), int(supplier)) for hour, before, supplier in rows]

    def drawn(self, meter: int, hours: Sequence[datetime]) -> dict[datetime, tuple[int | None, int | None]]:
        """Return what was drawn in those of the hours that have readings, and the supplier register at their ends."""
        return {
            hour: (drawn, supplier)
            for hour, (drawn, supplier) in self._values_of(meter, "JSON_ARRAY(drawn_wh, supplier)", hours).items()
        }

    def gaps(self, meter: int, start: datetime, end: datetime, candidates: Sequence[datetime] | None) -> list[Gap]:
        """Return the gaps of more than a minute whose end lies in [start, end), in order.

        Args:
            meter: its number.
            start: the beginning.
            end: the end, exclusive.
            candidates: the hours in which a gap may end; None: any.
        """
        pairs = self._all_pairs(meter, start, end) if candidates is None else self._pairs(meter, candidates)
        wide = [pair for pair in pairs if pair.end - pair.start > timedelta(minutes=1)]
        before = self._values_of(meter, _LAST, [pair.before for pair in wide])
        after = self._values_of(meter, _FIRST, [pair.hour for pair in wide])
        return [
            Gap(pair.hour, pair.start, pair.end, before[pair.before], after[pair.hour])
            for pair in wide
            if pair.before in before and pair.hour in after
        ]

    def _pairs(self, meter: int, hours: Sequence[datetime]) -> list[_Pair]:
        """Return the given hours, each with the hour before it; neither may be missing."""
        wanted = sorted({moment for hour in hours for moment in (hour - _HOUR, hour)})
        times = self._values_of(meter, _TIMES, wanted)
        return [
            _Pair(hour, hour - _HOUR, _instant(times[hour - _HOUR][1]), _instant(times[hour][0]))
            for hour in sorted(hours)
            if hour in times and hour - _HOUR in times
        ]

    def _all_pairs(self, meter: int, start: datetime, end: datetime) -> list[_Pair]:
        """Return each hour of a range that has readings, with the latest one before it that has."""
        reading = self._before(meter, start)
        first = start if reading is None else reading.hour
        sql = (
            "SELECT hour, previous, last, first_at FROM"
            " (SELECT hour, first_at, LAG(hour) OVER (ORDER BY hour) AS previous,"
            " LAG(last_at) OVER (ORDER BY hour) AS last FROM hours"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND last_at IS NOT NULL) AS pairs"
            " WHERE first_at > last + INTERVAL 1 MINUTE AND hour >= %s"
        )
        rows = self._connection.query(sql, (meter, *map(sql_time, (first, end, start))))
        return [_Pair(*map(_utc, row)) for row in rows]

    def _values_of(self, meter: int, values: str, hours: Sequence[datetime]) -> dict[datetime, tuple[Any, ...]]:
        found: dict[datetime, tuple[Any, ...]] = {}
        for begin in range(0, len(hours), _AT_ONCE):
            part = hours[begin : begin + _AT_ONCE]
            marks = ", ".join(["%s"] * len(part))
            sql = (
                f"SELECT UNIX_TIMESTAMP(hour), {values} FROM hours"  # noqa: S608 - our own names, and marks
                f" WHERE meter_id = %s AND hour IN ({marks}) AND last_at IS NOT NULL"
            )
            rows = self._connection.query(sql, (meter, *map(sql_time, part)))
            found |= {_instant(seconds): tuple(json.loads(text)) for seconds, text in rows}
        return found

    def rows(self, meter: int, start: datetime, end: datetime) -> list[HourRow]:
        """Return the hours in [start, end) as they stand."""
        # As numbers: to read the text of a time takes longer than all the rest of a row.
        sql = (
            "SELECT UNIX_TIMESTAMP(hour), drawn_wh, injected_wh, supplier, seconds, UNIX_TIMESTAMP(first_at),"
            " UNIX_TIMESTAMP(last_at) FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s ORDER BY hour"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [
            HourRow(_instant(hour), drawn, injected, supplier, seconds, _maybe(first), _maybe(last))
            for hour, drawn, injected, supplier, seconds, first, last in rows
        ]


def _utc(moment: Any) -> datetime:
    result: datetime = moment.replace(tzinfo=UTC)
    return result


def _maybe_utc(moment: Any) -> datetime | None:
    return None if moment is None else _utc(moment)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _maybe(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
