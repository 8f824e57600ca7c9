"""Sends items again that were not confirmed in time: oldest first, in a bounded window, with a backoff.

Frames on disk travel in blocks: many of them per message, unless the broker refuses messages of that size.

Used from one thread; the clock is passed in.
"""

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from common.mqtt.events import PublishToken
from reader.buffer.item import Item, ItemId, ItemKind
from reader.buffer.spool import Block, Spool
from reader.delivery.confirmation import Storers
from reader.delivery.held import Pending
from reader.delivery.in_flight import BlockPart, InFlight

log = logging.getLogger(__name__)

CONFIRM_TIMEOUT = 30.0  # seconds without a confirmation before an item is sent again
MAX_BACKOFF = 600.0  # seconds between two attempts, at most
REPLAY_WINDOW = 200  # items in flight on `replay` that are sent one by one
BLOCK_WINDOW = 1000  # the same in blocks: a storer writes 500 at once, and has the next 500 when it is done
FAST, SLOW = 0.2, 0.5  # seconds in flight; live frames wait in the storer behind what is in flight


@dataclass(slots=True)
class _Loaded:
    """Items of a block of the spool in flight."""

    bits: int  # as in `Block.pending`; those that are not pending any more are no longer in flight
    sent: float
    tokens: list[PublishToken] = field(default_factory=list)  # of messages with several frames
    together: bool = False  # in such messages, and no storer has restarted since, which may have lost them


