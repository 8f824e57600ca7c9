"""Publishes items, and keeps track of which of them the broker has not acknowledged yet. Pure."""

from typing import Protocol

from common.mqtt.events import PublishToken
from common.topics import Topics
from reader.buffer.item import Item, ItemId, Kind

MAX_IN_FLIGHT = 1000  # items; no more are published until the broker, or a storer, has acknowledged some
MAX_UNACKNOWLEDGED = 10_000  # the same, with those that a storer has confirmed: the client keeps each until its PUBACK
ACK_TIMEOUT = 60.0  # seconds without a PUBACK while `full`, until the connection is replaced


class Publisher(Protocol):
    """What delivery needs of a connection to the broker."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        """Send a message; None if there is no connection."""

    def reconnect(self) -> None:
        """Close the connection and make a new one."""


class InFlight:
    """The items that were published and have no PUBACK yet."""

    def __init__(self, publisher: Publisher, topics: Topics) -> None:
        self._publisher = publisher
        self._topics = topics
        self._items: dict[PublishToken, ItemId | None] = {}  # None: a storer has confirmed it meanwhile
        self._tokens: dict[ItemId, list[PublishToken]] = {}  # of the others
        self._confirmed = 0  # how many are None
        self._stuck_since: float | None = None

    @property
    def full(self) -> bool:
        """Whether the broker is so far behind that nothing more is to be published."""
        return len(self._items) - self._confirmed >= MAX_IN_FLIGHT or len(self._items) >= MAX_UNACKNOWLEDGED

    def stuck(self, now: float) -> bool:
        """Whether it was full for a minute without any PUBACK; true once for each such minute."""
        if not self.full:
            self._stuck_since = None
        elif self._stuck_since is None:
            self._stuck_since = now
        elif now - self._stuck_since >= ACK_TIMEOUT:
            self._stuck_since = now
            return True
        return False

    def send_live(self, item: Item) -> bool:
        """Publish an item on the live topic; return whether that was possible."""
        topics = self._topics
        return self._send(item, topics.frame(item.meter) if item.kind is Kind.FRAME else topics.tally(item.meter))

    def send_again(self, item: Item) -> bool:
        """Publish an item on the topic for storers only; return whether that was possible."""
        topics = self._topics
        return self._send(item, topics.replay(item.meter) if item.kind is Kind.FRAME else topics.tally(item.meter))

    def on_puback(self, token: PublishToken) -> ItemId | None:
        """Return the item of a PUBACK; None if it is not a pending item."""
        if token not in self._items:
            return None
        self._stuck_since = None
        identity = self._items.pop(token)
        if identity is None:
            self._confirmed -= 1
            return None
        tokens = self._tokens[identity]
        tokens.remove(token)
        if not tokens:
            del self._tokens[identity]
        return identity

    def forget(self, identity: ItemId) -> None:
        """Ignore further PUBACKs for this item: it is confirmed, or replaced."""
        for token in self._tokens.pop(identity, ()):
            self._items[token] = None
            self._confirmed += 1

    def clear(self) -> None:
        """Forget everything: the connection is lost."""
        self._items.clear()
        self._tokens.clear()
        self._confirmed, self._stuck_since = 0, None

    def _send(self, item: Item, topic: str) -> bool:
        token = self._publisher.publish(topic, item.payload)
        if token is None:
            return False
        self._items[token] = item.identity
        self._tokens.setdefault(item.identity, []).append(token)
        return True
