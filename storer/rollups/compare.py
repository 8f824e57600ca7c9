"""Compares rollups with the frames that they were made of, before these are dropped."""

from datetime import datetime

from common.database import Connection
from storer.rollups.hours import HOUR, hours_that_differ
from storer.rollups.label_facts import LabelSets
from storer.rollups.minutes import compute_minutes, read_minutes


def rollups_match(connection: Connection, label_sets: LabelSets, hour: datetime) -> bool:
    """Return whether minutes and hours of an hour are what its frames make now, for all meters; nothing is written.

    A row that was made of more frames than are there now counts as right: it knows more than they do.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    computed, found = compute_minutes(connection, label_sets, hour, hour + HOUR)
    meters = {meter for meter, _ in found}
    stored = {row[:2]: row for row in read_minutes(connection, hour, hour + HOUR, meters)}
    for row in computed:
        held = stored.get(row[:2])
        if held is None or (held != row and _frames(held) <= _frames(row)):
            return False
    return not hours_that_differ(connection, hour, {meter: count for (meter, _), count in found.items()})


def _frames(row: tuple[int | str | None, ...]) -> int:
    frames = row[-1]
    assert isinstance(frames, int)
    return frames
