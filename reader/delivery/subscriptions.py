"""Subscribes to what the delivery must receive: confirmations of the meters with items here, and the storers' status.

Only exact topics. A reader that subscribed to the confirmations of all meters would get those of all other readers: of
a thousand readers, each a thousand messages a second. And some brokers send what they retain only to exact filters.
"""

from collections.abc import Iterable
from typing import Protocol

from common.contract.topics import Topics


class Subscriber(Protocol):
    """What this needs of a connection to the broker."""

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe to further topic filters, now and at each later connection."""


class Subscriptions:
    """What is subscribed so far."""

    def __init__(self, subscriber: Subscriber, topics: Topics) -> None:
        self._subscriber = subscriber
        self._topics = topics
        self._meters: set[str] = set()
        self._storers: set[str] = set()

    def add_meter(self, meter: str) -> None:
        """Receive the confirmations of a meter, before its next item is published."""
        if meter not in self._meters:
            self._meters.add(meter)
            self._subscriber.subscribe([self._topics.stored(meter)])

    def add_storers(self, names: Iterable[str]) -> None:
        """Receive the status of these storers."""
        new = [name for name in names if name not in self._storers]
        if new:
            self._storers.update(new)
            self._subscriber.subscribe([self._topics.status("storer", name) for name in new])
