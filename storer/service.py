"""The storer at work: messages in, batches into the database, acknowledgements and confirmations out."""

import contextlib
import json
import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from common.clock import KernelClock
from common.errors import DatabaseError, PermanentError, Unavailable
from common.mqtt.connection import Will
from common.mqtt.events import Connected, Disconnected, Event, Message
from common.mqtt.session import Session
from common.runtime.logs import RateLimiter
from common.runtime.metrics import Metrics
from common.runtime.shutdown import Shutdown
from common.runtime.watchdog import Heartbeat, Notifier
from common.topics import Topics
from storer.batch import Envelope, confirmations, decode_batch, parts, rejection_payload
from storer.config import StorerConfig
from storer.database.connection import Database
from storer.database.frame_store import FrameStore
from storer.database.rejected import MOST_BYTES, MOST_MESSAGES, Rejection
from storer.database.schema import make_partitions, migrate
from storer.growth import Growth
from storer.health import evaluate, storer_metrics

log = logging.getLogger(__name__)

HEALTH_EVERY = 60.0  # seconds
PARTITIONS_EVERY = 6 * 3600.0  # seconds
PING_AFTER = 15.0  # seconds without a commit
SLOWEST_RETRY = 30.0  # seconds
_TICK = 1.0  # seconds; how late something that became due is done
MANY_METERS, MANY_LABEL_SETS = 100, 10_000  # new ones within an hour; a meter makes some 900 label sets a day
SHUTDOWN_TIMEOUT = 2.0  # seconds to say good-bye to the broker


