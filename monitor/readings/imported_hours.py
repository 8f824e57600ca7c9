"""Queries of `imported_hours`. All times are aware and in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.database.mariadb import Connection, sql_time
from monitor.readings.rows import utc

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Imported:
    """Imported energy: of the hours, so many, of which `hour` is the last."""

    hour: datetime
    register: int  # its place in REGISTERS
    wh: int
    hours: int  # 1; of a day 23, 24 or 25


class ImportedHours:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def between(self, meter: int, start: datetime, end: datetime, least: int = 1) -> list[Imported]:
        """Return what was imported for [start, end), in order; a day or a month is of its last hour.

        `least` leaves out what is of fewer hours.
        """
        sql = (
            "SELECT hour, register, wh, hours FROM imported_hours WHERE meter_id = %s AND hour >= %s AND hour < %s"
            " AND hours >= %s ORDER BY hour, register"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end), least))
        return [Imported(utc(hour), int(register), int(wh), int(hours)) for hour, register, wh, hours in rows]

    def firsts(self) -> dict[int, datetime]:
        """Return of all meters the first hour that was imported; of a day or a month, the hour it begins with."""
        sql = (
            "SELECT i.meter_id, i.hour, MAX(i.hours) FROM imported_hours AS i"
            " JOIN (SELECT meter_id, MIN(hour) AS hour FROM imported_hours GROUP BY meter_id) AS f"
            " ON f.meter_id = i.meter_id AND f.hour = i.hour GROUP BY i.meter_id, i.hour"
        )
        return {int(meter): utc(hour) - (int(hours) - 1) * _HOUR for meter, hour, hours in self._connection.query(sql)}
