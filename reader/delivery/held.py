"""The items in memory, each also in the journal: those that are pending, and those held for a first storer."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from reader.buffer.item import Item, ItemId, ItemKind
from reader.buffer.journal import Journal

DEBOUNCE = 600.0  # seconds without the fault until it counts as over

log = logging.getLogger(__name__)
JOURNAL_SIZE = 4_000_000  # bytes; two minutes of a storm of frames, an hour of a quiet meter
MEMORY_SIZE = JOURNAL_SIZE  # bytes of payloads; reached only without a disk


class Fault:
    """Something that fails, perhaps again and again: its begin and its end are logged once."""

    def __init__(self) -> None:
        self._last: float | None = None  # when it occurred last; None: it is over

    def occurred(self, now: float) -> bool:
        """Note a failure at the monotonic time `now`; return whether it is a new one, to be logged."""
        new, self._last = self._last is None, now
        return new

    def ended(self, now: float) -> bool:
        """Note a success; return whether the fault is over by that, to be logged."""
        if self._last is None or now - self._last < DEBOUNCE:
            return False
        self._last = None
        return True


@dataclass(slots=True)
class Pending:
    """An item in memory."""

    item: Item
    row: int | None  # of the journal; None where it could not be written
    created: float  # monotonic
    sent: float | None = None  # the last time that it was sent; infinite: not to be sent on this connection
    replayed: bool = False  # in flight on `replay`


class Memory:
    """Pending and held items, oldest first."""

    def __init__(self, journal: Journal) -> None:
        self.pending: dict[ItemId, Pending] = {}
        self.held: dict[ItemId, Pending] = {}  # the broker has them; kept in case that a first storer appears
        self.journal = journal
        self.journal_errors = 0
        self._journal_failed = False
        self._journal_fault = Fault()

    @property
    def full(self) -> bool:
        """Whether items must move to the disk, whatever their age."""
        return self._journal_failed or self.journal_full

    @property
    def journal_full(self) -> bool:
        """Whether the journal has its size."""
        return self.journal.size > JOURNAL_SIZE

    @property
    def oldest(self) -> Pending | None:
        """The pending item that was created first."""
        return next(iter(self.pending.values()), None)

    @property
    def pending_frames(self) -> int:
        """How many of the pending items are frames."""
        return sum(kind is ItemKind.FRAME for kind, _, _ in self.pending)

    @property
    def oldest_frame(self) -> int | None:
        """Time of the first pending frame, in microseconds since 1970."""
        return next((time_us for kind, _, time_us in self.pending if kind is ItemKind.FRAME), None)

    def write(self, item: Item, now: float) -> Pending:
        """Write an item to the journal; on an error it is in memory only."""
        try:
            row = self.journal.append(item)
        except OSError as error:
            self.journal_errors += 1
            if self._journal_fault.occurred(now):
                log.warning("Cannot write to the journal: %s; frames are in memory only", error.strerror)
            self._journal_failed = True
            return Pending(item, None, now)
        if self._journal_fault.ended(now):
            log.info("Journal works again")
        self._journal_failed = False
        return Pending(item, row, now)

    def release(self, entries: Iterable[Pending]) -> None:
        """Remove items from the journal."""
        if rows := [entry.row for entry in entries if entry.row is not None]:
            self.journal.release(rows)

    def release_pending(self) -> None:
        """Remove all pending items: they are on disk."""
        self.release(self.pending.values())
        self.pending.clear()

    def release_held(self, created_before: float) -> None:
        """Remove held items that are older than this, and more of them while the journal is full."""
        while self.held:
            identity, entry = next(iter(self.held.items()))
            if entry.created > created_before and not self.journal_full:
                return
            del self.held[identity]
            self.release([entry])

    def unhold(self) -> list[Pending]:
        """Make all held items pending again; return them."""
        returned = list(self.held.values())
        both = {**self.held, **self.pending}
        self.pending = dict(sorted(both.items(), key=lambda entry: entry[1].created))
        self.held = {}
        return returned

    def decimate(self) -> list[Pending]:
        """With too many bytes, remove every second frame of the older half of each meter; return what was removed."""
        if sum(len(entry.item.payload) for entry in self.pending.values()) <= MEMORY_SIZE:
            return []
        meters: dict[str, list[ItemId]] = {}
        for identity in self.pending:
            if identity[0] is ItemKind.FRAME:
                meters.setdefault(identity[1], []).append(identity)
        removed = [
            self.pending.pop(identity) for frames in meters.values() for identity in frames[1 : len(frames) // 2 : 2]
        ]
        self.release(removed)
        return removed
