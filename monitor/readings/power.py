"""Queries of power, voltage and overloads in `hours` and `minutes`. All times are aware and in UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.database.mariadb import Connection, sql_time
from monitor.readings.grid_curves import moment_of
from monitor.readings.number_rows import number_rows

#: 230 V + 10 % and - 10 %: outside of it the grid operator does not keep its word.
VOLTAGE_LOW, VOLTAGE_HIGH = 207, 253


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
    total: int  # Wh, the reading at its end
    seconds: int  # covered
    supplier: int | None  # that ran at its end


class Power:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def peaks(self, meter: int, start: datetime, end: datetime, count: int) -> list[Peak]:
        """Return the highest hours of [start, end), the highest first."""
        sql = (
            "SELECT hour, power_max, power_max_second, power_1_max, power_2_max, power_3_max FROM hours"
            " WHERE meter_id = %s AND hour >= %s AND hour < %s AND power_max IS NOT NULL"
            " ORDER BY power_max DESC, hour LIMIT %s"
        )
        peaks = []
        for hour, power, second, *phases in self._connection.query(sql, (meter, sql_time(start), sql_time(end), count)):
            at = hour.replace(tzinfo=UTC) + timedelta(seconds=int(second or 0))
            known = [(value, number) for number, value in enumerate(phases, 1) if value is not None]
            peaks.append(Peak(at, int(power), max(known)[1] if len(known) > 1 else None))
        return peaks

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
            "SELECT minute, supplier FROM (SELECT minute, supplier,"
            " LAG(minute) OVER (ORDER BY minute) AS minute_before, LAG(supplier) OVER (ORDER BY minute) AS before_it"
            " FROM minutes WHERE meter_id = %s AND minute >= %s AND minute < %s AND supplier IS NOT NULL) AS pairs"
            " WHERE supplier <> before_it AND minute <= minute_before + INTERVAL 2 MINUTE ORDER BY minute"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return [Switch(minute.replace(tzinfo=UTC), int(supplier)) for minute, supplier in rows]

    def switch_minutes(self, meter: int, hours: Mapping[datetime, int]) -> dict[datetime, datetime]:
        """Return for hours the first minute that ended with a supplier register; none where no minute did."""
        if not hours:
            return {}
        # One short search an hour; a single query over all of them would read each of their minutes.
        first = (
            "(SELECT UNIX_TIMESTAMP(minute) FROM minutes WHERE meter_id = %s AND minute >= %s AND minute < %s"
            " AND supplier = %s ORDER BY minute LIMIT 1)"
        )
        values: list[object] = []
        for hour, supplier in hours.items():
            values += [meter, sql_time(hour), sql_time(hour + timedelta(hours=1)), supplier]
        rows = self._connection.query(" UNION ALL ".join([first] * len(hours)), values)
        minutes = [moment_of(int(minute)) for (minute,) in rows]
        return {minute.replace(minute=0): minute for minute in minutes}

    def slots(self, meter: int, start: datetime, end: datetime, cuts: Sequence[int]) -> list[Slot]:
        """Return the last reading of each part of an hour of [start, end) that has one.

        An hour is cut at the minutes `cuts`, and where another supplier register ran. In historic mode the total of a
        contract with several registers is their sum.
        """
        parts = ", ".join(str(int(cut)) for cut in sorted(cuts))
        place = f"INTERVAL(EXTRACT(MINUTE FROM minute), {parts or 60})"
        rows = number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(MIN(minute))", "MAX(total_last)", "SUM(seconds)", "supplier"],
            "FROM minutes WHERE meter_id = %s AND minute >= %s AND minute < %s AND total_last IS NOT NULL"
            f" GROUP BY UNIX_TIMESTAMP(minute) DIV 3600, {place}, supplier ORDER BY MIN(minute)",
            (meter, sql_time(start), sql_time(end)),
        )
        return [Slot(moment_of(first), total, seconds, supplier) for first, total, seconds, supplier in rows]
