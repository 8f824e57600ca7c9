"""Passes events from several threads to one, in order, and limits the memory that messages of the broker take.

Anybody may publish faster than the reader can handle. While too many bytes of messages are in the queue, `put` blocks
for the next message: nothing is read from the broker, which queues or drops messages. Other events never wait.
"""

import queue
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Generic, TypeVar

from common.mqtt.events import Message, Published

MAX_BYTES = 4_000_000  # of messages in the queue
_OVERHEAD = 500  # bytes that a message takes beside its payload

E = TypeVar("E")


class EventQueue(Generic[E]):
    """A queue of events for one consumer."""

    def __init__(self) -> None:
        self.pubacks_can_wait = False
        """Whether a `Published` does not wake the consumer, who gets it with the next event, or after its timeout."""
        self._events: deque[E] = deque()
        self._wake = threading.Lock()  # released when there is something new
        self._room = threading.Condition()
        self._bytes = 0

    def put(self, event: E) -> None:
        """Add an event; a message, as soon as there is room."""
        if isinstance(event, Message):
            with self._room:
                self._room.wait_for(lambda: self._bytes < MAX_BYTES)
                self._bytes += len(event.payload) + _OVERHEAD
        self._events.append(event)
        if not (self.pubacks_can_wait and isinstance(event, Published)):
            with suppress(RuntimeError):  # it is released already
                self._wake.release()

    def get(self, timeout: float) -> E:
        """Take the next event.

        Raises:
            queue.Empty: there was none within `timeout` seconds.
        """
        event = self._next(timeout)
        if isinstance(event, Message):
            with self._room:
                self._bytes -= len(event.payload) + _OVERHEAD
                self._room.notify_all()
        return event

    def qsize(self) -> int:
        """Return the number of events in the queue."""
        return len(self._events)

    def _next(self, timeout: float) -> E:
        if not self._events:
            deadline = time.monotonic() + timeout
            while self._wake.acquire(timeout=max(deadline - time.monotonic(), 0.0)) and not self._events:
                pass  # released for an event that was taken without waiting
        try:
            return self._events.popleft()
        except IndexError:
            raise queue.Empty from None


def is_answer(event: object) -> bool:
    """Return whether an event only confirms that something has arrived: a PUBACK, or the confirmation of a storer."""
    return isinstance(event, Published) or (isinstance(event, Message) and event.topic.endswith("/stored"))
