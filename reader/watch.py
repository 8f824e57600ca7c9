"""The command `teleinfo-reader watch`: what meters send now, of a port or a broker, as a table on the terminal.

rich is optional, so it is imported where it draws.
"""

import argparse
import dataclasses
import json
import logging
import os
import queue
import select
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import LogRecord
from logging.handlers import QueueHandler
from typing import TYPE_CHECKING, Any

from common.contract.frame import Frame, Value, parse_time
from common.contract.labels import LABELS, Mode
from common.contract.topics import Topics
from common.errors import ConfigError, MessageError, PortBusy, PortError
from common.machine.deployment import here
from common.machine.host import Host
from common.mqtt.events import Connected, Message
from common.mqtt.session import Session
from common.runtime.cli import argument
from common.runtime.logs import printable
from common.runtime.shutdown import Shutdown, StopEvent
from common.settings import config
from reader.config import ReaderConfig, ReaderMqtt, line_name
from reader.line.choice import has_only_topics, ports_to_open
from reader.line.port import open_port
from reader.line.worker import FrameReceived, LineWorker, LinkChanged
from reader.meter.names import MODE_NAMES
from reader.meter.names import Text as Words

_EVERY = 0.5  # seconds between two pictures
_CANNOT_DRAW = ("dumb", "unknown")  # values of TERM on which rich shows nothing at all

if TYPE_CHECKING:
    from rich.console import RenderableType

Emit = Callable[[object], None]

_QUANTITIES = {"power": "W", "energy": "Wh", "temperature": "°C"}
_WAITING = Words("En attente d’une trame…", "Waiting for a frame…")
_QUIT = Words("q : quitter", "q: quit")
_METER, _SOURCES = Words("Compteur", "Meter"), Words("Sources", "Sources")
_STATES = {True: Words("en ligne", "online"), False: Words("aucune trame", "no frames")}
_DROPPED = Words("groupes rejetés : {}", "groups dropped: {}")
_MORE = Words("{} de plus : agrandissez la fenêtre", "{} more: enlarge the window")
_BLANK = "\N{NO-BREAK SPACE}"
_TITLE, _OFFLINE = "bold", "bold red"  # styles
_Row = tuple[str, str, str, str, str, str]  # label, value, unit, meaning, age, style


def declare_watch(watch: argparse.ArgumentParser) -> None:
    """Declare the arguments of `watch`, besides `--config`."""
    where = watch.add_mutually_exclusive_group()
    where.add_argument(
        "--port", type=argument(line_name), metavar="PORT", help="read this port instead of that of the configuration"
    )
    where.add_argument(
        "--mqtt", nargs="?", const=("", None), type=_broker, metavar="HOST[:PORT]",
        help="show what a running reader publishes on this broker (default: if the port is in use)",
    )  # fmt: skip
    watch.add_argument("--meter", metavar="ADDRESS", help="show only this meter")
    watch.add_argument("--language", choices=("fr", "en"), help="default: home_assistant.language, else fr")
    watch.set_defaults(command=_watch)


def _broker(text: str) -> tuple[str, int | None]:
    host, separator, port = text.rpartition(":")
    if "/" in text or "@" in text:  # what it holds is not shown: it may be a password
        raise argparse.ArgumentTypeError("expected HOST or HOST:PORT; an account is given in the configuration")
    if not separator or ":" in host:  # no port, or an IPv6 address
        return text, None
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"expected HOST or HOST:PORT, not {text}")
    return host, int(port)


