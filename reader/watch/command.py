"""The command `teleinfo-reader watch`: its arguments, and whether to read a port or the broker."""

import argparse
import dataclasses
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
from datetime import UTC, datetime
from logging.handlers import QueueHandler

from common.contract.topics import Topics
from common.errors import ConfigError, PortBusy, PortError
from common.machine.deployment import here
from common.machine.host import Host
from common.mqtt.session import Session
from common.runtime.cli import argument
from common.runtime.shutdown import Shutdown, StopEvent
from common.settings import config
from reader.config import ReaderConfig, ReaderMqtt, port_name
from reader.line.port import open_port
from reader.line.worker import LineWorker

_EVERY = 0.5  # seconds between two pictures
_CANNOT_DRAW = ("dumb", "unknown")  # values of TERM on which rich shows nothing at all

Emit = Callable[[object], None]


def declare_watch(watch: argparse.ArgumentParser) -> None:
    """Declare the arguments of `watch`, besides `--config`."""
    where = watch.add_mutually_exclusive_group()
    where.add_argument(
        "--port", type=argument(port_name), metavar="PORT", help="read this port instead of that of the configuration"
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
    try:
        from reader.watch.table import Meters, screen
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"watch: the Python package {error.name} is missing: install the extra 'watch'"
            f" ({sys.executable} -m pip install rich)"
        ) from error
    language = arguments.language or (settings.home_assistant.language if settings else "fr")
    meters = Meters(language, name, only=arguments.meter)
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    shutdown = Shutdown()
    shutdown.install(lambda: events.put(None))
    warnings = QueueHandler(events)  # on the terminal they would spoil the screen
    warnings.setLevel(logging.WARNING)
    logging.getLogger().addHandler(warnings)
    try:
        with start(events.put), _keys() as quit_pressed, screen() as show:
            while not shutdown.stop.is_set() and not quit_pressed():
                _handle_for(_EVERY, events, meters.handle)
                show(meters)
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
    else:
        ports = (arguments.port,) if arguments.port or settings is None else settings.port
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
    """Give what tells whether q was pressed, or the keyboard is gone; restore the terminal's settings afterwards."""
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