class Storer:
    """Takes frames from the broker and answers for them: committed, then acknowledged, then confirmed."""

    def __init__(self, config: StorerConfig, life: Shutdown) -> None:
        self._config = config
        self._life = life
        self._clock = KernelClock()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._deferred: deque[Message] = deque()  # came in while the database was away
        self._topics = [Topics(base) for base in config.mqtt.topic]
        self._database = Database(config.database)
        self._store = FrameStore(self._database)
        self._session = Session(
            config.mqtt,
            f"teleinfo-storer-{config.name}",
            will=Will(self._topics[0].status("storer", config.name), self._status("offline")),
            subscriptions=[
                name for topics in self._topics for name in (topics.frame("+"), topics.replay("+"), topics.tally("+"))
            ],
            emit=self._events.put,
            persistent=True,
            # The next batch may gather while this one is written.
            receive_maximum=2 * config.batch.size,
        )
        self._metrics = Metrics(config.metrics, storer_metrics)
        self._said = ""
        self._stalled = False
        self._seldom = RateLimiter()
        self._counts = dict.fromkeys(("received", "stored", "duplicate", "rejected"), 0)  # frames, and what is none
        self._not_kept = 0  # rejected, and no room for it in rejected_messages
        self._tallies = 0
        self._meters, self._label_sets = Growth(MANY_METERS), Growth(MANY_LABEL_SETS)
        self._started = self._health_due = time.monotonic()
        self._partitions_due = 0.0
        self._heartbeat = Heartbeat(config.heartbeat, Notifier())
        self._answered = -PING_AFTER  # when the database last did what it was asked

    def wake(self) -> None:
        """Let the loop look at the stop signal."""
        self._events.put(None)

    def run(self) -> None:
        """Work until the stop, then say good-bye.

        Raises:
            Refused: at start-up only: credentials, rights, or the database's name are wrong.
        """
        self._metrics.start()
        if not self._prepare():
            return
        self._session.start()
        while not self._life.stop.is_set():
            if batch := self._collect():
                self._process(batch)
            self._upkeep()
        self._finish()

    # -- the way of a message ------------------------------------------------------------------------------------------

    def _collect(self) -> list[Message]:
        """Wait for the next batch: full, or as old as its first message may get."""
        batch: list[Message] = []
        deadline = 0.0
        while len(batch) < self._config.batch.size and not self._life.stop.is_set():
            self._check_database()
            # What came in while the batch before was written is there already, and costs no wait.
            event = self._next_event(min(deadline - time.monotonic(), _TICK) if batch else _TICK)
            if isinstance(event, Message):
                if not batch:
                    deadline = time.monotonic() + self._config.batch.wait
                batch.append(event)
            elif event is not None:
                self._handle(event)
            elif not batch or time.monotonic() >= deadline:
                break
        return batch

    def _next_event(self, timeout: float) -> Event | None:
        """Return the oldest event; None if there was none in time, or somebody wants the loop to look around."""
        if self._deferred:
            return self._deferred.popleft()
        try:
            return self._events.get(timeout=timeout) if timeout > 0 else self._events.get_nowait()
        except queue.Empty:
            return None

    def _process(self, messages: Sequence[Message]) -> None:
        """Store a batch for good; acknowledge and confirm it only then."""
        parcels = decode_batch(messages, self._clock.trusted_now())
        self._counts["received"] += sum(parcel.tally is None for parcel in parcels)
        steps = (self._write_frames, self._write_tallies, self._record_rejected)
        if not all(self._with_retry(lambda step=step: step(parcels)) for step in steps):  # type: ignore[misc]
            return  # told to stop: the broker will bring these messages again
        for parcel in parcels:
            self._session.acknowledge(parcel.message)
        for parcel in parcels:
            if parcel.reason is not None:
                self._session.publish(self._topics[0].rejected, rejection_payload(self._config.name, parcel))
        for topics in self._topics:
            own = [parcel for parcel in parcels if parcel.message.topic.startswith(f"{topics.base}/")]
            for part in parts(own, self._session.max_packet_size):
                for meter, text in confirmations(self._config.name, part):
                    self._session.publish(topics.stored(meter), text)

    def _write_frames(self, parcels: Sequence[Envelope]) -> None:
        """Write the frames. Safe to repeat: they are not doubled."""
        frames = [(parcel, parcel.frame) for parcel in parcels if parcel.frame is not None]
        written = self._store.write([frame for _, frame in frames])
        for (parcel, _), reason in zip(frames, written.reasons, strict=True):
            parcel.reason = reason
        self._counts["stored"] += written.stored
        self._counts["duplicate"] += written.reasons.count(None) - written.stored

    def _write_tallies(self, parcels: Sequence[Envelope]) -> None:
        """Write the tallies. Safe to repeat."""
        tallies = [(parcel, parcel.tally) for parcel in parcels if parcel.tally is not None and parcel.reason is None]
        for (parcel, _), reason in zip(
            tallies, self._store.write_tallies([tally for _, tally in tallies]), strict=True
        ):
            parcel.reason = reason
        self._tallies += len(tallies)

    def _record_rejected(self, parcels: Sequence[Envelope]) -> None:
        """Keep what can never be written."""
        rejected = [parcel for parcel in parcels if parcel.reason is not None]
        if not rejected:
            return
        now = datetime.now(UTC)
        not_kept = self._store.record_rejections(
            [Rejection(parcel.message.topic, parcel.message.payload, parcel.reason or "", now) for parcel in rejected]
        )
        self._not_kept += not_kept
        if not_kept and self._seldom.allow("full", time.monotonic()):
            log.warning(
                "rejected_messages is full (%d messages or %d MB): others are counted and reported, and not kept; look"
                " who publishes them, then empty it: docs/storage.md",
                MOST_MESSAGES,
                MOST_BYTES // 1_000_000,
            )
        self._counts["rejected"] += sum(parcel.tally is None for parcel in rejected)
        last = rejected[-1]
        if self._seldom.allow(last.message.topic, time.monotonic()):
            log.warning(
                "Rejected, see rejected_messages: %d; the last, on %s: %s; more of this topic are only counted"
                " for an hour",
                len(rejected),
                last.message.topic,
                last.reason,
            )

    # -- what time heals -----------------------------------------------------------------------------------------------

    def _prepare(self) -> bool:
        """Bring the tables up to date; a database that refuses us now will go on doing so."""
        ready = self._with_retry(lambda: migrate(self._database), heals=(Unavailable,)) and self._with_retry(
            self._make_partitions, heals=(Unavailable,)
        )
        if ready:
            log.info("Ready: %s", self._database.where)
        return ready

    def _with_retry(
        self, action: Callable[[], object], heals: tuple[type[DatabaseError], ...] = (Unavailable, PermanentError)
    ) -> bool:
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
        self._answered = time.monotonic()
        self._on_back()
        return True

    def _on_away(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        text = f"{error}; trying again"
        if text != self._said:
            log.warning("%s", text)
        self._said = text
        if not self._stalled:
            self._stalled = True
            self._publish_status()
        self._drain_events()
        self._beat()

    def _on_back(self) -> None:
        if not self._stalled:
            return
        log.info("The database is back: %s", self._database.where)
        self._said = ""
        self._stalled = False
        self._publish_status()

    def _drain_events(self) -> None:
        """Handle what is no message while a batch waits; messages are set aside, in order."""
        with contextlib.suppress(queue.Empty):
            while True:
                event = self._events.get_nowait()
                if isinstance(event, Message):
                    self._keep_for_later(event)
                elif event is not None:
                    self._handle(event)
        self._metrics.refresh(self._report)
        self._publish_health_when_due()

    def _keep_for_later(self, message: Message) -> None:
        # The broker sends no more of QoS 1 than it may before the first is acknowledged; of QoS 0 there is no end.
        if message.qos or len(self._deferred) < 2 * self._config.batch.size:
            self._deferred.append(message)
        elif self._seldom.allow("QoS 0", time.monotonic()):
            log.warning("Messages of QoS 0 are dropped while the database is away; publish with QoS 1")

    # -- notices and upkeep --------------------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        if isinstance(event, Connected):
            if not event.session_present:
                log.warning(
                    "The broker kept nothing for us: normal at the first start; otherwise it has lost what it held,"
                    " and the reader sends it again"
                )
            self._publish_status()
            self._publish_health()
        elif isinstance(event, Disconnected):
            # They can no longer be acknowledged: the broker sends them again.
            self._deferred.clear()

    def _upkeep(self) -> None:
        self._metrics.refresh(self._report)
        self._publish_health_when_due()
        self._watch_growth()
        if time.monotonic() >= self._partitions_due:
            self._with_retry(self._make_partitions)

    def _watch_growth(self) -> None:
        now = time.monotonic()
        for growth, total, what, limit in (
            (self._meters, self._store.new_meters, "meters", MANY_METERS),
            (self._label_sets, self._store.new_label_sets, "label sets", MANY_LABEL_SETS),
        ):
            if growth.exceeded(total, now):
                log.warning(
                    "More than %d new %s within an hour: does somebody publish frames that come from no meter? see"
                    " docs/storage.md",
                    limit,
                    what,
                )

    def _check_database(self) -> None:
        """Find out whether the database is well when there was nothing to ask of it, and show how we are."""
        if time.monotonic() - self._answered >= PING_AFTER:
            self._with_retry(self._store.ping)
        self._beat()

    def _beat(self) -> None:
        now = time.monotonic()
        if not self._heartbeat.due(now):
            return
        vitals = evaluate(
            self._counts,
            connected=self._session.connected,
            stirred=self._session.last_activity,
            stalled=self._stalled,
            answered=self._answered,
            now=now,
        )
        self._heartbeat.beat(vitals, now)

    def _make_partitions(self) -> None:
        made = self._store.run(lambda connection: make_partitions(connection, datetime.now(UTC)))
        if made:
            log.info("Made the partitions %s", ", ".join(made))
        self._partitions_due = time.monotonic() + PARTITIONS_EVERY

    def _publish_status(self) -> None:
        status = self._status("stalled" if self._stalled else "online")
        for topics in self._topics:
            self._session.publish(topics.status("storer", self._config.name), status, retain=True)

    def _publish_health_when_due(self) -> None:
        if time.monotonic() >= self._health_due:
            self._publish_health()

    def _report(self) -> dict[str, Any]:
        counts = self._counts
        return {
            "uptime": round(time.monotonic() - self._started),
            **counts,
            "waiting": counts["received"] - counts["stored"] - counts["duplicate"] - counts["rejected"],
            "rejected_not_kept": self._not_kept,
            "tallies": self._tallies,
            "taken_over": self._session.taken_over,
            "database": "away" if self._stalled else "connected",
        }

    def _publish_health(self) -> None:
        self._health_due = time.monotonic() + HEALTH_EVERY
        self._session.publish(
            self._topics[0].health("storer", self._config.name), json.dumps(self._report()), retain=True
        )

    def _status(self, status: str) -> bytes:
        return json.dumps({"status": status, "wait": self._config.batch.wait}).encode()

    def _finish(self) -> None:
        self._heartbeat.stop()
        self._metrics.close()
        self._store.close()
        if not self._session.connected:
            return
        self._publish_health()
        for topics in self._topics:
            self._session.publish(topics.status("storer", self._config.name), self._status("offline"), retain=True)
        self._session.close()
        deadline = time.monotonic() + SHUTDOWN_TIMEOUT
        while time.monotonic() < deadline and self._session.connected:
            with contextlib.suppress(queue.Empty):
                self._events.get(timeout=0.1)
