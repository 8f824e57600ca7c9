"""The meters of a port that is a topic: messages in, and out of them what frames are made of. Pure: no clock.

A message is read (`message`), what belongs together is gathered (`gather`), and believed or held back (`belief`). A
meter that is not named by its device cannot be told from others, so its messages wait, the newest of each topic, until
one names it. Where the owner said which values there are, and no address is among them, the port itself is its name.

Another address than before must come twice, as on a line.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from common.contract.frame import METER, Frame, Value
from common.contract.labels import ADDRESS, Mode
from common.contract.rise import Implausible
from common.contract.topic_port import TopicPort
from reader.decoded.belief import Belief
from reader.decoded.gather import Gatherer
from reader.decoded.message import Decoder
from reader.decoded.publisher import Refusal
from reader.decoded.reading import Reading

MOST_METERS = 8  # of one port, in one mode each
_MOST_NAMELESS = 100  # topics
_LONGEST_NAME = 32
_UNREADABLE = (AttributeError, LookupError, OverflowError, TypeError, ValueError)  # of what was saved


@dataclass(frozen=True)
class BelievedReading:
    """What is believed of a moment of a meter."""

    source: str  # the publisher
    address: str
    mode: Mode | None  # None: not known yet
    values: Mapping[str, Value]
    stamps: Mapping[str, datetime]
    at: float  # monotonic: when its last message came
    due: bool  # a frame is to be made
    held_back: int  # labels
    implausible: Sequence[Implausible]  # registers that begin to contradict
    interval: int  # seconds, the usual one

    def to_frame(self, meter: str, timestamp: datetime, *, synchronised: bool = True) -> Frame:
        """Return the frame."""
        assert self.mode is not None
        return Frame(
            meter=meter,
            timestamp=timestamp,
            mode=self.mode,
            values=self.values,
            stamps=self.stamps or None,
            host_clock=None if synchronised else "unsynchronised",
            source=self.source,
            interval=self.interval,
        )


class _Key(NamedTuple):
    publisher: str
    meter: str


class DecodedMeters:
    """Reads the messages of one port."""

    def __init__(self, port: TopicPort) -> None:
        self.refused: Counter[Refusal] = Counter()  # messages
        self.no_address = 0  # messages of a meter that is not named yet
        self.address_mismatch = 0  # messages with an address that came once
        self.too_many = 0  # messages of more meters than a port may have
        self._decoder = Decoder(port)
        self.name = None if not port.labels or set(ADDRESS.values()) & set(port.labels.values()) else _name_of(port)
        """What the meter is called, where no value names it."""
        self._gatherers: dict[tuple[_Key, Mode], Gatherer] = {}
        self._beliefs: dict[_Key, Belief] = {}
        self._remembered: dict[_Key, Belief] = {}  # of other ports
        self._doubted: str | None = None  # an address that came once
        self._nameless: dict[str, tuple[bytes, bool, float]] = {}  # by topic

    @property
    def filter(self) -> str:
        """The topics to subscribe to."""
        return self._decoder.filter

    @property
    def due_at(self) -> float:
        """When `take` has something to return."""
        return min((gatherer.due_at for gatherer in self._gatherers.values()), default=float("inf"))

    def read(self, topic: str, payload: bytes, at: float, *, retained: bool = False) -> bool:
        """Read a message that came at a monotonic time; return whether it tells something of a known meter now."""
        reading = self._decoder.read(topic, payload)
        if isinstance(reading, Refusal):
            self.refused[reading] += 1
            return False
        if reading.meter is None and self.name is None:
            self.no_address += 1
            if topic in self._nameless or len(self._nameless) < _MOST_NAMELESS:
                self._nameless[topic] = payload, retained, at
            return False
        waiting, self._nameless = self._nameless, {}
        for name, (before, was_retained, came_at) in waiting.items():
            earlier = self._decoder.read(name, before)
            if isinstance(earlier, Reading) and earlier.meter is not None:
                self._add(earlier, came_at, retained=was_retained)
        return self._add(reading, at, retained=retained)

    def _add(self, reading: Reading, at: float, *, retained: bool) -> bool:
        meter = reading.meter or self.name
        if meter is None or reading.mode is None:
            return False
        key = _Key(reading.publisher, meter)
        if key not in self._beliefs and not self._may_begin(meter):
            return False
        if key not in self._beliefs:
            self._beliefs[key] = self._remembered.pop(key) if key in self._remembered else Belief()
        gatherer = self._gatherers.get((key, reading.mode))
        if gatherer is None:
            gatherer = self._gatherers[key, reading.mode] = Gatherer(reading.mode)
        if retained:
            gatherer.add_retained(reading)
        else:
            gatherer.add(replace(reading, meter=meter), at)
        return not retained

    def _may_begin(self, meter: str) -> bool:
        """Return whether to begin with a meter."""
        if len(self._beliefs) >= MOST_METERS:
            self.too_many += 1
            return False
        doubted, self._doubted = self._doubted, meter
        if self._beliefs and doubted != meter:
            self.address_mismatch += 1
            return False
        return True

    def take(self, now: float) -> list[BelievedReading]:
        """Return what is believed of the moments that are over, in order of time."""
        due = [(key, gatherer) for (key, _), gatherer in self._gatherers.items() if gatherer.due_at <= now]
        return [self._believe(key, gatherer) for key, gatherer in sorted(due, key=lambda one: one[1].heard_at)]

    def _believe(self, key: _Key, gatherer: Gatherer) -> BelievedReading:
        at, reading, belief = gatherer.heard_at, gatherer.take(), self._beliefs[key]
        assert reading is not None  # it was due
        believed = belief.take(reading, at)
        return BelievedReading(
            source=key.publisher,
            address=key.meter,
            mode=believed.mode,
            values=believed.values,
            stamps={label: stamp for label, stamp in reading.stamps.items() if label in believed.values},
            at=at,
            due=believed.due,
            held_back=len(reading.labels) - len(believed.values),
            implausible=believed.implausible,
            interval=belief.interval.seconds,
        )

    def to_json(self, at: float, clock: float) -> dict[str, Any]:
        """Return what to save, at a monotonic time and the seconds of the clock."""
        return {
            "clock": clock,
            "devices": self._decoder.to_json(),
            "beliefs": [[*key, belief.to_json(at, clock)] for key, belief in self._beliefs.items()],
            "kept": [[*key, mode, gatherer.to_json(at)] for (key, mode), gatherer in self._gatherers.items()],
        }

    def remember(self, saved: Any, at: float, clock: float) -> None:
        """Take over what another port had saved, for a meter that comes here now: its device may have been renamed."""
        with suppress(*_UNREADABLE):
            self._remembered |= _beliefs_in(saved, at, clock)

    def resume(self, saved: Any, at: float, clock: float) -> None:
        """Go on from what was saved; what cannot be read begins again."""
        with suppress(*_UNREADABLE):
            passed = max(0.0, clock - float(saved["clock"]))
            self._decoder.resume(saved["devices"])
            self._beliefs |= _beliefs_in(saved, at, clock)
            for publisher, meter, mode, kept in saved["kept"][: 2 * MOST_METERS]:
                key, gatherer = _Key(publisher, meter), Gatherer(Mode(mode))
                gatherer.resume(kept, at - passed)
                if key in self._beliefs:
                    self._gatherers[key, Mode(mode)] = gatherer


def _beliefs_in(saved: Any, at: float, clock: float) -> dict[_Key, Belief]:
    beliefs = {}
    for publisher, meter, kept in saved["beliefs"][:MOST_METERS]:
        belief = Belief.from_json(kept, at, clock)
        if isinstance(publisher, str) and METER.fullmatch(meter) and belief.mode is not None:
            beliefs[_Key(publisher, meter)] = belief
    return beliefs


def _name_of(port: TopicPort) -> str:
    """Return the name of a meter whose device does not name it.

    >>> _name_of(TopicPort("linky-garage/sensor/+/state")), _name_of(TopicPort("maison/énergie/+"))
    ('esphome-linky-garage', 'esphome-maison-_nergie')
    """
    levels = [level for level in port.topic.partition("+")[0].split("/") if level not in ("", "sensor")]
    return re.sub(r"[^0-9A-Za-z_.-]", "_", "-".join(["esphome", *levels]))[:_LONGEST_NAME]
