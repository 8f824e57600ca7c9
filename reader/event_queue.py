"""Passes events from several threads to one, in order, and limits the memory that messages of the broker take.

Anybody may publish faster than the reader can handle. While too many bytes of messages are in the queue, `put` blocks
for the next message: nothing is read from the broker, which queues or drops messages. Other events never wait.
"""

import queue
import threading
from typing import Generic, TypeVar

from common.mqtt.events import Message

MAX_BYTES = 4_000_000  # of messages in the queue
_OVERHEAD = 500  # bytes that a message takes beside its payload

E = TypeVar("E")


class EventQueue(Generic[E]):
    """A queue of events for one consumer."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[E] = queue.SimpleQueue()
        self._room = threading.Condition()
        self._bytes = 0

    def put(self, event: E) -> None:
        """Add an event; a message, as soon as there is room."""
        if isinstance(event, Message):
            with self._room:
                self._room.wait_for(lambda: self._bytes < MAX_BYTES)
                self._bytes += len(event.payload) + _OVERHEAD
        self._events.put(event)

    def get(self, timeout: float) -> E:
        """Take the next event.

        Raises:
            queue.Empty: there was none within `timeout` seconds.
        """
        event = self._events.get(timeout=timeout)
        if isinstance(event, Message):
            with self._room:
                self._bytes -= len(event.payload) + _OVERHEAD
                self._room.notify_all()
        return event

    def qsize(self) -> int:
        """Return the number of events in the queue."""
        return self._events.qsize()
