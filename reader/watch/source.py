"""Sources of frames for watch: a port of this machine, or the broker of a running reader."""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from common.contract.frame import Frame, parse_time
from common.contract.topics import Topics
from common.errors import MessageError
from common.mqtt.events import Connected, Disconnected, Message, Published
from common.mqtt.session import Session
from common.runtime.shutdown import StopEvent
from reader.config import ReaderMqtt
from reader.line.worker import FrameReceived, LineEvent, LineWorker, LinkChanged, OpenPort
from reader.watch.view import SourceValue


@dataclass(frozen=True, slots=True)
class ParityErrors:
    """The number of bytes with wrong parity so far."""

    meter: str
    count: int


@dataclass(frozen=True, slots=True)
class SourceValues:
    """What the sources of a storer sent last, as far as that is new."""

    storer: str
    values: tuple[SourceValue, ...]


@dataclass(frozen=True, slots=True)
class SourceWarning:
    """What is wrong with the source; empty when it works again."""

    text: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """The retained messages of a meter were cleared: it is no longer read."""

    meter: str


Event = LineEvent | Cleared | ParityErrors | SourceValues | SourceWarning
#: What is older is not shown; thermometers send less often.
_FRESH = {"power": timedelta(minutes=5), "energy": timedelta(minutes=5), "temperature": timedelta(hours=1)}
Emit = Callable[[Event], None]


class FrameSource(Protocol):
    """Emits events from its own threads."""

    name: str

    def start(self) -> None:
        """Begin to emit events."""

    def poll(self) -> None:
        """Emit events about what does not report itself."""

    def close(self) -> None:
        """Stop."""


class PortSource:
    """Serial ports and gateways, reopened when they fail."""

    def __init__(self, ports: tuple[str, ...], *, mode: str, open_port: OpenPort, emit: Emit) -> None:
        self.name = ", ".join(ports)
        self._emit = emit
        self._stop = StopEvent()
        self._lines = [
            LineWorker(
                port,
                mode=mode,
                hide=frozenset(),
                open_port=open_port,
                emit=emit,
                stop=self._stop,
                time_source=_HostClock(),
            )
            for port in ports
        ]
        self._threads = [
            threading.Thread(target=line.run, name=f"line {line.health.port}", daemon=True) for line in self._lines
        ]

    def start(self) -> None:
        """Open the ports."""
        for thread in self._threads:
            thread.start()

    def poll(self) -> None:
        """Emit the parity errors."""
        for line in self._lines:
            if line.health.meter is not None and line.health.parity:
                self._emit(ParityErrors(line.health.meter, line.health.parity_errors))

    def close(self) -> None:
        """Close the ports; may take some seconds."""
        self._stop.set()
        for thread in self._threads:
            thread.join(3.0)


class _HostClock:
    """Stamps frames with the host's clock, synchronised or not: these frames are not stored."""

    synchronised = True
    steps_back = 0

    def waiting_for_sync(self) -> bool:
        return False

    def timestamp(self, at: float) -> tuple[datetime, bool]:
        return datetime.now(UTC), True


class BrokerSource:
    """A broker on which a reader publishes."""

    def __init__(self, settings: ReaderMqtt, emit: Emit) -> None:
        self.name = f"mqtt://{settings.address}/{settings.topic}"
        self._emit = emit
        self._topics = Topics(settings.topic)
        self._session = Session(
            settings,
            f"teleinfo-watch-{os.urandom(4).hex()}",
            subscriptions=[
                self._topics.frame("+"),
                self._topics.link("+"),
                self._topics.health("reader", "+"),
                self._topics.health("storer", "+"),
            ],
            emit=self._on_event,
        )

    def start(self) -> None:
        """Connect to the broker."""
        self._session.start()

    def poll(self) -> None:
        """Emit nothing: all is reported."""

    def close(self) -> None:
        """Disconnect."""
        self._session.close()

    def _on_event(self, event: Connected | Disconnected | Published | Message) -> None:
        if isinstance(event, Connected):
            self._emit(SourceWarning(""))
        if not isinstance(event, Message):
            return
        meter, _, what = event.topic.removeprefix(f"{self._topics.base}/").partition("/")
        try:
            if what == "frame":
                self._emit(FrameReceived(Frame.from_json(event.payload)))
            elif what == "link":
                self._emit(LinkChanged(meter, event.payload == b"online") if event.payload else Cleared(meter))
            elif meter == "storer":
                report = json.loads(event.payload) if event.payload else {}
                values = _new_values(report["sources"], datetime.now(UTC)) if "sources" in report else ()
                self._emit(SourceValues(what, tuple(values)))
            else:
                self._on_health(json.loads(event.payload))
        except (MessageError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self._emit(SourceWarning(f"{event.topic}: {error}"))

    def _on_health(self, report: Mapping[str, Any]) -> None:
        for line in report["lines"]:
            if line["meter"] is not None and line["parity"]:
                self._emit(ParityErrors(line["meter"], int(line["parity_errors"])))


def _new_values(report: Mapping[str, Any], now: datetime) -> Iterator[SourceValue]:
    for one in report["sources"]:
        quantity = next((quantity for quantity in _FRESH if quantity in one), None)
        if quantity is not None and now - parse_time(one["last"]) < _FRESH[quantity]:
            yield SourceValue(str(one["name"]), one.get("meter"), quantity, float(one[quantity]))


class WarningHandler(logging.Handler):
    """Turns warnings of the log, which would spoil the screen, into events."""

    def __init__(self, emit: Emit) -> None:
        super().__init__(logging.WARNING)
        self._emit_event = emit

    def emit(self, record: logging.LogRecord) -> None:
        """Emit a warning."""
        self._emit_event(SourceWarning(record.getMessage()))
