"""Queries of sources: what inverters, plugs and thermometers sent beside the meters, and imported temperatures.

All times are aware and in UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.contract.source_minutes import unpack_hour
from common.database.mariadb import Connection, sql_time
from monitor.base.calendar import full_hour, midnight
from monitor.base.places import position_of, temperatures_of
from monitor.readings.hours import Meter
from monitor.readings.rows import hour_rows, moment_of, number_rows

PRODUCTION, DEVICE, TEMPERATURE = "production", "device", "temperature"
_DAY = timedelta(days=1)
_LEAST_HOURS = 20  # of a day, that have a temperature


@dataclass(frozen=True, slots=True)
class Source:
    """A source, as the storer's configuration names it."""

    number: int
    name: str
    kind: str
    meter: str | None  # address of the meter that it is behind; None: the only one


class SourceMinute(NamedTuple):
    """A minute that a source has a row for."""

    at: int  # its start, seconds since 1970
    seconds: int  # covered
    energy: int | None  # Wh: the last reading
    step: int | None  # Wh by which the reading changed without energy since the row before
    power: int | None  # W
    power_max: int | None
    temperature: int | None  # 0.1 °C


def behind(sources: Iterable[Source], meter: Meter, meters: Sequence[Meter], kind: str) -> list[Source]:
    """Return the sources of a kind that are behind a meter; one that names none is behind the only one of `meters`."""
    return [
        source
        for source in sources
        if source.kind == kind and (len(meters) == 1 if source.meter is None else meter.has(source.meter))
    ]


class Sources:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Source]:
        """Return all sources, by name; none costs one query of an empty table."""
        rows = self._connection.query("SELECT id, name, kind, meter FROM sources ORDER BY name")
        return [Source(int(number), str(name), str(kind), meter) for number, name, kind, meter in rows]

    def first(self, source: Source) -> datetime | None:
        """Return the hour of the first reading of a counter; None: it has none."""
        rows = self._hours_of_readings(source, "ASC", "energy_first", "", ())
        return moment_of(rows[0][0]) if rows else None

    def _reading_before(self, source: Source, moment: datetime) -> int | None:
        rows = self._hours_of_readings(source, "DESC", "energy_last", "AND hour < %s", (sql_time(moment),))
        return rows[0][1] if rows else None

    def _first_from(self, source: Source, moment: datetime) -> int:
        rows = self._hours_of_readings(source, "ASC", "energy_first", "AND hour >= %s", (sql_time(moment),))
        return int(rows[0][1])

    def _hours_of_readings(
        self, source: Source, order: str, column: str, where: str, arguments: tuple[str, ...]
    ) -> list[list[int]]:
        return number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(hour)", column],
            f"FROM source_hours WHERE source_id = %s {where} AND {column} IS NOT NULL ORDER BY hour {order} LIMIT 1",
            (source.number, *arguments),
        )

    def by_hour(self, source: Source, start: datetime, end: datetime) -> Iterator[tuple[int, int, int]]:
        """Yield the hours of [start, end) that have a reading, in order: seconds since 1970, Wh, seconds covered."""
        rows = hour_rows(
            self._connection,
            ["seconds", "energy_first", "energy_last", "step"],
            "FROM source_hours WHERE source_id = %s AND hour >= %s AND hour < %s AND energy_last IS NOT NULL",
            (source.number, sql_time(start), sql_time(end)),
        )
        before = self._reading_before(source, start)
        for hour, seconds, first, last, step in rows:
            yield hour, last - (first if before is None else before) - (step or 0), seconds
            before = last

    def between(self, source: Source, start: datetime, end: datetime) -> int | None:
        """Return the energy of an interval, to the minute where minutes are kept; None: nothing was read by its end.

        A minute counts where it begins.
        """
        (low, low_step), (high, high_step) = self._to_the_minute(source, start), self._to_the_minute(source, end)
        if high is None:
            return None
        if low is None:
            first = self.first(source)
            low = high if first is None else self._first_from(source, first)
        ((steps,),) = number_rows(
            self._connection,
            ["SUM(step)"],
            "FROM source_hours WHERE source_id = %s AND hour >= %s AND hour < %s",
            (source.number, sql_time(full_hour(start)), sql_time(full_hour(end))),
        )
        return high - low - (steps or 0) - high_step + low_step

    def _to_the_minute(self, source: Source, moment: datetime) -> tuple[int | None, int]:
        """Return the reading before a moment, and the steps between the start of its hour and it."""
        hour = full_hour(moment)
        minutes = [one for one in self.minutes(source, hour, moment) if one.energy is not None]
        last = minutes[-1].energy if minutes else self._reading_before(source, hour)
        return last, sum(one.step or 0 for one in minutes)

    def minutes(self, source: Source, start: datetime, end: datetime) -> list[SourceMinute]:
        """Return the minutes of [start, end) that were stored, in order."""
        rows = self._connection.query(
            "SELECT UNIX_TIMESTAMP(hour), minutes FROM source_minutes"
            " WHERE source_id = %s AND hour >= %s AND hour < %s ORDER BY hour",
            (source.number, sql_time(full_hour(start)), sql_time(end)),
        )
        low, high = start.timestamp(), end.timestamp()
        return [one for hour, text in rows for one in _minutes_of(int(hour), text) if low <= one.at < high]


def _minutes_of(hour: int, text: str) -> list[SourceMinute]:
    return [SourceMinute(hour + 60 * number, *row) for number, row in unpack_hour(text).items()]


IMPORTED = "import"
_IMPORT = "import "  # then the number of the import


@dataclass(frozen=True, slots=True)
class Series:
    """Temperatures of one place: those of different places are never mixed."""

    thermometer: Source | None
    outside: str | None = None  # without a thermometer: who said them, IMPORTED or a host and the position

    @property
    def name(self) -> str | None:
        """What a reader calls it: a thermometer, or the host that was asked; None: imported."""
        if self.thermometer is not None:
            return self.thermometer.name
        return None if self.outside in (None, IMPORTED) else str(self.outside).partition(" ")[0]


class Temperatures:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection, zone: ZoneInfo, place: str | None) -> None:
        """Read over `connection`; of fetched temperatures only those of `place`, as the owner names it."""
        self._connection = connection
        self._zone = zone
        position = None if place is None else position_of(place)
        self._fetched = None if position is None else temperatures_of(position)

    def outside(self) -> list[str]:
        """Return who said temperatures without a thermometer: IMPORTED for all files together, and who was asked.

        What was fetched for a place where the home no longer is stays in the table, and is not used.
        """
        rows = self._connection.query("SELECT DISTINCT source FROM outside WHERE what = 'temperature'")
        known = {IMPORTED if str(source).startswith(_IMPORT) else str(source) for (source,) in rows}
        return sorted(known & {IMPORTED, self._fetched})

    def days(self, series: Series, first: date, end: date) -> Mapping[date, float]:
        """Return the mean temperature of the days from `first` to before `end`, °C, as far as they are known."""
        if series.thermometer is None:
            return self._said(series.outside or IMPORTED, first, end)
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

    def _said(self, source: str, first: date, end: date) -> dict[date, float]:
        rows = self._connection.query(
            "SELECT start, value FROM outside WHERE what = 'temperature' AND source LIKE %s"
            " AND start >= %s AND start < %s",
            (f"{_IMPORT}%" if source == IMPORTED else source, f"{first} 00:00:00", f"{end} 00:00:00"),
        )
        return {start.replace(tzinfo=UTC).date(): float(value) for start, value in rows}
