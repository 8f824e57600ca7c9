"""Opens the storer's tables, and reads how well they are kept: frames counted and stored, disk, backup, server.

Times are in UTC.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.database.mariadb import TIMEOUT, Connection, Database, sql_time
from common.database.schema import schema_version
from common.errors import DatabaseError, PermanentError
from monitor.readings.rows import moment_of

NEWEST = 107
"""The version of the tables that this monitor knows: that of the storer of the same release."""


class NewerTables(PermanentError):
    """A newer version of the storer has migrated the tables."""


def open_tables(database: Database, timeout: float = TIMEOUT) -> Connection:
    """Open a connection; a statement may take `timeout` seconds.

    Raises:
        NewerTables: this program cannot read them.
        PermanentError: each server refuses the connection.
    """
    connection = database.connect(timeout)
    try:
        version = schema_version(connection) or 0
        if version > NEWEST:
            raise NewerTables(
                f"the tables have version {version}, this program supports up to {NEWEST}: update teleinfo-monitor"
            )
    except DatabaseError:
        connection.close()
        raise
    return connection


@dataclass(frozen=True, slots=True)
class CountedHour:
    """An hour that has rows or was counted by a reader."""

    hour: datetime
    stored: int
    counted: int | None  # by all readers; None: by none

    @property
    def expected(self) -> int:
        """How many frames there should be.

        A reader loses its count at each start of its host: what is stored then was expected.
        """
        return max(self.stored, self.counted or 0)


@dataclass(frozen=True, slots=True)
class Disk:
    """What the tables take, in bytes, and what is free where they are."""

    used: int
    months: Sequence[int]  # of frames, the whole months in order, of the last year
    free: int | None  # None: the server is on another machine


class Upkeep:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counted(self, meter: int, start: datetime, end: datetime) -> list[CountedHour]:
        """Return the hours of [start, end) that have rows or a tally, in order."""
        span = (meter, sql_time(start), sql_time(end))
        stored = {
            int(hour): int(frames)
            for hour, frames in self._connection.query(
                "SELECT UNIX_TIMESTAMP(hour), frames FROM hours WHERE meter_id = %s AND hour >= %s AND hour < %s", span
            )
        }
        tallies = {
            int(hour): int(total)
            for hour, total in self._connection.query(
                "SELECT UNIX_TIMESTAMP(hour), SUM(frames) FROM tallies"
                " WHERE meter_id = %s AND hour >= %s AND hour < %s GROUP BY hour",
                span,
            )
        }
        return [
            CountedHour(moment_of(hour), stored.get(hour, 0), tallies.get(hour))
            for hour in sorted(stored.keys() | tallies.keys())
        ]

    def rolled_up_to(self) -> datetime | None:
        """Return before which time the rollups are final; None: nothing was rolled up yet."""
        rows = self._connection.query("SELECT up_to FROM rollup_state")
        return rows[0][0].replace(tzinfo=UTC) if rows else None

    def late_hours(self, meter: int, start: datetime, end: datetime) -> int:
        """Return for how many hours of [start, end) frames came late."""
        sql = "SELECT COUNT(DISTINCT hour) FROM late_hours WHERE meter_id = %s AND hour >= %s AND hour < %s"
        ((count,),) = self._connection.query(sql, (meter, sql_time(start), sql_time(end)))
        return int(count)

    def server(self) -> str:
        """Return the version of the database server, without what its packager added."""
        ((version,),) = self._connection.query("SELECT VERSION()")
        return str(version).partition("-")[0]

    def backup(self) -> tuple[datetime, int] | None:
        """Return when the last backup was finished, and how many rows it wrote; None: none was noted."""
        rows = self._connection.query("SELECT finished_at, saved_rows FROM backups ORDER BY finished_at DESC LIMIT 1")
        return (rows[0][0].replace(tzinfo=UTC), int(rows[0][1])) if rows else None

    def disk(self, now: datetime) -> Disk | None:
        """Return what the tables take, from the administrator's view; None: the server has no such view."""
        ((view,),) = self._connection.query(
            "SELECT COUNT(*) FROM information_schema.views"
            " WHERE table_schema = DATABASE() AND table_name = 'table_files'"
        )
        if not view:
            return None
        sizes = {str(name): int(size) for name, size in self._connection.query("SELECT name, bytes FROM table_files")}
        months, place = [], now.year * 12 + now.month - 1
        for number in range(place - 12, place):
            size = sizes.get(f"frames#P#p{number // 12}{number % 12 + 1:02}")
            if size is not None:
                months.append(size)
        ((folder,),) = self._connection.query("SELECT @@datadir")
        return Disk(sum(sizes.values()), months, _free(Path(str(folder))))


def _free(folder: Path) -> int | None:
    """Return the free bytes of a folder; None: it is not on this machine, or is hidden from us."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
