"""Marks hours whose frames are stored late: the rollups must compute these again.

Frames that arrive in time need no mark: the rollups always compute the last minutes again. A mark is written in the
transaction of its frames, so neither is there without the other.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from common.database.mariadb import Connection, sql_time
from storer.database.months import floor_hour
from storer.frames.rows import Row

LATE = timedelta(minutes=5)  # between a frame's timestamp and the server's clock, either way
DELAYED = timedelta(seconds=30)  # the minute of such a frame may have been made before it was stored
_CLOCK_EVERY = 60.0  # seconds
#: The first hour that can be stored: a TIMESTAMP begins a second after 1970.
FIRST_HOUR = datetime(1970, 1, 1, 1, tzinfo=UTC)
_MARK = (
    "INSERT INTO late_hours (meter_id, hour, storer) VALUES (%s, %s, %s)"
    " ON DUPLICATE KEY UPDATE touched = touched + 1, waiting = 1"
)

Hours = set[tuple[str, datetime]]  # address of the meter, start of the hour


class ServerClock:
    """The database server's clock, read once a minute: the one clock that all storers share."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._due = float("-inf")
        self._server = datetime.min.replace(tzinfo=UTC)
        self._at = 0.0

    def __call__(self) -> datetime:
        """Return the time, in UTC; call it outside a transaction."""
        at = time.monotonic()
        if at >= self._due:
            ((server,),) = self._connection.query("SELECT NOW(6)")
            self._server, self._at, self._due = server.replace(tzinfo=UTC), at, at + _CLOCK_EVERY
        return self._server + timedelta(seconds=at - self._at)


class LateFrames:
    """Finds and marks the hours of late frames, over one connection."""

    def __init__(
        self, connection: Connection, storer: str, now: Callable[[], datetime], on_delayed: Callable[[], None]
    ) -> None:
        """`storer` is its name: each has marks of its own, and two never wait for each other.

        `on_delayed` is called for rows that are old, but not late: the database has no mark of them.
        """
        self._connection = connection
        self._storer = storer
        self._now = now
        self._on_delayed = on_delayed

    def hours(self, rows: Sequence[Row]) -> Hours:
        """Return the hours of those rows that are late; call it outside the transaction that writes them."""
        now = self._now()
        early, late, delayed = now - LATE, now + LATE, now - DELAYED
        if any(early <= row.timestamp < delayed for row in rows):
            self._on_delayed()
        return {
            (row.meter, floor_hour(row.timestamp))
            for row in rows
            if not early <= row.timestamp <= late and row.timestamp >= FIRST_HOUR
        }

    def mark(self, marks: Sequence[tuple[int, datetime]]) -> None:
        """Mark hours, by id of the meter; call it in the transaction that writes the frames."""
        # Always in the same order: two transactions that need the same rows then never deadlock.
        self._connection.execute_many(_MARK, [(meter, sql_time(hour), self._storer) for meter, hour in sorted(marks)])
