"""The reader at work: lines on one side, the broker on the other, one loop between them."""

import json
import logging
import queue
import threading
import time

from common.mqtt import Session, Will
from common.mqtt_events import Connected, Disconnected, Event, Message, Published
from common.process import Life
from common.topics import Topics
from reader.config import ReaderConfig
from reader.delivery import Delivery
from reader.line import Decoded, Line, Link
from reader.port import open_port

log = logging.getLogger(__name__)

HEALTH_EVERY = 60.0  # seconds
_TICK = 1.0  # seconds; how late something that became due is done
_FAREWELL = 2.0  # seconds to say good-bye to the broker


class Bridge:
    """Runs the lines and carries their frames to the broker.

    All events come to one queue and are handled by one thread, so nothing here needs a lock.
    """

    def __init__(self, config: ReaderConfig, life: Life) -> None:
        self._life = life
        self._config = config
        self._events: queue.SimpleQueue[Event | Decoded | Link | None] = queue.SimpleQueue()
        self._topics = Topics(config.mqtt.topic)
        self._status = self._topics.status("reader", config.name)
        self._session = Session(
            config.mqtt,
            f"teleinfo-reader-{config.name}",
            will=Will(self._status, b"offline"),
            subscriptions=[],
            post=self._events.put,
        )
        self._delivery = Delivery(self._session, self._topics)
        self._links: dict[str, bool] = {}
        self._lines = [
            Line(
                port,
                mode=config.mode,
                hide=config.hide,
                open_port=open_port,
                post=self._events.put,
                stop=life.stop,
            )
            for port in config.port
        ]
        self._started = time.monotonic()

    def wake(self) -> None:
        """Let the loop look at the stop signal."""
        self._events.put(None)

    def run(self) -> None:
        """Work until the stop, then say good-bye."""
        threads = [
            threading.Thread(target=line.run, name=f"line {line.health.port}", daemon=True) for line in self._lines
        ]
        self._session.start()
        for thread in threads:
            thread.start()
        health_due = time.monotonic() + HEALTH_EVERY
        while not self._life.stop.is_set():
            self._handle_next(_TICK)
            self._delivery.pump()
            if time.monotonic() >= health_due:
                health_due += HEALTH_EVERY
                self._publish_health(log_it=True)
        self._finish(threads)

    def _handle_next(self, timeout: float) -> bool:
        """Handle one event; return whether there was one."""
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return False
        match event:
            case Decoded(frame):
                self._delivery.accept(frame)
            case Published(mid, code):
                self._delivery.answered(mid, code)
            case Link(meter, online):
                self._links[meter] = online
                self._publish_link(meter)
            case Connected():
                self._announce()
            case Disconnected() | None | Message():
                pass
        return True

    def _announce(self) -> None:
        self._session.publish(self._status, "online", retain=True)
        for meter in self._links:
            self._publish_link(meter)
        self._publish_health()

    def _publish_link(self, meter: str) -> None:
        text = "online" if self._links[meter] else "offline"
        self._session.publish(self._topics.link(meter), text, retain=True)

    def _publish_health(self, *, log_it: bool = False) -> None:
        report = {
            "uptime": round(time.monotonic() - self._started),
            "delivery": self._delivery.report(),
            "lines": [line.health.report() for line in self._lines],
        }
        self._session.publish(self._topics.health("reader", self._config.name), json.dumps(report), retain=True)
        if log_it:
            dropped = sum(sum(line.health.dropped.values()) for line in self._lines)
            counts = self._delivery.report()
            log.info(
                "Frames: %d decoded, %d waiting for the broker; groups dropped: %d",
                counts["decoded"],
                counts["waiting"],
                dropped,
            )

    def _finish(self, threads: list[threading.Thread]) -> None:
        deadline = time.monotonic() + _FAREWELL
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        while self._handle_next(0):
            pass
        if not self._session.connected:
            return
        self._publish_health()
        self._session.publish(self._status, "offline", retain=True)
        while time.monotonic() < deadline and self._delivery.report()["waiting"] and self._session.connected:
            self._handle_next(0.1)
        self._session.close()
        while time.monotonic() < deadline and self._session.connected:
            self._handle_next(0.1)
