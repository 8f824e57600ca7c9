"""Fills the tables of sources with the past of the house of `--sun`, as if a storer had run."""

from datetime import UTC, datetime

from common.contract.source_minutes import SourceMinute, pack_hour, unpack_hour
from common.database.mariadb import Connection, sql_time
from demo.sun import SunnyHouse, sources_of
from storer.sources.hours import write_hours

# The storer may do the same at this moment: then the name, or the id, is taken.
_ADD = (
    "INSERT INTO sources (id, name, kind, meter) SELECT COALESCE(MAX(id), 0) + 1, %s, %s, %s FROM sources"
    " ON DUPLICATE KEY UPDATE name = sources.name"
)
_LOCK = "SELECT id FROM sources WHERE id IN %s ORDER BY id FOR UPDATE"
_READ = "SELECT hour, minutes FROM source_minutes WHERE source_id = %s AND hour IN %s"
_WRITE = (
    "INSERT INTO source_minutes (source_id, hour, minutes) VALUES (%s, %s, %s)"
    " ON DUPLICATE KEY UPDATE minutes = VALUES(minutes)"
)


class SourceHistory:
    """Writes the past of the sources of a meter over a connection; for one thread."""

    def __init__(self, connection: Connection, meter: str) -> None:
        self._connection = connection
        self._house = SunnyHouse()
        self._meter = meter

    def write(self, start: datetime, end: datetime) -> None:
        """Write the minutes of [start, end), and their hours, in one transaction; safe to repeat.

        Args:
            start: a whole hour.
            end: a whole minute. What is stored from there on is kept.
        """
        if start == end:
            return
        ids = self._ids()
        with self._connection.transaction():
            # The storer locks them, too: it may be about to add a minute to the hour that runs.
            self._connection.query(_LOCK, (list(ids.values()),))
            for name, minutes in self._house.minutes(start, end).items():
                self._write_source(ids[name], minutes)

    def _ids(self) -> dict[str, int]:
        """Return the numbers of the sources by name; add those that are missing."""
        found: dict[str, int] = {}
        sources = sources_of(self._meter)
        while len(found) < len(sources):
            for source in sources:
                self._connection.execute(_ADD, (source["name"], source["kind"], self._meter))
            rows = self._connection.query(
                "SELECT name, id FROM sources WHERE name IN %s", ([source["name"] for source in sources],)
            )
            found = {name: int(number) for name, number in rows}
        return found

    def _write_source(self, number: int, minutes: dict[datetime, SourceMinute]) -> None:
        hours: dict[datetime, dict[int, SourceMinute]] = {}
        for minute, row in minutes.items():
            hours.setdefault(minute.replace(minute=0), {})[minute.minute] = row
        stored = self._connection.query(_READ, (number, [sql_time(hour) for hour in hours]))
        for hour, text in stored:
            known = hours[hour.replace(tzinfo=UTC)]
            hours[hour.replace(tzinfo=UTC)] = dict(sorted((unpack_hour(text) | known).items()))
        self._connection.execute_many(
            _WRITE, [(number, sql_time(hour), pack_hour(rows)) for hour, rows in hours.items()]
        )
        write_hours(self._connection, number, hours)
