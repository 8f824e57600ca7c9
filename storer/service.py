"""The storer's loop: collect a batch, commit it, acknowledge and confirm it; report status and health."""

import json
import logging
import math
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from common.contract.topics import Topics
from common.database.mariadb import Connection, Database
from common.errors import ConfigError, Unavailable
from common.machine.clock import KernelClock
from common.machine.version import full_version
from common.mqtt.connection import Will
from common.mqtt.events import Connected, Disconnected, Event, Message
from common.mqtt.session import Session
from common.runtime.logs import RateLimiter
from common.runtime.shutdown import Shutdown
from common.runtime.watchdog import Heartbeat, Notifier
from storer.backup.schedule import BackupScheduler
from storer.config.options import StorerConfig
from storer.database.locks import free_lock, take_lock
from storer.database.retry import DatabaseRetry
from storer.database.schema import make_partitions, migrate
from storer.database.settings import SavedSettings
from storer.frames.batch import BatchWriter
from storer.frames.confirmations import Confirmations, Pace
from storer.frames.decode import decode_batch, rejection_payload
from storer.frames.inbox import Inbox
from storer.frames.store import FrameStore
from storer.health import Counters, evaluate
from storer.requests.worker import RequestWorker
from storer.retention.job import RetentionJob
from storer.rollups.state import server_now
from storer.rollups.worker import RollupWorker
from storer.sources.followed import FollowedSources

log = logging.getLogger(__name__)

CONFIG = Path("/etc/teleinfo/storer.yaml")

HEALTH_EVERY = 60.0  # seconds
PARTITIONS_EVERY = 6 * 3600.0  # seconds
# One meter, or a few, are served at once. Above these rates, frames and confirmations are gathered for a moment, which
# costs less: a batch has some ten statements and answers, a confirmation two messages with the broker.
BATCHES_PER_SECOND = 20.0
CONFIRMATIONS_PER_SECOND = 200.0
LONGEST_CONFIRMATION_DELAY = 5.0  # seconds; far less than the time after which a reader sends a frame again
PING_AFTER = 15.0  # seconds without a commit
_GATHER_POLL = 0.01  # seconds; longest wait for more messages when a batch is full
_BYTES_PER_FRAME = 2000  # of a batch; the longest frames of simulated meters have 1,900
_TICK = 1.0  # seconds; longest wait for an event, and so the delay of whatever is due
LEAVE_AFTER = 5.0  # seconds without the database; another node of a cluster is found within one
SHUTDOWN_TIMEOUT = 2.0  # seconds to publish the last messages and disconnect