def _watch(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    name, start = _source(arguments, settings)
    if not sys.stdout.isatty() or os.environ.get("TERM", "").lower() in _CANNOT_DRAW:
        raise ConfigError("watch: a terminal is needed; for programs, each frame is on MQTT as JSON: teleinfo/+/frame")
    show = _screen()
    language = arguments.language or (settings.home_assistant.language if settings else "fr")
    meters = Meters(language, name, only=arguments.meter)
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    shutdown = Shutdown()
    shutdown.install(lambda: events.put(None))
    warnings = QueueHandler(events)  # on the terminal they would spoil the screen
    warnings.setLevel(logging.WARNING)
    logging.getLogger().addHandler(warnings)
    try:
        with start(events.put), _keys() as quit_pressed, show as draw:
            while not shutdown.stop.is_set() and not quit_pressed():
                _handle_for(_EVERY, events, meters.handle)
                draw(meters)
    finally:
        logging.getLogger().removeHandler(warnings)
    return shutdown.exit_code


def _handle_for(seconds: float, events: "queue.SimpleQueue[object]", handle: Emit) -> None:
    """Handle what arrives in this time; None, which comes with the stop, ends it early."""
    end = time.monotonic() + seconds
    try:
        while (event := events.get(timeout=max(0.0, end - time.monotonic()))) is not None:
            handle(event)
    except queue.Empty:
        pass


def _settings(arguments: argparse.Namespace) -> ReaderConfig | None:
    """Return the configuration; None if it cannot be read, and the arguments do without."""
    # That of an installed service can only be read by root and the service; a port needs none.
    try:
        arguments.config.open().close()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        if arguments.port or (arguments.mqtt is not None and missing):
            return None
        if missing:
            raise ConfigError(
                f"{arguments.config}: not found; give your file with --config,"
                " or the meter's port with --port, or a reader's broker with --mqtt"
            ) from error
    return config.load(ReaderConfig, arguments.config)


def _source(
    arguments: argparse.Namespace, settings: ReaderConfig | None
) -> tuple[str, Callable[[Emit], AbstractContextManager[None]]]:
    """Return where the frames come from, and what reads there: the ports, or the broker if they are in use."""
    broker = settings.mqtt if settings else ReaderMqtt()
    if arguments.mqtt is not None:
        host, port = arguments.mqtt
        broker = dataclasses.replace(broker, host=host or broker.host, port=port or broker.port)
    elif arguments.port or settings is None or not has_only_topics(settings):
        ports = (arguments.port,) if arguments.port or settings is None else ports_to_open(settings)
        if not _in_use(ports, arguments, settings):
            return ", ".join(ports), lambda emit: _lines(ports, settings.mode if settings else "auto", emit)
    return f"mqtt://{broker.address}/{broker.topic}", lambda emit: _connected(broker, emit)


def _in_use(ports: tuple[str, ...], arguments: argparse.Namespace, settings: ReaderConfig | None) -> bool:
    """Return whether another program reads the ports of the configuration.

    Raises:
        PortError: the only port cannot be opened, or one that the arguments name is in use.
    """
    if settings is not None and not arguments.port and Host().lock_holder(settings.spool.journal) is not None:
        return True  # its reader runs; the port may be a gateway, which cannot be tried
    for port in ports:
        try:
            if "://" not in port:
                open_port(port, 9600, StopEvent()).close()
        except PortBusy as error:
            if not arguments.port:
                return True
            command = here("teleinfo-reader").run("teleinfo-reader", "watch --mqtt")
            raise PortBusy(f"{error}; to see what a reader publishes: {command}") from error
        except PortError:
            if len(ports) == 1:  # one of several is retried while the others are shown
                raise
    return False


class _HostClock:
    """Stamps frames with the host's clock, synchronised or not: these frames are not stored."""

    synchronised = True
    steps_back = 0

    def waiting_for_sync(self) -> bool:
        return False

    def timestamp(self, at: float) -> tuple[datetime, bool]:
        return datetime.now(UTC), True


@contextmanager
def _lines(ports: tuple[str, ...], mode: str, emit: Emit) -> Iterator[None]:
    """Read serial ports and gateways, which are reopened when they fail; to close them may take some seconds."""
    stop = StopEvent()
    threads = []
    for port in ports:
        line = LineWorker(
            port, mode=mode, hide=frozenset(), open_port=open_port, emit=emit, stop=stop, time_source=_HostClock()
        )
        threads.append(threading.Thread(target=line.run, name="line", daemon=True))
        threads[-1].start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(3.0)


@contextmanager
def _connected(settings: ReaderMqtt, emit: Emit) -> Iterator[None]:
    """Receive what a reader publishes on a broker."""
    topics = Topics(settings.topic)
    subscriptions = [topics.frame("+"), topics.link("+"), topics.health("storer", "+")]
    name = f"teleinfo-watch-{os.urandom(4).hex()}"
    session = Session(settings, name, subscriptions=subscriptions, emit=emit)
    with closing(session):
        session.start()
        yield


@contextmanager
def _keys() -> Iterator[Callable[[], bool]]:
    """Yield a check for a pressed q, or a keyboard that is gone; restore the terminal's settings afterwards."""
    if not sys.stdin.isatty():
        yield lambda: False
        return
    terminal = sys.stdin.fileno()
    settings = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        yield lambda: bool(select.select([terminal], [], [], 0)[0]) and os.read(terminal, 64).strip(b"qQ") == b""
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, settings)


