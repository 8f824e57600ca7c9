"""Queries of `hours` and `breaks`. All times are aware and in UTC.

`Curves` returns times as seconds since 1970, which are read faster.
"""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from common.contract.registers import REGISTERS, SUPPLIER
from common.contract.usual_interval import held_seconds_sql
from common.database.mariadb import Connection, sql_time
from monitor.base.calendar import full_hour
from monitor.readings.availability import Availability
from monitor.readings.rows import (
    FIRST,
    LAST,
    TIMES,
    Reading,
    hour_rows,
    moment_of,
    number_rows,
    reading_before,
    utc,
    values_of,
)

_SHAPE = " + ".join(f"({register}_last IS NULL) * {1 << number}" for number, register in enumerate(REGISTERS))
_HOUR = timedelta(hours=1)
_SUPPLIERS = [REGISTERS[place] for place in SUPPLIER]
#: Hours whose energy was drawn in them: covered, and no gap of more than a minute, or the usual interval, before them.
_CERTAIN = (
    "FROM hours AS h LEFT JOIN hours AS p ON p.meter_id = h.meter_id AND p.hour = h.hour - INTERVAL 1 HOUR"
    " WHERE h.meter_id = %s AND h.hour >= %s AND h.hour < %s AND h.drawn_wh IS NOT NULL AND h.seconds >= 3540"
    f" AND h.first_at <= p.last_at + INTERVAL {held_seconds_sql('p.usual_interval')} SECOND"
)


def is_read(register: int, shape: int) -> bool:
    """Tell whether hours of a shape have a register, by its place in REGISTERS."""
    return not shape >> register & 1


def is_decoded(shape: int) -> bool:
    """Tell whether hours of a shape are of frames that another device decoded."""
    return bool(shape >> len(REGISTERS) & 4)


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
    supplier: int | None
    seconds: int
    first_at: datetime | None
    last_at: datetime | None
    held_until: datetime | None  # what is read later was drawn in a gap


