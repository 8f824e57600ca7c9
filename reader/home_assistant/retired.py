"""Clears retained messages about simulated meters of earlier runs, once the reader reads real meters only. Pure.

Which meters were simulated is retained, too: it is in their device messages, and the reader's health has the port of
each meter. The former outlive runs with any configuration; the latter is all there is without announcements.
"""

from collections.abc import Callable

from common.contract.topics import Topics

Clear = Callable[[str], bool]  # publish an empty retained message; False when that is not possible now


class RetiredMeters:
    """Simulated meters that are no longer read."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._announcements: dict[str, str] = {}  # topic by meter; empty when this reader has not announced it
        self._pending: set[str] = set()

    def __contains__(self, meter: str) -> bool:
        """Whether a meter is one of them."""
        return meter in self._announcements

    @property
    def pending(self) -> frozenset[str]:
        """The meters whose messages are still to be cleared."""
        return frozenset(self._pending)

    def add(self, meter: str, announcement: str = "") -> None:
        """Add a simulated meter, and the topic on which this reader has announced it."""
        self._announcements[meter] = announcement or self._announcements.get(meter, "")
        self._pending.add(meter)

    def discard(self, meter: str) -> None:
        """Remove a meter from which frames come."""
        self._announcements.pop(meter, None)
        self._pending.discard(meter)

    def connected(self) -> None:
        """Clear all of them again after a connection: the broker may have lost that they were cleared."""
        self._pending |= self._announcements.keys()

    def clear(self, clear: Clear) -> None:
        """Clear the retained messages of all that are pending."""
        for meter in sorted(self._pending):
            # The announcement first: Home Assistant would log an error about an empty state.
            topics = [self._announcements[meter], self._topics.state(meter), self._topics.link(meter)]
            published = [clear(topic) for topic in topics if topic]
            if all(published):
                self._pending.discard(meter)
