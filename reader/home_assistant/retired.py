"""Clears what an earlier run has retained of simulated meters, once the reader reads real ones only. Pure: no I/O.

Which meters were simulated is retained as well: each one's device message says so, and the reader's health names the
port that each meter was read from. The former outlives runs with any configuration, the latter is all there is where
nothing is announced.
"""

from collections.abc import Callable

from common.topics import Topics

Clear = Callable[[str], bool]  # publish an empty retained message; False when that is not possible now


class RetiredMeters:
    """Simulated meters that are read no more."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._announcements: dict[str, str] = {}  # by meter; empty when this reader has announced none
        self._pending: set[str] = set()

    def add(self, meter: str, announcement: str = "") -> None:
        """Take note of a simulated meter, and of the topic on which this reader has announced it."""
        self._announcements[meter] = announcement or self._announcements.get(meter, "")
        self._pending.add(meter)

    def discard(self, meter: str) -> None:
        """Leave a meter alone: frames come from it."""
        self._announcements.pop(meter, None)
        self._pending.discard(meter)

    def connected(self) -> None:
        """Clear all of them again: the broker may have lost that they were cleared."""
        self._pending |= self._announcements.keys()

    def clear(self, clear: Clear) -> None:
        """Clear what is pending."""
        for meter in sorted(self._pending):
            # The announcement first: Home Assistant would complain of a state that is empty.
            topics = [self._announcements[meter], self._topics.state(meter), self._topics.link(meter)]
            handed_over = [clear(topic) for topic in topics if topic]
            if all(handed_over):
                self._pending.discard(meter)
