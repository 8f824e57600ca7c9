"""Where a watched meter's frames come from: a port of this machine, or the broker of a reader that runs."""

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from common.errors import MessageError
from common.frame import Frame
from common.mqtt.events import Connected, Disconnected, Message, Published
from common.mqtt.session import Session
from common.topics import Topics
from reader.config import ReaderMqtt
from reader.line.worker import FrameReceived, LineEvent, LineWorker, LinkChanged, OpenPort


@dataclass(frozen=True, slots=True)
class Parity:
    """How many bytes of wrong parity there were."""

    meter: str
    errors: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What is wrong with the source; empty when it is well again."""

    text: str


@dataclass(frozen=True, slots=True)
class Gone:
    """What was retained of a meter has been cleared: nobody reads it any more."""

    meter: str


Event = LineEvent | Gone | Parity | Notice
Post = Callable[[Event], None]


class Source(Protocol):
    """Whatever frames come from."""

    name: str

    def start(self) -> None:
        """Begin to post what happens."""

    def look(self) -> None:
        """Post what only shows when one looks."""

    def close(self) -> None:
        """Let go of it."""


class PortSource:
    """Ports that are opened here, and again when they go away."""

    def __init__(self, ports: tuple[str, ...], *, mode: str, open_port: OpenPort, post: Post) -> None:
        self.name = ", ".join(ports)
        self._post = post
        self._stop = threading.Event()
        self._lines = [
            LineWorker(
                port, mode=mode, hide=frozenset(), open_port=open_port, emit=post, stop=self._stop, time_source=_Now()
            )
            for port in ports
        ]  # fmt: skip
        self._threads = [
            threading.Thread(target=line.run, name=f"line {line.health.port}", daemon=True) for line in self._lines
        ]

    def start(self) -> None:
        """Open the ports."""
        for thread in self._threads:
            thread.start()

    def look(self) -> None:
        """Post the parity errors."""
        for line in self._lines:
            if line.health.meter is not None and line.health.parity:
                self._post(Parity(line.health.meter, line.health.parity_errors))

    def close(self) -> None:
        """Close the ports, which takes a moment."""
        self._stop.set()
        for thread in self._threads:
            thread.join(3.0)


class _Now:
    """Stamps frames with this machine's clock, right or not: nobody keeps these."""

    synchronised = True
    steps_back = 0

    def waiting_for_sync(self) -> bool:
        return False

    def timestamp(self, at: float) -> tuple[datetime, bool]:
        return datetime.now(UTC), True


class BrokerSource:
    """Frames as a reader publishes them."""

    def __init__(self, settings: ReaderMqtt, post: Post) -> None:
        self.name = f"mqtt://{settings.host}:{settings.port}/{settings.topic}"
        self._post = post
        self._topics = Topics(settings.topic)
        self._session = Session(
            settings,
            f"teleinfo-watch-{os.urandom(4).hex()}",
            subscriptions=[self._topics.frame("+"), self._topics.link("+"), self._topics.health("reader", "+")],
            emit=self._hear,
        )

    def start(self) -> None:
        """Connect to the broker."""
        self._session.start()

    def look(self) -> None:
        """Post nothing: all comes by itself."""

    def close(self) -> None:
        """Leave the broker."""
        self._session.close()

    def _hear(self, event: Connected | Disconnected | Published | Message) -> None:
        if isinstance(event, Connected):
            self._post(Notice(""))
        if not isinstance(event, Message):
            return
        meter, _, what = event.topic.removeprefix(f"{self._topics.base}/").partition("/")
        try:
            if what == "frame":
                self._post(FrameReceived(Frame.from_json(event.payload)))
            elif what == "link":
                self._post(LinkChanged(meter, event.payload == b"online") if event.payload else Gone(meter))
            else:
                self._health(json.loads(event.payload))
        except (MessageError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self._post(Notice(f"{event.topic}: {error}"))

    def _health(self, report: Mapping[str, Any]) -> None:
        for line in report["lines"]:
            if line["meter"] is not None and line["parity"]:
                self._post(Parity(line["meter"], int(line["parity_errors"])))


class NoteHandler(logging.Handler):
    """Turns warnings of the log, which would spoil the screen, into notes."""

    def __init__(self, post: Post) -> None:
        super().__init__(logging.WARNING)
        self._post_note = post

    def emit(self, record: logging.LogRecord) -> None:
        """Post a warning."""
        self._post_note(Notice(record.getMessage()))
