"""The command `teleinfo-reader watch`: its arguments, and whether to read a port or the broker."""

import argparse
import dataclasses
import io
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from common.errors import ConfigError, PortBusy, PortError
from common.machine.deployment import here
from common.machine.host import Host, Process
from common.runtime.cli import argument
from common.runtime.shutdown import Shutdown, StopEvent
from common.settings import config
from reader.config import ReaderConfig, ReaderMqtt, port_name
from reader.line.port import open_port
from reader.watch.keyboard import read_keys
from reader.watch.loop import WatchLoop
from reader.watch.source import BrokerSource, Event, FrameSource, PortSource, WarningHandler
from reader.watch.texts import Translations

_CANNOT_DRAW = ("dumb", "unknown")  # values of TERM on which rich shows nothing at all
_QUIT = frozenset("qQ\x03\x04")


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


def _watch(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    language = arguments.language or (settings.home_assistant.language if settings else "fr")
    translate = Translations(language)
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without é can still show the numbers
    interactive = sys.stdout.isatty() and os.environ.get("TERM", "").lower() not in _CANNOT_DRAW
    if interactive:
        _check_rich()
    source, note, advice = _source(arguments, settings, translate, events.put)
    shutdown = Shutdown()
    shutdown.install(lambda: events.put(None))
    loop = WatchLoop(source, translate, events, shutdown.stop, only=arguments.meter, note=note, advice=advice)
    handler = WarningHandler(events.put)
    logging.getLogger().addHandler(handler)
    try:
        if interactive:
            _on_screen(loop, translate, events, shutdown.stop)
        else:
            loop.run(loop.print_changes)
    finally:
        logging.getLogger().removeHandler(handler)
        source.close()
    return shutdown.exit_code


def _settings(arguments: argparse.Namespace) -> ReaderConfig | None:
    """Return the configuration; None if it cannot be read, and the arguments do without."""
    # That of an installed service can only be read by root and the service; a port needs none.
    try:
        arguments.config.open().close()
    except OSError as error:
        if arguments.port or (arguments.mqtt is not None and isinstance(error, FileNotFoundError)):
            return None
        if isinstance(error, FileNotFoundError):
            raise ConfigError(
                f"{arguments.config}: not found; give your file with --config,"
                " or the meter's port with --port, or a reader's broker with --mqtt"
            ) from error
    return config.load(ReaderConfig, arguments.config)


def _broker(text: str) -> tuple[str, int | None]:
    host, separator, port = text.rpartition(":")
    if "/" in text or "@" in text:  # what it holds is not shown: it may be a password
        raise argparse.ArgumentTypeError("expected HOST or HOST:PORT; an account is given in the configuration")
    if not separator or ":" in host:  # no port, or an IPv6 address
        return text, None
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"expected HOST or HOST:PORT, not {text}")
    return host, int(port)


def _check_rich() -> None:
    try:
        import reader.watch.screen  # noqa: F401 - rich is only installed for watch
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"watch: the Python package {error.name} is missing: install the extra 'watch'"
            f" ({sys.executable} -m pip install rich), or pipe the output: teleinfo-reader watch | cat"
        ) from error


def _source(
    arguments: argparse.Namespace, settings: ReaderConfig | None, translate: Translations, emit: Callable[[Event], None]
) -> tuple[FrameSource, str, str]:
    """Return the source of frames, a note about it, and advice for when no frames come."""
    broker = settings.mqtt if settings else ReaderMqtt()
    note = ""
    if arguments.mqtt is not None:
        host, port = arguments.mqtt
        broker = dataclasses.replace(broker, host=host or broker.host, port=port or broker.port)
    else:
        ports = (arguments.port,) if arguments.port or settings is None else settings.port
        user = _user_of(ports, arguments, settings, translate)
        if user is None:
            mode = settings.mode if settings else "auto"
            return PortSource(ports, mode=mode, open_port=open_port, emit=emit), "", translate("check_line")
        note = translate("from_broker", port=user[0], who=user[1], broker=broker.hosts[0])
    return BrokerSource(broker, emit), note, translate("check_broker", topic=broker.topic)


def _user_of(
    ports: tuple[str, ...], arguments: argparse.Namespace, settings: ReaderConfig | None, translate: Translations
) -> tuple[str, str] | None:
    """Return the port that another program reads, and the program's name; None if the ports can be read.

    Raises:
        PortError: the only port cannot be opened, or one that the arguments name is in use.
    """
    if settings is not None and not arguments.port:
        reader = Host().lock_holder(settings.spool.journal)  # its port may be a gateway, which cannot be tried
        if reader is not None:
            return ", ".join(ports), _process_name(reader, translate)
    try:
        _try_to_open(ports)
    except PortBusy as error:
        port = str(error).partition(": ")[0]
        process = next(iter(Host().users_of(Path(port))), None)
        if not arguments.port:
            return port, _process_name(process, translate)
        holder = f"{process.name} (process {process.pid})" if process else "another program"
        raise PortBusy(
            f"{port}: {holder} has it open; to see what a reader publishes:"
            f" {here('teleinfo-reader').run('teleinfo-reader', 'watch --mqtt')}"
        ) from error
    return None


def _process_name(process: Process | None, translate: Translations) -> str:
    if process is None:
        return translate("another_program")
    return translate("process", name=process.name, number=process.pid)


def _try_to_open(ports: tuple[str, ...]) -> None:
    """Open and close each local port once, to report at once what is wrong with it.

    Raises:
        PortBusy: another program has one of them.
        PortError: the only one cannot be opened; one of several is retried while the others are shown.
    """
    for port in ports:
        if "://" in port:
            continue
        try:
            open_port(port, 9600, StopEvent()).close()
        except PortBusy:
            raise
        except PortError:
            if len(ports) == 1:
                raise


def _on_screen(
    loop: WatchLoop,
    translate: Translations,
    events: "queue.SimpleQueue[Event | None]",
    stop: threading.Event,
) -> None:
    from reader.watch.screen import Footer, Screen

    def on_key(key: str) -> None:
        if key in _QUIT:
            stop.set()
            events.put(None)

    with ExitStack() as stack:
        stack.enter_context(read_keys(on_key))
        screen = stack.enter_context(Screen(translate))
        loop.run(lambda views: screen.show(views, Footer(loop.source, loop.note, loop.advice)))
