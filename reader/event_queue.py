"""Brings what several threads post to one, in order, and keeps messages of the broker from filling the memory.

Anybody may publish faster than we can read. Whoever brings a message waits while too much of what came before has not
been read: then the broker is not read from, and keeps or drops what it has. Nothing else waits: frames come as ever.
"""

import queue
import threading
from typing import Generic, TypeVar

from common.mqtt.events import Message

MAX_BYTES = 4_000_000  # of messages that were not read
_EACH = 500  # bytes that a message takes beside its payload

E = TypeVar("E")


class EventQueue(Generic[E]):
    """A queue of events that one thread empties."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[E] = queue.SimpleQueue()
        self._room = threading.Condition()
        self._bytes = 0

    def put(self, event: E) -> None:
        """Add an event; with a message, as soon as there is room."""
        if isinstance(event, Message):
            with self._room:
                self._room.wait_for(lambda: self._bytes < MAX_BYTES)
                self._bytes += len(event.payload) + _EACH
        self._events.put(event)

    def get(self, timeout: float) -> E:
        """Take the next event.

        Raises:
            queue.Empty: none came within so many seconds.
        """
        event = self._events.get(timeout=timeout)
        if isinstance(event, Message):
            with self._room:
                self._bytes -= len(event.payload) + _EACH
                self._room.notify_all()
        return event

    def qsize(self) -> int:
        """Return how many wait."""
        return self._events.qsize()
