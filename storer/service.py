"""The storer at work: messages in, batches into the database, acknowledgements out."""

import json
import logging
import queue
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from common.errors import Away, DatabaseError, Refused
from common.mqtt import Session, Will
from common.mqtt_events import Connected, Disconnected, Event, Message, Published
from common.process import Life
from common.topics import Topics
from storer.batch import Parcel, complaint, confirmations, unpack
from storer.config import StorerConfig
from storer.database import Database
from storer.schema import make_partitions, migrate
from storer.store import FrameStore, Rejection

log = logging.getLogger(__name__)

T = TypeVar("T")

HEALTH_EVERY = 60.0  # seconds
PARTITIONS_EVERY = 6 * 3600.0  # seconds
SLOWEST_RETRY = 30.0  # seconds
_TICK = 1.0  # seconds; how late something that became due is done
_FAREWELL = 2.0  # seconds to say good-bye to the broker


class Storer:
    """Takes frames from the broker and answers for them: committed, then acknowledged, then confirmed."""

    def __init__(self, config: StorerConfig, life: Life) -> None:
        self._config = config
        self._life = life
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._topics = [Topics(base) for base in config.mqtt.topic]
        self._database = Database(config.database)
        self._store = FrameStore(self._database)
        self._session = Session(
            config.mqtt,
            f"teleinfo-storer-{config.name}",
            will=Will(self._topics[0].status("storer", config.name), self._status("offline")),
            subscriptions=[topics.frame("+") for topics in self._topics],
            post=self._events.put,
            keep=True,
            # The next batch may gather while this one is written.
            unacknowledged=2 * config.batch.size,
        )
        self._inbox: list[Message] = []
        self._said = ""
        self._stalled = False
        self._counts = dict.fromkeys(("received", "stored", "duplicate", "rejected"), 0)
        self._started = self._health_due = time.monotonic()
        self._partitions_due = 0.0

    def wake(self) -> None:
        """Let the loop look at the stop signal."""
        self._events.put(None)

    def run(self) -> None:
        """Work until the stop, then say good-bye.

        Raises:
            Refused: at start-up only: credentials, rights, or the database's name are wrong.
        """
        if not self._prepare():
            return
        self._session.start()
        while not self._life.stop.is_set():
            self._gather()
            if self._inbox and not self._life.stop.is_set():
                self._settle(self._inbox)
            self._upkeep()
        self._finish()

    # -- the way of a message ------------------------------------------------------------------------------------------

    def _gather(self) -> None:
        """Wait for the next batch: full, or as old as its first message may get."""
        self._inbox = []
        deadline: float | None = None
        while len(self._inbox) < self._config.batch.size and not self._life.stop.is_set():
            wait = _TICK if deadline is None else deadline - time.monotonic()
            try:
                # What came in while the batch before was written is there already, and costs no wait.
                event = self._events.get_nowait() if wait <= 0 else self._events.get(timeout=min(wait, _TICK))
            except queue.Empty:
                if deadline is None or time.monotonic() >= deadline:
                    return
                continue
            if isinstance(event, Message):
                self._inbox.append(event)
                deadline = time.monotonic() + self._config.batch.wait if deadline is None else deadline
            else:
                self._handle(event)

    def _settle(self, messages: Sequence[Message]) -> None:
        """Store a batch for good; acknowledge and confirm it only then."""
        self._counts["received"] += len(messages)
        parcels = unpack(messages)
        if not self._persist(lambda: self._write(parcels)):
            return  # told to stop: the broker will bring these messages again
        for parcel in parcels:
            self._session.acknowledge(parcel.message)
        for parcel in parcels:
            if parcel.reason is not None:
                self._session.publish(self._topics[0].rejected, complaint(self._config.name, parcel))
        for topics in self._topics:
            own = [parcel for parcel in parcels if parcel.message.topic.startswith(f"{topics.base}/")]
            for meter, text in confirmations(self._config.name, own):
                self._session.publish(topics.stored(meter), text)

    def _write(self, parcels: Sequence[Parcel]) -> None:
        """Write frames, then what is no frame. Safe to repeat: frames are not doubled."""
        frames = [(parcel, parcel.frame) for parcel in parcels if parcel.frame is not None]
        written = self._store.write([frame for _, frame in frames])
        for (parcel, _), reason in zip(frames, written.reasons, strict=True):
            parcel.reason = reason
        rejected = [parcel for parcel in parcels if parcel.reason is not None]
        if rejected:
            now = datetime.now(UTC)
            self._store.record(
                [
                    Rejection(parcel.message.topic, parcel.message.payload, parcel.reason or "", now)
                    for parcel in rejected
                ]
            )
            log.warning(
                "Rejected %d messages, kept in rejected_messages; the last, on %s: %s",
                len(rejected),
                rejected[-1].message.topic,
                rejected[-1].reason,
            )
        self._counts["stored"] += written.stored
        self._counts["rejected"] += len(rejected)
        self._counts["duplicate"] += len(parcels) - written.stored - len(rejected)

    # -- what time heals -----------------------------------------------------------------------------------------------

    def _prepare(self) -> bool:
        """Bring the tables up to date; a database that refuses us now will go on doing so."""
        ready = self._persist(lambda: migrate(self._database), heals=(Away,)) and self._persist(
            self._make_partitions, heals=(Away,)
        )
        if ready:
            log.info("Ready: %s", self._database.where)
        return ready

    def _persist(self, action: Callable[[], object], heals: tuple[type[DatabaseError], ...] = (Away, Refused)) -> bool:
        """Do it, again and again while the database is away; return False when told to stop instead."""
        retrying = Retrying(
            retry=retry_if_exception_type(heals),
            wait=wait_random_exponential(multiplier=0.5, max=SLOWEST_RETRY),
            stop=stop_when_event_set(self._life.stop),
            sleep=sleep_using_event(self._life.stop),
            before_sleep=self._on_away,
            reraise=True,
        )
        try:
            retrying(action)
        except heals:
            if not self._life.stop.is_set():
                raise
            return False
        self._on_back()
        return True

    def _on_away(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        text = f"{error}; keeping frames with the broker, trying again"
        if text != self._said:
            log.warning("%s", text)
        self._said = text
        if not self._stalled:
            self._stalled = True
            self._publish_status()
        self._drain_notices()

    def _on_back(self) -> None:
        if not self._stalled:
            return
        log.info("The database is back: %s", self._database.where)
        self._said = ""
        self._stalled = False
        self._publish_status()

    def _drain_notices(self) -> None:
        """Handle what is no frame while a batch waits; frames stay in the queue, in order."""
        later: list[Message] = []
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                break
            if isinstance(event, Message):
                later.append(event)
            else:
                self._handle(event)
        for message in later:
            self._events.put(message)
        self._publish_health_when_due()

    # -- notices and upkeep --------------------------------------------------------------------------------------------

    def _handle(self, event: Connected | Disconnected | Published | None) -> None:
        if isinstance(event, Connected):
            self._publish_status()
            self._publish_health()

    def _upkeep(self) -> None:
        self._publish_health_when_due()
        if time.monotonic() >= self._partitions_due:
            self._persist(self._make_partitions)

    def _make_partitions(self) -> None:
        made = make_partitions(self._store.connection(), datetime.now(UTC))
        if made:
            log.info("Made the partitions %s", ", ".join(made))
        self._partitions_due = time.monotonic() + PARTITIONS_EVERY

    def _publish_status(self) -> None:
        status = self._status("stalled" if self._stalled else "online")
        self._session.publish(self._topics[0].status("storer", self._config.name), status, retain=True)

    def _publish_health_when_due(self) -> None:
        if time.monotonic() >= self._health_due:
            self._publish_health()
            if self._counts["received"]:
                log.info("Frames: %s", ", ".join(f"{count} {what}" for what, count in self._counts.items()))

    def _publish_health(self) -> None:
        self._health_due = time.monotonic() + HEALTH_EVERY
        counts = self._counts
        report: dict[str, Any] = {
            "uptime": round(time.monotonic() - self._started),
            **counts,
            "waiting": counts["received"] - counts["stored"] - counts["duplicate"] - counts["rejected"],
            "database": "away" if self._stalled else "connected",
        }
        self._session.publish(self._topics[0].health("storer", self._config.name), json.dumps(report), retain=True)

    def _status(self, status: str) -> bytes:
        return json.dumps({"status": status, "wait": self._config.batch.wait}).encode()

    def _finish(self) -> None:
        self._store.close()
        if not self._session.connected:
            return
        self._publish_health()
        self._session.publish(self._topics[0].status("storer", self._config.name), self._status("offline"), retain=True)
        self._session.close()
        deadline = time.monotonic() + _FAREWELL
        while time.monotonic() < deadline and self._session.connected:
            try:
                self._events.get(timeout=0.1)
            except queue.Empty:
                continue
