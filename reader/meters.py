"""What people and Home Assistant see of each meter: its link, its state, its announcement."""

import json
from typing import Protocol

from common.frame import METER, Frame
from common.mqtt_events import Handed
from common.topics import Topics
from reader import compatible
from reader.config import HomeAssistantConfig
from reader.discovery import Discovery
from reader.state import State


class Publisher(Protocol):
    """Whoever carries messages to the broker."""

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> Handed | None:
        """Hand a message over; None if that is not possible now."""


class Meters:
    """Publishes what is retained of each meter; all of it again to a broker that is new, or when somebody asks."""

    def __init__(
        self,
        publisher: Publisher,
        topics: Topics,
        *,
        every: float,
        home_assistant: HomeAssistantConfig,
        reader: str,
        version: str,
    ) -> None:
        self._publisher = publisher
        self._topics = topics
        self._every = every
        self._home_assistant = home_assistant
        self._reader = reader
        self._version = version
        self._links: dict[str, bool] = {}
        self._states: dict[str, State] = {}
        self._discoveries: dict[str, Discovery] = {}
        self._frames: dict[str, Frame] = {}  # the last one of each

    def take(self, frame: Frame, now: float) -> None:
        """Take a frame, as it is published."""
        state = self._states.get(frame.meter)
        if state is None:
            state = self._states[frame.meter] = State(every=self._every)
            self._discoveries.setdefault(frame.meter, self._new_discovery(frame.meter))
        self._frames[frame.meter] = frame
        state.update(frame, now)
        self._discoveries[frame.meter].update(frame, state.values(), now)

    def link(self, meter: str, online: bool) -> None:
        """Frames of a meter have begun to come, or ceased."""
        self._links[meter] = online
        self._publish_link(meter)
        if meter in self._states:
            self._states[meter].link(online)

    def pump(self, now: float) -> None:
        """Publish what is due."""
        if not self._publisher.connected:
            return
        for meter, state in self._states.items():
            told = state.due(now)
            if told is not None:
                self._publish_state(meter, told)
                if self._home_assistant.compatible_with is not None:
                    frame = self._frames[meter]
                    self._publisher.publish(compatible.topic(self._topics, meter), compatible.message(frame))
            if self._home_assistant.discovery:
                announcement = self._discoveries[meter].due(now)
                if announcement is not None:
                    self._publisher.publish(self._discoveries[meter].topic, announcement, retain=True)

    def announce(self) -> None:
        """Publish everything again: the broker is new, or Home Assistant is."""
        for meter in self._links:
            self._publish_link(meter)
        for meter, state in self._states.items():
            announcement = self._discoveries[meter].message()
            if announcement is not None and self._home_assistant.discovery:
                self._publisher.publish(self._discoveries[meter].topic, announcement, retain=True)
            if current := state.current():
                self._publish_state(meter, current)

    def hear(self, topic: str, payload: bytes) -> None:
        """Take what is retained of an earlier run, and the birth message of Home Assistant."""
        if topic == f"{self._home_assistant.prefix}/status":
            if payload == b"online":
                self.announce()
            return
        meter = self._announced_by_us(topic, payload)
        if meter is None:
            return
        if not self._home_assistant.discovery:
            self._publisher.publish(topic, b"", retain=True)
        elif meter not in self._discoveries:
            self._discoveries[meter] = self._new_discovery(meter)
            self._discoveries[meter].restore(payload)

    @staticmethod
    def subscriptions(prefix: str) -> list[str]:
        """Return what `hear` wants to hear below Home Assistant's prefix."""
        return [f"{prefix}/status", f"{prefix}/device/+/config"]

    def _announced_by_us(self, topic: str, payload: bytes) -> str | None:
        """Return the meter of a device message that this reader has published, None if it is somebody else's."""
        status = self._topics.status("reader", self._reader)
        try:
            message = json.loads(payload)
            meter = message["stat_t"].removeprefix(f"{self._topics.base}/").removesuffix("/state")
            ours = any(source["t"] == status for source in message["avty"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return str(meter) if ours and METER.fullmatch(meter) and topic == self._new_discovery(meter).topic else None

    def _new_discovery(self, meter: str) -> Discovery:
        return Discovery(
            meter,
            topics=self._topics,
            prefix=self._home_assistant.prefix,
            reader=self._reader,
            language=self._home_assistant.language,
            version=self._version,
        )

    def _publish_state(self, meter: str, state: dict[str, object]) -> None:
        self._publisher.publish(self._topics.state(meter), json.dumps(state, ensure_ascii=False), retain=True)

    def _publish_link(self, meter: str) -> None:
        text = "online" if self._links[meter] else "offline"
        self._publisher.publish(self._topics.link(meter), text, retain=True)
