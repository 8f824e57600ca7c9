"""Long-term statistics of Home Assistant: running totals by hour, in UTC."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from storer.imports.model import HOUR, Parsed
from storer.imports.readings import differences
from storer.imports.series_choice import Series, choose
from storer.imports.sqlite_file import SqliteFile

_UNITS = {"Wh": 1, "kWh": 1000, "MWh": 1_000_000}


def read_home_assistant(source: SqliteFile, wanted: Series) -> Parsed:
    """Return the energy of the hours of some statistics, whose names are ids such as sensor.linky_east.

    `sum` counts on where the meter's index begins again; its beginning is arbitrary, so only differences count.

    Raises:
        ConfigError: the series are not known, or none is chosen out of several.
    """
    rows = source.query("SELECT id, statistic_id, unit_of_measurement FROM statistics_meta WHERE has_sum = 1")
    known = {str(name): (number, str(unit)) for number, name, unit in rows if unit in _UNITS}
    registers = choose(wanted, {name: unit for name, (_, unit) in sorted(known.items())})
    old = "start" in source.columns("statistics")
    parsed = Parsed()
    for name, register in registers.items():
        number, unit = known[name]
        parsed.periods += differences(_readings(source, number, _UNITS[unit], old=old), register, parsed.left_out)
    return parsed


def _readings(source: SqliteFile, number: int, factor: int, *, old: bool) -> Iterator[tuple[datetime, int]]:
    # Until 2023 the time was in `start`, as text or DATETIME; it was moved to `start_ts`, and `start` became NULL.
    columns = "start_ts, start, sum" if old else "start_ts, NULL, sum"
    sql = f"SELECT {columns} FROM statistics WHERE metadata_id = ? AND sum IS NOT NULL"  # noqa: S608 - our own names
    for seconds, start, total in source.query(sql, (number,)):
        instant = datetime.fromtimestamp(float(seconds), UTC) if seconds is not None else _utc(start)
        if instant is not None:
            # Through its text: the shortest decimal number that is this float.
            yield instant + HOUR, round(Fraction(str(total)) * factor)


def _utc(start: Any) -> datetime | None:
    if start is None:
        return None
    instant = start if isinstance(start, datetime) else datetime.fromisoformat(str(start))
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
