"""What people and Home Assistant see of each meter: its link, its state, its announcement."""

import json
import logging
import math
import random
from collections.abc import Callable, Collection
from typing import Protocol

from common.frame import METER, Frame
from common.mqtt.events import PublishToken
from common.topics import Topics
from reader.config import HomeAssistantConfig, is_simulated
from reader.home_assistant import teleinfo2mqtt
from reader.home_assistant.discovery import Discovery, device_topic, says_simulated
from reader.home_assistant.retired import RetiredMeters
from reader.meter.state import State

log = logging.getLogger(__name__)

#: Seconds after a connection until a meter is announced for the first time: what the broker retains comes first.
LISTEN = 1.0
#: Seconds that Home Assistant asks to wait at most after its birth, by chance, as all its devices hear of it at once.
BIRTH_DELAY = 5.0
#: Seconds after an announcement until Home Assistant has made the entities of it. What is retained on a topic that it
#: has subscribed already, it does not get again.
MADE_AFTER = 3.0
#: Meters that are known by hearsay only: announced on the broker, or in our own health of an earlier run. Anybody may
#: publish there.
MOST_METERS = 32
#: Bytes of a message that can be one of ours.
LARGEST = 100_000


class Publisher(Protocol):
    """Whoever carries messages to the broker."""

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        """Hand a message over; None if that is not possible now."""


