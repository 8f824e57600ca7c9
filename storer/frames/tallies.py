"""Writes the table `tallies`: how many frames a reader counted for an hour."""

from collections.abc import Sequence

from common.contract.tally import Tally
from common.database.mariadb import Connection, sql_time
from common.errors import Conflict
from storer.database.meters import LOOKUPS, add_meters, find_meters

# A tally may come late, twice, or after one that counted further: the highest number stays.
_INSERT = (
    "INSERT INTO tallies (hour, meter_id, reader, frames) VALUES (%s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE frames = GREATEST(frames, VALUES(frames))"
)


def write_tallies(connection: Connection, tallies: Sequence[Tally]) -> None:
    """Write tallies in one transaction, and commit. Safe to repeat.

    Raises:
        InvalidRow: the database cannot hold one of the values; none of them is written.
    """
    identifiers = {tally.meter for tally in tallies}
    for _ in range(LOOKUPS):
        with connection.transaction():
            meters = find_meters(connection, identifiers)
            if len(meters) == len(identifiers):
                # In the order of the primary key: two storers that write the same hour do not wait for each other.
                rows = sorted((sql_time(one.hour), meters[one.meter], one.reader, one.frames) for one in tallies)
                connection.execute_many(_INSERT, rows)
                return
        add_meters(connection, identifiers - meters.keys())
    raise Conflict("database: other storers add meters at the same time")
