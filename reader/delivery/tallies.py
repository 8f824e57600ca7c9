"""Makes the tally of each hour when it is over: how many frames this reader has made for a meter."""

from datetime import UTC, datetime, timedelta

from common.contract.tally import Tally
from reader.buffer.hourly_counts import NEVER, HourKey
from reader.buffer.item import HOUR, Item, ItemKind, from_micros, to_micros
from reader.buffer.journal import Journal

TALLY_AFTER = timedelta(seconds=10)  # after the end of the hour: its last frames may still be in the queue
COUNTS_KEPT = timedelta(hours=3)

_TALLY_AFTER_US, _COUNTS_KEPT_US = (period // timedelta(microseconds=1) for period in (TALLY_AFTER, COUNTS_KEPT))


class Tallies:
    """The tallies that are due, from the hourly counts of the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._published: dict[HourKey, int] = {}  # the frames of each tally
        self._over = 0  # hours before this one were over at the last look
        self._same_from = self._same_until = datetime.max.replace(tzinfo=UTC)  # when the same hours are over and kept

    def due(self, now: datetime) -> list[Item]:
        """Return new tallies, and those of hours that got more frames since; `now` is in UTC.

        Counts of hours that are long over are dropped.
        """
        if self._same_from <= now < self._same_until and self._journal.counts.risen_since >= self._over:
            return []  # as nearly always
        now_us = to_micros(now)
        over = (now_us - _TALLY_AFTER_US) // HOUR * HOUR
        oldest = (now_us - _COUNTS_KEPT_US) // HOUR * HOUR
        items = []
        outdated = False
        self._journal.counts.risen_since = NEVER
        for key, frames in self._journal.counts.frames.items():
            meter, hour = key
            outdated = outdated or hour < oldest
            if hour < over and self._published.get(key) != frames:
                self._published[key] = frames
                reader = self._journal.counts.reader_of(key)
                tally = Tally(meter=meter, hour=from_micros(hour), reader=reader, frames=frames)
                items.append(Item(ItemKind.TALLY, meter, hour, tally.to_json()))
        if outdated:
            self._journal.forget_counts(oldest)
            self._published = {key: frames for key, frames in self._published.items() if key[1] >= oldest}
        starts = over + _TALLY_AFTER_US, oldest + _COUNTS_KEPT_US
        self._over, self._same_from, self._same_until = over, from_micros(max(starts)), from_micros(min(starts) + HOUR)
        return items
