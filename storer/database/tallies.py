"""Writes the table `tallies`: how many frames a reader counted for an hour."""

from common.database import Connection, sql_time
from common.errors import Conflict
from common.tally import Tally
from storer.database.ids import LOOKUPS, AddedIds, add_meter, find_meters

# A tally may come late, twice, or after one that counted further: the highest number stays.
_INSERT = (
    "INSERT INTO tallies (hour, meter_id, reader, frames) VALUES (%s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE frames = GREATEST(frames, VALUES(frames))"
)


def write_tally(connection: Connection, tally: Tally, added: AddedIds) -> None:
    """Write a tally, and commit. Safe to repeat. `added` counts its meter, if that is new.

    Raises:
        InvalidRow: the database cannot hold one of the values.
        DatabaseError: the database is unavailable, or refuses the statement.
    """
    for _ in range(LOOKUPS):
        with connection.transaction():
            meters = find_meters(connection, [tally.meter])
            if meters:
                connection.execute(_INSERT, (sql_time(tally.hour), meters[tally.meter], tally.reader, tally.frames))
                return
        added.meters += add_meter(connection, tally.meter)
    raise Conflict("database: other storers add meters at the same time")
