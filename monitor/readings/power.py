"""Queries of power, voltage and overloads in `hours` and `minutes`. All times are aware and in UTC."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.power import GRID_VOLTS, PHASES, highest_phase_power_sql
from common.contract.usual_interval import held_minutes_sql
from common.database.mariadb import Connection, sql_time
from monitor.readings.rows import moment_of, number_rows

#: 230 V + 10 % and - 10 %: outside of it the grid operator does not keep its word.
VOLTAGE_LOW, VOLTAGE_HIGH = 207, 253
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_AT_ONCE = 10  # ranges in one query: it compares each row with all of them
_SECONDS = 3600
_OF_LINES = "usual_interval IS NULL"


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest apparent power of an hour."""

    at: datetime  # its second
    power: int  # VA
    phase: int | None  # that had the highest power of its own then; None: a single-phase meter


@dataclass(frozen=True, slots=True)
class VoltageMinute:
    """A minute with a voltage outside the limits."""

    minute: datetime
    phase: int
    low: int  # V
    high: int


@dataclass(frozen=True, slots=True)
class Switch:
    """The meter went from one supplier register to another."""

    at: datetime  # the minute
    supplier: int  # that runs from then on


@dataclass(frozen=True, slots=True)
class Slot:
    """Some minutes of an hour, for curves that are finer."""

    start: datetime  # the first of them that has a reading
    first: int  # Wh, the first reading
    total: int  # Wh, the reading at its end
    seconds: int  # covered
    supplier: int | None  # that ran at its end


class Power:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def peaks(self, meter: int, start: datetime, end: datetime, count: int) -> list[Peak]:
        """Return the highest hours of [start, end), the highest first; of a decoded meter it is not measurable."""
        sql = (
            "SELECT hour, power_max, power_max_second, power_1_max, power_2_max, power_3_max FROM hours"  # noqa: S608
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND power_max IS NOT NULL"
            f" AND {_OF_LINES} ORDER BY power_max DESC, hour LIMIT %s"
        )
        peaks = []
        for hour, power, second, *phases in self._connection.query(sql, (meter, sql_time(start), sql_time(end), count)):
            at = hour.replace(tzinfo=UTC) + timedelta(seconds=int(second or 0))
            known = [(value, number) for number, value in enumerate(phases, 1) if value is not None]
            peaks.append(Peak(at, int(power), max(known)[1] if len(known) > 1 else None))
        return peaks

    def minutes_at_rest(
        self, meters: Sequence[int], start: datetime, end: datetime, least: int
    ) -> list[tuple[int, int]]:
        """Return the minutes of [start, end) in which power flows and no index moves: seconds since 1970, and VA.

        Not of a meter that another device decodes: its index moves by steps that may take minutes.
        That is the apparent power, or where the meter shows none, what its currents make at 230 V; `least` at least.
        """
        marks = ", ".join(["%s"] * len(meters))
        amperes = " + ".join(f"COALESCE(current_{phase}_max, 0)" for phase in PHASES)
        power = f"IF(power_max = 0, {GRID_VOLTS} * ({amperes}), power_mean)"
        rows = number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(minute)", power],
            f"FROM minutes WHERE meter_id IN ({marks}) AND minute >= %s AND minute < %s AND total_first = total_last"
            f" AND injected_last IS NULL AND seconds >= 50 AND {_OF_LINES} AND {power} >= %s"
            " ORDER BY minute",
            (*meters, sql_time(start), sql_time(end), least),
        )
        return [(at, va) for at, va in rows]

    def last_minutes(self, meters: Sequence[int], before: datetime) -> dict[int, datetime]:
        """Return of each meter the last minute before a moment that has frames."""
        if not meters:
            return {}
        rows = self._connection.query(
            "SELECT id, (SELECT minute FROM minutes WHERE meter_id = id AND minute < %s ORDER BY minute DESC LIMIT 1)"  # noqa: S608
            f" FROM meters WHERE id IN ({', '.join(map(str, meters))})",
            (sql_time(before),),
        )
        return {int(meter): minute.replace(tzinfo=UTC) for meter, minute in rows if minute is not None}

    def switches(self, meter: int, start: datetime, end: datetime) -> list[Switch]:
        """Return the changes of the running register in [start, end), in order; not those within a gap."""
        sql = (
            f"SELECT minute, supplier FROM (SELECT minute, supplier, 2 + {held_minutes_sql()} AS near,"  # noqa: S608
            " LAG(minute) OVER (ORDER BY minute) AS minute_before, LAG(supplier) OVER (ORDER BY minute) AS before_it"
            " FROM minutes WHERE meter_id = %s AND minute >= %s AND minute < %s AND supplier IS NOT NULL) AS pairs"
            " WHERE supplier <> before_it AND minute <= minute_before + INTERVAL near MINUTE ORDER BY minute"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Switch(minute.replace(tzinfo=UTC), int(supplier)) for minute, supplier in rows]

    def switch_minutes(self, meter: int, hours: Mapping[datetime, int]) -> dict[datetime, datetime]:
        """Return for hours the first minute that ended with a supplier register; none where no minute did."""
        found = {}
        columns = ["UNIX_TIMESTAMP(MIN(minute))", "supplier"]
        ranges = [(hour, hour + _HOUR) for hour in hours]
        for minute, supplier in self._minutes_in(meter, ranges, columns, "", "supplier"):
            moment = moment_of(minute)
            hour = moment.replace(minute=0)
            if hours[hour] == supplier:
                found[hour] = moment
        return found

    def slots(self, meter: int, hours: Sequence[datetime], cuts: Sequence[int]) -> list[Slot]:
        """Return the last reading of each part of these hours that has one, and those of the minutes before them.

        An hour is cut at the minutes `cuts`, and where another supplier register ran. In historic mode the total of a
        contract with several registers is their sum.
        """
        ranges: list[tuple[datetime, datetime]] = []
        for hour in hours:
            follows = bool(ranges) and hour - _MINUTE <= ranges[-1][1]
            start = ranges.pop()[0] if follows else hour - _MINUTE
            ranges.append((start, hour + _HOUR))
        parts = ", ".join(str(int(cut)) for cut in sorted(cuts))
        readings = ["COALESCE(MIN(total_first), MIN(total_last))", "MAX(total_last)"]
        columns = ["UNIX_TIMESTAMP(MIN(minute))", *readings, "SUM(seconds)", "supplier"]
        group = f"INTERVAL(EXTRACT(MINUTE FROM minute), {parts or 60}), supplier"
        rows = self._minutes_in(meter, ranges, columns, "AND total_last IS NOT NULL", group)
        return sorted(
            (
                Slot(moment_of(start), first, total, seconds, supplier)
                for start, first, total, seconds, supplier in rows
            ),
            key=lambda slot: slot.start,
        )

    def _minutes_in(
        self,
        meter: int,
        ranges: Sequence[tuple[datetime, datetime]],
        columns: Sequence[str],
        condition: str,
        group: str,
    ) -> Iterator[list[Any]]:
        """Yield columns of the minutes in these ranges, by hour and the groups in it."""
        for place in range(0, len(ranges), _AT_ONCE):
            part = ranges[place : place + _AT_ONCE]
            inside = " OR ".join(["minute >= %s AND minute < %s"] * len(part))
            yield from number_rows(
                self._connection,
                columns,
                f"FROM minutes WHERE meter_id = %s AND ({inside}) {condition}"
                f" GROUP BY UNIX_TIMESTAMP(minute) DIV 3600, {group}",
                (meter, *(sql_time(limit) for limits in part for limit in limits)),
            )


