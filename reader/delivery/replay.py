"""Sends items again that were not confirmed in time: oldest first, in a bounded window, with a backoff.

Used from one thread; the clock is passed in.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reader.buffer.item import Item, ItemId
from reader.buffer.spool import Spool
from reader.buffer.spool_index import Block
from reader.delivery.in_flight import InFlight
from reader.delivery.memory import Pending
from reader.delivery.storers import Storers

CONFIRM_TIMEOUT = 30.0  # seconds without a confirmation before an item is sent again
MAX_BACKOFF = 600.0  # seconds between two attempts, at most
REPLAY_WINDOW = 200  # items in flight on `replay`


@dataclass(slots=True)
class _Loaded:
    """A block of the spool in flight."""

    items: dict[ItemId, Item]  # those that are not confirmed yet
    sent: float


class Replay:
    """The items in flight on `replay`, and when more may be sent."""

    def __init__(self, in_flight: InFlight, storers: Storers, on_disk_error: Callable[[OSError], None]) -> None:
        """Take the parts; `on_disk_error` is called when a block cannot be read."""
        self.sent = 0  # items, since the start
        self._publisher = in_flight
        self._storers = storers
        self._on_disk_error = on_disk_error
        self._loaded: dict[Block, _Loaded] = {}
        self._blocks_sent: dict[Block, float] = {}  # when blocks were sent, before their items moved to disk
        self._from_memory = 0  # items in flight that are in memory
        self._interval = CONFIRM_TIMEOUT
        self._progress = True  # something was confirmed since the last round

    @property
    def in_flight(self) -> int:
        """How many items are in flight on `replay`."""
        return self._from_memory + sum(len(loaded.items) for loaded in self._loaded.values())

    def reset_backoff(self) -> None:
        """A storer confirms again: use the shortest interval."""
        self._interval = CONFIRM_TIMEOUT
        self._progress = True

    def done(self, entry: Pending) -> None:
        """An item in memory is no longer in flight."""
        self._from_memory -= entry.replayed
        entry.replayed = False

    def unload(self, identity: ItemId) -> None:
        """An item on disk is no longer in flight."""
        for block, loaded in list(self._loaded.items()):
            if loaded.items.pop(identity, None) is not None and not loaded.items:
                del self._loaded[block]

    def too_large(self, identity: ItemId, entry: Pending | None) -> None:
        """The broker rejects a message of this size: retry on the next connection, and send others meanwhile.

        Args:
            identity: of the item.
            entry: the item, if it is in memory.
        """
        if entry is not None:
            self.done(entry)
            entry.sent = math.inf
            return
        for block, loaded in self._loaded.items():
            if identity in loaded.items:
                self._blocks_sent[block] = math.inf
        self.unload(identity)

    def disconnected(self, in_memory: Iterable[Pending]) -> None:
        """The connection is lost: nothing is in flight, and what was too large may be tried again."""
        self._loaded.clear()
        self._blocks_sent = {block: sent for block, sent in self._blocks_sent.items() if sent < math.inf}
        for entry in in_memory:
            self.done(entry)
            if entry.sent == math.inf:
                entry.sent = None

    def spilled(self, blocks: Iterable[Block], in_memory: Iterable[Pending]) -> None:
        """The items in memory moved to these blocks: if all were sent, the blocks are overdue when the last one is."""
        self._blocks_sent = {block: sent for block, sent in self._blocks_sent.items() if block.pending}
        sent = []
        for entry in in_memory:
            self.done(entry)
            sent.append(entry.sent)
        if None not in sent:
            # Items that are too large do not count, unless all are.
            last = max((time for time in sent if time is not None and time < math.inf), default=math.inf)
            self._blocks_sent |= dict.fromkeys(blocks, last)

    def send(self, in_memory: Iterable[Pending], spool: Spool | None, now: float) -> None:
        """Send what is overdue, oldest first, as far as the window allows; `in_memory` is in order of creation."""
        if self._publisher.full:
            return
        due = now - self._interval - self._storers.wait
        again = self._resend_loaded(now, due)
        if spool is not None:
            again |= self._load(spool, now, due)
        again |= self._resend_memory(in_memory, now, due)
        if again and not self._progress:
            self._interval = min(2 * self._interval, MAX_BACKOFF)
        if again:
            self._progress = False

    def _resend_loaded(self, now: float, due: float) -> bool:
        again = False
        for block, loaded in list(self._loaded.items()):
            if not self._is_wanted(block):
                del self._loaded[block]
            elif loaded.sent <= due:
                loaded.sent = now
                again = True
                for item in loaded.items.values():
                    self._send(item)
        return again

    def _is_wanted(self, block: Block) -> bool:
        """Whether somebody who is online has not confirmed all of a block."""
        if self._storers.puback_suffices:
            return bool(block.pending)
        confirmed = block.confirmed_by or {}
        return any(block.pending & ~confirmed.get(name, 0) for name in self._storers.online)

    def _load(self, spool: Spool, now: float, due: float) -> bool:
        """Read further blocks of the spool and send them."""
        again = False
        for block in spool.undelivered():
            if self.in_flight >= REPLAY_WINDOW:
                break
            if block in self._loaded or self._blocks_sent.get(block, due) > due or not self._is_wanted(block):
                continue
            try:
                items = {item.identity: item for item in spool.read(block)}
            except OSError as error:
                self._on_disk_error(error)
                self._blocks_sent[block] = now  # try again later; the blocks after it may be readable
                break
            self._blocks_sent.pop(block, None)
            if not items:
                continue
            self._loaded[block] = _Loaded(items, now)
            again = True
            for item in items.values():
                self._send(item)
        return again

    def _resend_memory(self, in_memory: Iterable[Pending], now: float, due: float) -> bool:
        again = False
        room = REPLAY_WINDOW - self.in_flight
        for entry in in_memory:
            if entry.created > due:
                break
            overdue = (entry.sent or entry.created) <= due
            if not (entry.replayed or (overdue and room > 0)):
                continue
            if not (self._storers.puback_suffices or self._storers.missing_online(entry.confirmed_by)):
                room += entry.replayed
                self.done(entry)  # a storer that is away takes no room in the window
                continue
            if not overdue:
                continue
            if not self._send(entry.item):
                break
            entry.sent = now
            room -= not entry.replayed
            self._from_memory += not entry.replayed
            entry.replayed = again = True
        return again

    def _send(self, item: Item) -> bool:
        self.sent += 1
        return self._publisher.send_again(item)
