"""Writes series of sources into the tables, as a storer has written them."""

import contextlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from common.contract.source_minutes import SourceMinute, pack_hour, unpack_hour
from common.database.mariadb import Database, sql_time
from storer.sources.tables import write_hours


def write_source(
    database: Database, name: str, kind: str, minutes: Mapping[datetime, SourceMinute], meter: str | None = None
) -> int:
    """Write a source, its minutes and its hours; return its id. May be repeated with minutes of other hours."""
    with contextlib.closing(database.connect()) as connection:
        connection.execute(
            "INSERT INTO sources (id, name, kind, meter) SELECT COALESCE(MAX(id), 0) + 1, %s, %s, %s FROM sources"
            " ON DUPLICATE KEY UPDATE kind = VALUES(kind), meter = VALUES(meter)",
            (name, kind, meter),
        )
        ((number,),) = connection.query("SELECT id FROM sources WHERE name = %s", (name,))
        hours: dict[datetime, dict[int, SourceMinute]] = {}
        for minute, row in minutes.items():
            hour = minute.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            hours.setdefault(hour, {})[minute.minute] = row
        connection.execute_many(
            "INSERT INTO source_minutes (source_id, hour, minutes) VALUES (%s, %s, %s)",
            [(number, sql_time(hour), pack_hour(found)) for hour, found in hours.items()],
        )
        write_hours(connection, int(number), hours)
    return int(number)


def read_source(database: Database, name: str) -> dict[datetime, SourceMinute]:
    """Return the minutes of a source that are stored, in order."""
    with contextlib.closing(database.connect()) as connection:
        return {
            hour.replace(tzinfo=UTC) + timedelta(minutes=number): row
            for hour, text in connection.query(
                "SELECT hour, minutes FROM source_minutes JOIN sources ON id = source_id WHERE name = %s ORDER BY hour",
                (name,),
            )
            for number, row in unpack_hour(text).items()
        }


def series(
    start: datetime, energies: Iterable[int], step: timedelta = timedelta(minutes=1)
) -> dict[datetime, SourceMinute]:
    """Return minutes with these readings, and the power that follows from them."""
    found: dict[datetime, SourceMinute] = {}
    before: int | None = None
    for place, energy in enumerate(energies):
        power = 0 if before is None else round((energy - before) * 3600 / step.total_seconds())
        found[start + place * step] = SourceMinute(60, energy, None, power, power)
        before = energy
    return found
