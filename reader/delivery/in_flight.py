"""Hands items to the broker, and knows which of its answers is about which. Pure."""

from typing import Protocol

from common.mqtt.events import PublishToken
from common.topics import Topics
from reader.buffer.item import Item, ItemId, Kind

MAX_IN_FLIGHT = 1000  # items in flight; more are not handed over before the broker, or a storer, has answered for some
MOST_UNANSWERED = 10_000  # those that a storer has confirmed counted as well: the client keeps each until an answer
ANSWER_TIMEOUT = 60.0  # seconds with that many and without an answer, until the connection is no good


class Publisher(Protocol):
    """Whoever carries messages to the broker."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        """Hand a message over; None if that is not possible now."""

    def reconnect(self) -> None:
        """Give the connection up and make a new one."""


class InFlight:
    """The items that the broker was handed and has not answered for."""

    def __init__(self, publisher: Publisher, topics: Topics) -> None:
        self._publisher = publisher
        self._topics = topics
        self._answers: dict[PublishToken, ItemId | None] = {}  # None: nobody waits for it any more
        self._handed: dict[ItemId, list[PublishToken]] = {}  # the others, by item
        self._freed = 0  # how many are None
        self._stuck_since: float | None = None

    @property
    def full(self) -> bool:
        """Whether the broker is so far behind that it is given no more."""
        return len(self._answers) - self._freed >= MAX_IN_FLIGHT or len(self._answers) >= MOST_UNANSWERED

    def stuck(self, now: float) -> bool:
        """Whether it is full, and for a minute the broker has answered for nothing; each minute anew."""
        if not self.full:
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since >= ANSWER_TIMEOUT:
            self._stuck_since = now
            return True
        return False

    def send_live(self, item: Item) -> bool:
        """Publish an item where all may hear it; return whether that was possible."""
        topics = self._topics
        return self._send(item, topics.frame(item.meter) if item.kind is Kind.FRAME else topics.tally(item.meter))

    def send_again(self, item: Item) -> bool:
        """Publish a frame where only storers listen; return whether that was possible."""
        topics = self._topics
        return self._send(item, topics.replay(item.meter) if item.kind is Kind.FRAME else topics.tally(item.meter))

    def on_puback(self, handed: PublishToken) -> ItemId | None:
        """Return which item an answer is about; None when it is none."""
        if handed not in self._answers:
            return None
        self._stuck_since = None
        identity = self._answers.pop(handed)
        if identity is None:
            self._freed -= 1
            return None
        rest = self._handed[identity]
        rest.remove(handed)
        if not rest:
            del self._handed[identity]
        return identity

    def forget(self, identity: ItemId) -> None:
        """Wait for no answer about this item: it is confirmed, or not any more what it was."""
        for handed in self._handed.pop(identity, ()):
            self._answers[handed] = None
            self._freed += 1

    def clear(self) -> None:
        """Wait for no answer: the connection is lost."""
        self._answers.clear()
        self._handed.clear()
        self._freed, self._stuck_since = 0, None

    def _send(self, item: Item, topic: str) -> bool:
        handed = self._publisher.publish(topic, item.payload)
        if handed is None:
            return False
        self._answers[handed] = item.identity
        self._handed.setdefault(item.identity, []).append(handed)
        return True
