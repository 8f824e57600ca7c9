"""The command `teleinfo-reader watch`: meters, live on a terminal."""

import argparse
import dataclasses
import io
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from common import config
from common.errors import ConfigError, PortBusy, PortError
from common.host import Host, Process
from common.runtime.cli import LOCAL_TIMES
from common.runtime.shutdown import Shutdown
from reader.config import ReaderConfig, ReaderMqtt
from reader.line.port import check_port, open_port
from reader.line.worker import FrameReceived, LinkChanged
from reader.watch.keyboard import read_keys
from reader.watch.meter_view import MeterView, View, plain_line
from reader.watch.notes import translate
from reader.watch.source import BrokerSource, Event, Gone, NoteHandler, Notice, Parity, PortSource, Source
from reader.watch.texts import Translations

_REDRAW = 0.5  # seconds between two pictures, at least
_TICK = 1.0  # seconds between two pictures, at most
_SILENCE = 15.0  # seconds without a frame until it is said what may be wrong
_CANNOT_DRAW = ("dumb", "unknown")  # as rich has it, which shows nothing at all there
_QUIT = frozenset("qQ\x03\x04")

Draw = Callable[[list[View]], None]


def add_watch(commands: Any, default: Path) -> None:
    """Add the command `watch`; `default` is the configuration that names port and broker."""
    watch = commands.add_parser("watch", help="show the meters live in this terminal; q ends it", epilog=LOCAL_TIMES)
    where = watch.add_mutually_exclusive_group()
    where.add_argument("--port", metavar="PORT", help="read this port, and not that of the configuration")
    where.add_argument(
        "--mqtt", nargs="?", const=("", None), type=_broker, metavar="HOST[:PORT]",
        help="listen to the broker of a reader that runs (default: where the port is in use)",
    )  # fmt: skip
    watch.add_argument("--meter", metavar="ADDRESS", help="show this meter alone")
    watch.add_argument("--language", choices=("fr", "en"), help="default: home_assistant.language, else fr")
    watch.add_argument("--config", type=Path, default=default, metavar="FILE", help=f"default: {default}")
    watch.set_defaults(command=_watch)


def _watch(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    language = arguments.language or (settings.home_assistant.language if settings else "fr")
    words = Translations(language)
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no é can still show the numbers
    interactive = sys.stdout.isatty() and os.environ.get("TERM", "").lower() not in _CANNOT_DRAW
    if interactive:
        _check_rich()
    source, note, advice = _source(arguments, settings, words, events.put)
    life = Shutdown()
    life.install(lambda: events.put(None))
    watch = _Watch(source, words, events, life.stop, only=arguments.meter, note=note, advice=advice)
    handler = NoteHandler(events.put)
    logging.getLogger().addHandler(handler)
    try:
        if interactive:
            _on_screen(watch, words, events, life.stop)
        else:
            watch.run(watch.say)
    finally:
        logging.getLogger().removeHandler(handler)
        source.close()
    return life.exit_code


def _settings(arguments: argparse.Namespace) -> ReaderConfig | None:
    """Return the configuration; None where there is none, and the arguments say all."""
    # Where the service is installed, only root and the service may look at it: with a port, that is no obstacle.
    try:
        arguments.config.open().close()
    except OSError as error:
        if arguments.port or (arguments.mqtt is not None and isinstance(error, FileNotFoundError)):
            return None
        if isinstance(error, FileNotFoundError):
            raise ConfigError(
                f"{arguments.config}: is not there; name your file with --config,"
                " or do without: the meter's port with --port, or a reader's broker with --mqtt"
            ) from error
    return config.load(ReaderConfig, arguments.config)


def _broker(text: str) -> tuple[str, int | None]:
    host, separator, port = text.rpartition(":")
    if not separator or ":" in host:  # none, or an address of IPv6
        return text, None
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"HOST or HOST:PORT is expected, not {text}")
    return host, int(port)


def _check_rich() -> None:
    try:
        import reader.watch.screen  # noqa: F401 - only those who watch have rich
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"watch: the Python package {error.name} is missing: install the extra 'watch'"
            f" ({sys.executable} -m pip install rich); without it, pipe the output: teleinfo-reader watch | cat"
        ) from error


def _source(
    arguments: argparse.Namespace, settings: ReaderConfig | None, words: Translations, post: Callable[[Event], None]
) -> tuple[Source, str, str]:
    """Return where the frames come from, what is to be said of it, and what to say when none come."""
    broker = settings.mqtt if settings else ReaderMqtt()
    note = ""
    if arguments.mqtt is not None:
        host, port = arguments.mqtt
        broker = dataclasses.replace(broker, host=host or broker.host, port=port or broker.port)
    else:
        ports = (arguments.port,) if arguments.port or settings is None else settings.port
        for port in ports:
            check_port(port)
        taken = None if arguments.port or settings is None else _taken_by_reader(settings, words)
        if taken is None:
            try:
                _try(ports)
            except PortBusy as error:
                port = str(error).partition(": ")[0]
                taken = port, _named(next(iter(Host().users_of(Path(port))), None), words)
                if arguments.port:
                    raise PortBusy(
                        f"{port}: {taken[1]} has it open; to see what a reader publishes: teleinfo-reader watch --mqtt"
                    ) from error
            else:
                mode = settings.mode if settings else "auto"
                return PortSource(ports, mode=mode, open_port=open_port, post=post), "", words("ask_line")
        note = words("from_broker", port=taken[0], who=taken[1], broker=broker.host)
    return BrokerSource(broker, post), note, words("ask_broker", topic=broker.topic)


