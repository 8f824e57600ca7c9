"""All that the broker says: meters, readers and storers. Bounded, and safe for several threads. No I/O, no clock."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from common.contract.frame import METER, Frame, check_size, read_json
from common.contract.ports import OfferedPort, read_offer
from common.contract.usual_interval import LONGEST_INTERVAL, SHORTEST_INTERVAL
from common.errors import MessageError
from common.runtime.logs import RateLimiter
from monitor.live.meter import Adapter, LiveMeter, MeterView
from monitor.readings.curves import Second

log = logging.getLogger(__name__)

MAX_METERS = 200
MAX_PROGRAMS = 32  # of each kind
# Seconds without any message after which a missing frame is the fault of the broker: a reader that has none says so
# after ten.
_SILENT_BROKER = 10.0
_QUIET_AFTER = 600.0  # seconds after which a meter may make room for another


@dataclass(frozen=True, slots=True)
class Program:
    """A reader or a storer."""

    name: str
    status: str  # online, offline; of a storer also stalled: the database is away from it
    health: Mapping[str, Any] | None  # its counters, as it published them last
    at: datetime  # when it last published something, by our clock; what is retained may be older
    offered: Sequence[OfferedPort] = ()  # what a reader could listen to, whose port is chosen in the page

    @property
    def meters(self) -> frozenset[str]:
        """The meters that a reader reads."""
        return frozenset(meter for line in self.lines if isinstance(meter := line.get("meter"), str))

    @property
    def lines(self) -> list[Mapping[str, Any]]:
        """The ports that a reader reads, with their counters."""
        lines = (self.health or {}).get("lines")
        return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []

    @property
    def asks_port(self) -> bool:
        """Whether the port of a reader is chosen in the page."""
        return (self.health or {}).get("asks_port") is True

    @property
    def refused_topics(self) -> list[str]:
        """The topics of sources that the broker does not let a storer read."""
        sources = (self.health or {}).get("sources")
        topics = sources.get("not_allowed") if isinstance(sources, dict) else None
        return [topic for topic in topics if isinstance(topic, str)] if isinstance(topics, list) else []


class LiveState:
    """Keeps what messages say. `connected` is whether the broker can say anything at all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limiter = RateLimiter()
        self._meters: dict[str, LiveMeter] = {}
        self._programs: dict[str, dict[str, Program]] = {"reader": {}, "storer": {}}
        self._stored_at: dict[str, datetime] = {}
        self._message_at = 0.0
        self.connected = False

    def answers(self, now: float) -> bool:
        """Return whether the broker answers, as far as its messages show; that a connection is dead takes it longer."""
        if now - self._message_at <= _SILENT_BROKER:
            return self.connected
        with self._lock:
            missing = any(
                meter.online
                and not meter.decoded  # a device at the same broker may be away by itself
                and not meter.view(now).speaking
                and self._is_read(meter.identifier)
                for meter in self._meters.values()
            )
        return self.connected and not missing

    def _is_read(self, meter: str) -> bool:
        """Return whether a reader of a meter is online, by its last word."""
        readers = self._programs["reader"].values()
        own = [reader for reader in readers if meter in reader.meters] or readers
        return any(reader.status == "online" for reader in own)

    def on_message(self, now: float) -> None:
        """A message came, of whatever kind."""
        self._message_at = now

    def on_connected(self, now: float) -> None:
        """The broker accepted the connection."""
        with self._lock:
            self.connected = True
            self._message_at = now
            for meter in self._meters.values():
                meter.on_connected(now)

    def on_disconnected(self) -> None:
        """The connection is over: what programs said last may no longer be true."""
        with self._lock:
            self.connected = False

    def on_frame(self, meter: str, payload: bytes, now: float) -> None:
        """Handle a frame.

        Raises:
            MessageError: it is none, or of another meter.
        """
        frame = Frame.from_json(payload)
        if frame.meter != meter:
            raise MessageError("not a frame: 'meter' differs from the topic")
        self._change(meter, now, lambda found: found.on_frame(frame, now))

    def on_state(self, meter: str, payload: bytes, now: float) -> None:
        """Handle a state; an empty one clears the meter: nobody reads it any more.

        Raises:
            MessageError: it is none.
        """
        if not payload:
            self._forget(meter)
            return
        state = _object(payload)
        self._change(meter, now, lambda found: found.on_state(state, now))

    def on_link(self, meter: str, payload: bytes, now: float) -> None:
        """Handle what a reader says of the link."""
        if not payload:
            self._forget(meter)
            return
        self._change(meter, now, lambda found: found.on_link(payload == b"online", now))

    def on_past(self, meter: str, powers: Iterable[Second], now: float) -> None:
        """The database has these powers of the last ten minutes."""
        self._change(meter, now, lambda found: found.on_past(powers))

    def on_stored(self, meter: str, at: datetime) -> None:
        """A storer has confirmed something of a meter."""
        with self._lock:
            if meter in self._meters:
                self._stored_at[meter] = at

    def on_status(self, kind: str, name: str, payload: bytes, at: datetime) -> None:
        """Handle the status of a reader (a word) or a storer (an object); an empty one forgets the program.

        Raises:
            MessageError: it is none.
        """
        with self._lock:
            programs = self._programs[kind]
            if not payload:
                programs.pop(name, None)
                return
        status = _object(payload).get("status") if kind == "storer" else payload[:16].decode(errors="replace")
        if status not in ("online", "offline", "stalled"):
            raise MessageError("not a status: online, offline or stalled is expected")
        self._change_program(kind, name, at, lambda program: replace(program, status=str(status), at=at))

    def on_health(self, kind: str, name: str, payload: bytes, at: datetime) -> None:
        """Handle the counters of a reader or a storer.

        Raises:
            MessageError: they are none.
        """
        if payload:
            health = _object(payload)
            self._change_program(kind, name, at, lambda program: replace(program, health=health, at=at))
            if kind == "reader":
                self._tell_adapters()

    def _tell_adapters(self) -> None:
        """Tell meters who decodes them: until their first frame comes, a quarter of an hour may pass."""
        with self._lock:
            for meter in self._meters.values():
                meter.on_adapter(self._adapter_of(meter.identifier))

    def _adapter_of(self, meter: str) -> Adapter | None:
        """Return who decodes a meter, as readers say; a line goes before."""
        lines = [line for reader in self._programs["reader"].values() for line in reader.lines]
        found = [_adapter(line.get("decoded")) for line in lines if line.get("meter") == meter]
        return None if None in found else next(iter(found), None)

    def on_ports(self, reader: str, payload: bytes, at: datetime) -> None:
        """Handle what a reader could listen to; an empty message clears it.

        Raises:
            MessageError: it is no offer.
        """
        offered = read_offer(payload) if payload else []
        if offered or reader in self._programs["reader"]:
            self._change_program("reader", reader, at, lambda program: replace(program, offered=offered, at=at))

    def _change(self, identifier: str, now: float, change: Callable[[LiveMeter], None]) -> None:
        with self._lock:
            meter = self._meters.get(identifier)
            if meter is None:
                if not METER.fullmatch(identifier) or not self._has_room(now):
                    return
                meter = self._meters[identifier] = LiveMeter(identifier, now)
                meter.on_adapter(self._adapter_of(identifier))
            change(meter)

    def _has_room(self, now: float) -> bool:
        if len(self._meters) < MAX_METERS:
            return True
        oldest = min(self._meters.values(), key=lambda meter: meter.active_at)
        if now - oldest.active_at > _QUIET_AFTER:
            del self._meters[oldest.identifier]
            self._stored_at.pop(oldest.identifier, None)
            return True
        if self._limiter.allow("meters", now):
            log.warning(
                "There are more than %d meters on the broker: the page shows no live values for the others", MAX_METERS
            )
        return False

    def _change_program(self, kind: str, name: str, at: datetime, change: Callable[[Program], Program]) -> None:
        with self._lock:
            programs = self._programs[kind]
            program = programs.get(name) or Program(name, "offline", None, at)
            if name not in programs and len(programs) >= MAX_PROGRAMS:
                oldest = min(programs.values(), key=lambda one: (one.status == "online", one.at))
                del programs[oldest.name]
            programs[name] = change(program)

    def _forget(self, meter: str) -> None:
        with self._lock:
            self._meters.pop(meter, None)
            self._stored_at.pop(meter, None)

    # -- what is known -------------------------------------------------------------------------------------------------

    def meters(self) -> list[str]:
        """Return the meters of which the broker has something, by identifier; of others only the past is known."""
        with self._lock:
            return sorted(name for name, meter in self._meters.items() if meter.announced)

    def meter(self, identifier: str, now: float) -> MeterView | None:
        """Return a meter; None if nothing came of it."""
        with self._lock:
            meter = self._meters.get(identifier)
            return None if meter is None else meter.view(now)

    def ring(self, identifier: str, end: datetime) -> list[int | None] | None:
        """Return the power of a meter's ten minutes up to `end`, a value a second."""
        with self._lock:
            meter = self._meters.get(identifier)
            return None if meter is None else meter.ring(end)

    def stored_at(self, identifier: str) -> datetime | None:
        """Return when a storer last confirmed something of a meter, by our clock."""
        with self._lock:
            return self._stored_at.get(identifier)

    def programs(self, kind: str) -> list[Program]:
        """Return the readers or the storers, by name."""
        with self._lock:
            return [self._programs[kind][name] for name in sorted(self._programs[kind])]


def _adapter(said: object) -> Adapter | None:
    source, interval = (said.get("source"), said.get("interval")) if isinstance(said, dict) else (None, None)
    if not isinstance(source, str) or type(interval) is not int:
        return None
    return Adapter(source, interval) if SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL else None


def _object(payload: bytes) -> dict[str, Any]:
    check_size(payload)
    message = read_json(payload)
    if not isinstance(message, dict):
        raise MessageError("not a JSON object")
    return message