class Replay:
    """The items in flight on `replay`, and when more may be sent."""

    def __init__(self, in_flight: InFlight, storers: Storers, on_disk_error: Callable[[OSError], None]) -> None:
        """Take the parts; `on_disk_error` is called when a block cannot be read."""
        self.sent = 0  # items, since the start
        self._publisher = in_flight
        self._storers = storers
        self._on_disk_error = on_disk_error
        self._blocks_refused = False  # by the broker, on this connection
        self._alone: set[Block] = set()  # whose frames are sent one by one: together they were not confirmed in time
        self._loaded: dict[Block, _Loaded] = {}
        self._blocks_sent: dict[Block, float] = {}  # when blocks were sent, before their items moved to disk
        self._too_large: dict[Block, int] = {}  # bits of items that are not sent on this connection
        self._from_memory = 0  # items in flight that are in memory
        self._interval = CONFIRM_TIMEOUT
        self._progress = True  # something was confirmed since the last round
        self._block_window = BLOCK_WINDOW  # smaller while the storer is slow
        self._continue_at = -1  # how many may be in flight when the last round is continued; -1: it sent all

    @property
    def in_flight(self) -> int:
        """How many items are in flight on `replay`."""
        loaded = sum((each.bits & block.pending).bit_count() for block, each in self._loaded.items())
        return self._from_memory + loaded

    @property
    def can_continue(self) -> bool:
        """Whether half of the window is free again after it was full."""
        return self._continue_at >= 0 and not self._publisher.crowded and self.in_flight <= self._continue_at

    @property
    def _window(self) -> int:
        return self._block_window if self._in_blocks else REPLAY_WINDOW

    @property
    def _in_blocks(self) -> bool:
        return bool(self._storers.online) and not self._blocks_refused

    def reset_backoff(self) -> None:
        """A storer confirms again: use the shortest interval."""
        self._interval = CONFIRM_TIMEOUT
        self._progress = True

    def on_online(self) -> None:
        """A storer has started, or its database is back."""
        self._alone.clear()
        for loaded in self._loaded.values():
            loaded.together = False
        self.reset_backoff()

    def done(self, entry: Pending) -> None:
        """An item in memory is no longer in flight."""
        self._from_memory -= entry.replayed
        entry.replayed = False

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
        for block in list(self._loaded):
            if bits := block.bit_of(*identity):
                self.exclude(BlockPart(block, bits))

    def exclude(self, part: BlockPart) -> None:
        """These items on disk are too large for the broker: as `too_large`."""
        block, bits = part
        self._too_large[block] = self._too_large.get(block, 0) | bits
        if loaded := self._loaded.get(block):
            loaded.bits &= ~bits

    def block_refused(self, block: Block) -> None:
        """The broker does not accept several frames in a message: send them one by one."""
        if not self._blocks_refused:
            log.warning("The broker refuses messages with several frames, perhaps for their size; sending one by one")
        self._blocks_refused = True
        self._loaded.pop(block, None)

    def disconnected(self, in_memory: Iterable[Pending]) -> None:
        """The connection is lost: nothing is in flight, and what was too large may be tried again."""
        self._loaded.clear()
        self._blocks_refused = False
        self._alone.clear()
        self._continue_at = -1
        self._too_large.clear()
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
        due = now - self._interval - self._storers.wait
        self._continue_at = -1
        self._unload_overdue(due)
        self._adapt(now)
        if self._publisher.full:
            return
        again = spool is not None and self._load(spool, now, due)
        again |= self._resend_memory(in_memory, now, due)
        if again and not self._progress:
            self._interval = min(2 * self._interval, MAX_BACKOFF)
        if again:
            self._progress = False

    def _adapt(self, now: float) -> None:
        """Fit the window to the storer, by how long the oldest block has been in flight."""
        oldest = next(iter(self._loaded.values()), None)
        if oldest is None:
            return
        if now - oldest.sent > SLOW:
            self._block_window = max(self._block_window // 2, REPLAY_WINDOW)
        elif now - oldest.sent < FAST:
            self._block_window = min(self._block_window * 2, BLOCK_WINDOW)

    def _unload_overdue(self, due: float) -> None:
        """Take out of the window what is confirmed, not wanted, or to be sent again."""
        for block, loaded in list(self._loaded.items()):
            if not loaded.bits & block.pending:
                self._publisher.forget_messages(loaded.tokens)
                del self._loaded[block]
                self._alone.discard(block)
            elif loaded.sent <= due:
                del self._loaded[block]
                if loaded.together:
                    self._alone.add(block)

    def _load(self, spool: Spool, now: float, due: float) -> bool:
        """Read further blocks of the spool and send them."""
        again, window, in_flight = False, self._window, self.in_flight
        for block in spool.undelivered():
            if in_flight >= window or self._publisher.crowded:
                self._continue_at = window // 2
                break
            if block in self._loaded or self._blocks_sent.get(block, due) > due:
                continue
            excluded = self._too_large.get(block, 0)
            if not block.pending & ~excluded:
                continue
            try:
                items = spool.read(block)
            except OSError as error:
                self._on_disk_error(error)
                self._blocks_sent[block] = now  # try again later; the blocks after it may be readable
                break
            self._blocks_sent.pop(block, None)
            if not items:
                continue
            if excluded:
                items = [item for item in items if not block.bit_of(*item.identity) & excluded]
            self._loaded[block] = self._send_items(BlockPart(block, block.pending & ~excluded), items, now)
            in_flight += len(items)
            again = True
        return again

    def _send_items(self, part: BlockPart, items: Sequence[Item], now: float) -> _Loaded:
        """Send items of a block of the spool, frames together."""
        loaded = _Loaded(part.bits, now)
        if part.block.kind is ItemKind.FRAME and len(items) > 1 and self._in_blocks and part.block not in self._alone:
            loaded.tokens, loaded.together = self._publisher.send_block(part, items), True
            self.sent += len(items)
        else:
            for item in items:
                self._send(item)
        return loaded

    def _resend_memory(self, in_memory: Iterable[Pending], now: float, due: float) -> bool:
        again = False
        room = REPLAY_WINDOW - self.in_flight
        for entry in in_memory:
            if entry.created > due:
                break
            overdue = (entry.sent or entry.created) <= due
            if not entry.replayed and overdue and room <= 0 and self._continue_at < 0:
                self._continue_at = REPLAY_WINDOW // 2
            if not (entry.replayed or (overdue and room > 0)):
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
