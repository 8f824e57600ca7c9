"""Meters as Home Assistant gets them announced: simulated ones, and some whose state a test makes up."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.topics import Topics
from reader.home_assistant.discovery import Discovery
from reader.meter.state import MeterState
from reader.simulator.meter import SimulatedMeter
from tests.support.frames import simulated

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # of a red Tempo day: a peak runs, for EJP, too
METER = "031961123456"
OLD_METER = "039928123456"  # before Linky
Message = dict[str, Any]


def discovery_of(meter: str = METER, *, language: str = "fr") -> Discovery:
    return Discovery(
        meter, topics=Topics("teleinfo"), prefix="homeassistant", reader="pi", language=language, version="1.0"
    )


def watch(kind: str, count: int, *, start: datetime = NOON) -> Iterator[tuple[Frame, dict[str, object], float]]:
    """Yield frames of a simulated meter, the complete state after each, and the time."""
    state = MeterState()
    for number, frame in enumerate(simulated(kind, count, start=start, every=timedelta(seconds=2))):
        state.update(frame, 2.0 * number)
        if state.complete:
            yield frame, dict(state.snapshot()), 2.0 * number


@cache
def message_of(kind: str, language: str = "fr") -> tuple[Message, dict[str, object], int]:
    """Return the first message of a simulated meter, its state, and the bytes of the message."""
    discovery = discovery_of(SimulatedMeter(kind).address, language=language)
    for frame, state, now in watch(kind, 6):
        discovery.update(frame, state, now)
        payload = discovery.due(now)
        if payload:
            return json.loads(payload), state, len(payload)
    raise AssertionError("nothing is due")


class Meter:
    """A meter whose state a test makes up."""

    def __init__(self, meter: str = METER, *, mode: Mode = Mode.STANDARD, language: str = "fr") -> None:
        self.discovery = discovery_of(meter, language=language)
        self.now = 0.0
        self._mode = mode
        self._meter = meter

    def see(self, state: Mapping[str, object], count: int = 1, **more: Any) -> list[Message]:
        """Take frames, one a second, which have `more`; return what was published."""
        published = []
        for _ in range(count):
            frame = Frame(
                meter=self._meter,
                timestamp=NOON,
                mode=self._mode,
                values={"ADSC": self._meter, "EAST": 1},
                **more,
            )
            self.discovery.update(frame, {"mode": self._mode.value, **state}, self.now)
            payload = self.discovery.due(self.now)
            if payload:
                published.append(json.loads(payload))
            self.now += 1.0
        return published


def names(message: Message) -> dict[str, str]:
    return {key: component.get("name", "") for key, component in message["cmps"].items()}


WEEK_END: dict[str, object] = {
    "EAST": 9,
    "contract": "HC et Week-End",
    "NGTF": "HC et Week-End",
    "EASF01": 5,
    "EASF03": 4,
}
