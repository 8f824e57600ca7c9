"""Keeps each frame until somebody has confirmed it, and sends it again when nobody does.

The way of an item (DESIGN 4): it is written to the journal, published live, and *hot* until it is confirmed. When the
oldest hot one has waited for a minute, all of them move to the spool on disk: they are *cold*. What is overdue is sent
again on `replay`, oldest first, a bounded window at a time. While no storer was ever seen the broker's answer is all
there is: what it has taken is *kept* for ten minutes, in memory, for a storer that appears.

Used from one thread. The clock, the broker and the files come from outside.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from common.frame import write_instant
from common.mqtt_events import REFUSED, Handed
from common.topics import Topics
from reader.confirmers import Confirmers
from reader.items import Item, Kind, instant_of
from reader.journal import Journal
from reader.spool import Spool
from reader.spool_index import Block

log = logging.getLogger(__name__)

OVERDUE = 30.0  # seconds without a confirmation before an item is sent again
SLOWEST = 600.0  # seconds between two tries, at most
SPILL_AGE = 60.0  # seconds that an item may wait in memory only
KEPT_AGE = 600.0  # seconds that what the broker has taken is kept for a storer that appears
JOURNAL_SIZE = 4_000_000  # bytes; two minutes of a storm of frames, an hour of a quiet meter
MEMORY_SIZE = JOURNAL_SIZE  # bytes of what is hot; they come near it only where there is no disk
WINDOW = 200  # items being sent again at once
UNANSWERED = 1000  # messages that the broker has not answered; one that is so far behind is given no more
DISK_PAUSE = 60.0  # seconds before a disk that failed is tried again

Identity = tuple[Kind, str, int]


class Publisher(Protocol):
    """Whoever carries messages to the broker."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> Handed | None:
        """Hand a message over; None if that is not possible now."""


@dataclass(slots=True)
class _Hot:
    """An item in memory and in the journal."""

    item: Item
    place: int | None  # in the journal; None where it could not be written
    born: float  # monotonic
    sent: float | None = None  # the last time that it was sent
    names: frozenset[str] = frozenset()  # the storers that hold it
    replayed: bool = False  # on its way on `replay`


@dataclass(slots=True)
class _Loaded:
    """A block of the spool that is being sent again."""

    items: dict[Identity, Item]  # those that are not confirmed yet
    sent: float


