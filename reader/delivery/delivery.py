"""Keeps each frame until somebody has confirmed it.

The way of an item: it is written to the journal, published live, and *hot* until it is confirmed. When the oldest hot
one has waited for a minute, all of them move to the spool on disk: they are *cold*. What is overdue is sent again on
`replay` (reader/delivery/replay.py). While no storer was ever seen the broker's answer is all there is: what it has
taken is *kept* for ten minutes, in memory, for a storer that appears.

Used from one thread. The clock, the broker and the files come from outside.
"""

import logging
from collections.abc import Iterable
from typing import Any

from common.frame import format_time
from common.mqtt.events import REFUSED, TOO_LARGE, PublishToken
from common.topics import Topics
from reader.buffer.item import Item, ItemId, Kind, from_micros
from reader.buffer.journal import Journal
from reader.buffer.spool import Spool
from reader.delivery.fault import Fault
from reader.delivery.in_flight import ANSWER_TIMEOUT, InFlight, Publisher
from reader.delivery.replay import CONFIRM_TIMEOUT, Pending, Replay
from reader.delivery.storers import Storers

log = logging.getLogger(__name__)

SPILL_AGE = 60.0  # seconds that an item may wait in memory only
KEPT_AGE = 600.0  # seconds that what the broker has taken is kept for a storer that appears
JOURNAL_SIZE = 4_000_000  # bytes; two minutes of a storm of frames, an hour of a quiet meter
MEMORY_SIZE = JOURNAL_SIZE  # bytes of what is hot; they come near it only where there is no disk
DISK_PAUSE = 60.0  # seconds before a disk that failed is tried again