def _taken_by_reader(settings: ReaderConfig, words: Translations) -> tuple[str, str] | None:
    """Return the ports and the reader, where one runs with this configuration: even a gateway lets only one in."""
    reader = Host().lock_holder(settings.spool.journal)
    return None if reader is None else (", ".join(settings.port), _named(reader, words))


def _named(process: Process | None, words: Translations) -> str:
    return words("another") if process is None else words("process", name=process.name, number=process.pid)


def _try(ports: tuple[str, ...]) -> None:
    """Open and close each port of this machine once, so that what is wrong with it is said at once.

    Raises:
        PortBusy: another program has one of them.
        PortError: the only one cannot be opened; one of several is tried again while the others are shown.
    """
    for port in ports:
        if "://" in port:
            continue
        try:
            open_port(port, 9600, threading.Event()).close()
        except PortBusy:
            raise
        except PortError:
            if len(ports) == 1:
                raise


class _Watch:
    """Takes what happens, and has it shown."""

    def __init__(
        self,
        source: Source,
        words: Translations,
        events: "queue.SimpleQueue[Event | None]",
        stop: threading.Event,
        *,
        only: str | None,
        note: str,
        advice: str,
    ) -> None:
        self.source = source.name
        self.note = note
        self._from = note  # stands as long as nothing else is wrong
        self._source = source
        self._words = words
        self._events = events
        self._stop = stop
        self._only = only
        self._advice = advice
        self._meters: dict[str, MeterView] = {}
        self._others: set[str] = set()  # heard, but not to be shown
        self._began = self._heard = time.monotonic()
        self._said: dict[str, str] = {}

    @property
    def advice(self) -> str:
        """What may be wrong, when nothing has come for a while."""
        silent = time.monotonic() - self._heard
        if silent < _SILENCE:
            return ""
        return self._words("wait_longer", seconds=int(silent)) + " " + self._what_to_do()

    def _what_to_do(self) -> str:
        if not self._others:
            return self._advice
        return self._words("other_meters", meters=", ".join(sorted(self._others)), wanted=self._only)

    def run(self, draw: Draw) -> None:
        """Show what comes until the stop."""
        self._source.start()
        drawn = float("-inf")
        while not self._stop.is_set():
            self._take_next(_TICK)
            while self._take_next(0):
                pass
            now = time.monotonic()
            if now - drawn >= _REDRAW and not self._stop.is_set():
                self._source.look()
                drawn = now
                draw([watched.view(now) for _, watched in sorted(self._meters.items())])

    def say(self, views: list[View]) -> None:
        """Print a line for each meter that shows something else than before."""
        for view in views:
            line = plain_line(view, self._words)
            if self._said.get(view.meter) != line and (view.power is not None or view.online is False):
                self._said[view.meter] = line
                print(f"{datetime.now().astimezone():%H:%M:%S} {line}", flush=True)  # noqa: T201 - the output
        self._complain("note", self.note)
        self._complain("advice", self._what_to_do() if self.advice else "")

    def _complain(self, kind: str, text: str) -> None:
        if self._said.get(kind, "") != text:
            self._said[kind] = text
            if text:
                print(text, file=sys.stderr, flush=True)  # noqa: T201 - for a person

    def _take_next(self, timeout: float) -> bool:
        try:
            event = self._events.get(timeout=timeout) if timeout else self._events.get_nowait()
        except queue.Empty:
            return False
        match event:
            case FrameReceived(frame):
                if self._wanted(frame.meter):
                    self._meter(frame.meter).take(frame, time.monotonic())
                    self._heard = time.monotonic()
                    self.note = self._from
            case LinkChanged(meter, online):
                if self._wanted(meter):
                    self._meter(meter).link(online)
            case Gone(meter):
                self._meters.pop(meter, None)
                self._others.discard(meter)
            case Parity(meter, errors):
                if meter in self._meters:
                    self._meters[meter].parity(errors)
            case Notice(text):
                self.note = translate(text, self._words) or self._from
            case None:
                pass
        return True

    def _wanted(self, meter: str) -> bool:
        if self._only in (None, meter):
            return True
        self._others.add(meter)
        return False

    def _meter(self, meter: str) -> MeterView:
        if meter not in self._meters:
            self._meters[meter] = MeterView(meter, self._words)
        return self._meters[meter]


def _on_screen(
    watch: _Watch, words: Translations, events: "queue.SimpleQueue[Event | None]", stop: threading.Event
) -> None:  # fmt: skip
    from reader.watch.screen import Screen, Status

    def take(key: str) -> None:
        if key in _QUIT:
            stop.set()
            events.put(None)

    with ExitStack() as stack:
        stack.enter_context(read_keys(take))
        screen = stack.enter_context(Screen(words))
        watch.run(lambda views: screen.show(views, Status(watch.source, watch.note, watch.advice)))
