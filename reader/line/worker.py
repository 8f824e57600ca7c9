"""One line, one thread: opens the port, decodes what comes, and goes on whatever happens to it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from common.errors import PortError
from common.frame import Frame
from common.labels import OTHER_FAMILIES
from common.runtime.logs import RateLimiter
from reader.config import is_simulated
from reader.line.address_filter import MANY_METERS, AddressFilter
from reader.line.frame_watchdog import FrameWatchdog, Problem
from reader.line.health import LineHealth
from reader.line.mode_detector import SPEEDS, Detector
from reader.line.plausibility import PlausibilityFilter
from reader.line.port import Port, is_network
from reader.tic.decoder import Decoder, Reading

log = logging.getLogger(__name__)

LINK_LOST = 10.0  # seconds without a valid frame; Enedis asks the same of a receiver (02E, annex A)
FIRST_RETRY = 1.0  # seconds until a port is opened again; doubles up to
SLOWEST_RETRY = 30.0  # seconds
NETWORK_SILENCE = 60.0  # seconds without a byte until a network port is opened afresh: its gateway may have restarted
_READ = 1.0  # seconds; how late a stop may be noticed
_MANY_UNDATED = 3000  # frames that may wait for a clock, some 15 MB; five minutes bring 330

OpenPort = Callable[[str, int, threading.Event], Port]


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A frame has come in."""

    frame: Frame
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """Frames of a meter have begun to come, or ceased."""

    meter: str
    online: bool


@dataclass(frozen=True, slots=True)
class ProblemChanged:
    """What is wrong with a line is something else now, or nothing any more."""

    port: str
    problem: Problem | None


LineEvent = FrameReceived | LinkChanged | ProblemChanged


class Stamps(Protocol):
    """Whoever tells the time of frames."""

    synchronised: bool
    steps_back: int

    def waiting_for_sync(self) -> bool:
        """Tell whether the clock is still to be set."""

    def timestamp(self, came_in: float) -> tuple[datetime, bool]:
        """Return the UTC time at monotonic `came_in`, and whether the clock is synchronised."""