class Hours:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.availability = Availability(connection)

    def meters(self) -> list[Meter]:
        """Return all meters, by identifier."""
        # Without the hint, the server may go through all hours of other meters.
        first, last = (
            "(SELECT hour FROM hours FORCE INDEX FOR JOIN (PRIMARY)"  # noqa: S608 - our own words
            " WHERE meter_id = m.id AND last_at IS NOT NULL"
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
        hours = [boundary - _HOUR for boundary in boundaries]
        values = values_of(self._connection, meter.number, LAST, hours)
        result: list[Reading | None] = []
        latest: Reading | None = None
        for boundary in reversed(boundaries):
            hour = boundary - _HOUR
            reading = Reading(hour, values[hour]) if hour in values else None
            if reading is None and meter.first is not None and meter.first < boundary:
                # The one found for a later boundary is also the latest before this one, if it lies before it.
                known = latest is not None and latest.hour < boundary
                reading = latest if known else reading_before(self._connection, meter.number, boundary)
            latest = reading or latest
            result.append(reading)
        return result[::-1]

    def last_read(self, meter: Meter, moment: datetime) -> datetime:
        """Return the hour of the last reading before a whole hour, of any meter of a house; without one, that hour."""
        hours = []
        for part in meter.parts:
            (reading,) = self.readings_at(part, [moment])
            if reading is not None:
                hours.append(reading.hour)
        return max(hours, default=moment)

    def first_values(self, meter: int, registers: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
        """Return the first readings of registers in [start, end), of those that have any."""
        return self._values(FIRST, "ASC", meter, registers, start, end)

    def last_values(self, meter: int, registers: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
        """Return the last readings of registers in [start, end), of those that have any."""
        return self._values(LAST, "DESC", meter, registers, start, end)

    def _values(
        self,
        columns: Sequence[str],
        order: str,
        meter: int,
        registers: Collection[int],
        start: datetime,
        end: datetime,
    ) -> dict[int, int]:
        if not registers:
            return {}
        each = ", ".join(
            f"(SELECT {columns[register]} FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s"  # noqa: S608
            f" AND {LAST[register]} IS NOT NULL ORDER BY hour {order} LIMIT 1)"
            for register in registers
        )
        (row,) = self._connection.query(f"SELECT {each}", (meter, sql_time(start), sql_time(end)) * len(registers))
        return {register: int(value) for register, value in zip(registers, row, strict=True) if value is not None}

    def shape_changes(self, meter: int, since: datetime | None = None) -> list[tuple[datetime, int]]:
        """Return the hours from which other registers are read, or in another mode, with a number for the shape.

        Args:
            meter: its number.
            since: the first one is the first hour from there on; None: of all hours.
        """
        shape = f"{_SHAPE} + ((standard & 2) + 4 * (usual_interval IS NOT NULL)) * {1 << len(REGISTERS)}"
        where = "meter_id = %s AND last_at IS NOT NULL" + ("" if since is None else " AND hour >= %s")
        values = (meter,) if since is None else (meter, sql_time(since))
        # Nearly always there is one shape, or each comes once: then no hour needs to be compared with the one before.
        sql = (
            f"SELECT MIN(hour), MAX(hour), {shape} AS shape FROM hours WHERE {where}"  # noqa: S608 - our own names
            " GROUP BY shape ORDER BY 1"
        )
        intervals = self._connection.query(sql, values)
        if all(last < first for (_, last, _), (first, _, _) in itertools.pairwise(intervals)):
            return [(utc(first), int(number or 0)) for first, _, number in intervals]
        sql = (
            "SELECT hour, shape FROM (SELECT hour, shape, LAG(shape) OVER (ORDER BY hour) AS previous FROM"  # noqa: S608
            f" (SELECT hour, {shape} AS shape FROM hours WHERE {where}) AS shapes) AS steps"
            " WHERE previous IS NULL OR previous <> shape ORDER BY hour"
        )
        return [(utc(hour), int(number or 0)) for hour, number in self._connection.query(sql, values)]

    def breaks(self, meter: int, start: datetime, end: datetime) -> list[Break]:
        """Return the breaks in [start, end)."""
        sql = (
            "SELECT hour, register, step FROM breaks"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND step <> 0 ORDER BY hour, register"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Break(utc(hour), int(register), int(step)) for hour, register, step in rows]

    def usual_interval(self, meters: Sequence[int], start: datetime, end: datetime) -> int | None:
        """Return the longest usual interval of decoded meters in [start, end), seconds; None: all are of lines."""
        marks = ", ".join(["%s"] * len(meters))
        sql = f"SELECT MAX(usual_interval) FROM hours WHERE meter_id IN ({marks}) AND hour >= %s AND hour < %s"  # noqa: S608
        ((interval,),) = self._connection.query(sql, (*meters, sql_time(start), sql_time(end)))
        return None if interval is None else int(interval)

    def is_decoded(self, meter: Meter, start: datetime, end: datetime) -> bool:
        """Tell whether another device decoded a meter in an hour of [start, end): its peaks are not measurable then."""
        return self.usual_interval([part.number for part in meter.parts], full_hour(start), end) is not None

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

    def switches(self, meter: int, start: datetime, end: datetime) -> list[tuple[datetime, int, int]]:
        """Return the hours of [start, end) that ended with another supplier register than the hour before, and both."""
        sql = (
            "SELECT UNIX_TIMESTAMP(hour), before_it, supplier FROM (SELECT hour, supplier,"
            " LAG(hour) OVER (ORDER BY hour) AS previous, LAG(supplier) OVER (ORDER BY hour) AS before_it FROM hours"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND supplier IS NOT NULL) AS pairs"
            " WHERE supplier <> before_it AND previous = hour - INTERVAL 1 HOUR ORDER BY hour"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [(moment_of(hour), int(before), int(supplier)) for hour, before, supplier in rows]

    def injections(
        self, meter: int, start: datetime, end: datetime
    ) -> list[tuple[int, int | None, int | None, int | None]]:
        """Return the hours of [start, end), in order.

        Each has its seconds since 1970, the supplier register at its end, what was injected, and whether that was more
        than what was drawn, by the mean power of both.
        """
        rows = hour_rows(
            self._connection,
            ["supplier", "injected_wh", "injected_power_mean > power_mean"],
            "FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s",
            (meter, sql_time(start), sql_time(end)),
        )
        return [(hour, supplier, injected, surplus) for hour, supplier, injected, surplus in rows]

    def mixes(self, meter: int, start: datetime, end: datetime) -> dict[int, list[int]]:
        """Return the hours of [start, end) in which several supplier registers counted, and what each of them did, Wh.

        By their seconds since 1970. What a register counted before the first reading of the hour is left out.
        """
        pairs = [(f"COALESCE({name}_first, {name}_last)", f"{name}_last") for name in _SUPPLIERS]
        moving = " + ".join(f"IFNULL({last} > {first}, 0)" for first, last in pairs)
        rows = number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(hour)", *(f"IF({last} > {first}, {last} - {first}, 0)" for first, last in pairs)],
            f"FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s AND {moving} > 1",
            (meter, sql_time(start), sql_time(end)),
        )
        return {hour: counted for hour, *counted in rows}

    def drawn(self, meter: int, hours: Sequence[datetime]) -> dict[datetime, tuple[int | None, int | None]]:
        """Return what was drawn in those of the hours that have readings, and the supplier register at their ends."""
        found = values_of(self._connection, meter, ["drawn_wh", "supplier"], hours)
        return {hour: (drawn, supplier) for hour, (drawn, supplier) in found.items()}

    def rows(self, meter: int, start: datetime, end: datetime) -> list[HourRow]:
        """Return the hours in [start, end) as they stand."""
        rows = hour_rows(
            self._connection,
            ["drawn_wh", "supplier", "seconds", *TIMES],
            "FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s",
            (meter, sql_time(start), sql_time(end)),
        )
        return [
            HourRow(moment_of(hour), drawn, supplier, seconds, *map(_maybe, times))
            for hour, drawn, supplier, seconds, *times in rows
        ]


def _maybe_utc(moment: Any) -> datetime | None:
    return None if moment is None else utc(moment)


def _maybe(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment_of(seconds)


class Night(NamedTuple):
    """The least that was drawn in a whole hour of the local hours 0 to 5 of a day."""

    day: int  # since 1970
    wh: int


class WeekHour(NamedTuple):
    """What was drawn in so many hours with one place in the week."""

    place: int  # hours since Monday 00:00, local
    wh: int
    hours: int


class Curves:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def drawn(self, meter: int, start: datetime, end: datetime) -> dict[int, int]:
        """Return what was drawn in the hours of [start, end) of which that is known, by their starts, in order."""
        rows = hour_rows(
            self._connection,
            ["drawn_wh"],
            "FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s AND drawn_wh IS NOT NULL",
            (meter, sql_time(start), sql_time(end)),
        )
        return dict(rows)

    def nights(
        self, meter: int, start: datetime, end: datetime, offsets: Sequence[tuple[datetime, int]]
    ) -> list[Night]:
        """Return the nights in [start, end), in order.

        An hour counts when it is covered and follows the hour before it without a gap of more than a minute: what was
        drawn in a gap is counted in the hour after it.

        Args:
            meter: its number.
            start: the beginning.
            end: the end, exclusive.
            offsets: from when on the local time is how many seconds ahead of UTC; the first is at or before `start`.
        """
        local = _local(offsets)
        sql = (
            f"SELECT {local} DIV 86400 AS day, MIN(h.drawn_wh) {_CERTAIN} AND {local} MOD 86400 < 21600"
            " GROUP BY day ORDER BY day"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Night(int(day), int(wh)) for day, wh in rows]

    def week(
        self, meter: int, start: datetime, end: datetime, offsets: Sequence[tuple[datetime, int]]
    ) -> list[WeekHour]:
        """Return what was drawn in the hours of the week; hours count, and `offsets` are, as in `nights`."""
        local = _local(offsets)
        sql = (
            # 1 January 1970 was a Thursday.
            f"SELECT ({local} DIV 3600 + 72) MOD 168 AS place, SUM(h.drawn_wh), COUNT(*) {_CERTAIN}"
            " GROUP BY place ORDER BY place"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [WeekHour(int(place), int(wh), int(count)) for place, wh, count in rows]


def _local(offsets: Sequence[tuple[datetime, int]]) -> str:
    """Return SQL for the local seconds of an hour since 1970."""
    limits = ", ".join(str(int(moment.timestamp())) for moment, _ in offsets)
    ahead = ", ".join(str(seconds) for _, seconds in offsets)
    return f"(UNIX_TIMESTAMP(h.hour) + CAST(ELT(INTERVAL(UNIX_TIMESTAMP(h.hour), {limits}), {ahead}) AS SIGNED))"
