"""Adopts the original program's table: renames it, makes the tables, and makes frames of its rows, a day at a time.

Each day is one transaction, together with the note of how far that has come and the request to roll it up: the adoption
may be killed at any moment and goes on with the next run. The original table keeps all its rows.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from common.database.mariadb import Connection, Database, sql_time
from common.errors import ConfigError, DatabaseError
from storer.adoption.conversion import Made, first_frames, insert, parts, write_first
from storer.adoption.original_table import OriginalTable, find_table
from storer.adoption.source_clock import SourceClock
from storer.database.frame_store import FrameStore
from storer.database.original import KEPT, NAME, view_exists
from storer.database.schema import make_earlier_partitions, make_partitions, make_view, migrate
from storer.rollups.state import request_rebuild, unfreeze

log = logging.getLogger(__name__)

#: A program that wrote a row so long ago may still be running.
STILL_WRITING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Adopted:
    """What this run did, and what is noted of all runs; timestamps are in UTC."""

    renamed: bool
    made: Made  # in this run
    all: Made
    left_out: int  # rows that did not become frames, in all runs


def adopt(
    database: Database, clock: SourceClock | None, now: datetime, progress: Callable[[int], None] = lambda _: None
) -> Adopted:
    """Make frames of all rows of the table that are none yet; `progress` is called with the rows so far.

    Without a `clock`, times are converted as in the run before; in the first run, as a server in the right zone has
    them. `now` is in UTC.

    Raises:
        ConfigError: an earlier run used another clock.
        DatabaseError: there is no such table, the original program is still running, the database is unavailable, or
            refuses a statement. The next run goes on where this one stopped.
    """
    connection = database.connect()
    store = FrameStore(database)
    try:
        renamed = _prepare(connection, database, clock, now)
        source = OriginalTable(connection, KEPT)
        chosen = _begin(connection, clock)
        _make_partitions(source, chosen, now)
        made = Made()
        while (day := _take_day(source, store, chosen)) is not None:
            made += day
            progress(made.rows)
        noted = _noted(connection)
        return Adopted(renamed, made, noted.made, noted.left_out)
    finally:
        store.close()
        connection.close()


def _prepare(connection: Connection, database: Database, clock: SourceClock | None, now: datetime) -> bool:
    """Rename the table and make ours; return whether it was renamed in this run."""
    table = find_table(connection, database)
    if table == NAME:
        source = OriginalTable(connection, table)
        last = source.last()
        utc = None if last is None else (clock or SourceClock()).to_utc(last).replace(tzinfo=UTC)
        if utc is not None and abs(now - utc) < STILL_WRITING:
            raise DatabaseError(
                f"{NAME}: its last row was written less than a minute ago: stop the original program, wait a minute,"
                " then try again"
            )
        connection.execute(f"RENAME TABLE {NAME} TO {KEPT}")
        log.info("Renamed %s to %s", NAME, KEPT)
    migrate(database)
    if not view_exists(connection):  # dropped on the way back from an earlier adoption
        make_view(connection)
    return table == NAME


def _begin(connection: Connection, clock: SourceClock | None) -> SourceClock:
    """Note how times are converted, before the first row; return how, as an earlier run has noted it."""
    wanted = clock or SourceClock()
    connection.execute(
        "INSERT INTO adoptions (source, shift, zone) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE source = source",
        (KEPT, wanted.shift, None if wanted.zone is None else wanted.zone.key),
    )
    ((shift, zone),) = connection.query("SELECT shift, zone FROM adoptions WHERE source = %s", (KEPT,))
    noted = SourceClock(shift, None if zone is None else ZoneInfo(zone))
    if clock is not None and clock != noted:
        before = f"--zone {zone}" if zone is not None else f"--shift {shift}"
        raise ConfigError(
            f"{KEPT}: an earlier run converted its times with {before}, and its frames would get other times now:"
            " leave the option out"
        )
    return noted


def _make_partitions(source: OriginalTable, clock: SourceClock, now: datetime) -> None:
    make_partitions(source.connection, now)
    first = source.first_after(None)
    if first is not None:
        made = make_earlier_partitions(source.connection, clock.to_utc(first).replace(tzinfo=UTC))
        if made:
            log.info("Created partitions %s to %s", made[0], made[-1])


@dataclass(frozen=True, slots=True)
class _Noted:
    """How far the adoption has come."""

    made: Made
    left_out: int
    taken_to: datetime | None  # of the table's own times


def _noted(connection: Connection, lock: bool = False) -> _Noted:
    sql = "SELECT frames, first_at, last_at, left_out, taken_to FROM adoptions WHERE source = %s"
    ((rows, first, last, left_out, taken_to),) = connection.query(f"{sql} FOR UPDATE" if lock else sql, (KEPT,))
    made = Made(rows, *(None if time is None else time.replace(tzinfo=UTC) for time in (first, last)))
    return _Noted(made, left_out, taken_to)


def _take_day(source: OriginalTable, store: FrameStore, clock: SourceClock) -> Made | None:
    """Make frames of the next day with rows, in one transaction; return None if there is none."""
    connection = source.connection
    with connection.transaction():
        noted = _noted(connection, lock=True)  # two runs at the same time take turns
        day = next(source.days(noted.taken_to), None)
        if day is None:
            connection.execute(
                "UPDATE adoptions SET finished_at = COALESCE(finished_at, UTC_TIMESTAMP()) WHERE source = %s", (KEPT,)
            )
            return None
        made = Made()
        for piece in clock.pieces(*day):
            for part in parts(source, piece):
                frames = first_frames(source, part)
                write_first(store, frames)
                made += insert(source, part, frames)
        rows, end = source.count(*day)
        total = noted.made + made
        limits = [None if time is None else sql_time(time) for time in (total.first, total.last)]
        connection.execute(
            "UPDATE adoptions SET taken_to = %s, frames = %s, left_out = %s, first_at = %s, last_at = %s,"
            " finished_at = NULL WHERE source = %s",
            (sql_time(end), total.rows, noted.left_out + rows - made.rows, *limits, KEPT),
        )
        if made.first is not None and made.last is not None:
            unfreeze(connection)
            request_rebuild(connection, made.first, made.last + timedelta(hours=1))
    return made
