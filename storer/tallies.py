"""Writes tallies: how many frames each reader says that it made."""

from collections.abc import Sequence
from datetime import datetime

from common.tally import Tally
from storer.database.connection import Connection

# A tally may come late, twice, or after one that counted further: the highest number stays.
_INSERT_TALLY = (
    "INSERT INTO tallies (hour, meter_id, reader, frames) VALUES (%s, %s, %s, %s)"
    " ON DUPLICATE KEY UPDATE frames = GREATEST(frames, VALUES(frames))"
)


def write_tallies(connection: Connection, rows: Sequence[tuple[int, Tally]]) -> None:
    """Write tallies, each with its meter's number, inside the caller's transaction. Safe to repeat.

    Raises:
        BadRow: the database cannot hold one of the values; none of the rows is certain then.
        DatabaseError: the database is away, or refuses us.
    """
    connection.execute_many(
        _INSERT_TALLY, [(_text(tally.hour), meter_id, tally.reader, tally.frames) for meter_id, tally in rows]
    )


def _text(hour: datetime) -> str:
    # Not strftime: it writes the year 26 with two digits, which MariaDB takes for 2026.
    return hour.replace(tzinfo=None).isoformat(" ", "seconds")
