"""What has arrived from the broker, in order, until the service handles it; its memory is bounded."""

import contextlib
import logging
import queue
import time
from collections import deque
from collections.abc import Iterator

from common.mqtt.events import Event, Message
from common.runtime.logs import RateLimiter

log = logging.getLogger(__name__)

_MOST_UNREAD = 32_000_000  # bytes of messages of QoS 0, which the broker does not hold back
_OVERHEAD = 1000  # bytes that such a message takes besides its payload


class Inbox:
    """Events that one thread puts in and another takes out; messages can be deferred while the database is away."""

    def __init__(self, most_deferred: int, rate_limiter: RateLimiter) -> None:
        """`most_deferred`: messages of QoS 0; the broker limits those of QoS 1 that are not acknowledged."""
        self._most_deferred = most_deferred
        self._rate_limiter = rate_limiter
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._deferred: deque[Message] = deque()
        self._taken = self._read = 0  # bytes of messages of QoS 0; each is written by one thread only

    def __len__(self) -> int:
        return len(self._deferred) + self._events.qsize()

    def put(self, event: Event) -> None:
        """Add an event, in a thread of the session; drop a message of QoS 0 if too many wait."""
        if isinstance(event, Message) and not event.qos:
            if self._taken - self._read >= _MOST_UNREAD:
                if self._rate_limiter.allow("flood", time.monotonic()):
                    log.warning("More messages of QoS 0 come than can be stored: dropping some; publish with QoS 1")
                return
            self._taken += len(event.payload) + _OVERHEAD
        self._events.put(event)

    def wake(self) -> None:
        """End the wait of `next`."""
        self._events.put(None)

    def next(self, timeout: float) -> Event | None:
        """Return the oldest event; None after the timeout or `wake`."""
        if self._deferred:
            return self._deferred.popleft()
        try:
            return self._get(timeout)
        except queue.Empty:
            return None

    def defer_messages(self) -> Iterator[Event]:
        """Yield all events but messages, which are deferred in order."""
        with contextlib.suppress(queue.Empty):
            while True:
                event = self._get()
                if isinstance(event, Message):
                    self._defer(event)
                elif event is not None:
                    yield event

    def drop_deferred(self) -> None:
        """Drop what was deferred."""
        self._deferred.clear()

    def _get(self, timeout: float = 0) -> Event | None:
        event = self._events.get(timeout=timeout) if timeout > 0 else self._events.get_nowait()
        if isinstance(event, Message) and not event.qos:
            self._read += len(event.payload) + _OVERHEAD
        return event

    def _defer(self, message: Message) -> None:
        if message.qos or len(self._deferred) < self._most_deferred:
            self._deferred.append(message)
        elif self._rate_limiter.allow("QoS 0", time.monotonic()):
            log.warning("The database is unavailable: dropping messages of QoS 0; publish them with QoS 1")