class MeterPublisher:
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
        simulating: bool = True,
        birth_delay: Callable[[], float] = lambda: random.uniform(0, BIRTH_DELAY),  # noqa: S311 - not a secret
    ) -> None:
        self._publisher = publisher
        self._topics = topics
        self._every = every
        self._home_assistant = home_assistant
        self._reader = reader
        self._version = version
        self._health = topics.health("reader", reader)
        self._announcements = device_topic(home_assistant.prefix, "").removesuffix("/config")
        self._full = False  # that was said
        self._links: dict[str, bool] = {}
        self._states: dict[str, State] = {}
        self._discoveries: dict[str, Discovery] = {}  # of what others have announced, too: names must differ
        self._frames: dict[str, Frame] = {}  # the last one of each, what is believed of it
        self._birth_delay = birth_delay
        self._retired = RetiredMeters(topics)
        self._simulating = simulating
        self._born: float | None = None  # when Home Assistant is to be told everything
        self._listening_until = 0.0
        self._made: dict[str, float] = {}  # meters whose entities are new: when they are to be told their state

    def on_frame(self, frame: Frame, now: float, *, simulated: bool = False) -> None:
        """Take a frame, as it is published; `simulated`: no real meter has sent it."""
        state = self._states.get(frame.meter)
        if state is None:
            state = self._states[frame.meter] = State(every=self._every)
            self._discoveries.setdefault(frame.meter, self._new_discovery(frame.meter))
        self._retired.discard(frame.meter)
        self._discoveries[frame.meter].simulated = simulated
        self._frames[frame.meter] = state.update(frame, now)
        self._discoveries[frame.meter].update(frame, state.values(), now)

    def values(self, meter: str) -> dict[str, object]:
        """Return the state of a meter; empty before it has sent a whole frame."""
        return self._states[meter].values()

    def link(self, meter: str, online: bool) -> None:
        """Frames of a meter have begun to come, or ceased."""
        self._links[meter] = online
        self._publish_link(meter)
        if meter in self._states:
            self._states[meter].link(online)

    def tick(self, now: float) -> None:
        """Publish what is due."""
        if not self._publisher.connected:
            return
        if self._born is not None and now >= self._born:
            self._tell_everything()
        if now >= self._listening_until:
            self._retired.clear(lambda topic: self._publisher.publish(topic, b"", retain=True) is not None)
        for meter, state in self._states.items():
            if now >= self._made.get(meter, math.inf):
                del self._made[meter]
                self._publish_link(meter)
                state.force_publish()
            told = state.due(now)
            if told is not None:
                self._publish_state(meter, told)
                if self._home_assistant.compatible_with is not None:
                    frame = self._frames[meter]
                    self._publisher.publish(teleinfo2mqtt.topic(self._topics, meter), teleinfo2mqtt.message(frame))
            if self._may_announce(meter, now):
                announcement = self._discoveries[meter].due(now, self._discoveries.keys())
                if announcement is not None:
                    self._publisher.publish(self._discoveries[meter].topic, announcement, retain=True)
                    self._made[meter] = now + MADE_AFTER

    def _may_announce(self, meter: str, now: float) -> bool:
        discovery = self._discoveries[meter]
        if not self._home_assistant.discovery or (now < self._listening_until and not discovery.announced):
            return False
        return bool(self._links.get(meter)) or not discovery.withdrawn  # a meter that is gone does not come back

    def republish(self, now: float) -> None:
        """Publish everything again: the broker is new."""
        self._listening_until = now + LISTEN
        self._retired.connected()
        self._tell_everything()

    def _tell_everything(self) -> None:
        self._born = None
        for meter in self._links:
            self._publish_link(meter)
        for meter, state in self._states.items():
            announcement = self._discoveries[meter].message()
            if announcement is not None and self._home_assistant.discovery:
                self._publisher.publish(self._discoveries[meter].topic, announcement, retain=True)
            if current := state.current():
                self._publish_state(meter, current)

    def on_message(self, topic: str, payload: bytes, now: float) -> None:
        """Take what is retained of an earlier run, Home Assistant's birth message, and what others say of a link."""
        if topic == f"{self._home_assistant.prefix}/status":
            if payload == b"online" and self._born is None:
                self._born = now + self._birth_delay()
            return
        if topic == self._health:
            self._hear_health(payload)
            return
        here = next(
            (meter for meter, online in self._links.items() if online and self._topics.link(meter) == topic), None
        )
        if here is not None:
            # Another reader had the meter, and has it no more. Only who hears it contradicts, so this comes to an end.
            if payload != b"online":
                self._publish_link(here)
            return
        if not topic.startswith(self._announcements):
            return
        if not payload:
            self._hear_nothing(topic, now)
            return
        meter, ours = self._announced(topic, payload)
        if meter is None:
            return
        if ours and says_simulated(payload) and self._is_retired(meter):
            self._retired.add(meter, topic)
            return
        if ours:
            self._presume_silent(meter)
        if not self._home_assistant.discovery:
            if ours:
                self._publisher.publish(topic, b"", retain=True)
            return
        # Another reader may have had the meter before: what it was called it is called here, too.
        if meter not in self._discoveries:
            if meter not in self._links and not self._has_room(self._discoveries):
                return
            self._discoveries[meter] = self._new_discovery(meter)
        discovery = self._discoveries[meter]
        if not discovery.announced:
            discovery.restore(payload)

    def _hear_health(self, payload: bytes) -> None:
        """Take which meters this reader had: a run that was killed has left their links online."""
        if len(payload) > LARGEST:
            return
        try:
            lines = [(line["meter"], str(line.get("port"))) for line in json.loads(payload)["lines"]]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        for meter, port in lines:
            if not isinstance(meter, str) or not METER.fullmatch(meter):
                continue
            if is_simulated(port) and self._is_retired(meter):
                self._retired.add(meter)
            else:
                self._presume_silent(meter)

    def _is_retired(self, meter: str) -> bool:
        """Tell whether a meter that was simulated is read no more; which ones a simulated line has, only time tells."""
        return not self._simulating and meter not in self._states

    def _presume_silent(self, meter: str) -> None:
        if meter not in self._links and self._has_room(
            self._links
        ):  # nothing has come from it yet, and perhaps never will
            self._links[meter] = False
            self._publish_link(meter)

    def _has_room(self, meters: Collection[str]) -> bool:
        """Whether one more may be added to these, of which nothing was read here."""
        if len(meters) - len(self._states) < MOST_METERS:
            return True
        if not self._full:
            log.warning(
                "More than %d meters are announced on this broker: others than those are ignored, unless they are read"
                " here; check who may write below %s",
                MOST_METERS,
                self._announcements,
            )
        self._full = True
        return False

    def _hear_nothing(self, topic: str, now: float) -> None:
        """Somebody has emptied the topic of an announcement."""
        meter = next((meter for meter, discovery in self._discoveries.items() if discovery.topic == topic), None)
        if meter is None:
            return
        if meter not in self._states:  # it is not read here any more, and now it is forgotten
            del self._discoveries[meter]
            self._links.pop(meter, None)
        elif self._discoveries[meter].on_cleared(now) and self._home_assistant.discovery:
            log.info(
                "The meter %s was taken away from Home Assistant, or an entity of it: it is announced again while its"
                " frames come; home_assistant.discovery: false prevents that",
                meter,
            )

    @staticmethod
    def subscriptions(prefix: str) -> list[str]:
        """Return what `hear` wants to hear below Home Assistant's prefix."""
        return [f"{prefix}/status", f"{prefix}/device/+/config"]

    def _announced(self, topic: str, payload: bytes) -> tuple[str | None, bool]:
        """Return the meter of a reader's device message, None if it is none, and whether it is of this reader."""
        if len(payload) > LARGEST:
            return None, False
        status = self._topics.status("reader", self._reader)
        try:
            message = json.loads(payload)
            meter = str(message["dev"]["sn"])
            ours = any(source["t"] == status for source in message["avty"])
            ours = ours and message["stat_t"] == self._topics.state(meter)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None, False
        if not METER.fullmatch(meter) or topic != device_topic(self._home_assistant.prefix, meter):
            return None, False
        return meter, ours

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
        text = "online" if self._links.get(meter) else "offline"
        self._publisher.publish(self._topics.link(meter), text, retain=True)
