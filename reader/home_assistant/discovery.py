"""Announces one meter to Home Assistant by a retained device message, and extends it at intervals. Pure: no clock.

What happens to an entity that is no longer needed, after a change of contract or of mode:

- A register is left out of the message. Home Assistant keeps what is left out: entity, statistics, and the energy of
  the years before stay in the Energy dashboard. Until its next start the entity is unknown, then Home Assistant says
  that it is no longer provided, and people delete it when they want to.
- Anything else is removed, by a message in which its component is only `{"p": "sensor"}`, and a next one without it: a
  Tempo colour without Tempo is useless, and its history ends by itself after ten days. A disabled entity stays in Home
  Assistant's list, disabled, until people delete it.

Simulated meters of earlier runs are cleared once the reader reads real meters only. Which ones were simulated is
retained, too: it is in their device messages, and the reader's health has the port of each meter. The former outlive
runs with any configuration; the latter is all there is without announcements.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from common.contract.frame import Frame
from common.contract.topics import Topics, device_topic
from reader.home_assistant.device_message import (
    Announced,
    DeviceMessageWriter,
    announced_by,
    distinct_digits,
    read_device_message,
)
from reader.home_assistant.entities import entities
from reader.home_assistant.profile import MeterObserver, MeterProfile

#: Seconds for which a change must be wanted, and between two messages: Home Assistant drops what it receives for a
#: component that it is still processing.
MIN_INTERVAL = 30.0
_MAX_DOUBLINGS = 7  # of MIN_INTERVAL, if the topic is cleared again and again: up to an hour

Clear = Callable[[str], bool]  # publish an empty retained message; False when that is not possible now


class Discovery:
    """Decides when to announce one meter, and which entities it needs."""

    def __init__(self, meter: str, *, topics: Topics, prefix: str, reader: str, language: str, version: str) -> None:
        """`language` is fr or en, `reader` the name of this reader."""
        self.simulated = False
        self.topic = device_topic(prefix, meter)
        self._meter = meter
        self._language = language
        self._version = version
        self._writer = DeviceMessageWriter(meter, topics=topics, reader=reader, language=language, version=version)
        self._observer = MeterObserver()
        self._announced = Announced()
        # Announced entities that stay although the meter does not send them now.
        self._keep: frozenset[str] = frozenset()
        self._profile: MeterProfile | None = None  # from which the wanted components were made
        self._wanted: dict[str, dict[str, Any]] | None = None
        self._published: dict[str, dict[str, Any]] | None = None
        self._differs_since: float | None = None
        self._last_sent: float | None = None
        self._message: bytes | None = None
        self._digits: str | None = None  # that stand for the meter in names; never change once announced
        self._times_cleared = 0

    def restore(self, payload: bytes) -> None:
        """Take over the message that the broker retains of an earlier run, before the first frame.

        So announced entities stay, names that took days to learn are known, and what is no longer needed is removed. A
        malformed message is ignored.
        """
        earlier = read_device_message(self._meter, payload)
        if earlier is None:
            return
        self._announced = Announced(
            platforms={**earlier.platforms, **self._announced.platforms},
            registers=earlier.registers | self._announced.registers,
        )
        self._keep = frozenset(self._announced.platforms)
        self._observer.labels = {**earlier.labels, **self._observer.labels}
        self._profile = self._wanted = None  # were made without this, if frames came before
        self._digits = earlier.digits or self._digits

    def is_indifferent(self, frame: Frame, changed: Collection[str] | None) -> bool:
        """Return whether `update` would do nothing with this frame; `changed` is that of the meter's state."""
        return changed is not None and self._profile is not None and self._observer.is_indifferent(frame, changed)

    def update(self, frame: Frame, state: Mapping[str, object], monotonic: float) -> None:
        """Observe a frame as published, and the complete state after it."""
        if self._observer.update(frame, state):
            self._keep = self._announced.registers
        if not self._observer.ready:
            return
        profile = self._observer.profile(
            state, meter=self._meter, linky=self._writer.linky, announced=self._keep, version=self._version
        )
        if profile != self._profile:
            self._profile = profile
            needed = {entity.key: self._writer.component(entity) for entity in entities(profile, self._language)}
            self._wanted = needed | self._removals(needed)
        if self._wanted == self._published:
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = monotonic

    def due(self, monotonic: float, others: Collection[str] = ()) -> bytes | None:
        """Return the device message when it is to be published; it counts as published then.

        `others` are the addresses of the other known meters: the device must not be named like one of them.
        """
        if self._wanted is None or self._differs_since is None:
            return None
        interval = MIN_INTERVAL * 2 ** min(self._times_cleared - 1, _MAX_DOUBLINGS) if self.cleared else MIN_INTERVAL
        if self._last_sent is not None and monotonic - max(self._last_sent, self._differs_since) < interval:
            return None
        if self._digits is None:
            self._digits = distinct_digits(self._meter, others)
        self._published, self._last_sent, self._differs_since = self._wanted, monotonic, None
        self._announced = announced_by(self._wanted)
        self._keep = frozenset(self._announced.platforms)
        self._profile = None  # the next one has no removals
        self._message = self._writer.write(self._wanted, digits=self._digits, simulated=self.simulated)
        return self._message

    def message(self) -> bytes | None:
        """Return the last message, to publish it again; None before the first, or when it was cleared."""
        return self._message

    def on_cleared(self, monotonic: float) -> bool:
        """Handle that the topic was cleared; return whether there was a message.

        Home Assistant clears it when a user deletes the device, but also when they delete a single entity, and then
        removes all the others with it. So the meter is announced again after an interval, which doubles each time.
        """
        if self._message is None:
            return False
        self._published = self._message = None
        self._differs_since = monotonic
        self._times_cleared += 1
        return True

    @property
    def differs(self) -> bool:
        """Whether something else is wanted than what is announced."""
        return self._differs_since is not None

    @property
    def cleared(self) -> bool:
        """Whether the topic was cleared, and the meter was not announced since."""
        return self._times_cleared > 0 and self._message is None

    @property
    def announced(self) -> bool:
        """Whether this run has announced the meter."""
        return self._last_sent is not None

    def _removals(self, needed: Mapping[str, object]) -> dict[str, dict[str, Any]]:
        return {
            key: {"p": platform}
            for key, platform in self._announced.platforms.items()
            if key not in needed and key not in self._announced.registers
        }


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
