"""Queries of outside temperatures by local day: of thermometers, and of a weather station's files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from common.database.mariadb import Connection, sql_time
from monitor.base.calendar import midnight
from monitor.readings.rows import number_rows
from monitor.readings.sources import Source

_DAY = timedelta(days=1)
_LEAST_HOURS = 20  # of a day, that have a temperature


@dataclass(frozen=True, slots=True)
class Series:
    """Temperatures of one place: those of different places are never mixed."""

    thermometer: Source | None  # None: what was imported
    meters: tuple[int, ...]  # the numbers of the house's meters


class Temperatures:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection, zone: ZoneInfo) -> None:
        self._connection = connection
        self._zone = zone

    def imported(self) -> set[int]:
        """Return the numbers of the meters with imported temperatures."""
        return {number for (number,) in self._connection.query("SELECT DISTINCT meter_id FROM imported_temperatures")}

    def days(self, series: Series, first: date, end: date) -> Mapping[date, float]:
        """Return the mean temperature of the days from `first` to before `end`, °C, as far as they are known."""
        if series.thermometer is None:
            return self._imported(series.meters, first, end)
        return self._measured(series.thermometer, [first + number * _DAY for number in range((end - first).days)])

    def _measured(self, thermometer: Source, days: Sequence[date]) -> dict[date, float]:
        limits = [midnight(day, self._zone) for day in [*days, days[-1] + _DAY]]
        place = f"INTERVAL(UNIX_TIMESTAMP(hour), {', '.join(str(int(limit.timestamp())) for limit in limits)})"
        rows = number_rows(
            self._connection,
            [place, "SUM(temperature_mean)", "COUNT(temperature_mean)"],
            f"FROM source_hours WHERE source_id = %s AND hour >= %s AND hour < %s GROUP BY {place}",
            (thermometer.number, sql_time(limits[0]), sql_time(limits[-1])),
        )
        return {days[number - 1]: total / count / 10 for number, total, count in rows if count >= _LEAST_HOURS}

    def _imported(self, meters: tuple[int, ...], first: date, end: date) -> dict[date, float]:
        rows = self._connection.query(
            "SELECT hour, temperature FROM imported_temperatures WHERE meter_id IN %s AND hour >= %s AND hour < %s",
            (meters, f"{first} 00:00:00", f"{end} 00:00:00"),
        )
        return {hour.replace(tzinfo=UTC).date(): int(temperature) / 10 for hour, temperature in rows}
