"""Hands items to the broker, and knows which of its answers is about which. Pure."""

from typing import Protocol

from common.mqtt_events import Handed
from common.topics import Topics
from reader.items import Identity, Item, Kind

UNANSWERED = 1000  # messages that the broker has not answered; one that is so far behind is given no more


class Publisher(Protocol):
    """Whoever carries messages to the broker."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> Handed | None:
        """Hand a message over; None if that is not possible now."""


class Outbox:
    """The items that the broker was handed and has not answered for."""

    def __init__(self, publisher: Publisher, topics: Topics) -> None:
        self._publisher = publisher
        self._topics = topics
        self._answers: dict[Handed, Identity] = {}

    @property
    def full(self) -> bool:
        """Whether the broker is so far behind that it is given no more."""
        return len(self._answers) >= UNANSWERED

    def send_live(self, item: Item) -> bool:
        """Publish an item where all may hear it; return whether that was possible."""
        topics = self._topics
        return self._send(item, topics.frame(item.meter) if item.kind is Kind.FRAME else topics.tally(item.meter))

    def send_again(self, item: Item) -> bool:
        """Publish a frame where only storers listen; return whether that was possible."""
        topics = self._topics
        return self._send(item, topics.replay(item.meter) if item.kind is Kind.FRAME else topics.tally(item.meter))

    def answered(self, handed: Handed) -> Identity | None:
        """Return which item an answer is about; None when it is none."""
        return self._answers.pop(handed, None)

    def forget(self, identity: Identity) -> None:
        """Do not take what will be answered for this item as one for what it is now."""
        self._answers = {handed: other for handed, other in self._answers.items() if other != identity}

    def clear(self) -> None:
        """Wait for no answer: the connection is lost."""
        self._answers.clear()

    def _send(self, item: Item, topic: str) -> bool:
        handed = self._publisher.publish(topic, item.payload)
        if handed is None:
            return False
        self._answers[handed] = item.identity
        return True
