"""Keeps each item until it is confirmed.

An item is written to the journal, published live, and is pending in memory until a storer confirms it. When the oldest
pending item in memory is a minute old, all of them move to the spool on disk. What is not confirmed in time is sent
again on `replay` (reader/delivery/replay.py). While no storer was ever seen, the broker's PUBACK is the confirmation:
frames are then held in memory for ten minutes, in case that a storer appears.

Used from one thread. The clock, the broker and the files are passed in.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from common.contract.frame import format_time
from common.contract.topics import Topics
from common.mqtt.events import REFUSED, TOO_LARGE, PublishToken, publish_advice
from reader.buffer.item import Item, ItemId, ItemKind, from_micros
from reader.buffer.journal import Journal
from reader.buffer.spool import Spool
from reader.delivery.confirmation import Storers
from reader.delivery.held import Fault, Memory, Pending
from reader.delivery.in_flight import ACK_TIMEOUT, BlockPart, InFlight, Publisher
from reader.delivery.replay import CONFIRM_TIMEOUT, Replay

log = logging.getLogger(__name__)

SPILL_AGE = 60.0  # seconds that an item may be in memory only
HELD_AGE = 600.0  # seconds that frames are held for a first storer after the broker has accepted them
DISK_PAUSE = 60.0  # seconds after a disk error until the disk is tried again


class Delivery:
    """Everything that is not confirmed yet, in memory and on disk."""

    def __init__(
        self,
        publisher: Publisher,
        topics: Topics,
        storers: Storers,
        journal: Journal,
        spool: Spool | None,
    ) -> None:
        """Take the parts, opened; `spool` is None without a usable disk."""
        self._publisher = publisher
        self._in_flight = InFlight(publisher, topics)
        self._replay = Replay(self._in_flight, storers, self._on_disk_error)
        self._storers = storers
        self._topics = topics
        self._subscribe_storers()
        self._memory = Memory(journal)
        self._journal = journal
        self._spool: Spool | None = None
        if spool is not None:
            self._use(spool)
        self._disk_after = 0.0  # monotonic; the disk is not tried before
        self._disk_failed = False
        self._refused, self._unacknowledged = Fault(), Fault()
        self._connected = False
        self.decoded = self.confirmed = self.rejected = self.accepted_by_broker = self.recovered = self._decimated = 0
        self.spool_errors = 0

    # -- items ---------------------------------------------------------------------------------------------------------

    def recover(self, items: Mapping[int, Item], now: float) -> None:
        """Take over the items of the previous run, from the journal by row, and from the spool."""
        for row, item in items.items():
            self._subscribe_meter(item.meter)
            if item.kind is ItemKind.FRAME and self._is_on_disk(item.identity):
                self._journal.release([row])  # the previous run was killed between spool and journal
            else:
                # Overdue at once: how long it has been pending is unknown.
                self._memory.pending[item.identity] = Pending(item, row, now - CONFIRM_TIMEOUT)
        self.recovered = self.pending
        self.decoded += self.recovered

    @property
    def has_spool(self) -> bool:
        """Whether there is a usable disk."""
        return self._spool is not None

    def attach_spool(self, spool: Spool) -> None:
        """Use a spool that could not be opened at the start, with the items in it."""
        self._use(spool)
        self.recovered += spool.pending
        self.decoded += spool.pending

    def enqueue(self, item: Item, now: float, *, live: bool = True) -> None:
        """Keep an item and publish it; without `live` it is only sent when it is overdue, as a replay."""
        self._subscribe_meter(item.meter)
        memory, identity = self._memory, item.identity
        previous = memory.pending.pop(identity, None) or memory.held.pop(identity, None)
        entry = memory.write(item, now)
        if previous is not None:
            # A higher tally of the same hour: answers about the previous one do not hold for this one.
            memory.release([previous])
            self._replay.done(previous)
            self._in_flight.forget(identity)
        elif item.kind is ItemKind.FRAME:
            self.decoded += 1
        memory.pending[identity] = entry
        if live and self._connected and not self._in_flight.full and self._in_flight.send_live(item):
            entry.sent = now

    def confirm(self, storer: str, kind: ItemKind, meter: str, times: Sequence[int], *, rejected: bool = False) -> None:
        """Handle a confirmation: items stored, or permanently rejected; `times` are microseconds since 1970."""
        if not times or not self._storers.is_trusted(storer):
            return
        in_memory: list[Pending] = []
        for time_us in times:
            identity = (kind, meter, time_us)
            if identity in self._memory.held:
                self._on_confirmation(storer)
            self._in_flight.forget(identity)
            entry = self._memory.pending.pop(identity, None)
            if entry is not None:
                self._replay.done(entry)
                in_memory.append(entry)
            elif self._spool is None or not self._spool.confirm(*identity):
                continue
            self._replay.reset_backoff()
            self._on_confirmation(storer)
            if kind is ItemKind.FRAME:
                self.rejected += rejected
                self.confirmed += not rejected
        self._memory.release(in_memory)

    # -- broker and storers --------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """The broker is connected."""
        self._connected = True

    def disconnected(self) -> None:
        """The connection is lost; items in flight may have arrived, or not."""
        self._connected = False
        self._storers.disconnected()
        self._in_flight.clear()
        self._replay.disconnected(self._memory.pending.values())

    def on_puback(self, token: PublishToken, code: int, now: float) -> None:
        """Handle the broker's answer to one message, `code` being the reason code of MQTT 5."""
        sent = self._in_flight.on_puback(token)
        if sent is None:
            return  # not an item
        self._unacknowledged.ended(now)
        if isinstance(sent, BlockPart) and code >= REFUSED and sent.bits.bit_count() > 1:
            self._replay.block_refused(sent.block)
        elif code == TOO_LARGE:
            if isinstance(sent, BlockPart):
                self._replay.exclude(sent)
            else:
                self._replay.too_large(sent, self._memory.pending.get(sent))
        elif code >= REFUSED:
            if self._refused.occurred(now):
                log.warning("The broker refuses frames (reason 0x%02X); %s", code, publish_advice(code))
        else:
            self._refused.ended(now)
            if self._storers.puback_suffices:
                self._on_broker_ack(sent)

    def on_storer_status(self, storer: str, payload: bytes) -> None:
        """Handle the status of a storer, as published."""
        without_storer = self._storers.puback_suffices
        if self._storers.on_status(storer, payload):
            self._replay.on_online()
        if without_storer and not self._storers.puback_suffices:
            self._on_first_storer()

    def remember_storers(self) -> None:
        """Write the names of storers that could not be written."""
        self._storers.remember()

    # -- periodic work -------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Do what is due: drop held items, move pending ones to disk, send again."""
        memory = self._memory
        if memory.held:
            memory.release_held(now - HELD_AGE if self._storers.puback_suffices else now)
        if self._connected and self._in_flight.stuck(now):
            if self._unacknowledged.occurred(now):
                log.warning(
                    "No PUBACK for %.0f s with the maximum number of frames in flight: reconnecting", ACK_TIMEOUT
                )
            self._publisher.reconnect()
        oldest = memory.oldest
        if oldest is not None and (memory.full or self._is_old(oldest, now)) and not self.flush(now):
            self._decimate()
        self.replay(now)

    def replay(self, now: float) -> None:
        """Send again what is overdue, as far as the window allows."""
        if self._connected and self.can_confirm:
            self._replay.send(self._memory.pending.values(), self._spool, now)

    def flush(self, now: float) -> bool:
        """Move the pending items from memory to disk; return whether that succeeded."""
        pending = self._memory.pending
        if not pending:
            return True
        if self._spool is None or now < self._disk_after:
            return False
        existing = set(self._spool.undelivered())
        try:
            self._spool.append([entry.item for entry in pending.values()])
        except OSError as error:
            self._disk_after = now + DISK_PAUSE
            self._on_disk_error(error)
            return False
        if self._disk_failed:
            log.info("Spool works again")
        self._disk_failed = False
        new = [block for block in self._spool.undelivered() if block not in existing]
        self._replay.spilled(new, pending.values())
        self._memory.release_pending()
        return True

    def close(self, now: float) -> None:
        """Move the pending items to disk, and close the files."""
        self._disk_after = now  # the last chance
        if not self.flush(now):
            lost = sum(entry.row is None for entry in self._memory.pending.values())
            if kept := len(self._memory.pending) - lost:
                log.warning("Could not write %d frames to disk; they stay in the journal", kept)
            if lost:
                log.error("%d frames are lost: neither journal nor spool could be written", lost)
        if self._spool is not None:
            self._spool.close()
        self._journal.close()

    # -- counters ------------------------------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """How many frames are not confirmed, in memory and on disk."""
        return self._memory.pending_frames + (self._spool.pending if self._spool is not None else 0)

    @property
    def replaying(self) -> int:
        """How many items are in flight on `replay`."""
        return self._replay.in_flight

    @property
    def can_continue_replay(self) -> bool:
        """Whether `replay` would send more at once: confirmations have made room in the window."""
        return self._replay.can_continue

    @property
    def is_empty(self) -> bool:
        """Whether no pending item is in memory."""
        return not self._memory.pending

    @property
    def can_confirm(self) -> bool:
        """Whether a storer is online, or the broker's PUBACK suffices."""
        return bool(self._storers.online) or self._storers.puback_suffices

    @property
    def discarded(self) -> int:
        """How many frames were given up: decimated to make room, or unreadable on disk."""
        return self._decimated + (self._spool.decimated + self._spool.lost if self._spool is not None else 0)

    def report(self) -> dict[str, Any]:
        """Return the counters for `health`.

        decoded = confirmed + rejected + discarded + accepted_by_broker + pending.
        """
        spool = self._spool
        return {
            "decoded": self.decoded,
            "confirmed": self.confirmed,
            "rejected": self.rejected,
            "discarded": self.discarded,
            "accepted_by_broker": self.accepted_by_broker,
            "pending": self.pending,
            "recovered": self.recovered,
            "replayed": self._replay.sent,
            "confirmed_by": "broker" if self._storers.puback_suffices else self._storers.names,
            "journal": {
                "items": len(self._memory.pending) + len(self._memory.held),
                "bytes": self._journal.size,
                "oldest": _format(self._memory.oldest_frame),
                "errors": self._memory.journal_errors,
            },
            "spool": {
                "frames": spool.pending if spool is not None else 0,
                "bytes": spool.size if spool is not None else 0,
                "limit": spool.max_size if spool is not None else None,
                "oldest": _format(spool.oldest if spool is not None else None),
                "errors": self.spool_errors,
            },
        }

    # -- internals -----------------------------------------------------------------------------------------------------

    def _use(self, spool: Spool) -> None:
        self._spool = spool
        for meter in spool.meters:
            self._subscribe_meter(meter)

    def _subscribe_meter(self, meter: str) -> None:
        """Receive the confirmations of a meter, before its next item is published."""
        self._publisher.subscribe([self._topics.stored(meter)])

    def _subscribe_storers(self) -> None:
        """Receive the status of the storers."""
        self._publisher.subscribe([self._topics.status("storer", name) for name in self._storers.names])

    def _is_old(self, entry: Pending, now: float) -> bool:
        """Whether an item has been in memory only for as long as it may."""
        return now - entry.created >= SPILL_AGE + self._storers.wait

    def _on_disk_error(self, error: OSError) -> None:
        self.spool_errors += 1
        if not self._disk_failed:
            log.warning("Cannot use the spool: %s; frames stay in memory, trying again", error.strerror)
        self._disk_failed = True

    def _on_broker_ack(self, sent: ItemId | BlockPart) -> None:
        """The broker has accepted a message, and no storer is known that could confirm it."""
        if isinstance(sent, BlockPart):
            frames = done = self._spool.drop(*sent) if self._spool is not None else 0
        else:
            done = self._accept(sent)
            frames = done and sent[0] is ItemKind.FRAME
        if done:
            self._replay.reset_backoff()
        self.accepted_by_broker += frames

    def _accept(self, identity: ItemId) -> bool:
        entry = self._memory.pending.pop(identity, None)
        if entry is not None:
            self._replay.done(entry)
            if self._storers.accepts_new:
                self._memory.held[identity] = entry
            else:
                self._memory.release([entry])
            return True
        return self._spool is not None and self._spool.confirm(*identity)

    def _on_first_storer(self) -> None:
        """From now on a storer confirms: held items are pending again."""
        for entry in self._memory.unhold():
            entry.sent = None
            self.accepted_by_broker -= entry.item.kind is ItemKind.FRAME
        self._replay.reset_backoff()

    def _on_confirmation(self, storer: str) -> None:
        """A storer has confirmed one of our items: if it was unknown, it counts as a storer from now on."""
        without_storer = self._storers.puback_suffices
        self._storers.on_confirmation(storer)
        self._subscribe_storers()  # it may be one whose status did not arrive
        if without_storer and not self._storers.puback_suffices:
            self._on_first_storer()

    def _is_on_disk(self, identity: ItemId) -> bool:
        return self._spool is not None and self._spool.has(*identity)

    def _decimate(self) -> None:
        removed = self._memory.decimate()
        if removed and not self._decimated:
            log.warning("Buffer full and no spool: discarding every second of the oldest frames")
        for entry in removed:
            self._replay.done(entry)
        self._decimated += len(removed)


def _format(time_us: int | None) -> str | None:
    return None if time_us is None else format_time(from_micros(time_us))