class BusyMinutes:
    """Reads one connection's database; not for several threads at once.

    Minutes of a meter that arrives decoded are not measured: it tells a power of now and then.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def measured(self, meters: Sequence[int], start: datetime, end: datetime) -> dict[int, int]:
        """Return how many seconds of each hour of [start, end) have a power, of hours that have any.

        In an hour in which one meter of a house replaced another, they add up.
        """
        rows = number_rows(
            self._connection,
            [f"UNIX_TIMESTAMP(minute) DIV {_SECONDS} * {_SECONDS}", "SUM(seconds)"],
            f"FROM minutes WHERE meter_id IN ({_numbers(meters)}) AND minute >= %s AND minute < %s"
            f" AND power_max IS NOT NULL AND {_OF_LINES} GROUP BY UNIX_TIMESTAMP(minute) DIV {_SECONDS}",
            (sql_time(start), sql_time(end)),
        )
        return {hour: min(seconds, _SECONDS) for hour, seconds in rows}

    def above(
        self, meters: Sequence[int], start: datetime, end: datetime, phases: int, power: float
    ) -> list[tuple[int, int, int, tuple[int, ...]]]:
        """Return the minutes of [start, end) in which a phase was above a power (VA), in order.

        Each has its start, the seconds that are measured, and in VA the mean of all phases and the highest of each.
        Where the power of a phase is not known, that of all takes its place, which is not less.
        """
        of_phases = [f"COALESCE({_possible(number)}, power_max)" for number in range(1, phases + 1)]
        columns = ["power_max"] if phases == 1 else of_phases
        rows = number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(minute)", "seconds", "power_mean", *columns],
            f"FROM minutes WHERE meter_id IN ({_numbers(meters)}) AND minute >= %s AND minute < %s"
            f" AND {_OF_LINES} AND ({' OR '.join(f'{column} > %s' for column in columns)}) ORDER BY minute",
            (sql_time(start), sql_time(end), *[power] * phases),
        )
        return [(at, seconds, mean, tuple(highest)) for at, seconds, mean, *highest in rows]


def _possible(phase: int) -> str:
    """Return the highest power of a phase, at most what its current makes possible."""
    power, volts, amperes = (f"{name}_{phase}_max" for name in ("power", "voltage", "current"))
    return f"CAST(LEAST({power}, COALESCE({highest_phase_power_sql(volts, amperes)}, {power})) AS UNSIGNED)"


def _numbers(meters: Sequence[int]) -> str:
    return ", ".join(map(str, meters))