@dataclass(slots=True)
class _Meter:
    mode: Mode = Mode.HISTORIC
    online: bool = True
    dropped: int = 0
    values: dict[str, tuple[Value, datetime | None, datetime]] = field(default_factory=dict)
    """By label: the value, the meter's own time of it, when it was received."""

    def update(self, frame: Frame) -> None:
        if frame.mode is not self.mode:
            self.values.clear()
            self.mode = frame.mode
        self.online = True
        self.dropped += frame.dropped or 0
        stamps = frame.stamps or {}
        self.values |= {label: (value, stamps.get(label), frame.timestamp) for label, value in frame.values.items()}


class Meters:
    """Follows meters, and what sources of the storers sent, by the events of ports or of a broker."""

    def __init__(self, language: str, source: str, *, only: str | None = None) -> None:
        """`source` says where the frames come from; `only` is the address of the one meter to show."""
        self._language = language
        self._source = source
        self._only = only
        self._warning = ""
        self._meters: dict[str, _Meter] = {}
        self._sources: dict[str, list[dict[str, Any]]] = {}  # by storer

    def handle(self, event: object) -> None:
        """Take over a frame, a change of the link, a message of the broker, or a warning of the log."""
        match event:
            case FrameReceived(frame):
                self._meter(frame.meter).update(frame)
                self._warning = ""
            case LinkChanged(meter, online):
                self._meter(meter).online = online
            case Connected():
                self._warning = ""
            case Message():
                try:
                    self._on_message(event)
                except (MessageError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                    self._warning = f"{event.topic}: {error}"
            case LogRecord():
                self._warning = event.getMessage()

    def _on_message(self, message: Message) -> None:
        *_, first, second, what = message.topic.split("/")
        if what == "frame":
            self.handle(FrameReceived(Frame.from_json(message.payload)))
        elif what == "link" and message.payload:
            self._meter(second).online = message.payload == b"online"
        elif what == "link":  # cleared: it is no longer read
            self._meters.pop(second, None)
        elif what == "health" and first == "storer":
            report = json.loads(message.payload) if message.payload else {}
            sources = report.get("sources", {}).get("sources", [])
            for source in sources:
                parse_time(source["last"])
            self._sources[second] = sources

    def _meter(self, address: str) -> _Meter:
        return self._meters.setdefault(address, _Meter())

    def draw(self, now: datetime, height: int) -> "RenderableType":
        """Lay out the meters on a screen of this height, at `now`."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        visible = [meter for meter in sorted(self._meters) if self._only in (None, meter)]
        rows = [row for meter in visible for row in self._labels(meter, self._meters[meter], now)]
        if readings := self._readings(now):
            rows += [(_SOURCES.of(self._language), "", "", "", "", _TITLE), *readings]
        table = Table.grid(expand=True, padding=(0, 1))
        table.add_column(width=10, style="cyan", no_wrap=True)
        table.add_column(width=20, style="bold", justify="right", no_wrap=True)
        table.add_column(width=4, no_wrap=True)
        table.add_column(ratio=1, no_wrap=True)
        table.add_column(width=6, style="bright_black", justify="right", no_wrap=True)
        room = height - 1 - (not visible)
        for *texts, style in rows if len(rows) <= room else rows[: room - 1]:
            table.add_row(*map(Text, texts), style=style)
        parts: list[RenderableType] = [table]
        if not visible:
            others = f" ({', '.join(sorted(self._meters))})" if self._meters else ""
            parts.insert(0, Text(f"{_WAITING.of(self._language)}{others}"))
        if len(rows) > room:
            parts.append(Text(_MORE.of(self._language).format(len(rows) - room + 1), "bright_black"))
        where = Text(printable(self._warning), "yellow") if self._warning else Text(self._source, "bright_black")
        parts.append(Text.assemble(_QUIT.of(self._language), "  ", where, no_wrap=True, overflow="ellipsis"))
        return Group(*parts)

    def _labels(self, address: str, meter: _Meter, now: datetime) -> list[_Row]:
        """Return a title and a row a label: first what differs from frame to frame, then the indexes, then the rest."""
        facts = [MODE_NAMES[meter.mode].of(self._language).lower(), _STATES[meter.online].of(self._language)]
        if meter.dropped:
            facts.append(_DROPPED.of(self._language).format(meter.dropped))
        style = _TITLE if meter.online else _OFFLINE
        labels, ranked = LABELS[meter.mode], []
        for label, (value, stamp, received) in meter.values.items():
            about = labels.get(label)
            meaning = (about.meaning_fr if self._language == "fr" else about.meaning_en) if about else ""
            if stamp is not None:
                meaning = f"{meaning} ({stamp.astimezone():%Y-%m-%d %H:%M:%S})"
            rank = 2 if about is None or not about.volatile else 1 if about.cumulative else 0
            row = (label, self._amount(value), about.unit if about else "", meaning, _age(now - received), "")
            ranked.append((rank, row))
        title = (_METER.of(self._language), printable(address), "", " · ".join(facts), "", style)
        return [title, *(row for _, row in sorted(ranked, key=lambda pair: pair[0]))]

    def _readings(self, now: datetime) -> list[_Row]:
        """Return a row a source; several storers may have the same ones."""
        rows = {}
        for source in (source for sources in self._sources.values() for source in sources):
            for quantity, unit in _QUANTITIES.items():
                if quantity in source:
                    meaning = printable(str(source.get("meter") or ""))
                    age = _age(now - parse_time(source["last"]))
                    amount = self._amount(round(float(source[quantity]), 1))
                    rows[source["name"], quantity] = printable(str(source["name"])), amount, unit, meaning, age, ""
        return list(rows.values())

    def _amount(self, value: float | str) -> str:
        if isinstance(value, str):
            return printable(" ".join(value.split()))
        text = f"{value:,}"
        return text if self._language == "en" else text.replace(",", _BLANK).replace(".", ",")


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))  # the clock of a reader elsewhere may be ahead
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _screen() -> AbstractContextManager[Callable[[Meters], None]]:
    """Return what draws meters on the terminal's alternate screen, and restores the terminal afterwards.

    Raises:
        ConfigError: rich is not installed.
    """
    try:
        from rich.console import Console
        from rich.live import Live
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"watch: the Python package {error.name} is missing: install the extra 'watch'"
            f" ({sys.executable} -m pip install rich)"
        ) from error

    @contextmanager
    def screen() -> Iterator[Callable[[Meters], None]]:
        console = Console()
        with Live(
            console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        ) as live:
            yield lambda meters: live.update(meters.draw(datetime.now(UTC), console.height), refresh=True)

    return screen()
