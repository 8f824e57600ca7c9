"""Makes `source_hours` from `source_minutes`; safe to repeat."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from common.contract.source_minutes import SourceMinute, unpack_hour
from common.database.mariadb import Connection, sql_time
from storer.database.literals import literals
from storer.database.months import ceil_hour, floor_hour

COLUMNS = (
    "seconds",
    "energy_first",
    "energy_last",
    "step",
    "power_mean",
    "power_max",
    "temperature_min",
    "temperature_mean",
    "temperature_max",
)
_INSERT = f"INSERT INTO source_hours (source_id, hour, {', '.join(COLUMNS)}) VALUES "  # noqa: S608 - our own names
_UPDATE = f" ON DUPLICATE KEY UPDATE {', '.join(f'{name} = VALUES({name})' for name in COLUMNS)}"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def write_hours(connection: Connection, source: int, hours: Mapping[datetime, Mapping[int, SourceMinute]]) -> None:
    """Write the hours of a source, by their starts, as their minutes make them."""
    rows = [(source, f"{hour:%Y-%m-%d %H:%M:%S}", *_values(minutes)) for hour, minutes in hours.items()]
    if rows:
        connection.execute(_INSERT + literals(rows) + _UPDATE)


def _values(minutes: Mapping[int, SourceMinute]) -> list[int | None]:
    """Return the values of `COLUMNS`."""
    rows = list(minutes.values())
    energy = [row.energy for row in rows if row.energy is not None]
    steps = [row.step for row in rows if row.step is not None]
    peaks = [row.power_max for row in rows if row.power_max is not None]
    temperatures = [row.temperature for row in rows if row.temperature is not None]
    return [
        sum(row.seconds for row in rows),
        energy[0] if energy else None,
        energy[-1] if energy else None,
        sum(steps) if steps else None,
        _mean((row.power, row.seconds) for row in rows),
        max(peaks, default=None),
        min(temperatures, default=None),
        _mean((row.temperature, row.seconds) for row in rows),
        max(temperatures, default=None),
    ]


def _mean(values: Iterable[tuple[int | None, int]]) -> int | None:
    """Return the mean of values that were held for so many seconds each, rounded half up."""
    known = [(value, seconds) for value, seconds in values if value is not None]
    total = sum(seconds for _, seconds in known)
    return (2 * sum(value * seconds for value, seconds in known) + total) // (2 * total) if total else None


def remake_hours(connection: Connection, start: datetime | None, end: datetime | None) -> Iterator[int]:
    """Make the hours of all sources again that have minutes, a day at a time; yield how many each day has."""
    for (source,) in connection.query("SELECT id FROM sources ORDER BY id"):
        ((first, last),) = connection.query(
            "SELECT MIN(hour), MAX(hour) FROM source_minutes WHERE source_id = %s", (source,)
        )
        if first is None:
            continue
        begin = first if start is None else max(first, floor_hour(start).replace(tzinfo=None))
        limit = last + _HOUR if end is None else min(last + _HOUR, ceil_hour(end).replace(tzinfo=None))
        while begin < limit:
            until = min(begin + _DAY, limit)
            hours = {
                hour: unpack_hour(text)
                for hour, text in connection.query(
                    "SELECT hour, minutes FROM source_minutes WHERE source_id = %s AND hour >= %s AND hour < %s",
                    (source, sql_time(begin), sql_time(until)),
                )
            }
            write_hours(connection, int(source), hours)
            yield len(hours)
            begin = until
