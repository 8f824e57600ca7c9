"""The main loop of the reader: takes events from the lines and from the broker, and hands them to the other parts."""

import json
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from common.contract.topics import Topics
from common.errors import MessageError
from common.machine.version import full_version
from common.mqtt.events import Connected, Disconnected, Event, Message, Published
from common.mqtt.session import WORK_EVERY, Session
from common.runtime.logs import RateLimiter
from common.runtime.watchdog import Heartbeat
from reader.buffer.item import Item, ItemKind, to_micros
from reader.delivery.confirmation import Confirmation
from reader.delivery.delivery import Delivery
from reader.delivery.storage import Storage
from reader.delivery.tallies import Tallies
from reader.health import HealthCheck, Welcome
from reader.home_assistant.publisher import MeterPublisher
from reader.line.choice import PortChoice
from reader.line.health import SharedMeters
from reader.line.lines import Lines
from reader.line.sharing import Links
from reader.line.worker import FrameReceived, LineEvent, LinkChanged, ProblemChanged

log = logging.getLogger(__name__)

HEALTH_EVERY = 60.0  # seconds
_TICK = 0.5  # seconds between two rounds of periodic work, at least
_DRAIN_TIMEOUT = 2.0  # seconds at shutdown for the last confirmations, and again for the last messages


