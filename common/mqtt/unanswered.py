"""What was sent to a broker and has no answer yet, and what of that made it close the connection. No I/O.

A broker may refuse a publish or a subscription by closing the connection (RabbitMQ does). It looks like an unstable
network, unless the same thing was without an answer each time.
"""

import threading
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

_TIMES = 3  # connections in a row
_MOST = 100  # of one connection that are remembered
_MOST_NAMED = 5

A = TypeVar("A")


class Sent(NamedTuple):
    """A PUBLISH, or a SUBSCRIBE."""

    topic: str
    subscription: bool

    def __str__(self) -> str:
        """Return what it was, for a log line."""
        return f"{'the subscription to' if self.subscription else 'a message on'} {self.topic}"


class Unanswered(Generic[A]):
    """The packets of one connection, by message id; for two threads.

    An answer may come before the thread that sends knows the id. Paho is not called under the lock: it has its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[int, Sent] = {}
        self._early: dict[int, A] = {}

    def sent(self, mid: int, what: Sent) -> A | None:
        """Note what was sent; return its answer if that has come already."""
        with self._lock:
            if mid in self._early:
                return self._early.pop(mid)
            self._sent[mid] = what
            return None

    def answered(self, mid: int, answer: A) -> Sent | None:
        """Return what this is the answer to; None if `sent` was not called yet: then that returns the answer."""
        with self._lock:
            what = self._sent.pop(mid, None)
            if what is None:
                self._early[mid] = answer
            return what

    def oldest(self) -> list[Sent]:
        """Return what has no answer, the oldest first, each once; of many, the oldest."""
        with self._lock:
            return list(dict.fromkeys(list(self._sent.values())[:_MOST]))


class ClosedAfter:
    """Finds what had no answer each time that the broker closed the connection."""

    def __init__(self) -> None:
        self._times = 0
        self._always: list[Sent] = []

    def closed(self, unanswered: Sequence[Sent]) -> str:
        """Handle that the broker has closed a connection.

        Return after what it closes it, for a log line: from the third time on, before it is empty. It may be several:
        a broker need not answer in the order in which it refuses.
        """
        self._times += 1
        self._always = [sent for sent in self._always if sent in unanswered] if self._times > 1 else list(unanswered)
        if not self._always:
            self._times, self._always = 1, list(unanswered)
        return " or ".join(map(str, self._always[:_MOST_NAMED])) if self._times >= _TIMES else ""

    def reset(self) -> None:
        """Handle a connection that was stable, or has ended for another reason."""
        self._times, self._always = 0, []
