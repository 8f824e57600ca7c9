"""The reader at work: lines on one side, the broker on the other, one loop between them."""

import json
import logging
import math
import os
import queue
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from common.deployment import Deployment, here
from common.disk import memory_backed
from common.errors import MessageError, NotReady
from common.frame import parse_time
from common.mqtt.connection import Will
from common.mqtt.events import Connected, Disconnected, Event, Message, Published
from common.mqtt.session import Session
from common.runtime.logs import RateLimiter
from common.runtime.metrics import Metrics
from common.runtime.shutdown import Shutdown
from common.runtime.watchdog import Heartbeat, Notifier
from common.tally import Tally
from common.topics import Topics
from common.version import __version__
from reader.buffer.item import HOUR, Item, Kind, from_micros, to_micros
from reader.buffer.journal import Journal, JournalBusy
from reader.buffer.spool import Spool, SpoolBusy
from reader.config import ReaderConfig, is_simulated
from reader.delivery.delivery import Delivery
from reader.delivery.replay import REPLAY_WINDOW
from reader.delivery.storers import STORERS, Storers
from reader.health import HealthCheck, reader_metrics
from reader.home_assistant.publisher import MeterPublisher
from reader.inbox import Inbox
from reader.line.clock import ReaderClock, Timestamper
from reader.line.port import open_port
from reader.line.shared_meter import SharedMeters
from reader.line.worker import FrameReceived, LineEvent, LineWorker, LinkChanged, ProblemChanged
from reader.welcome import welcome

log = logging.getLogger(__name__)

HEALTH_EVERY = 60.0  # seconds
TALLY_AFTER = timedelta(seconds=10)  # after the end of the hour: the last of its frames may still be on its way to us
COUNTS_KEPT = timedelta(hours=3)
_TICK = 0.5  # seconds; how late something that became due is done
_FAREWELL = 2.0  # seconds to hear the last confirmations, and as long to say good-bye


