"""The messages that a port which is a topic has not read yet: the newest of each topic, and so many topics at most."""

import os
import select
import threading
import weakref
from typing import NamedTuple

from common.runtime.shutdown import StopEvent

MOST_TOPICS = 200  # a meter has some 60 labels


class Received(NamedTuple):
    """A message."""

    topic: str
    payload: bytes
    retained: bool
    at: float  # monotonic


class Inbox:
    """Filled by one thread, and emptied by another."""

    def __init__(self) -> None:
        self.overwritten = 0  # messages that a newer one of their topic, or too many topics, have pushed out
        self._messages: dict[str, Received] = {}  # by topic, the oldest first
        self._lock = threading.Lock()
        self._wakeup = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        weakref.finalize(self, os.close, self._wakeup).atexit = False

    def put(self, message: Received) -> None:
        """Add a message."""
        with self._lock:
            self.overwritten += self._messages.pop(message.topic, None) is not None
            self._messages[message.topic] = message
            if len(self._messages) > MOST_TOPICS:
                del self._messages[next(iter(self._messages))]
                self.overwritten += 1
        os.eventfd_write(self._wakeup, 1)

    def take(self) -> list[Received]:
        """Return the messages, the oldest first, and forget them."""
        with self._lock:
            messages, self._messages = self._messages, {}
        return list(messages.values())

    def wait(self, stop: StopEvent, timeout: float) -> None:
        """Wait for a message or for the stop, for so many seconds at most."""
        if self._wakeup in select.select([self._wakeup, stop.fileno()], [], [], timeout)[0]:
            os.eventfd_read(self._wakeup)
