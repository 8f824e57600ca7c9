"""Reads one port in a thread of its own: opens it, decodes the bytes, and reopens it after any error."""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from common.contract.frame import Frame
from common.errors import PortError
from common.runtime.logs import ChangeLogger, RateLimiter
from common.runtime.shutdown import StopEvent
from reader.config import is_network, is_simulated
from reader.line.health import FrameWatchdog, LineHealth, Problem
from reader.line.mode import PROBE_FOR, SPEEDS, Detector
from reader.line.pace import arrivals
from reader.line.pipeline import FramePipeline, TimeSource
from reader.line.port import Port
from reader.tic.decoder import Decoder, Reading

log = logging.getLogger(__name__)

LINK_LOST = 10.0  # seconds without a valid frame; Enedis asks the same of a receiver (02E, annex A)
FIRST_RETRY = 1.0  # seconds until the first attempt to reopen a port; doubles up to
SLOWEST_RETRY = 30.0  # seconds
NETWORK_SILENCE = 60.0  # seconds without a byte until a network port is reopened: the gateway may have restarted
_READ_TIMEOUT = 1.0  # seconds while a meter is online; bounds how late the loss of the link is noticed
_COUNTERS_EVERY = 1.0  # seconds between two looks at the driver's counters

OpenPort = Callable[[str, int, StopEvent], Port]


class FrameReceived(NamedTuple):
    """A frame was received."""

    frame: Frame
    simulated: bool = False


class LinkChanged(NamedTuple):
    """A port started or stopped receiving a meter."""

    meter: str
    online: bool
    port: str


class ProblemChanged(NamedTuple):
    """The problem of a line has changed; None: there is none any more."""

    port: str
    problem: Problem | None


LineEvent = FrameReceived | LinkChanged | ProblemChanged