class Delivery:
    """Everything that must still reach a storer."""

    def __init__(
        self,
        publisher: Publisher,
        topics: Topics,
        confirmers: Confirmers,
        journal: Journal,
        spool: Spool | None,
    ) -> None:
        """Take the parts; `spool` is None where there is no disk to be had."""
        self._publisher = publisher
        self._topics = topics
        self._confirmers = confirmers
        self._journal = journal
        self._spool = spool
        self._hot: dict[Identity, _Hot] = {}
        self._kept: dict[Identity, _Hot] = {}
        self._loaded: dict[Block, _Loaded] = {}
        self._sent_cold: dict[Block, float] = {}  # blocks that were sent before they were spilled
        self._answers: dict[Handed, Identity] = {}
        self._replaying = 0  # hot items that are on their way on `replay`
        self._interval = OVERDUE
        self._progress = True  # somebody confirmed something since the last round of replays
        self._disk_after = 0.0  # monotonic; before it the disk is not tried
        self._journal_failed = self._disk_failed = self._refused = False
        self._connected = False
        self.decoded = self.confirmed = self.rejected = self.handed = self.recovered = self._thinned = 0
        self.journal_errors = self.spool_errors = self.replayed = 0

    # -- in ------------------------------------------------------------------------------------------------------------

    def recover(self, items: Iterable[Item], now: float) -> None:
        """Take over what an earlier run left in the journal and in the spool."""
        for item in items:
            place = self._journal.place_of(item)
            if item.kind is Kind.FRAME and self._is_cold(_identity(item)):
                self._journal.release(place)  # a kill came after it was spilled
            else:
                # As old as an overdue one: nobody knows how long it has waited.
                self._hot[_identity(item)] = _Hot(item, place, now - OVERDUE)
        self.recovered = self.waiting
        self.decoded += self.recovered

    @property
    def has_spool(self) -> bool:
        """Whether there is a disk."""
        return self._spool is not None

    def take_spool(self, spool: Spool) -> None:
        """Use a disk that was not there at the start, with what it holds."""
        self._spool = spool
        self.recovered += spool.waiting
        self.decoded += spool.waiting

    def accept(self, item: Item, now: float, *, live: bool = True) -> None:
        """Keep an item, and publish it live; without `live` it is sent only when it is overdue, as a replay."""
        identity = _identity(item)
        before = self._hot.pop(identity, None) or self._kept.pop(identity, None)
        hot = _Hot(item, self._write(item), now)
        if before is not None:
            # A tally that has been counted further: what is said of the one before does not hold for this one.
            self._release(before)
            self._land(before)
            self._answers = {handed: other for handed, other in self._answers.items() if other != identity}
        elif item.kind is Kind.FRAME:
            self.decoded += 1
        self._hot[identity] = hot
        if live and self._connected and len(self._answers) < UNANSWERED:
            self._send(hot.item, self._live_topic(item), now, hot)

    def connected(self) -> None:
        """The broker is there."""
        self._connected = True

    def disconnected(self) -> None:
        """The broker is away; what was on its way may have arrived, or not."""
        self._connected = False
        self._confirmers.disconnected()
        self._answers.clear()
        self._loaded.clear()
        for hot in self._hot.values():
            hot.replayed = False
        self._replaying = 0

    def answered(self, handed: Handed, code: int, now: float) -> None:
        """Take the broker's answer to one message."""
        identity = self._answers.pop(handed, None)
        if identity is None:
            return  # not an item
        if code >= REFUSED:
            if not self._refused:
                log.warning("The broker refuses frames (reason 0x%02X); check its access rules", code)
            self._refused = True
            return
        self._refused = False
        if self._confirmers.by_broker:
            self._taken(identity, now)

    def heard(self, storer: str, payload: bytes) -> None:
        """Take a storer's status, as it was published."""
        if payload and self._confirmers.saw(storer):
            self._welcome()
        if self._confirmers.heard(storer, payload):
            self._afresh()

    def confirm(self, storer: str, kind: Kind, meter: str, keys: Iterable[int], *, rejected: bool = False) -> None:
        """Take a storer's word: it holds these items, or they never can be held."""
        if not self._confirmers.counts(storer):
            return
        if self._confirmers.saw(storer):
            self._welcome()
        for key in keys:
            if self._confirm_one(storer, (kind, meter, key)) and kind is Kind.FRAME:
                self.rejected += rejected
                self.confirmed += not rejected

    # -- upkeep --------------------------------------------------------------------------------------------------------

    def pump(self, now: float) -> None:
        """Do what is due: let go, spill, send again."""
        self._expire(now)
        oldest = next(iter(self._hot.values()), None)
        if oldest is not None:
            full = self._journal_failed or self._journal.size > JOURNAL_SIZE
            old = now - oldest.born >= SPILL_AGE + self._confirmers.wait
            if (full or old) and not self.spill(now):
                self._thin_memory()
        if self._connected and (self._confirmers.online or self._confirmers.by_broker):
            self._replay(now)

    def spill(self, now: float) -> bool:
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
                self._note_sent(block for block in self._spool.undelivered() if block not in before)
                self._note_partial()
                for hot in self._hot.values():
                    self._release(hot)
                self._hot.clear()
                self._replaying = 0
                return True
        return False

    def close(self, now: float) -> None:
        """Bring what is not confirmed to the disk, and let go of the files."""
        self._disk_after = now  # it is the last chance
        if not self.spill(now):
            log.warning("%d frames could not be written to disk; they stay in the journal", len(self._hot))
        if self._spool is not None:
            self._spool.close()
        self._journal.close()

    @property
    def waiting(self) -> int:
        """How many frames wait for a confirmation."""
        cold = self._spool.waiting if self._spool is not None else 0
        return cold + sum(kind is Kind.FRAME for kind, _, _ in self._hot)

    @property
    def under_way(self) -> int:
        """How many items are being sent again at the moment."""
        return self._replaying + sum(len(loaded.items) for loaded in self._loaded.values())

    @property
    def idle(self) -> bool:
        """Whether nothing hot waits."""
        return not self._hot

    @property
    def thinned(self) -> int:
        """How many frames were given up: for want of room, or because the disk could not read them back."""
        return self._thinned + (self._spool.thinned + self._spool.lost if self._spool is not None else 0)

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
            "handed_over": self.handed,
            "waiting": self.waiting,
            "recovered": self.recovered,
            "replayed": self.replayed,
            "confirmed_by": "broker" if self._confirmers.by_broker else self._confirmers.names,
            "journal": {
                "items": len(self._hot) + len(self._kept),
                "bytes": self._journal.size,
                "oldest": _when(hot),
                "errors": self.journal_errors,
            },
            "spool": {
                "frames": spool.waiting if spool is not None else 0,
                "bytes": spool.size if spool is not None else 0,
                "oldest": _when(spool.oldest if spool is not None else None),
                "errors": self.spool_errors,
            },
        }

    # -- inside --------------------------------------------------------------------------------------------------------

    def _write(self, item: Item) -> int | None:
        try:
            place = self._journal.append(item)
        except OSError as error:
            self.journal_errors += 1
            if not self._journal_failed:
                log.warning("The journal cannot be written: %s; frames are in memory only", error.strerror)
            self._journal_failed = True
            return None
        self._journal_failed = False
        return place

    def _disk_error(self, error: OSError) -> None:
        self.spool_errors += 1
        if not self._disk_failed:
            log.warning("The spool cannot be used: %s; frames stay in memory, trying again", error.strerror)
        self._disk_failed = True

    def _release(self, hot: _Hot) -> None:
        if hot.place is not None:
            self._journal.release(hot.place)

    def _live_topic(self, item: Item) -> str:
        return self._topics.frame(item.meter) if item.kind is Kind.FRAME else self._topics.tally(item.meter)

    def _replay_topic(self, item: Item) -> str:
        return self._topics.replay(item.meter) if item.kind is Kind.FRAME else self._topics.tally(item.meter)

    def _send(self, item: Item, topic: str, now: float, hot: _Hot | None = None) -> bool:
        handed = self._publisher.publish(topic, item.payload)
        if handed is None:
            return False
        self._answers[handed] = _identity(item)
        if hot is not None:
            hot.sent = now
        return True

    def _taken(self, identity: Identity, now: float) -> None:
        """The broker has it, and there is nobody else to ask."""
        hot = self._hot.pop(identity, None)
        done = hot is not None
        if hot is not None:
            self._land(hot)
            if self._confirmers.newcomer_welcome:
                self._kept[identity] = hot
            else:
                self._release(hot)
        elif self._spool is not None:
            done = self._spool.confirm(*identity, "", lambda _: True) is True
            self._unload(identity)
        if done:
            self._afresh()
            self.handed += identity[0] is Kind.FRAME

    def _welcome(self) -> None:
        """The first storer has come: what the broker has taken lately is for it, too."""
        for identity, hot in self._kept.items():
            hot.sent = None
            self.handed -= identity[0] is Kind.FRAME
        both = {**self._kept, **self._hot}
        self._hot = dict(sorted(both.items(), key=lambda entry: entry[1].born))
        self._kept = {}
        self._afresh()

    def _afresh(self) -> None:
        self._interval = OVERDUE
        self._progress = True

    def _confirm_one(self, storer: str, identity: Identity) -> bool:
        """Note that a storer has an item; return whether that ends the duty."""
        hot = self._hot.get(identity)
        if hot is not None:
            if storer not in hot.names:
                self._afresh()
            hot.names |= {storer}
            if not self._confirmers.enough(hot.names):
                return False
            del self._hot[identity]
            self._land(hot)
            self._release(hot)
            return True
        if self._spool is None:
            return False
        done = self._spool.confirm(*identity, storer, self._confirmers.enough)
        if done is not None:
            self._afresh()
        if done is not False:
            self._unload(identity)
        return done is True

    def _is_cold(self, identity: Identity) -> bool:
        """Ask the spool by a confirmation that is never enough."""
        return self._spool is not None and self._spool.confirm(*identity, "", lambda _: False) is not None

    def _land(self, hot: _Hot) -> None:
        """It is not on its way on `replay` any more."""
        self._replaying -= hot.replayed
        hot.replayed = False

    def _unload(self, identity: Identity) -> None:
        for block, loaded in list(self._loaded.items()):
            if loaded.items.pop(identity, None) is not None and not loaded.items:
                del self._loaded[block]

    def _expire(self, now: float) -> None:
        while self._kept:
            identity, hot = next(iter(self._kept.items()))
            if now - hot.born < KEPT_AGE and self._journal.size <= JOURNAL_SIZE and self._confirmers.by_broker:
                return
            del self._kept[identity]
            self._release(hot)

    def _note_sent(self, blocks: Iterable[Block]) -> None:
        """What is in these blocks was hot: if all of it was sent, it is overdue when the last of it is."""
        self._sent_cold = {block: sent for block, sent in self._sent_cold.items() if block.pending}
        sent = [hot.sent for hot in self._hot.values() if hot.sent is not None]
        if len(sent) == len(self._hot):
            self._sent_cold |= dict.fromkeys(blocks, max(sent))

    def _note_partial(self) -> None:
        """Tell the spool which of several storers hold what has just been written."""
        if self._spool is None:
            return
        for identity, hot in self._hot.items():
            for name in hot.names:
                self._spool.confirm(*identity, name, self._confirmers.enough)

    def _thin_memory(self) -> None:
        """No disk, and no room: give up every other frame of the older half, of each meter."""
        if sum(len(hot.item.payload) for hot in self._hot.values()) <= MEMORY_SIZE:
            return
        if not self._thinned:
            log.warning("Memory for frames is full, and there is no disk: every other of the oldest is given up")
        meters: dict[str, list[Identity]] = {}
        for identity in self._hot:
            if identity[0] is Kind.FRAME:
                meters.setdefault(identity[1], []).append(identity)
        for frames in meters.values():
            for identity in frames[1 : len(frames) // 2 : 2]:
                hot = self._hot.pop(identity)
                self._land(hot)
                self._release(hot)
                self._thinned += 1

    # -- again ---------------------------------------------------------------------------------------------------------

    def _replay(self, now: float) -> None:
        """Send again what is overdue, oldest first, as far as the window allows."""
        if len(self._answers) >= UNANSWERED:
            return
        due = now - self._interval - self._confirmers.wait
        again = self._resend_loaded(now, due)
        again |= self._load(now, due)
        again |= self._resend_hot(now, due)
        if again and not self._progress:
            self._interval = min(2 * self._interval, SLOWEST)
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
                    self._again(item, now)
        return again

    def _lacking(self, block: Block) -> bool:
        """Whether something of a block is still lacked by somebody who could take it now."""
        if self._confirmers.by_broker:
            return bool(block.pending)
        noted = block.noted or {}
        return any(block.pending & ~noted.get(name, 0) for name in self._confirmers.online)

    def _load(self, now: float, due: float) -> bool:
        """Send blocks of the spool again."""
        if self._spool is None:
            return False
        again = False
        for block in self._spool.undelivered():
            if self.under_way >= WINDOW:
                break
            if block in self._loaded or self._sent_cold.get(block, due) > due or not self._lacking(block):
                continue
            try:
                items = {_identity(item): item for item in self._spool.read(block)}
            except OSError as error:
                self._disk_error(error)
                self._sent_cold[block] = now  # later; those behind it may be readable
                break
            self._sent_cold.pop(block, None)
            if not items:
                continue
            self._loaded[block] = _Loaded(items, now)
            again = True
            for item in items.values():
                self._again(item, now)
        return again

    def _resend_hot(self, now: float, due: float) -> bool:
        again = False
        room = WINDOW - self.under_way
        for hot in self._hot.values():
            if hot.born > due:
                break
            overdue = (hot.sent or hot.born) <= due
            if not (hot.replayed or (overdue and room > 0)):
                continue
            if not (self._confirmers.by_broker or self._confirmers.missing_online(hot.names)):
                room += hot.replayed
                self._land(hot)  # for a storer that is away the window is not kept
                continue
            if not overdue:
                continue
            if not self._again(hot.item, now, hot):
                break
            room -= not hot.replayed
            self._replaying += not hot.replayed
            hot.replayed = again = True
        return again

    def _again(self, item: Item, now: float, hot: _Hot | None = None) -> bool:
        self.replayed += 1
        return self._send(item, self._replay_topic(item), now, hot)


def _when(key: int | None) -> str | None:
    return None if key is None else write_instant(instant_of(key))


def _identity(item: Item) -> Identity:
    return item.kind, item.meter, item.key
