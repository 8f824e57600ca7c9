"""What other devices announce on the broker, and what they send: read while somebody asks, forgotten a minute later."""

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from common.contract.topic_port import SCHEME
from common.discovery.announced import Device, FoundMeter, is_topic_of_a_device
from common.discovery.announcements import FILTERS, Announcements
from common.mqtt.events import Connected, Disconnected, Event, Message
from common.mqtt.session import Session
from monitor.base.config import MonitorMqtt
from monitor.live.look import numbers_in

KEPT = 60.0  # seconds after the last question
_SETTLED = 3.0  # seconds after the connection: what is retained has come
_TICK = 0.5  # seconds between two looks at what was announced
_MOST_TOPICS = 500  # whose values are shown
_MAX_UNREAD = 32_000_000  # bytes; beyond it, messages are dropped
_OVERHEAD = 1000  # bytes that a message takes besides its payload


@dataclass(frozen=True, slots=True)
class Found:
    """What was announced so far."""

    devices: Sequence[Device] = ()
    meters: Sequence[FoundMeter] = ()
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by topic and path: what was sent last
    is_connected: bool = False
    is_complete: bool = False  # all that the broker retains has come
    refused: Sequence[str] = ()  # what the broker does not let us read


NOTHING = Found()


class Gathered:
    """What the messages of a broker say together: of announcements, and of the topics that these name. No I/O."""

    def __init__(self) -> None:
        self._announcements = Announcements()
        self._followed: set[str] = set()
        self._numbers: dict[str, Mapping[str, float]] = {}
        self._is_new = False
        self._found = NOTHING

    def on_connected(self) -> None:
        """Begin anew: all that is retained comes again, and what was deleted meanwhile does not."""
        self._announcements, self._is_new = Announcements(), True

    def on_message(self, topic: str, payload: bytes) -> None:
        """Take a message."""
        self._announcements.on_message(topic, payload)
        if topic in self._followed:
            self._numbers[topic] = numbers_in(payload)
        else:  # which may announce something
            self._is_new = True

    def topics(self) -> list[str]:
        """Return the topics of values that were announced since the last call; from now on they are followed."""
        if not self._is_new:
            return []
        self._is_new = False
        self._found = Found(self._announcements.devices(), self._announcements.meters())
        new = [topic for topic in dict.fromkeys(self._topics()) if topic not in self._followed]
        new = new[: _MOST_TOPICS - len(self._followed)]
        self._followed.update(new)
        return new

    def found(self, *, is_connected: bool, is_complete: bool, refused: Sequence[str]) -> Found:
        """Return what was found by the last call of `topics`, and the numbers of now."""
        one = self._found
        return Found(one.devices, one.meters, dict(self._numbers), is_connected, is_complete, refused)

    def _topics(self) -> Iterator[str]:
        for device in self._found.devices:
            yield from (value.topic for value in device.values if value.path is not None)
        for meter in self._found.meters:
            topics = (value_topic(meter, name) for name, _ in meter.values)
            yield from (topic for topic in topics if is_topic_of_a_device(topic))


def value_topic(meter: FoundMeter, name: str) -> str:
    """Return where a meter whose owner chose the names sends a value.

    >>> value_topic(FoundMeter("mqtt:linky/sensor/+/state", "Linky", "esphome"), "linky_east")
    'linky/sensor/linky_east/state'
    """
    return meter.port.removeprefix(SCHEME).replace("+", name)


class Discovery:
    """A session of its own at the broker, as long as somebody asks; from any thread."""

    def __init__(self, settings: MonitorMqtt | None, name: str, kept: float = KEPT) -> None:
        """Ask the broker of `settings`, if there is one, until nobody has asked for `kept` seconds."""
        self._settings, self._name, self._kept = settings, name, kept
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked = 0.0  # monotonic
        self._is_closed = False
        self._found = NOTHING

    def found(self) -> Found:
        """Return what was found so far; the first question begins the search."""
        if self._settings is None:
            return NOTHING
        with self._lock:
            self._asked = time.monotonic()
            if (self._thread is None or not self._thread.is_alive()) and not self._is_closed:
                self._thread = threading.Thread(target=self._run, args=(self._settings,), name="discovery", daemon=True)
                self._thread.start()
            return self._found

    def close(self) -> None:
        """End the search."""
        with self._lock:
            self._is_closed, thread = True, self._thread
        if thread is not None:
            thread.join(3.0)

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self, settings: MonitorMqtt) -> None:
        while True:
            self._search(settings)
            with self._lock:
                self._found = NOTHING
                if not self._is_wanted:  # it may be again, since the session was closed
                    self._thread = None
                    return

    @property
    def _is_wanted(self) -> bool:
        return not self._is_closed and time.monotonic() - self._asked < self._kept

    def _search(self, settings: MonitorMqtt) -> None:
        inbox, gathered = _Inbox(), Gathered()
        session = Session(settings, f"teleinfo-found-{self._name}", subscriptions=FILTERS, emit=inbox.put)
        session.start()
        connected_at: float | None = None
        try:
            while self._is_wanted:
                for event in inbox.take(_TICK):
                    if isinstance(event, Message):
                        gathered.on_message(event.topic, event.payload)
                    elif isinstance(event, Connected):
                        gathered.on_connected()
                        connected_at = time.monotonic()
                    elif isinstance(event, Disconnected):
                        connected_at = None
                session.subscribe(gathered.topics())
                self._found = gathered.found(
                    is_connected=connected_at is not None,
                    is_complete=connected_at is not None and time.monotonic() - connected_at > _SETTLED,
                    refused=session.refused,
                )
        finally:
            session.close()
            session.join(2.0)


class _Inbox:
    """Events between the thread of the session and ours; bounded."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._put = self._taken = 0  # bytes; each is written by one thread only

    def put(self, event: Event) -> None:
        if isinstance(event, Message):
            if self._put - self._taken > _MAX_UNREAD:
                return
            self._put += len(event.payload) + _OVERHEAD
        self._events.put(event)

    def take(self, seconds: float) -> Iterator[Event]:
        """Yield what comes within so many seconds."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                return
            if isinstance(event, Message):
                self._taken += len(event.payload) + _OVERHEAD
            yield event