class LineWorker:
    """Supervises one port and emits its frames, changes of the link, and problems."""

    def __init__(
        self,
        port: str,
        *,
        mode: str,
        hide: frozenset[str],
        open_port: OpenPort,
        emit: Callable[[LineEvent], None],
        stop: StopEvent,
        time_source: TimeSource,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.health = LineHealth(port, last_loop_at=monotonic())
        self._port_name = port
        self._open_port = open_port
        self._emit = emit
        self._stop = stop
        self._monotonic = monotonic
        self._time_source = time_source
        self._pipeline = FramePipeline(hide=hide, time_source=time_source, health=self.health)
        self._rate_limiter = RateLimiter()
        self._port_log = ChangeLogger(log)
        self._detector = Detector(mode, monotonic())
        self._watchdog = FrameWatchdog(port, monotonic())
        self._online = False
        self._last_frame = monotonic()
        self._readings = 0
        self._useless_port = False  # the port was opened last time, and gave no frame before it failed
        self._logged_silence = False

    @property
    def clock(self) -> tuple[bool, int]:
        """Whether the clock is synchronised, and how often it was set back."""
        return self._time_source.synchronised, self._time_source.steps_back

    def run(self) -> None:
        """Read until the stop event is set; reopen the port, with backoff, whenever it fails."""
        wait = FIRST_RETRY
        while not self._stop.is_set():
            previous_readings = self._readings
            self.health.last_loop_at = self._monotonic()
            try:
                port = self._open_port(self._port_name, SPEEDS[self._detector.mode], self._stop)
            except PortError as error:
                self._port_log.log(logging.WARNING, f"{error}; retrying until it is available")
                self._watchdog.on_absent()
                self._update_problem()
            else:
                silent = self._read(port)
                self._useless_port = self._readings == previous_readings
                if silent or not self._useless_port:
                    wait = FIRST_RETRY
            self._check_link()
            # While the link is online, wake up each second, so that its loss is noticed in time.
            self._stop.wait(FIRST_RETRY if self._online else wait)
            wait = min(wait * 2, SLOWEST_RETRY)
            self._handle_frames(self._pipeline.poll())
        self._handle_frames(self._pipeline.flush())
        self._set_link(False)

    def _read(self, port: Port) -> bool:
        """Read until the stop or an error; return whether it ended because a network port was silent."""
        if not self._useless_port and not self._logged_silence:  # a port that fails at once would log this each time
            self._log_listening()
        self.health.open = True
        opened = self._monotonic()
        self._watchdog.on_open(opened)
        self._detector.on_open(opened)
        decoder = Decoder()
        undecodable = self.health.undecodable
        counters_due = opened
        try:
            while not self._stop.is_set():
                data = port.read(_READ_TIMEOUT if self._online else PROBE_FOR)
                since, now = self.health.last_loop_at, self._monotonic()
                self.health.last_loop_at = now
                if data:
                    self._on_data(data, decoder, now, since)
                    self.health.undecodable = undecodable + decoder.broken
                if now >= counters_due:
                    counters_due = now + _COUNTERS_EVERY
                    self.health.driver = port.driver_errors()
                self._handle_frames(self._pipeline.poll())
                self._check_link()
                self._check_frames()
                if self._is_silent_network(opened):
                    self._on_network_silence()
                    return True
                if self._detector.poll(self._monotonic()):
                    port.set_speed(SPEEDS[self._detector.mode])
                    decoder, undecodable = Decoder(), self.health.undecodable
        except PortError as error:
            self.health.reopens += 1
            self._port_log.log(logging.WARNING, f"{error}; reopening it when it is available")
        finally:
            self.health.open = False
            self.health.driver = port.driver_errors() or self.health.driver
            _close(port)
        return False

    def _is_silent_network(self, opened: float) -> bool:
        silence = self._monotonic() - max(opened, self.health.last_byte_at)
        return is_network(self._port_name) and silence > NETWORK_SILENCE

    def _on_data(self, data: bytes, decoder: Decoder, now: float, since: float) -> None:
        """Decode bytes that arrived between `since` and `now`."""
        self.health.last_byte_at = now
        self.health.bytes += len(data)
        self._logged_silence = False
        self._watchdog.on_bytes(len(data), now)
        speed = SPEEDS[self.health.mode or self._detector.mode]
        for part, arrived_at in arrivals(data, now, speed, since):
            readings = decoder.feed(part)
            for reading in readings:
                self._detector.on_frame(reading, now)
            if not self._detector.locked:
                self._detector.feed(part, now)
            for reading in readings:
                self._on_reading(reading, arrived_at)

    def _on_reading(self, reading: Reading, now: float) -> None:
        self._readings += 1
        self._log_listening()
        self.health.count(reading)
        if reading.address is not None:
            self.health.last_frame_at = now
            self._watchdog.on_frame(now)
        self._handle_frames(self._pipeline.feed(reading, now))

    def _handle_frames(self, frames: list[Frame]) -> None:
        for frame in frames:
            self.health.frames += 1
            self._set_meter(frame.meter)
            self._last_frame = self._monotonic()
            self._set_link(True)
            if frame.values:
                self._emit(FrameReceived(frame, is_simulated(self._port_name)))

    def _set_meter(self, meter: str) -> None:
        previous, self.health.meter = self.health.meter, meter
        if previous is None or previous == meter:
            return
        if self._rate_limiter.allow(meter, self._monotonic()):
            log.warning("%s: the meter is now %s", self._port_name, meter)
        if self._online:
            self._emit(LinkChanged(previous, False, self._port_name))
            self._emit(LinkChanged(meter, True, self._port_name))

    def _check_link(self) -> None:
        if self._online and self._monotonic() - self._last_frame > LINK_LOST:
            self._set_link(False)

    def _check_frames(self) -> None:
        if not self._pipeline.other_family:
            warning = self._watchdog.poll(self._monotonic())
            if warning is not None:
                log.warning("%s", warning)
        self._update_problem()

    def _update_problem(self) -> None:
        problem = self._watchdog.problem
        if problem is not self.health.problem:
            self.health.problem = problem
            self._emit(ProblemChanged(self._port_name, problem))

    def _set_link(self, online: bool) -> None:
        if online == self._online or self.health.meter is None:
            return
        self._online = online
        if online:
            log.info("%s: receiving frames (%s mode)", self._port_name, self.health.mode)
        elif not self._stop.is_set():
            self._log_link_lost()
        self._emit(LinkChanged(self.health.meter, online, self._port_name))

    def _log_link_lost(self) -> None:
        reason = self._watchdog.explain(self._monotonic()) if self.health.open else None
        log.warning("%s: no frame for %.0f s%s", self._port_name, LINK_LOST, f": {reason}" if reason else "")

    def _on_network_silence(self) -> None:
        self.health.reopens += 1
        if not self._logged_silence:
            self._port_log.log(logging.WARNING, f"{self._port_name}: no data for {NETWORK_SILENCE:.0f} s; reconnecting")
        self._logged_silence = True

    def _log_listening(self) -> None:
        self._port_log.log(logging.INFO, f"Listening on {self._port_name}")


def _close(port: Port) -> None:
    try:
        port.close()
    except PortError as error:
        log.debug("%s", error)  # expected when the device was unplugged