class LineWorker:
    """Reads one port for ever and posts what comes: frames, changes of the link, and problems."""

    def __init__(
        self,
        port: str,
        *,
        mode: str,
        hide: frozenset[str],
        open_port: OpenPort,
        post: Callable[[LineEvent], None],
        stop: threading.Event,
        stamper: Stamps,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.health = LineHealth(port, last_loop_at=monotonic())
        self._port_name = port
        self._hide = hide
        self._open_port = open_port
        self._post = post
        self._stop = stop
        self._monotonic = monotonic
        self._stamper = stamper
        self._awaiting_clock: deque[tuple[Reading, str, float]] = deque()
        self._plausibility = PlausibilityFilter()
        self._seldom = RateLimiter()
        self._identity = AddressFilter()
        self._detector = Detector(mode, monotonic())
        self._watchdog = FrameWatchdog(port, monotonic())
        self._online = False
        self._last_frame = monotonic()
        self._said = ""
        self._readings = 0
        self._in_vain = False  # the port was opened last, and gave nothing before it went away
        self._other_family_said = self._nothing_left_said = self._silence_said = False

    @property
    def clock(self) -> tuple[bool, int]:
        """Whether the clock is synchronised, and how often it was set back."""
        return self._stamper.synchronised, self._stamper.steps_back

    def run(self) -> None:
        """Read until the stop; the port is opened again whenever it goes away."""
        wait = FIRST_RETRY
        while not self._stop.is_set():
            readings = self._readings
            self.health.last_loop_at = self._monotonic()
            try:
                port = self._open_port(self._port_name, SPEEDS[self._detector.mode], self._stop)
            except PortError as error:
                self._say(logging.WARNING, f"{error}; trying again until it is there")
                self._watchdog.absent()
                self._note_problem()
            else:
                silent = self._read(port)
                self._in_vain = self._readings == readings
                if silent or not self._in_vain:
                    wait = FIRST_RETRY
            self._check_link()
            # As long as the link counts as there, look every second whether it still does.
            self._stop.wait(FIRST_RETRY if self._online else wait)
            wait = min(wait * 2, SLOWEST_RETRY)
            self._timestamp_pending()
        self._timestamp_pending(at_once=True)
        self._set_link(False)

    def _read(self, port: Port) -> bool:
        """Read until the stop, or until the port goes away; return whether it is a network port that was silent."""
        if not self._in_vain and not self._silence_said:  # else it may close at once, again and again
            self._say_listening()
        self.health.open = True
        opened = self._monotonic()
        self._watchdog.opened(opened)
        decoder = Decoder()
        broken = self.health.undecodable
        try:
            while not self._stop.is_set():
                data = port.read(_READ)
                self.health.last_loop_at = self._monotonic()
                if data:
                    came_in = self.health.last_byte_at = self._monotonic()
                    self._silence_said = False
                    self.health.bytes += len(data)
                    self._watchdog.received(len(data), came_in)
                    for reading in self._decode(decoder, data, came_in):
                        self._readings += 1
                        self._say_listening()
                        self._on_reading(reading, came_in)
                    self.health.undecodable = broken + decoder.broken
                    self.health.driver = port.driver_errors()
                self._timestamp_pending()
                self._check_link()
                self._check_frames()
                if (
                    is_network(self._port_name)
                    and self._monotonic() - max(opened, self.health.last_byte_at) > NETWORK_SILENCE
                ):
                    self._say_silence()
                    return True
                if self._detector.poll(self._monotonic()):
                    port.set_speed(SPEEDS[self._detector.mode])
                    decoder, broken = Decoder(), self.health.undecodable
        except PortError as error:
            self.health.reopens += 1
            self._say(logging.WARNING, f"{error}; opening it again when it is there")
        finally:
            self.health.open = False
            self.health.driver = port.driver_errors() or self.health.driver
            _close(port)
        return False

    def _decode(self, decoder: Decoder, data: bytes, now: float) -> list[Reading]:
        readings = decoder.feed(data)
        for reading in readings:
            self._detector.on_frame(reading, now)
        if not self._detector.locked:
            self._detector.feed(data, now)
        return readings

    def _on_reading(self, reading: Reading, came_in: float) -> None:
        health = self.health
        health.mode, health.parity = reading.mode, reading.parity
        health.parity_errors += reading.parity_errors
        health.groups += len(reading.values)
        health.dropped.update({fault.value: count for fault, count in reading.faults.items()})
        address = reading.address
        if address is None:
            health.no_address += 1
            self._name_family(reading)
            return
        health.last_frame_at = came_in
        self._watchdog.framed(came_in)
        self._awaiting_clock.append((reading, address, came_in))

    def _timestamp_pending(self, *, at_once: bool = False) -> None:
        """Date the frames that have come in, as soon as the clock can be believed, and post them."""
        while self._awaiting_clock and (
            at_once or len(self._awaiting_clock) > _MANY_UNDATED or not self._stamper.waiting_for_sync()
        ):
            reading, address, came_in = self._awaiting_clock.popleft()
            timestamp, synchronised = self._stamper.timestamp(came_in)
            for frame in self._identity.feed(reading.to_frame(address, timestamp, synchronised=synchronised)):
                self._on_frame(frame.meter)
                self._publish(_without(self._filter(frame, came_in), self._hide))
            self.health.address_mismatch = self._identity.address_mismatch
            self._note_refused(address, came_in)

    def _note_refused(self, meter: str, came_in: float) -> None:
        if self._identity.refused == self.health.refused:
            return
        self.health.refused = self._identity.refused
        if self._seldom.allow("refused", came_in):
            log.warning(
                "%s: more than %d meters on one line: %s and others are not published; if they are real, restart the"
                " reader",
                self._port_name,
                MANY_METERS,
                meter,
            )

    def _publish(self, frame: Frame) -> None:
        if frame.values:
            self._post(FrameReceived(frame, is_simulated(self._port_name)))
        elif self._hide and not self._nothing_left_said:
            log.warning("%s: hide leaves nothing of its frames: they are not published", self._port_name)
            self._nothing_left_said = True

    def _on_frame(self, meter: str) -> None:
        """A frame of this meter has come in."""
        health = self.health
        health.frames += 1
        if health.meter not in (None, meter):
            if self._seldom.allow(("meter", meter), self._monotonic()):
                log.warning("%s: the meter is now %s", self._port_name, meter)
            if self._online:
                self._post(LinkChanged(str(health.meter), False))
                self._post(LinkChanged(meter, True))
        health.meter = meter
        self._last_frame = self._monotonic()
        self._set_link(True)

    def _filter(self, frame: Frame, came_in: float) -> Frame:
        """Take out the indexes that cannot be true."""
        frame, doubts, left_out = self._plausibility.apply(frame, came_in)
        for doubt in doubts:
            if not self._seldom.allow(doubt.label, came_in):
                continue
            log.warning(
                "%s: %s %d cannot follow %d; left out until three frames agree, more of them only counted for an hour",
                self._port_name,
                doubt.label,
                doubt.value,
                doubt.accepted,
            )
        if left_out:
            self.health.dropped["implausible"] += left_out
        return frame

    def _name_family(self, reading: Reading) -> None:
        if self._other_family_said or self.health.meter:
            return
        # The families share labels: the one with the most of them it is.
        count, family = max(
            (len(labels.keys() & reading.values.keys()), name) for name, labels in OTHER_FAMILIES.items()
        )
        if count >= 3:
            log.warning(
                "%s: this is a %s meter; it sends no ADCO or ADSC, so nothing is published for it",
                self._port_name,
                family,
            )
            self._other_family_said = True

    def _check_link(self) -> None:
        if self._online and self._monotonic() - self._last_frame > LINK_LOST:
            self._set_link(False)

    def _check_frames(self) -> None:
        if not self._other_family_said:
            warning = self._watchdog.poll(self._monotonic())
            if warning is not None:
                log.warning("%s", warning)
        self._note_problem()

    def _note_problem(self) -> None:
        problem = self._watchdog.problem
        if problem is not self.health.problem:
            self.health.problem = problem
            self._post(ProblemChanged(self._port_name, problem))

    def _set_link(self, online: bool) -> None:
        if online == self._online or self.health.meter is None:
            return
        self._online = online
        if online:
            log.info("%s: frames are coming (%s mode)", self._port_name, self.health.mode)
        elif not self._stop.is_set():
            self._say_lost()
        self._post(LinkChanged(self.health.meter, online))

    def _say_lost(self) -> None:
        why = self._watchdog.explain(self._monotonic()) if self.health.open else None
        log.warning("%s: no frame for %.0f s%s", self._port_name, LINK_LOST, f": {why}" if why else "")

    def _say_silence(self) -> None:
        self.health.reopens += 1
        if not self._silence_said:
            self._say(logging.WARNING, f"{self._port_name}: no byte for {NETWORK_SILENCE:.0f} s; connecting afresh")
        self._silence_said = True

    def _say_listening(self) -> None:
        self._say(logging.INFO, f"Listening on {self._port_name}")

    def _say(self, level: int, text: str) -> None:
        if text != self._said:  # once a change, not once a try
            log.log(level, "%s", text)
        self._said = text


def _without(frame: Frame, hidden: frozenset[str]) -> Frame:
    """Take out the labels that stay in the house."""
    if hidden.isdisjoint(frame.values):
        return frame
    stamps = {label: stamp for label, stamp in (frame.stamps or {}).items() if label not in hidden}
    values = {label: value for label, value in frame.values.items() if label not in hidden}
    return replace(frame, values=values, stamps=stamps or None)


def _close(port: Port) -> None:
    try:
        port.close()
    except PortError as error:
        log.debug("%s", error)  # it is gone already: that is why it is closed