class Storer:
    """Stores frames from the broker: committed, then acknowledged, then confirmed."""

    def __init__(self, config: StorerConfig, shutdown: Shutdown, file: Path = CONFIG) -> None:
        """Prepare; `file` is the configuration, for the processes that make backups."""
        self._config = config
        self._stop = shutdown.stop
        self._clock = KernelClock()
        self._rate_limiter = RateLimiter()
        self._inbox = Inbox(2 * config.batch.size, self._rate_limiter)
        self._topics = [Topics(base) for base in config.mqtt.topic]
        self._database = Database(config.database)
        self._delayed = threading.Event()  # frames were stored that are some minutes old
        self._store = FrameStore(self._database, config.name, prepare=self._migrate, on_delayed=self._delayed.set)
        self._session = self._new_session()
        self._retry = DatabaseRetry(
            self._stop, lambda: self._database.where, on_change=self._on_database, on_wait=self._while_waiting
        )
        self._confirmations = Confirmations(config.name)
        self._batch_pace = Pace(BATCHES_PER_SECOND, burst=BATCHES_PER_SECOND / 2, longest=1 / BATCHES_PER_SECOND)
        self._confirm_pace = Pace(
            CONFIRMATIONS_PER_SECOND, burst=CONFIRMATIONS_PER_SECOND / 2, longest=LONGEST_CONFIRMATION_DELAY
        )
        self._counters = Counters()
        self._settings = SavedSettings()
        self._retention = RetentionJob(
            config.name, lambda: self._settings.retention, backups=config.backup.folder is not None
        )
        self._rollups = RollupWorker(
            Database(config.database),
            config.name,
            shutdown.stop,
            config.batch.wait,
            self._delayed,
            self._retention.step,
        )
        self._backups = BackupScheduler(
            Database(config.database), config.name, config.backup.folder, file, shutdown.stop
        )
        self._sources = FollowedSources(config.mqtt, config.database, config.name)
        self._requests = RequestWorker(Database(config.database), config.name, file, shutdown.stop, self._read_settings)
        self._heartbeat = Heartbeat(config.heartbeat, Notifier())
        self._writer = BatchWriter(self._store, self._counters, self._rate_limiter)
        self._started = self._health_due = time.monotonic()
        self._partitions_due = 0.0

    def _new_session(self) -> Session:
        config = self._config
        return Session(
            config.mqtt,
            f"teleinfo-storer-{config.name}",
            will=Will(self._topics[0].status("storer", config.name), self._status("offline")),
            subscriptions=config.mqtt.filters(),
            emit=self._inbox.put,
            # In a group, the broker would go on filling the session of a member that is away with its share.
            persistent=config.mqtt.share is None,
            manual=True,
            # The next batch may arrive while this one is written.
            receive_maximum=2 * config.batch.size,
        )

    def _read_settings(self, connection: Connection) -> None:
        """Take what was set in the page, in the thread of the requests."""
        self._settings.read(connection, server_now(connection))
        self._sources.follow(self._settings.sources)

    def wake(self) -> None:
        """Interrupt the loop's wait, to make it see the stop signal."""
        self._inbox.wake()

    def run(self) -> None:
        """Work until stopped, then disconnect.

        Raises:
            PermanentError: at start-up only: credentials, privileges, or the database's name are wrong.
        """
        if not self._prepare():
            return
        self._session.start()
        self._rollups.start()
        self._backups.start()
        self._requests.start()
        while not self._stop.is_set():
            if batch := self._collect():
                self._process(batch)
            self._upkeep()
        self._finish()

    def _prepare(self) -> bool:
        """Migrate the tables; return False if stopped. A permanent error is not retried at start-up."""
        ready = self._retry.run(self._make_partitions, retry_on=(Unavailable,))
        if ready:
            log.info("Ready: %s", self._database.where)
        return ready

    def _migrate(self) -> None:
        """Make or update the tables of a host that is used for the first time; its partitions follow soon."""
        migrate(self._database)
        self._partitions_due = 0.0

    # -- batches -------------------------------------------------------------------------------------------------------

    def _collect(self) -> list[Message]:
        """Return the next batch: when it is full, or its first message has waited for `batch.wait`.

        It is full by bytes too: a block has many frames. It is empty if nothing came for a while.
        """
        batch: list[Message] = []
        deadline = math.inf
        space = self._config.batch.size * _BYTES_PER_FRAME
        self._check_database()
        while len(batch) < self._config.batch.size and space > 0 and not self._stop.is_set():
            timeout = 0.0
            if not self._inbox:
                if time.monotonic() >= deadline:
                    break
                self._check_database()
                self._confirm_when_due()
                timeout = self._time_until(deadline)
            # Messages that arrived while the last batch was written are taken without waiting.
            event = self._inbox.next(timeout)
            if isinstance(event, Message):
                if not batch:
                    self._gather()
                    deadline = time.monotonic() + self._config.batch.wait
                batch.append(event)
                space -= len(event.payload)
            elif event is not None:
                self._handle(event)
            elif not batch:
                break
        return batch

    def _gather(self) -> None:
        """Let messages queue up if there were many batches; being woken by each of them costs more than storing it."""
        while 1 + len(self._inbox) < self._config.batch.size:
            pause = self._batch_pace.ready_at - time.monotonic()
            if pause <= 0 or self._stop.wait(min(pause, _GATHER_POLL)):
                break

    def _time_until(self, deadline: float) -> float:
        """Return the seconds until a monotonic time, or until something else is due."""
        if self._confirmations:
            deadline = min(deadline, self._confirm_pace.ready_at)
        return min(deadline - time.monotonic(), _TICK)

    def _process(self, messages: Sequence[Message]) -> None:
        """Commit a batch; acknowledge and confirm it only then."""
        collected = time.monotonic()
        envelopes = decode_batch(messages, self._clock.trusted_now())
        # A batch that blocks have filled is large with few messages: there is nothing to gather.
        in_blocks = len(envelopes) - len(messages)
        self._batch_pace.done(collected, max(0.0, 1 - in_blocks / self._config.batch.size))
        self._counters.received += sum(envelope.tally is None for envelope in envelopes)
        for step in self._writer.steps(envelopes):
            if not self._retry.run(step):
                return  # stopped: without an acknowledgement the broker delivers these messages again
        # First: over one connection, what has been confirmed is then not delivered again, whatever is killed.
        self._session.acknowledge(*messages)
        for envelope in envelopes:
            if envelope.reason is not None:
                self._session.publish(self._topics[0].rejected, rejection_payload(self._config.name, envelope))
        self._confirmations.add(envelopes)
        self._confirm_when_due()

    def _confirm_when_due(self) -> None:
        if self._confirmations and time.monotonic() >= self._confirm_pace.ready_at:
            self._confirm()

    def _confirm(self) -> None:
        count = 0
        for base, meter, text in self._confirmations.take(self._session.max_packet_size):
            self._session.publish(Topics(base).stored(meter), text)
            count += 1
        self._confirm_pace.done(time.monotonic(), count)

    # -- events --------------------------------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        if isinstance(event, Connected):
            self._check_share()
            if not event.session_present and self._config.mqtt.share is None:
                log.warning(
                    "No session on the broker (normal on first start); if it was lost, readers send missed frames again"
                )
            self._publish_status()
            self._publish_health()
        elif isinstance(event, Disconnected):
            # They can no longer be acknowledged: the broker delivers them again.
            self._inbox.drop_deferred()

    def _check_share(self) -> None:
        limits = self._session.limits
        if self._config.mqtt.share is not None and limits is not None and not limits.shared_subscriptions:
            raise ConfigError(
                f"mqtt.share: the broker {self._config.mqtt.address} has no shared subscriptions: remove `share`, and"
                " give each storer base topics of its own (mqtt.topic)"
            )

    def _on_database(self) -> None:
        """The database has gone away, or has come back."""
        if self._retry.stalled:
            if self._confirmations:
                self._confirm()  # before the status: whoever confirms counts as online
        else:
            # Back in the group, if we left it; before the status, at which readers send again what is missing.
            self._session.subscribe(self._config.mqtt.filters())
        self._publish_status()

    def _leave_group(self) -> None:
        """Leave the frames to the others of the group while the database is away.

        What we have and did not store is sent again by its reader. A batch that is being retried stays: it shows when
        the database is back, and then it is stored, or was stored already.
        """
        since = self._retry.stalled_since
        if self._config.mqtt.share is None or since is None or time.monotonic() - since < LEAVE_AFTER:
            return
        if self._session.unsubscribe():
            log.warning(
                "Leaving the group %s until the database is available: the other storers get its frames",
                self._config.mqtt.share,
            )

    def _while_waiting(self) -> None:
        """Stay responsive while a batch waits for the database."""
        self._leave_group()
        for event in self._inbox.defer_messages():
            self._handle(event)
        self._confirm_when_due()
        self._publish_health_when_due()
        self._beat()

    # -- upkeep --------------------------------------------------------------------------------------------------------

    def _upkeep(self) -> None:
        self._publish_health_when_due()
        if time.monotonic() >= self._partitions_due:
            self._retry.run(self._make_partitions)

    def _check_database(self) -> None:
        """Ping the database if it has not been used for a while, and update the heartbeat."""
        if time.monotonic() - self._retry.last_success >= PING_AFTER:
            self._retry.run(self._store.ping)
        self._beat()

    def _beat(self) -> None:
        now = time.monotonic()
        if not self._heartbeat.due(now):
            return
        health = evaluate(
            self._counters,
            connected=self._session.connected,
            last_activity=self._session.last_activity,
            stalled=self._retry.stalled,
            last_answer=self._retry.last_success,
            now=now,
        )
        self._heartbeat.beat(health, now)

    def _make_partitions(self) -> None:
        def make(connection: Connection) -> list[str]:
            if not take_lock(connection, "backup"):
                return []  # a backup is being made: partitions are made months ahead
            try:
                return make_partitions(connection, datetime.now(UTC))
            finally:
                free_lock(connection, "backup")

        created = self._store.run(make)
        if created:
            log.info("Created partitions %s", ", ".join(created))
        self._partitions_due = time.monotonic() + PARTITIONS_EVERY

    # -- reports -------------------------------------------------------------------------------------------------------

    def _publish_status(self) -> None:
        status = self._status("stalled" if self._retry.stalled else "online")
        for topics in self._topics:
            self._session.publish(topics.status("storer", self._config.name), status, retain=True)

    def _status(self, status: str) -> bytes:
        return json.dumps({"status": status, "wait": self._config.batch.wait}).encode()

    def _publish_health_when_due(self) -> None:
        if time.monotonic() >= self._health_due:
            # Again: a node of a cluster of brokers that has hung may have published our will since we left it.
            self._publish_status()
            self._publish_health()

    def _publish_health(self) -> None:
        self._health_due = time.monotonic() + HEALTH_EVERY
        self._session.publish(
            self._topics[0].health("storer", self._config.name), json.dumps(self._report()), retain=True
        )

    def _report(self) -> dict[str, Any]:
        return {
            "version": full_version(),
            "uptime": round(time.monotonic() - self._started),
            **self._counters.report(),
            "taken_over": self._session.taken_over,
            "database": "away" if self._retry.stalled else "connected",
            "rollups": self._rollups.report(),
            "retention": self._retention.report(),
            "backup": self._backups.report(),
            **self._sources.report(),
        }

    def _finish(self) -> None:
        self._heartbeat.stop()
        self._store.close()
        self._rollups.join()
        self._requests.join()
        self._sources.stop()
        if not self._session.connected:
            self._session.close()  # it would try on
            return
        self._confirm()
        self._publish_health()
        for topics in self._topics:
            self._session.publish(topics.status("storer", self._config.name), self._status("offline"), retain=True)
        self._session.close()
        deadline = time.monotonic() + SHUTDOWN_TIMEOUT
        while time.monotonic() < deadline and self._session.connected:
            self._inbox.next(0.1)