class Bridge:
    """Runs the lines and sees to it that their frames arrive.

    All events come to one queue and are handled by one thread, so nothing here needs a lock.
    """

    def __init__(self, config: ReaderConfig, life: Shutdown) -> None:
        """Take the journal and the spool into possession; nothing else is opened.

        Raises:
            NotReady: the journal's folder cannot be used now; or journal or spool are another reader's.
            ConfigError: metrics are configured, and cannot be had.
        """
        self._metrics = Metrics(config.metrics, reader_metrics)
        self._life = life
        self._config = config
        self._events: Inbox[Event | LineEvent | None] = Inbox()
        self._topics = Topics(config.mqtt.topic)
        self._status = self._topics.status("reader", config.name)
        self._session = Session(
            config.mqtt,
            f"teleinfo-reader-{config.name}",
            will=Will(self._status, b"offline"),
            subscriptions=[
                self._topics.stored("+"),
                self._topics.status("storer", "+"),
                self._topics.link("+"),
                self._topics.health("reader", config.name),
                *MeterPublisher.subscriptions(config.home_assistant.prefix),
            ],
            emit=self._events.put,
        )
        self._meters = MeterPublisher(
            self._session,
            self._topics,
            every=config.state.every,
            home_assistant=config.home_assistant,
            reader=config.name,
            version=__version__,
            simulating=any(map(is_simulated, config.port)),
        )
        self._clock = ReaderClock()
        self._confirmers = Storers(config.delivery.confirmed_by, config.spool.path / STORERS)
        self._journal = Journal(config.spool.journal, config.name)
        self._spool_trouble = ""  # what was said of it
        self._delivery = self._open_delivery()
        self._seldom = RateLimiter()
        self._told: dict[tuple[str, int], int] = {}  # frames that were told of an hour
        self._lines = [self._new_line(port) for port in config.port]
        self._pulse = HealthCheck()
        self._shared_meters = SharedMeters()
        self._heartbeat = Heartbeat(config.heartbeat, Notifier())
        self._welcomed = here("teleinfo-reader").deployment is not Deployment.COMPOSE
        self._connects = 0
        self._pumped = 0.0
        self._hurry_from = math.inf  # monotonic; from then on what was decoded is kept, and nobody is told of it
        self._started = time.monotonic()

    def wake(self) -> None:
        """Let the loop look at the stop signal."""
        self._events.put(None)

    def run(self) -> None:
        """Work until the stop, then bring what is not confirmed to safety and say good-bye."""
        threads = [
            threading.Thread(target=line.run, name=f"line {line.health.port}", daemon=True) for line in self._lines
        ]
        self._metrics.start()
        self._session.start()
        for thread in threads:
            thread.start()
        health_due = time.monotonic() + HEALTH_EVERY
        while not self._life.stop.is_set():
            self._handle_next(_TICK)
            self._pump()
            self._beat()
            self._metrics.refresh(self._report)
            if time.monotonic() >= health_due:
                health_due += HEALTH_EVERY
                self._confirmers.reload()
                self._look_for_a_disk()
                self._warn_of_shared_meters()
                self._publish_health()
        self._finish(threads)

    def _open_delivery(self) -> Delivery:
        settings = self._config.spool
        try:
            left = self._journal.open()
        except JournalBusy as error:
            raise NotReady(
                f"spool.journal: {settings.journal} is in use by another reader: give each its own"
            ) from error
        except OSError as error:
            raise NotReady(
                f"spool.journal: {settings.journal} cannot be used: {error.strerror}; make it this user's"
                f" (sudo install -d -o $USER {settings.journal}), or name another folder in memory"
            ) from error
        if not memory_backed(settings.journal):
            log.warning("spool.journal: %s is not in memory: each frame is written to the disk", settings.journal)
        try:
            spool = self._open_spool()
        except NotReady:
            self._journal.close()
            raise
        delivery = Delivery(self._session, self._topics, self._confirmers, self._journal, spool)
        delivery.recover(left, time.monotonic())
        if delivery.waiting:
            log.info("%d frames of before are still to be confirmed", delivery.waiting)
        return delivery

    def _open_spool(self) -> Spool | None:
        """Open the spool; None, and a warning unless that was said, where there is no disk to be had.

        Raises:
            NotReady: it is another reader's.
        """
        settings = self._config.spool
        # In one folder with the journal it is safe behind the journal's lock.
        alone = settings.path.resolve() != settings.journal.resolve()
        spool = Spool(settings.path, max_size=settings.max_size, lock=alone)
        try:
            spool.open()
        except SpoolBusy as error:
            raise NotReady(f"spool.path: {settings.path} is in use by another reader: give each its own") from error
        except OSError as error:
            self._warn_of_spool(f"spool.path: {settings.path} cannot be used: {error.strerror}")
            return None
        if spool.damaged_bytes:
            log.warning(
                "The spool was damaged: %d bytes are put aside in %s, the rest is whole",
                spool.damaged_bytes,
                settings.path,
            )
        return spool

    def _new_line(self, port: str) -> LineWorker:
        # A simulated meter is not worth waiting for.
        patience = 0.0 if is_simulated(port) else self._config.clock.patience
        return LineWorker(
            port,
            mode=self._config.mode,
            hide=self._config.hide,
            open_port=open_port,
            emit=self._events.put,
            stop=self._life.stop,
            time_source=Timestamper(self._clock, patience=patience),
        )

    def _handle_next(self, timeout: float) -> None:
        """Handle one event, if there is one in time."""
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return
        match event:
            case FrameReceived(frame, simulated):
                item = Item(Kind.FRAME, frame.meter, to_micros(frame.timestamp), frame.to_json())
                now = time.monotonic()
                if now < self._hurry_from:
                    self._delivery.enqueue(item, now)
                    self._meters.on_frame(frame, now, simulated=simulated)
                    self._say_welcome(frame.meter)
                else:
                    self._delivery.enqueue(item, now, live=False)
            case Published(handed, code):
                self._delivery.on_puback(handed, code, time.monotonic())
            case Message():
                self._hear(event)
            case LinkChanged(meter, online):
                self._meters.link(meter, online)
                self._publish_health()  # it knows of the meter, or of its silence, only now
            case ProblemChanged():
                self._publish_health()
            case Connected():
                self._connects += 1
                self._delivery.connected()
                if time.monotonic() < self._hurry_from:
                    self._announce()
            case Disconnected():
                self._delivery.disconnected()
            case None:
                pass

    def _say_welcome(self, meter: str) -> None:
        """Say once, in a container, what the first meter says, and how to see more of it."""
        if self._welcomed or not (values := self._meters.values(meter)):
            return
        self._welcomed = True
        settings = self._config.mqtt
        for line in welcome(
            meter,
            values,
            broker=settings,
            topic=settings.topic,
            database_host=os.environ.get("DATABASE_HOST", ""),
            language=self._config.home_assistant.language,
        ):
            log.info("%s", line)

    def _hear(self, message: Message) -> None:
        """Take a storer's word, or what concerns meters: the topic tells which."""
        levels = message.topic.removeprefix(f"{self._config.mqtt.topic}/").split("/")
        if levels[0] == "storer" and levels[2:] == ["status"]:
            self._delivery.on_storer_status(levels[1], message.payload)
        elif levels[1:] == ["stored"]:
            try:
                self._confirm(levels[0], json.loads(message.payload))
            except (ValueError, TypeError, KeyError, AttributeError, MessageError, RecursionError) as error:
                if self._seldom.allow(message.topic, time.monotonic()):
                    log.warning("On %s: not a confirmation: %r", message.topic, error)
        else:
            self._meters.on_message(message.topic, message.payload, time.monotonic())

    def _confirm(self, meter: str, word: dict[str, Any]) -> None:
        storer = word["storer"]
        if not isinstance(storer, str):
            raise TypeError(f"the storer is {storer!r}")
        for kind, name, rejected in (
            (Kind.FRAME, "timestamps", False),
            (Kind.FRAME, "rejected", True),
            (Kind.TALLY, "tallies", False),
        ):
            keys = [to_micros(parse_time(text)) for text in word.get(name, [])]
            self._delivery.confirm(storer, kind, meter, keys, rejected=rejected)

    def _pump(self) -> None:
        """Do what is due, now and then, and whenever what is being sent again has mostly arrived."""
        now = time.monotonic()
        if now - self._pumped >= _TICK or 0 < self._delivery.in_flight < REPLAY_WINDOW // 2:
            self._pumped = now
            self._tell_hours()
            self._delivery.tick(now)
            self._meters.tick(now)

    def _beat(self) -> None:
        now = time.monotonic()
        if not self._heartbeat.due(now):
            return
        vitals = self._pulse.evaluate(
            [line.health for line in self._lines],
            connected=self._session.connected,
            stirred=self._session.last_activity,
            waiting=self._delivery.waiting,
            now=now,
        )
        self._heartbeat.beat(vitals, now)

    def _look_for_a_disk(self) -> None:
        if self._delivery.has_spool:
            return
        try:
            spool = self._open_spool()
        except NotReady as error:
            self._warn_of_spool(str(error))
            return
        if spool is not None:
            log.info("spool.path: %s can be used now", self._config.spool.path)
            self._delivery.take_spool(spool)

    def _warn_of_spool(self, trouble: str) -> None:
        if trouble != self._spool_trouble:
            log.warning("%s; frames wait in memory only, trying again", trouble)
        self._spool_trouble = trouble

    def _warn_of_shared_meters(self) -> None:
        for meter, ports in self._shared_meters.find([line.health for line in self._lines], time.monotonic()):
            log.warning(
                "%s bring the same meter, %s: each of its frames is stored more than once; keep one of them in `port`",
                " and ".join(ports),
                meter,
            )

    def _tell_hours(self) -> None:
        """Say how many frames an hour had, once it is over."""
        now = datetime.now(UTC)
        over = to_micros(now - TALLY_AFTER) // HOUR * HOUR
        for (meter, hour), frames in list(self._journal.counts.items()):
            if hour < over and self._told.get((meter, hour)) != frames:
                self._told[meter, hour] = frames
                reader = self._journal.counted_by(meter, hour)
                tally = Tally(meter=meter, hour=from_micros(hour), reader=reader, frames=frames)
                self._delivery.enqueue(Item(Kind.TALLY, meter, hour, tally.to_json()), time.monotonic())
        oldest = to_micros(now - COUNTS_KEPT) // HOUR * HOUR
        self._journal.forget_counts(oldest)
        self._told = {key: frames for key, frames in self._told.items() if key[1] >= oldest}

    def _announce(self) -> None:
        self._session.publish(self._status, "online", retain=True)
        self._meters.republish(time.monotonic())
        self._publish_health()

    def _report(self) -> dict[str, Any]:
        return {
            "uptime": round(time.monotonic() - self._started),
            "connects": self._connects,
            "taken_over": self._session.taken_over,
            "delivery": self._delivery.report(),
            "clock": {
                "synchronised": all(line.clock[0] for line in self._lines),
                "steps_back": sum(line.clock[1] for line in self._lines),
            },
            "lines": [line.health.report() for line in self._lines],
        }

    def _publish_health(self) -> None:
        self._session.publish(self._topics.health("reader", self._config.name), json.dumps(self._report()), retain=True)

    def _finish(self, threads: list[threading.Thread]) -> None:
        self._heartbeat.stop()
        self._metrics.close()
        began = time.monotonic()
        self._hurry_from = deadline = began + _FAREWELL
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for _ in range(self._events.qsize()):  # the answers to what is published meanwhile come behind
            self._handle_next(0)
        somebody = self._confirmers.online or self._confirmers.puback_suffices
        while somebody and not self._delivery.is_empty and self._session.connected and time.monotonic() < deadline:
            self._handle_next(0.1)
        self._delivery.close(time.monotonic())
        if not self._session.connected:
            return
        self._publish_health()
        self._session.publish(self._status, "offline", retain=True)
        self._session.close()
        while time.monotonic() < began + 2 * _FAREWELL and self._session.connected:
            try:
                self._events.get(timeout=0.1)
            except queue.Empty:
                continue
