"""Publishes what is retained of each meter: its link, its state, and its announcement to Home Assistant.

What earlier runs and other readers have retained of a meter is subscribed by exact topics, once the meter is known:
from its frames, or from the health that an earlier run has retained.
"""

import json
import logging
import math
import random
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from common.contract.frame import METER, Frame
from common.contract.topics import Topics, device_topic
from common.errors import MessageError
from common.mqtt.events import PublishToken
from common.runtime.logs import RateLimiter
from reader.config import HomeAssistantConfig, is_simulated
from reader.home_assistant.device_message import announcing_reader, is_of_simulated_meter
from reader.home_assistant.discovery import Discovery, RetiredMeters
from reader.meter.prices import Current, Prices
from reader.meter.state import MeterState

log = logging.getLogger(__name__)

#: Seconds after a connection, and after a meter is known, until it is announced for the first time: what the broker
#: retains of it comes first.
LISTEN_FOR = 1.0
#: Seconds within which to answer Home Assistant's birth message, at random: all its devices receive it at once.
BIRTH_DELAY = 5.0
#: Seconds after an announcement until Home Assistant has created the entities. It gets no retained message again of a
#: topic to which it has subscribed already.
ENTITIES_CREATED_AFTER = 3.0
#: Meters that are known only from messages on the broker, where anybody may publish.
MAX_FOREIGN_METERS = 32
#: Bytes of the largest message that can be one of ours.
MAX_MESSAGE = 100_000


def birth_topic(prefix: str) -> str:
    """Return the topic on which Home Assistant publishes that it has started."""
    return f"{prefix}/status"


