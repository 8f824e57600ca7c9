"""Hands frames to the broker and knows which of them it has taken."""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from common.frame import Frame
from common.mqtt_events import REFUSED
from common.topics import Topics

log = logging.getLogger(__name__)

IN_FLIGHT = 20  # frames that the broker has not answered for
WAITING = 20_000  # frames; five hours of a standard meter, 40 MB
REFUSAL_PAUSE = 10.0  # seconds before a frame that was refused is tried again


class Publisher(Protocol):
    """Whoever carries messages to the broker."""

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> int | None:
        """Hand a message over; return its id, None if that is not possible now."""


class Delivery:
    """Keeps each frame until the broker has taken it, in order, at most `waiting` of them."""

    def __init__(
        self,
        publisher: Publisher,
        topics: Topics,
        *,
        waiting: int = WAITING,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher = publisher
        self._topics = topics
        self._monotonic = monotonic
        self._waiting: deque[Frame] = deque(maxlen=waiting)
        self._in_flight: dict[int, Frame] = {}
        self._paused_until = 0.0
        self._refused = False
        self.decoded = self.taken = self.overflowed = 0

    def accept(self, frame: Frame) -> None:
        """Take over a frame."""
        self.decoded += 1
        if len(self._waiting) == self._waiting.maxlen:
            self.overflowed += 1
            if self.overflowed == 1:
                log.warning("More frames wait than memory may hold: the oldest are dropped until the broker is back")
        self._waiting.append(frame)
        self.pump()

    def answered(self, mid: int, code: int) -> None:
        """Take the broker's answer for one message."""
        frame = self._in_flight.pop(mid, None)
        if frame is None:
            return  # not a frame
        if code >= REFUSED:
            self._waiting.appendleft(frame)
            self._paused_until = self._monotonic() + REFUSAL_PAUSE
            if not self._refused:
                log.warning("The broker refuses frames (reason 0x%02X); check its access rules", code)
            self._refused = True
            return
        self._refused = False
        self.taken += 1
        self.pump()

    def pump(self) -> None:
        """Hand over what may go now."""
        if self._monotonic() < self._paused_until:
            return
        while self._waiting and len(self._in_flight) < IN_FLIGHT:
            frame = self._waiting[0]
            mid = self._publisher.publish(self._topics.frame(frame.meter), frame.to_json())
            if mid is None:
                return
            self._waiting.popleft()
            self._in_flight[mid] = frame

    def report(self) -> dict[str, Any]:
        """Return the counters as they stand in `health`: decoded = handed_over + waiting + overflowed."""
        return {
            "decoded": self.decoded,
            "handed_over": self.taken,
            "waiting": len(self._waiting) + len(self._in_flight),
            "overflowed": self.overflowed,
        }
