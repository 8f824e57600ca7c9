"""Takes what the broker sends, in a thread of its own, and says when there is something new to show."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from common.contract.frame import LONGEST_MESSAGE
from common.contract.topics import Topics
from common.errors import MessageError
from common.mqtt.events import Connected, Disconnected, Event, Message, Published, PublishToken
from common.mqtt.session import Session
from common.runtime.logs import RateLimiter
from monitor.base.config import MonitorMqtt
from monitor.live.state import LiveState

log = logging.getLogger(__name__)

TICK = 1.0  # seconds
#: Frames of a meter are read at most so often; of those that come faster, the newest.
FRAME_EVERY = 0.9
_MAX_UNREAD = 16_000_000  # bytes; beyond it, messages are dropped
_OVERHEAD = 1000  # bytes that a message takes besides its payload
_MAX_PACES = 2000  # meters


class MqttListener:
    """Follows the broker.

    `changed` is called with a meter after each of its frames, `tick` about once a second, `answered` with what the
    broker answers to a message of ours.
    """

    def __init__(
        self,
        settings: MonitorMqtt,
        name: str,
        house: LiveState,
        *,
        changed: Callable[[str], None],
        tick: Callable[[], None],
        answered: Callable[[Published], None],
    ) -> None:
        self._house = house
        self._changed, self._tick, self._answered = changed, tick, answered
        self._base = settings.topic + "/"
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._frames: dict[str, bytes] = {}  # of meters whose frames come too fast: the newest, to be read when due
        self._read_at: dict[str, float] = {}
        self._taken = self._read_so_far = 0  # bytes of messages; each is written by one thread only
        self._limiter = RateLimiter()
        topics = Topics(settings.topic)
        self._session = Session(
            settings,
            f"teleinfo-monitor-{name}",
            subscriptions=[
                *(topic("+") for topic in (topics.state, topics.link, topics.frame, topics.stored)),
                *(topics.status(kind, "+") for kind in ("reader", "storer")),
                *(topics.health(kind, "+") for kind in ("reader", "storer")),
                topics.ports("reader", "+"),
            ],
            emit=self._emit,
        )
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self.last_activity = time.monotonic()
        """When the thread last did something; it does so about once a second."""

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._thread.start()
        self._session.start()

    def close(self) -> None:
        """Disconnect, and end the thread."""
        self._session.close()
        self._session.join(2.0)
        self._events.put(None)
        if self._thread.is_alive():
            self._thread.join(2.0)

    def retain(self, topic: str, payload: bytes) -> PublishToken | None:
        """Publish a message that the broker retains; None without a connection."""
        return self._session.publish(topic, payload, retain=True)

    def _emit(self, event: Event) -> None:
        if isinstance(event, Message):
            # No more of a long one than shows that it is too long.
            event = event._replace(payload=event.payload[: LONGEST_MESSAGE + 1])
            if self._taken - self._read_so_far > _MAX_UNREAD:
                return
            self._taken += _size(event)
        self._events.put(event)

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        ticked = time.monotonic()
        while True:
            timeout = max(0.0, min(self._next_frame(), ticked + TICK) - time.monotonic())
            try:
                event = self._events.get(timeout=timeout)
                if event is None:
                    return
                self._handle(event)
            except queue.Empty:
                pass
            self.last_activity = now = time.monotonic()
            for meter in [meter for meter in self._frames if self._read_at[meter] + FRAME_EVERY <= now]:
                self._read_frame(meter, self._frames.pop(meter), now)
            if now - ticked >= TICK:
                ticked = now
                self._tick()

    def _next_frame(self) -> float:
        return min((self._read_at[meter] + FRAME_EVERY for meter in self._frames), default=float("inf"))

    def _handle(self, event: Event) -> None:
        if isinstance(event, Message):
            self._read_so_far += _size(event)
            self._house.on_message(time.monotonic())
            try:
                self._read(event, time.monotonic(), datetime.now(UTC))
            except MessageError as error:
                if self._limiter.allow(event.topic, time.monotonic()):
                    log.warning("Ignored a message on %s: %s", event.topic, error)
        elif isinstance(event, Connected):
            self._house.on_connected(time.monotonic())
            self._tick()
        elif isinstance(event, Disconnected):
            self._house.on_disconnected()
            self._tick()
        elif isinstance(event, Published):
            self._answered(event)

    def _read(self, message: Message, now: float, at: datetime) -> None:
        match message.topic.removeprefix(self._base).split("/"):
            case [meter, "frame"]:
                self._take_frame(meter, message.payload, now)
            case [meter, "state"]:
                self._house.on_state(meter, message.payload, now)
            case [meter, "link"]:
                self._house.on_link(meter, message.payload, now)
                self._tick()
            case [meter, "stored"]:
                self._house.on_stored(meter, at)
            case ["reader" | "storer" as kind, name, "status"]:
                self._house.on_status(kind, name, message.payload, at)
                self._tick()
            case ["reader" | "storer" as kind, name, "health"]:
                self._house.on_health(kind, name, message.payload, at)
            case ["reader", name, "ports"]:
                self._house.on_ports(name, message.payload, at)

    def _take_frame(self, meter: str, payload: bytes, now: float) -> None:
        if now - self._read_at.get(meter, 0.0) < FRAME_EVERY:
            self._frames[meter] = payload
            return
        self._frames.pop(meter, None)  # an older one
        self._read_frame(meter, payload, now)

    def _read_frame(self, meter: str, payload: bytes, now: float) -> None:
        if meter not in self._read_at and len(self._read_at) > _MAX_PACES:
            self._read_at.clear()  # nobody has so many meters: the pace of some is measured anew
            self._frames.clear()
        self._read_at[meter] = now
        try:
            self._house.on_frame(meter, payload, now)
        except MessageError as error:
            if self._limiter.allow(f"{meter}/frame", now):
                log.warning("Ignored a frame of %s: %s", meter, error)
            return
        self._changed(meter)


def _size(message: Message) -> int:
    return len(message.payload) + _OVERHEAD
