"""Makes the tally of each hour when it is over: how many frames this reader has made for a meter."""

from datetime import datetime, timedelta

from common.contract.tally import Tally
from reader.buffer.item import HOUR, Item, ItemKind, from_micros, to_micros
from reader.buffer.journal import HourKey, Journal

TALLY_AFTER = timedelta(seconds=10)  # after the end of the hour: its last frames may still be in the queue
COUNTS_KEPT = timedelta(hours=3)


class Tallies:
    """The tallies that are due, from the hourly counts of the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._published: dict[HourKey, int] = {}  # the frames of each tally

    def due(self, now: datetime) -> list[Item]:
        """Return new tallies, and those of hours that got more frames since; `now` is in UTC.

        Counts of hours that are long over are dropped.
        """
        over, oldest = (to_micros(now - age) // HOUR * HOUR for age in (TALLY_AFTER, COUNTS_KEPT))
        items = []
        for key, (reader, frames) in self._journal.counts.items():
            meter, hour = key
            if hour < over and self._published.get(key) != frames:
                self._published[key] = frames
                tally = Tally(meter=meter, hour=from_micros(hour), reader=reader, frames=frames)
                items.append(Item(ItemKind.TALLY, meter, hour, tally.to_json()))
        if self._journal.forget_counts(oldest):
            self._published = {key: frames for key, frames in self._published.items() if key[1] >= oldest}
        return items