class Delivery:
    """Everything that must still reach a storer."""

    def __init__(
        self,
        publisher: Publisher,
        topics: Topics,
        confirmers: Storers,
        journal: Journal,
        spool: Spool | None,
    ) -> None:
        """Take the parts; `spool` is None where there is no disk to be had."""
        self._publisher = publisher
        self._outbox = InFlight(publisher, topics)
        self._overdue = Replay(self._outbox, confirmers, self._disk_error)
        self._confirmers = confirmers
        self._journal = journal
        self._spool = spool
        self._hot: dict[ItemId, Pending] = {}
        self._kept: dict[ItemId, Pending] = {}
        self._disk_after = 0.0  # monotonic; before it the disk is not tried
        self._journal_failed = self._disk_failed = False
        self._unwritten, self._refused, self._unanswered = Fault(), Fault(), Fault()  # said once, not each time
        self._connected = False
        self.decoded = self.confirmed = self.rejected = self.accepted_by_broker = self.recovered = self._thinned = 0
        self.journal_errors = self.spool_errors = 0

    # -- in ------------------------------------------------------------------------------------------------------------

    def recover(self, items: Iterable[Item], now: float) -> None:
        """Take over what an earlier run left in the journal and in the spool."""
        for item in items:
            place = self._journal.segment_of(item)
            if item.kind is Kind.FRAME and self._is_cold(item.identity):
                self._journal.release(place)  # a kill came after it was spilled
            else:
                # As old as an overdue one: nobody knows how long it has waited.
                self._hot[item.identity] = Pending(item, place, now - CONFIRM_TIMEOUT)
        self.recovered = self.waiting
        self.decoded += self.recovered

    @property
    def has_spool(self) -> bool:
        """Whether there is a disk."""
        return self._spool is not None

    def take_spool(self, spool: Spool) -> None:
        """Use a disk that was not there at the start, with what it holds."""
        self._spool = spool
        self.recovered += spool.pending
        self.decoded += spool.pending

    def enqueue(self, item: Item, now: float, *, live: bool = True) -> None:
        """Keep an item, and publish it live; without `live` it is sent only when it is overdue, as a replay."""
        identity = item.identity
        before = self._hot.pop(identity, None) or self._kept.pop(identity, None)
        hot = Pending(item, self._write(item, now), now)
        if before is not None:
            # A tally that has been counted further: what is said of the one before does not hold for this one.
            self._release(before)
            self._overdue.done(before)
            self._outbox.forget(identity)
        elif item.kind is Kind.FRAME:
            self.decoded += 1
        self._hot[identity] = hot
        if live and self._connected and not self._outbox.full and self._outbox.send_live(item):
            hot.sent = now

    def connected(self) -> None:
        """The broker is there."""
        self._connected = True

    def disconnected(self) -> None:
        """The broker is away; what was on its way may have arrived, or not."""
        self._connected = False
        self._confirmers.disconnected()
        self._outbox.clear()
        self._overdue.disconnected(self._hot.values())

    def on_puback(self, handed: PublishToken, code: int, now: float) -> None:
        """Take the broker's answer to one message."""
        identity = self._outbox.on_puback(handed)
        if identity is None:
            return  # not an item
        self._unanswered.ended(now)
        if code == TOO_LARGE:
            self._overdue.too_large(identity, self._hot.get(identity))
            return
        if code >= REFUSED:
            if self._refused.occurred(now):
                log.warning("The broker refuses frames (reason 0x%02X); check its access rules", code)
            return
        self._refused.ended(now)
        if self._confirmers.puback_suffices:
            self._on_broker_ack(identity, now)

    def on_storer_status(self, storer: str, payload: bytes) -> None:
        """Take a storer's status, as it was published."""
        alone = self._confirmers.puback_suffices
        if self._confirmers.on_status(storer, payload):
            self._overdue.reset_backoff()
        if alone and not self._confirmers.puback_suffices:
            self._on_first_storer()

    def confirm(self, storer: str, kind: Kind, meter: str, keys: Iterable[int], *, rejected: bool = False) -> None:
        """Take a storer's word: it holds these items, or they never can be held."""
        if not self._confirmers.is_trusted(storer):
            return
        for key in keys:
            identity = (kind, meter, key)
            if identity in self._kept:
                self._confirmed_by(storer)
            done = self._confirm_one(storer, identity)
            if done is not None:
                self._confirmed_by(storer)
            if done and kind is Kind.FRAME:
                self.rejected += rejected
                self.confirmed += not rejected

    # -- upkeep --------------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Do what is due: let go, spill, send again."""
        self._expire(now)
        if self._connected and self._outbox.stuck(now):
            if self._unanswered.occurred(now):
                log.warning(
                    "The broker has acknowledged no frame for %.0f s, and very many are in flight: connecting again",
                    ANSWER_TIMEOUT,
                )
            self._publisher.reconnect()
        oldest = next(iter(self._hot.values()), None)
        if oldest is not None:
            full = self._journal_failed or self._journal.size > JOURNAL_SIZE
            old = now - oldest.created >= SPILL_AGE + self._confirmers.wait
            if (full or old) and not self.flush(now):
                self._decimate()
        if self._connected and (self._confirmers.online or self._confirmers.puback_suffices):
            self._overdue.send(self._hot.values(), self._spool, now)

    def flush(self, now: float) -> bool:
        """Move what is hot to the disk; return whether it is there."""
        if not self._hot:
            return True
        if self._spool is not None and now >= self._disk_after:
            try:
                before = set(self._spool.undelivered())
                self._spool.append([hot.item for hot in self._hot.values()])
            except OSError as error:
                self._disk_after = now + DISK_PAUSE
                self._disk_error(error)
            else:
                if self._disk_failed:
                    log.info("The spool can be used again")
                self._disk_failed = False
                new = [block for block in self._spool.undelivered() if block not in before]
                self._overdue.spilled(new, self._hot.values())
                self._note_partial()
                for hot in self._hot.values():
                    self._release(hot)
                self._hot.clear()
                return True
        return False

    def close(self, now: float) -> None:
        """Bring what is not confirmed to the disk, and let go of the files."""
        self._disk_after = now  # it is the last chance
        if not self.flush(now):
            log.warning("%d frames could not be written to disk; they stay in the journal", len(self._hot))
        if self._spool is not None:
            self._spool.close()
        self._journal.close()

    @property
    def waiting(self) -> int:
        """How many frames wait for a confirmation."""
        cold = self._spool.pending if self._spool is not None else 0
        return cold + sum(kind is Kind.FRAME for kind, _, _ in self._hot)

    @property
    def in_flight(self) -> int:
        """How many items are being sent again at the moment."""
        return self._overdue.in_flight

    @property
    def is_empty(self) -> bool:
        """Whether nothing hot waits."""
        return not self._hot

    @property
    def thinned(self) -> int:
        """How many frames were given up: for want of room, or because the disk could not read them back."""
        return self._thinned + (self._spool.decimated + self._spool.lost if self._spool is not None else 0)

    def report(self) -> dict[str, Any]:
        """Return the counters as they stand in `health`.

        decoded = confirmed + rejected + thinned + handed_over + waiting.
        """
        spool = self._spool
        hot = next((key for kind, _, key in self._hot if kind is Kind.FRAME), None)
        return {
            "decoded": self.decoded,
            "confirmed": self.confirmed,
            "rejected": self.rejected,
            "thinned": self.thinned,
            "handed_over": self.accepted_by_broker,
            "waiting": self.waiting,
            "recovered": self.recovered,
            "replayed": self._overdue.sent,
            "confirmed_by": "broker" if self._confirmers.puback_suffices else self._confirmers.names,
            "journal": {
                "items": len(self._hot) + len(self._kept),
                "bytes": self._journal.size,
                "oldest": _when(hot),
                "errors": self.journal_errors,
            },
            "spool": {
                "frames": spool.pending if spool is not None else 0,
                "bytes": spool.size if spool is not None else 0,
                "oldest": _when(spool.oldest if spool is not None else None),
                "errors": self.spool_errors,
            },
        }

    # -- inside --------------------------------------------------------------------------------------------------------

    def _write(self, item: Item, now: float) -> int | None:
        try:
            place = self._journal.append(item)
        except OSError as error:
            self.journal_errors += 1
            if self._unwritten.occurred(now):
                log.warning("The journal cannot be written: %s; frames are in memory only", error.strerror)
            self._journal_failed = True
            return None
        if self._unwritten.ended(now):
            log.info("The journal can be written again")
        self._journal_failed = False
        return place

    def _disk_error(self, error: OSError) -> None:
        self.spool_errors += 1
        if not self._disk_failed:
            log.warning("The spool cannot be used: %s; frames stay in memory, trying again", error.strerror)
        self._disk_failed = True

    def _release(self, hot: Pending) -> None:
        if hot.segment is not None:
            self._journal.release(hot.segment)

    def _on_broker_ack(self, identity: ItemId, now: float) -> None:
        """The broker has it, and there is nobody else to ask."""
        hot = self._hot.pop(identity, None)
        done = hot is not None
        if hot is not None:
            self._overdue.done(hot)
            if self._confirmers.newcomer_welcome:
                self._kept[identity] = hot
            else:
                self._release(hot)
        elif self._spool is not None:
            done = self._spool.confirm(*identity, "", lambda _: True) is True
            self._overdue.unload(identity)
        if done:
            self._overdue.reset_backoff()
            self.accepted_by_broker += identity[0] is Kind.FRAME

    def _on_first_storer(self) -> None:
        """The first storer has come: what the broker has taken lately is for it, too."""
        for identity, hot in self._kept.items():
            hot.sent = None
            self.accepted_by_broker -= identity[0] is Kind.FRAME
        both = {**self._kept, **self._hot}
        self._hot = dict(sorted(both.items(), key=lambda entry: entry[1].created))
        self._kept = {}
        self._overdue.reset_backoff()

    def _confirmed_by(self, storer: str) -> None:
        """A storer has confirmed something that is here: if nobody knew it, it is one from now on."""
        alone = self._confirmers.puback_suffices
        self._confirmers.confirmed(storer)
        if alone and not self._confirmers.puback_suffices:
            self._on_first_storer()

    def _confirm_one(self, storer: str, identity: ItemId) -> bool | None:
        """Note that a storer has an item; return whether that ends the duty, None if the item is not here."""
        self._outbox.forget(identity)
        hot = self._hot.get(identity)
        if hot is not None:
            if storer not in hot.confirmed_by:
                self._overdue.reset_backoff()
            hot.confirmed_by |= {storer}
            if not self._confirmers.is_confirmed(hot.confirmed_by):
                return False
            del self._hot[identity]
            self._overdue.done(hot)
            self._release(hot)
            return True
        if self._spool is None:
            return None
        done = self._spool.confirm(*identity, storer, self._confirmers.is_confirmed)
        if done is not None:
            self._overdue.reset_backoff()
        if done is not False:
            self._overdue.unload(identity)
        return done

    def _is_cold(self, identity: ItemId) -> bool:
        """Ask the spool by a confirmation that is never enough."""
        return self._spool is not None and self._spool.confirm(*identity, "", lambda _: False) is not None

    def _expire(self, now: float) -> None:
        while self._kept:
            identity, hot = next(iter(self._kept.items()))
            if now - hot.created < KEPT_AGE and self._journal.size <= JOURNAL_SIZE and self._confirmers.puback_suffices:
                return
            del self._kept[identity]
            self._release(hot)

    def _note_partial(self) -> None:
        """Tell the spool which of several storers hold what has just been written."""
        if self._spool is None:
            return
        for identity, hot in self._hot.items():
            for name in hot.confirmed_by:
                self._spool.confirm(*identity, name, self._confirmers.is_confirmed)

    def _decimate(self) -> None:
        """No disk, and no room: give up every other frame of the older half, of each meter."""
        if sum(len(hot.item.payload) for hot in self._hot.values()) <= MEMORY_SIZE:
            return
        if not self._thinned:
            log.warning("Memory for frames is full, and there is no disk: every other of the oldest is given up")
        meters: dict[str, list[ItemId]] = {}
        for identity in self._hot:
            if identity[0] is Kind.FRAME:
                meters.setdefault(identity[1], []).append(identity)
        for frames in meters.values():
            for identity in frames[1 : len(frames) // 2 : 2]:
                hot = self._hot.pop(identity)
                self._overdue.done(hot)
                self._release(hot)
                self._thinned += 1


def _when(key: int | None) -> str | None:
    return None if key is None else format_time(from_micros(key))
