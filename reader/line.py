"""One line, one thread: opens the port, decodes what comes, and goes on whatever happens to it."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from common.errors import PortError
from common.frame import Frame
from common.labels import OTHER_FAMILIES, Mode
from reader.detect import SPEEDS, Detector
from reader.identity import Identity
from reader.port import Port
from reader.tic import Decoder, Reading

log = logging.getLogger(__name__)

LINK_LOST = 10.0  # seconds without a valid frame; Enedis asks the same of a receiver (02E, annex A)
SLOWEST_RETRY = 30.0  # seconds between two tries to open a port
_READ = 1.0  # seconds; how late a stop may be noticed
_STEP_BACK = timedelta(seconds=1)  # a clock that falls more than this was set, and is followed

OpenPort = Callable[[str, int, threading.Event], Port]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A frame has come in."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Link:
    """Frames of a meter have begun to come, or ceased."""

    meter: str
    online: bool


@dataclass
class LineHealth:
    """What one line has seen; written by its thread, read by others."""

    port: str
    open: bool = False
    mode: Mode | None = None
    parity: bool = False
    meter: str | None = None
    frames: int = 0
    incomplete: int = 0  # frames without a valid address
    broken: int = 0  # frames without a start, or without a single good group
    misread: int = 0  # frames whose address was seen only once
    parity_errors: int = 0
    reopened: int = 0
    dropped: Counter[str] = field(default_factory=Counter)  # groups, by reason
    driver: dict[str, int] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """Return the counters as they stand in `health`."""
        return {
            "port": self.port,
            "open": self.open,
            "meter": self.meter,
            "mode": self.mode.value if self.mode else None,
            "parity": self.parity,
            "frames": self.frames,
            "incomplete": self.incomplete,
            "broken": self.broken,
            "misread": self.misread,
            "parity_errors": self.parity_errors,
            "groups_dropped": dict(self.dropped),
            "reopened": self.reopened,
            "driver": self.driver,
        }


class Stamper:
    """Gives each frame the time at which it came in: never the same twice, and increasing unless the clock is set."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last: datetime | None = None

    def now(self) -> datetime:
        """Return the time of a frame that has just come in."""
        now = self._clock()
        if self._last is not None and self._last - _STEP_BACK < now <= self._last:
            now = self._last + timedelta(microseconds=1)
        self._last = now
        return now


class Line:
    """Reads one port for ever and posts what comes: `Decoded` frames and changes of the `Link`."""

    def __init__(
        self,
        port: str,
        *,
        mode: str,
        hide: frozenset[str],
        open_port: OpenPort,
        post: Callable[[Decoded | Link], None],
        stop: threading.Event,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.health = LineHealth(port)
        self._port_name = port
        self._hide = hide
        self._open_port = open_port
        self._post = post
        self._stop = stop
        self._monotonic = monotonic
        self._stamper = Stamper(clock)
        self._identity = Identity()
        self._detector = Detector(mode, monotonic())
        self._online = False
        self._last_frame = monotonic()
        self._said = ""
        self._other_family_said = False

    def run(self) -> None:
        """Read until the stop; the port is opened again whenever it goes away."""
        wait = 1.0
        while not self._stop.is_set():
            try:
                port = self._open_port(self._port_name, SPEEDS[self._detector.mode], self._stop)
            except PortError as error:
                self._say(logging.WARNING, f"{error}; trying again until it is there")
                self._check_link()
                self._stop.wait(wait)
                wait = min(wait * 2, SLOWEST_RETRY)
                continue
            wait = 1.0
            self._read(port)
        self._set_link(False)

    def _read(self, port: Port) -> None:
        self._say(logging.INFO, f"Listening on {self._port_name}")
        self.health.open = True
        decoder = Decoder()
        broken = self.health.broken
        try:
            while not self._stop.is_set():
                data = port.read(_READ)
                if data:
                    for reading in self._decode(decoder, data):
                        self._take(reading)
                    self.health.broken = broken + decoder.broken
                self._check_link()
                if self._detector.switch(self._monotonic()):
                    port.set_speed(SPEEDS[self._detector.mode])
                    decoder, broken = Decoder(), self.health.broken
                    self.health.driver = port.driver_errors()
        except PortError as error:
            self.health.reopened += 1
            self._say(logging.WARNING, f"{error}; opening it again when it is there")
        finally:
            self.health.open = False
            self.health.driver = port.driver_errors() or self.health.driver
            _close(port)

    def _decode(self, decoder: Decoder, data: bytes) -> list[Reading]:
        readings = decoder.feed(data)
        now = self._monotonic()
        if readings:
            self._detector.frame(now)
        elif not self._detector.proved:
            self._detector.feed(data, now)
        return readings

    def _take(self, reading: Reading) -> None:
        health = self.health
        health.mode, health.parity = reading.mode, reading.parity
        health.parity_errors += reading.parity_errors
        health.dropped.update({fault.value: count for fault, count in reading.faults.items()})
        address = reading.address
        if address is None:
            health.incomplete += 1
            self._name_family(reading)
            return
        for frame in self._identity.accept(as_frame(reading, address, self._stamper.now(), self._hide)):
            health.frames += 1
            if health.meter not in (None, frame.meter):
                log.warning("%s: the meter is now %s", self._port_name, frame.meter)
                self._set_link(False)
            health.meter = frame.meter
            self._last_frame = self._monotonic()
            self._set_link(True)
            self._post(Decoded(frame))
        health.misread = self._identity.misread

    def _name_family(self, reading: Reading) -> None:
        if self._other_family_said or self.health.meter:
            return
        for family, labels in OTHER_FAMILIES.items():
            if len(labels.keys() & reading.values.keys()) >= 3:
                log.warning(
                    "%s: this is a %s meter; it sends no ADCO or ADSC, so nothing is published for it",
                    self._port_name,
                    family,
                )
                self._other_family_said = True
                return

    def _check_link(self) -> None:
        if self._online and self._monotonic() - self._last_frame > LINK_LOST:
            self._set_link(False)

    def _set_link(self, online: bool) -> None:
        if online == self._online or self.health.meter is None:
            return
        self._online = online
        if online:
            log.info("%s: frames are coming (%s mode)", self._port_name, self.health.mode)
        elif not self._stop.is_set():
            log.warning("%s: no frame for %.0f s; listening in both modes", self._port_name, LINK_LOST)
        self._post(Link(self.health.meter, online))

    def _say(self, level: int, text: str) -> None:
        if text != self._said:  # once a change, not once a try
            log.log(level, "%s", text)
        self._said = text


def as_frame(reading: Reading, meter: str, timestamp: datetime, hide: frozenset[str] = frozenset()) -> Frame:
    """Make the frame that is published, without the labels that stay in the house."""
    frame = Frame(
        meter=meter,
        timestamp=timestamp,
        mode=reading.mode,
        values=reading.values,
        stamps=reading.stamps or None,
        clock="degraded" if reading.degraded else None,
        dropped=reading.dropped or None,
    )
    if hide.isdisjoint(reading.values):
        return frame
    return replace(
        frame,
        values={label: value for label, value in reading.values.items() if label not in hide},
        stamps={label: stamp for label, stamp in reading.stamps.items() if label not in hide} or None,
    )


def _close(port: Port) -> None:
    try:
        port.close()
    except PortError as error:
        log.debug("%s", error)  # it is gone already: that is why it is closed
