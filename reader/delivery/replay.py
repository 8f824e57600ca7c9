"""Sends again what nobody has confirmed in time: oldest first, a bounded window at a time, slower while nobody answers.

Used from one thread; the clock comes from outside.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reader.buffer.item import Item, ItemId
from reader.buffer.spool import Spool
from reader.buffer.spool_index import Block
from reader.delivery.in_flight import InFlight
from reader.delivery.storers import Storers

CONFIRM_TIMEOUT = 30.0  # seconds without a confirmation before an item is sent again
MAX_BACKOFF = 600.0  # seconds between two tries, at most
REPLAY_WINDOW = 200  # items being sent again at once


@dataclass(slots=True)
class Pending:
    """An item in memory and in the journal."""

    item: Item
    segment: int | None  # in the journal; None where it could not be written
    created: float  # monotonic
    sent: float | None = None  # the last time that it was sent; infinite: not to be sent on this connection
    confirmed_by: frozenset[str] = frozenset()  # the storers that hold it
    replayed: bool = False  # on its way on `replay`


@dataclass(slots=True)
class _Loaded:
    """A block of the spool that is being sent again."""

    items: dict[ItemId, Item]  # those that are not confirmed yet
    sent: float


class Replay:
    """What is on its way again, and when more of it may be."""

    def __init__(self, outbox: InFlight, confirmers: Storers, on_disk_error: Callable[[OSError], None]) -> None:
        """Take the parts; `on_disk_error` is told when a block cannot be read."""
        self.sent = 0  # items, since the start
        self._outbox = outbox
        self._confirmers = confirmers
        self._on_disk_error = on_disk_error
        self._loaded: dict[Block, _Loaded] = {}
        self._sent_cold: dict[Block, float] = {}  # blocks that were sent before they were spilled
        self._hot = 0  # hot items that are on their way
        self._interval = CONFIRM_TIMEOUT
        self._progress = True  # somebody confirmed something since the last round

    @property
    def in_flight(self) -> int:
        """How many items are being sent again at the moment."""
        return self._hot + sum(len(loaded.items) for loaded in self._loaded.values())

    def reset_backoff(self) -> None:
        """Somebody confirms: begin again with the shortest interval."""
        self._interval = CONFIRM_TIMEOUT
        self._progress = True

    def done(self, hot: Pending) -> None:
        """It is not on its way any more."""
        self._hot -= hot.replayed
        hot.replayed = False

    def unload(self, identity: ItemId) -> None:
        """It is not on its way from the disk any more."""
        for block, loaded in list(self._loaded.items()):
            if loaded.items.pop(identity, None) is not None and not loaded.items:
                del self._loaded[block]

    def too_large(self, identity: ItemId, hot: Pending | None) -> None:
        """The broker does not take a message of this size: try it on the next connection, and send others meanwhile.

        Args:
            identity: of the item.
            hot: the item, if it is in memory.
        """
        if hot is not None:
            self.done(hot)
            hot.sent = math.inf
            return
        for block, loaded in self._loaded.items():
            if identity in loaded.items:
                self._sent_cold[block] = math.inf
        self.unload(identity)

    def disconnected(self, hot: Iterable[Pending]) -> None:
        """What was on its way, of these and of the disk, may have arrived, or not."""
        self._loaded.clear()
        self._sent_cold = {block: sent for block, sent in self._sent_cold.items() if sent < math.inf}
        for one in hot:
            self.done(one)
            if one.sent == math.inf:
                one.sent = None

    def spilled(self, blocks: Iterable[Block], hot: Iterable[Pending]) -> None:
        """What was hot is in these blocks now: if all of it was sent, it is overdue when the last of it is."""
        self._sent_cold = {block: sent for block, sent in self._sent_cold.items() if block.pending}
        sent = []
        for one in hot:
            self.done(one)
            sent.append(one.sent)
        if None not in sent:
            # With some that are too large and some that are not, the block is sent again for those that are not.
            last = max((time for time in sent if time is not None and time < math.inf), default=math.inf)
            self._sent_cold |= dict.fromkeys(blocks, last)

    def send(self, hot: Iterable[Pending], spool: Spool | None, now: float) -> None:
        """Send again what is overdue, oldest first, as far as the window allows; `hot` is in order of birth."""
        if self._outbox.full:
            return
        due = now - self._interval - self._confirmers.wait
        again = self._resend_loaded(now, due)
        if spool is not None:
            again |= self._load(spool, now, due)
        again |= self._resend_hot(hot, now, due)
        if again and not self._progress:
            self._interval = min(2 * self._interval, MAX_BACKOFF)
        if again:
            self._progress = False

    def _resend_loaded(self, now: float, due: float) -> bool:
        again = False
        for block, loaded in list(self._loaded.items()):
            if not self._lacking(block):
                del self._loaded[block]
            elif loaded.sent <= due:
                loaded.sent = now
                again = True
                for item in loaded.items.values():
                    self._send(item)
        return again

    def _lacking(self, block: Block) -> bool:
        """Whether something of a block is still lacked by somebody who could take it now."""
        if self._confirmers.puback_suffices:
            return bool(block.pending)
        noted = block.confirmed_by or {}
        return any(block.pending & ~noted.get(name, 0) for name in self._confirmers.online)

    def _load(self, spool: Spool, now: float, due: float) -> bool:
        """Send blocks of the spool again."""
        again = False
        for block in spool.undelivered():
            if self.in_flight >= REPLAY_WINDOW:
                break
            if block in self._loaded or self._sent_cold.get(block, due) > due or not self._lacking(block):
                continue
            try:
                items = {item.identity: item for item in spool.read(block)}
            except OSError as error:
                self._on_disk_error(error)
                self._sent_cold[block] = now  # later; those behind it may be readable
                break
            self._sent_cold.pop(block, None)
            if not items:
                continue
            self._loaded[block] = _Loaded(items, now)
            again = True
            for item in items.values():
                self._send(item)
        return again

    def _resend_hot(self, all_hot: Iterable[Pending], now: float, due: float) -> bool:
        again = False
        room = REPLAY_WINDOW - self.in_flight
        for hot in all_hot:
            if hot.created > due:
                break
            overdue = (hot.sent or hot.created) <= due
            if not (hot.replayed or (overdue and room > 0)):
                continue
            if not (self._confirmers.puback_suffices or self._confirmers.missing_online(hot.confirmed_by)):
                room += hot.replayed
                self.done(hot)  # for a storer that is away the window is not kept
                continue
            if not overdue:
                continue
            if not self._send(hot.item):
                break
            hot.sent = now
            room -= not hot.replayed
            self._hot += not hot.replayed
            hot.replayed = again = True
        return again

    def _send(self, item: Item) -> bool:
        self.sent += 1
        return self._outbox.send_again(item)