class ReaderService:
    """Runs the lines and delivers their frames.

    All events go through one queue and are handled by one thread, which also talks with the broker: so nothing here
    needs a lock, and a frame no further thread. Messages of the broker are read only while the queue is empty, so that
    anybody may publish faster than the reader can handle.
    """

    # A table: a part a line, as an argument and as an attribute.
    def __init__(
        self,
        *,
        name: str,
        topics: Topics,
        events: deque[Event | LineEvent],
        session: Session,
        lines: Lines,
        choice: PortChoice | None,
        delivery: Delivery,
        tallies: Tallies,
        storage: Storage,
        publisher: MeterPublisher,
        welcome: Welcome | None,
        heartbeat: Heartbeat,
        stop: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime],
    ) -> None:
        """Take the parts; see `build_reader`.

        `choice` says which ports to read, where the configuration does not. `now` returns the time in UTC.
        """
        self._topics = topics
        self._status_topic = topics.status("reader", name)
        self._health_topic = topics.health("reader", name)
        self._events = events
        self._session = session
        self._lines = lines
        self._choice = choice
        self._delivery = delivery
        self._tallies = tallies
        self._storage = storage
        self._publisher = publisher
        self._welcome = welcome
        self._heartbeat = heartbeat
        self._stop = stop
        self._monotonic = monotonic
        self._now = now
        self._health_check = HealthCheck()
        self._links = Links()
        self._shared_meters = SharedMeters()
        self._rate_limiter = RateLimiter()
        self._connects = 0
        self._ticked_at = 0.0
        self._tick_waits = True  # for its time, after an event
        self._health_due = 0.0
        self._publish_until = math.inf  # monotonic; frames that are handled later are only kept
        self._started_at = monotonic()

    def wake(self) -> None:
        """Make the loop check the stop event; may be called from any thread."""
        self._session.wake()

    def run(self) -> None:
        """Handle events until the stop event, then spool the unconfirmed frames and disconnect."""
        if self._delivery.pending:
            log.info("Recovered %d unconfirmed frames from the previous run", self._delivery.pending)
        self._session.start(thread=False)
        self._lines.start()
        self._health_due = self._monotonic() + HEALTH_EVERY
        while not self._stop.is_set():
            self._handle_event(self._idle_for())
            self._tick()
            self._beat()
            if self._monotonic() >= self._health_due:
                self._health_due += HEALTH_EVERY
                self._delivery.remember_storers()
                self._retry_spool()
                self._warn_of_shared_meters()
                # Again: a node of a cluster of brokers that has hung may have published our will since we left it.
                self._session.publish(self._status_topic, "online", retain=True)
                self._publish_health()
        self._shut_down()

    # Events.

    def _handle_event(self, timeout: float) -> None:
        """Handle the next event, if one comes within so many seconds."""
        if not self._events:
            self._session.work(timeout)
        if not self._events:
            return
        event = self._events.popleft()
        now = self._monotonic()
        self._tick_waits |= not _is_answer(event)
        match event:
            case FrameReceived():
                self._on_frame(event, now)
            case Published(token, code):
                self._delivery.on_puback(token, code, now)
                if self._choice is not None:
                    self._choice.on_answer(token, code)
            case Message():
                self._on_message(event, now)
            case LinkChanged(meter, online, port):
                self._publisher.set_online(meter, self._links.change(meter, port, online), now)
                self._publish_health()  # it names the meter, and whether the meter is silent
            case ProblemChanged():
                self._publish_health()
            case Connected():
                self._connects += 1
                self._delivery.connected()
                if self._choice is not None:
                    self._choice.connected()
                if now < self._publish_until:
                    self._session.publish(self._status_topic, "online", retain=True)
                    self._publisher.republish(now)
                    self._publish_health()
            case Disconnected():
                self._delivery.disconnected()

    def _on_frame(self, event: FrameReceived, now: float) -> None:
        frame = event.frame
        item = Item(ItemKind.FRAME, frame.meter, to_micros(frame.timestamp), frame.to_json())
        if now >= self._publish_until:
            self._delivery.enqueue(item, now, live=False)
            return
        self._delivery.enqueue(item, now)
        self._publisher.on_frame(frame, now, simulated=event.simulated)
        if self._welcome is not None and not self._welcome.shown:
            self._welcome.show(frame.meter, self._publisher.snapshot(frame.meter))

    def _on_message(self, message: Message, now: float) -> None:
        self._lines.receive(message.topic, message.payload, now, retained=message.retained)
        match message.topic.removeprefix(f"{self._topics.base}/").split("/"):
            case ["storer", storer, "status"]:
                self._delivery.on_storer_status(storer, message.payload)
            case [meter, "stored"]:
                try:
                    confirmation = Confirmation.from_json(message.payload)
                except MessageError as error:
                    if self._rate_limiter.allow(message.topic, now):
                        log.warning("Ignored invalid confirmation on %s: %s", message.topic, error)
                else:
                    self._on_confirmation(meter, confirmation)
            case ["monitor", monitor, "price"]:
                self._publisher.on_prices(monitor, message.payload, now)
            case ["monitor", monitor, "ports"] if self._choice is not None:
                if self._choice.on_message(monitor, message.payload, now):
                    self._lines.use(self._choice.ports)
                    self._publish_health()
            case _:
                if self._choice is not None:
                    self._choice.on_announcement(message.topic, message.payload)
                self._publisher.on_message(message.topic, message.payload, now)

    def _on_confirmation(self, meter: str, message: Confirmation) -> None:
        storer, confirm = message.storer, self._delivery.confirm
        confirm(storer, ItemKind.FRAME, meter, message.timestamps)
        confirm(storer, ItemKind.FRAME, meter, message.rejected, rejected=True)
        confirm(storer, ItemKind.TALLY, meter, message.tallies)

    # Periodic work.

    def _idle_for(self) -> float:
        """Return for how many seconds to wait for an event.

        Little is due at a moment: most follows from an event within a tick, or comes in its time whenever the loop
        looks.
        """
        now = self._monotonic()
        tick = now if self._tick_waits else math.inf
        due = min(
            now + WORK_EVERY,
            max(tick, self._ticked_at + _TICK),
            self._health_due,
            self._heartbeat.next_due,
        )
        return max(due - now, 0.0)

    def _tick(self) -> None:
        """Do what is due, twice a second at most; and fill the replay window as soon as half of it is confirmed."""
        now = self._monotonic()
        # Not between an answer and the event behind it, which may make something due.
        least = _TICK if self._tick_waits or not self._events else WORK_EVERY
        if now - self._ticked_at >= least:
            self._ticked_at, self._tick_waits = now, False
            for tally in self._tallies.due(self._now()):
                self._delivery.enqueue(tally, now)
            self._delivery.tick(now)
            self._publisher.tick(now)
            self._lines.tick()
            if self._choice is not None and self._session.connected:
                self._choice.tick(now)
        elif self._delivery.can_continue_replay:
            self._delivery.replay(now)

    def _beat(self) -> None:
        now = self._monotonic()
        if not self._heartbeat.due(now):
            return
        health = self._health_check.evaluate(
            [line.health for line in self._lines],
            connected=self._session.connected,
            last_activity=self._session.last_activity,
            pending=self._delivery.pending,
            now=now,
        )
        self._heartbeat.beat(health, now)

    def _retry_spool(self) -> None:
        if not self._delivery.has_spool and (spool := self._storage.retry_spool()) is not None:
            self._delivery.attach_spool(spool)

    def _warn_of_shared_meters(self) -> None:
        for meter, ports in self._shared_meters.find([line.health for line in self._lines], self._monotonic()):
            log.warning(
                "%s read the same meter %s: each frame is stored more than once; remove one of them from `port`",
                " and ".join(ports),
                meter,
            )

    # Health.

    def _report(self) -> dict[str, Any]:
        return {
            "version": full_version(),
            "uptime": round(self._monotonic() - self._started_at),
            "connects": self._connects,
            "taken_over": self._session.taken_over,
            "delivery": self._delivery.report(),
            "clock": {
                "synchronised": all(line.clock[0] for line in self._lines),
                "steps_back": sum(line.clock[1] for line in self._lines),
            },
            "asks_port": self._choice is not None,
            "lines": [line.health.report() for line in self._lines],
            "meters": self._publisher.meters,
        }

    def _publish_health(self) -> None:
        self._session.publish(self._health_topic, json.dumps(self._report()), retain=True)

    # Shutdown.

    def _shut_down(self) -> None:
        self._heartbeat.stop()
        began = self._monotonic()
        self._publish_until = deadline = began + _DRAIN_TIMEOUT
        for thread in self._lines.stop():
            thread.join(max(0.0, deadline - self._monotonic()))
        for _ in range(len(self._events)):  # not those that come meanwhile: answers to what is published here
            self._handle_event(0)
        while self._can_drain() and self._monotonic() < deadline:
            self._handle_event(0.1)
        self._delivery.close(self._monotonic())
        if not self._session.connected:
            self._session.close()  # it would try on
            return
        self._publish_health()
        self._session.publish(self._status_topic, "offline", retain=True)
        self._session.close()
        while self._monotonic() < began + 2 * _DRAIN_TIMEOUT and self._session.connected:
            self._session.work(0.1)

    def _can_drain(self) -> bool:
        """Whether waiting can still confirm items that are in memory."""
        return self._session.connected and self._delivery.can_confirm and not self._delivery.is_empty


def _is_answer(event: Event | LineEvent) -> bool:
    """Return whether an event only confirms that something has arrived: a PUBACK, or the confirmation of a storer."""
    return isinstance(event, Published) or (isinstance(event, Message) and event.topic.endswith("/stored"))