class BrokerClient(Protocol):
    """Sends messages to the broker."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the broker."""

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe to further topic filters, now and at each later connection."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        """Send a message; None if that is not possible now."""


class MeterPublisher:
    """Publishes what is retained of each meter, and all of it again after a connection or a birth message."""

    def __init__(
        self,
        publisher: BrokerClient,
        topics: Topics,
        *,
        every: float,
        home_assistant: HomeAssistantConfig,
        reader: str,
        version: str,
        simulating: bool = True,
        birth_delay: Callable[[], float] = lambda: random.uniform(0, BIRTH_DELAY),  # noqa: S311 - not a secret
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._publisher = publisher
        self._topics = topics
        self._every = every
        self._home_assistant = home_assistant
        self._reader = reader
        self._version = version
        self._health_topic = topics.health("reader", reader)
        self._birth_topic = birth_topic(home_assistant.prefix)
        self._announcement_prefix = device_topic(home_assistant.prefix, "").removesuffix("/config")
        self._limit_logged = False
        self._subscribed: dict[str, float] = {}  # by meter: when what is retained of it has arrived
        self._links: dict[str, bool] = {}  # of the meters that are read here, or were by an earlier run
        self._states: dict[str, MeterState] = {}  # of the meters that are read here
        self._discoveries: dict[str, Discovery] = {}  # of announced foreign meters, too: names must differ
        self._frames: dict[str, Frame] = {}  # the last one of each meter, without values in doubt
        self._birth_delay = birth_delay
        self._clock = clock
        self._prices = Prices()
        self._current_prices: dict[str, Current] = {}  # by meter, since the last message
        self._rate_limiter = RateLimiter()
        self._retired = RetiredMeters(topics)
        self._simulating = simulating
        self._republish_at: float | None = None  # after a birth message
        self._listening_until = 0.0
        self._entities_created_at: dict[str, float] = {}  # by meter: then its state is published for new entities

    @property
    def meters(self) -> list[str]:
        """The meters of which this reader retains something: the next run continues with them, by its health."""
        return sorted(self._links.keys() | self._retired.pending)

    def on_frame(self, frame: Frame, now: float, *, simulated: bool = False) -> None:
        """Handle a frame as it is published; `simulated`: it does not come from a real meter."""
        state = self._states.get(frame.meter)
        if state is None:
            state = self._states[frame.meter] = MeterState(every=self._every)
            self._discoveries.setdefault(frame.meter, self._new_discovery(frame.meter))
            self._subscribe(frame.meter, now)
            self._prices.add_meter(frame.meter)
        self._retired.discard(frame.meter)
        if self._links.get(frame.meter) is False:  # the port that had the meter before has lost it
            self.set_online(frame.meter, True, now)
        discovery = self._discoveries[frame.meter]
        discovery.simulated = simulated
        self._frames[frame.meter] = state.update(frame, now)
        if state.complete and not discovery.is_indifferent(frame, state.changed):
            discovery.update(frame, state.snapshot(), now)

    def snapshot(self, meter: str) -> Mapping[str, object]:
        """Return the state of a meter; empty while it is not complete."""
        state = self._states[meter]
        return state.snapshot() if state.complete else {}

    def set_online(self, meter: str, online: bool, now: float) -> None:
        """Handle that frames of a meter have begun to arrive, or stopped."""
        self._links[meter] = online
        self._publish_link(meter)
        self._subscribe(meter, now)
        if meter in self._states:
            self._states[meter].set_online(online)

    def tick(self, now: float) -> None:
        """Publish what is due."""
        if not self._publisher.connected:
            return
        if self._republish_at is not None and now >= self._republish_at:
            self._publish_everything()
        self._update_prices()
        if now >= self._listening_until and self._retired.pending:
            self._retired.clear(lambda topic: self._publisher.publish(topic, b"", retain=True) is not None)
        for meter, state in self._states.items():
            if self._entities_created_at and now >= self._entities_created_at.get(meter, math.inf):
                del self._entities_created_at[meter]
                self._publish_link(meter)
                state.force_publish()
            payload = state.due(now)
            if payload is not None:
                self._publish_state(meter, payload)
            if self._discoveries[meter].differs and self._may_announce(meter, now):
                announcement = self._discoveries[meter].due(now, self._discoveries.keys())
                if announcement is not None:
                    self._publisher.publish(self._discoveries[meter].topic, announcement, retain=True)
                    self._entities_created_at[meter] = now + ENTITIES_CREATED_AFTER

    def _may_announce(self, meter: str, now: float) -> bool:
        discovery = self._discoveries[meter]
        listening = now < max(self._listening_until, self._subscribed[meter])
        if not self._home_assistant.discovery or (listening and not discovery.announced):
            return False
        return bool(self._links.get(meter)) or not discovery.cleared  # a deleted meter without frames stays deleted

    def republish(self, now: float) -> None:
        """Publish everything again after a connection: the broker may have lost what it retained."""
        self._listening_until = now + LISTEN_FOR
        self._retired.connected()
        self._publish_everything()

    def on_prices(self, monitor: str, payload: bytes, now: float) -> None:
        """Handle what a monitor says that a kWh costs."""
        self._current_prices.clear()
        try:
            self._prices.on_message(monitor, payload)
        except MessageError as error:
            if self._rate_limiter.allow(monitor, now):
                log.warning("Ignored the prices of the monitor %s: %s", monitor, error)

    def _update_prices(self) -> None:
        """Go on to the price of now, or to none."""
        clock = self._clock()
        for meter, state in self._states.items():
            current = self._current_prices.get(meter)
            if current is None or not current.since <= clock < current.until:
                current = self._current_prices[meter] = self._prices.of(meter, clock)
                state.set_prices(current.keys)

    def _publish_everything(self) -> None:
        self._republish_at = None
        self._update_prices()
        for meter in self._links:
            self._publish_link(meter)
        for meter, state in self._states.items():
            announcement = self._discoveries[meter].message()
            if announcement is not None and self._home_assistant.discovery:
                self._publisher.publish(self._discoveries[meter].topic, announcement, retain=True)
            if state.complete:
                state.mark_published()
                self._publish_state(meter, state.snapshot())

    def on_message(self, topic: str, payload: bytes, now: float) -> None:
        """Handle what is retained of our meters, and Home Assistant's birth message."""
        if topic == self._birth_topic:
            if payload == b"online" and self._republish_at is None:
                self._republish_at = now + self._birth_delay()
        elif topic == self._health_topic:
            self._on_own_health(payload, now)
        elif topic.startswith(self._announcement_prefix):
            if payload:
                self._on_announcement(topic, payload)
            else:
                self._on_announcement_cleared(topic, now)
        else:
            self._on_link(topic, payload)

    def _on_link(self, topic: str, payload: bytes) -> None:
        """Handle the link of a meter as another reader, or an earlier run of this one, has published it."""
        meter = next((name for name in self._subscribed if self._topics.link(name) == topic), None)
        if meter is None:
            return
        if self._links.get(meter):
            # The reader that had the meter before has set it offline. Two readers of one meter do not correct each
            # other for ever: nobody contradicts `online`.
            if payload != b"online":
                self._publish_link(meter)
        elif meter not in self._states and meter not in self._retired:  # of an earlier run
            if not payload:  # it was forgotten
                self._links.pop(meter, None)
            elif payload == b"online":  # the run was killed
                self._presume_offline(meter)
            else:
                self._links.setdefault(meter, False)

    def _on_announcement(self, topic: str, payload: bytes) -> None:
        """Handle the announcement of a meter, by an earlier run or by another reader."""
        meter, ours = self._announced_meter(topic, payload)
        if meter is None:
            return
        if ours and is_of_simulated_meter(payload) and self._may_retire(meter):
            self._retire(meter, topic)
            return
        if ours:
            self._presume_offline(meter)
        if not self._home_assistant.discovery:
            if ours:
                self._publisher.publish(topic, b"", retain=True)
            return
        # Another reader may have announced the meter before: its names are kept.
        if meter not in self._discoveries:
            if meter not in self._links and not self._has_room(self._discoveries):
                return
            self._discoveries[meter] = self._new_discovery(meter)
        discovery = self._discoveries[meter]
        if not discovery.announced:
            discovery.restore(payload)

    def _on_own_health(self, payload: bytes, now: float) -> None:
        """Learn which meters this reader had: what is retained of them is to be received."""
        if len(payload) > MAX_MESSAGE:
            return
        try:
            report = json.loads(payload)
            lines = [(line["meter"], str(line.get("port"))) for line in report["lines"]]
            lines += [(meter, "") for meter in report.get("meters", ())]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        for meter, port in lines:
            if not isinstance(meter, str) or not METER.fullmatch(meter) or meter in self._subscribed:
                continue
            if not self._has_room(self._subscribed):
                return
            if is_simulated(port) and self._may_retire(meter):
                self._retire(meter)
            self._subscribe(meter, now)

    def _may_retire(self, meter: str) -> bool:
        """Return whether a meter, if it was simulated by an earlier run, is cleared: no port is simulated any more."""
        return not self._simulating and meter not in self._states

    def _retire(self, meter: str, announcement: str = "") -> None:
        self._retired.add(meter, announcement)
        self._links.pop(meter, None)

    def _subscribe(self, meter: str, now: float) -> None:
        """Receive what others publish of a meter, and what is retained of it."""
        if meter not in self._subscribed:
            self._subscribed[meter] = now + LISTEN_FOR
            discovery = device_topic(self._home_assistant.prefix, meter)
            self._publisher.subscribe([self._topics.link(meter), discovery])

    def _presume_offline(self, meter: str) -> None:
        """Publish a meter of an earlier run as offline: no frame has come yet, and perhaps none ever will."""
        if meter not in self._links and self._has_room(self._links):
            self._links[meter] = False
            self._publish_link(meter)

    def _has_room(self, meters: Collection[str]) -> bool:
        """Return whether one more may be added to these meters, of which no frame was read here."""
        if len(meters) - len(self._states) < MAX_FOREIGN_METERS:
            return True
        if not self._limit_logged:
            log.warning(
                "More than %d other meters are announced on this broker: ignoring the rest; check who may write to %s",
                MAX_FOREIGN_METERS,
                self._announcement_prefix,
            )
        self._limit_logged = True
        return False

    def _on_announcement_cleared(self, topic: str, now: float) -> None:
        meter = next((meter for meter, discovery in self._discoveries.items() if discovery.topic == topic), None)
        if meter is None:
            return
        if meter not in self._states:  # not read here: it was forgotten
            del self._discoveries[meter]
            self._links.pop(meter, None)
        elif self._discoveries[meter].on_cleared(now) and self._home_assistant.discovery:
            log.info(
                "The meter %s, or one of its entities, was deleted in Home Assistant: announcing it again while frames"
                " arrive; home_assistant.discovery: false prevents that",
                meter,
            )

    def _announced_meter(self, topic: str, payload: bytes) -> tuple[str | None, bool]:
        """Return the meter of a reader's announcement, None if it is none, and whether it is from this reader."""
        if len(payload) > MAX_MESSAGE:
            return None, False
        try:
            meter, ours = announcing_reader(payload, self._topics, self._reader)
        except ValueError:
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

    def _publish_state(self, meter: str, state: Mapping[str, object]) -> None:
        self._publisher.publish(self._topics.state(meter), json.dumps(state, ensure_ascii=False), retain=True)

    def _publish_link(self, meter: str) -> None:
        payload = "online" if self._links.get(meter) else "offline"
        self._publisher.publish(self._topics.link(meter), payload, retain=True)
