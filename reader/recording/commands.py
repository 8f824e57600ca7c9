"""The commands `teleinfo-reader record` and `teleinfo-reader replay`."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import config
from common.deployment import here
from common.errors import ConfigError, PortBusy, PortError, TeleinfoError
from common.file_errors import reason
from common.host import Host
from common.plural import plural
from common.runtime.cli import NO_ROOM, UTC_TIMES, positive, whole
from common.runtime.shutdown import Shutdown
from reader.config import ReaderConfig
from reader.line.port import check_port, open_port
from reader.line.pseudo_terminal import serve_pty
from reader.recording.format import read_chunks
from reader.recording.playback import RecordedLine
from reader.recording.recorder import Bounds, Progress, Recorder

_EVERY = 0.25  # seconds between two looks at how far it is


def add_record(commands: Any, default: Path) -> None:
    """Add the command `record`; `default` is the configuration that names the port."""
    record = commands.add_parser(
        "record", help="write what comes over the line, and when, to a file for a bug report", epilog=UTC_TIMES
    )
    record.add_argument("file", type=Path, metavar="FILE", help="a text file, which must not exist yet")
    record.add_argument("--anonymous", action="store_true", help="replace meter address, delivery point and messages")
    record.add_argument("--seconds", type=positive, metavar="N", help="end after so long (default: with Ctrl-C)")
    record.add_argument("--frames", type=whole, metavar="N", help="end after so many frames")
    record.add_argument("--port", metavar="PORT", help="default: that of the configuration")
    record.add_argument(
        "--mode", choices=("auto", "historic", "standard"), help="default: auto, or the configuration's"
    )
    record.add_argument("--config", type=Path, default=default, metavar="FILE", help=f"default: {default}")
    record.set_defaults(command=_record)


def add_replay(commands: Any) -> None:
    """Add the command `replay`."""
    replay = commands.add_parser(
        "replay", help="play a recording on a pseudo-terminal, whose name is printed, once a program has opened it"
    )
    replay.add_argument("file", type=Path, metavar="FILE", help="what record has written")
    replay.add_argument("--speed", type=positive, default=1.0, metavar="N", help="N times as fast (default: 1)")
    replay.add_argument("--loop", action="store_true", help="begin again at the end, for ever")
    replay.set_defaults(command=_replay)


def _record(arguments: argparse.Namespace) -> int:
    port, mode = _line(arguments)
    check_port(port)
    life = Shutdown()
    bounds = Bounds(seconds=arguments.seconds, frames=arguments.frames)
    try:
        with open(arguments.file, "x", encoding="ascii", newline="\n", opener=_private) as file:
            recorder = Recorder(file, mode=mode, anonymous=arguments.anonymous, bounds=bounds, stop=life.stop)
            life.install(lambda: None)
            says = _Progress(f"recording {port}; Ctrl-C ends it")
            try:
                recorder.record(port, open_port, tell=lambda progress: says.tell(_far(progress)))
            finally:
                says.end()
    except FileExistsError as error:
        raise ConfigError(f"{arguments.file}: is there already; name another file") from error
    except PortError as error:
        if not recorder.progress.bytes:
            arguments.file.unlink(missing_ok=True)
            raise _with_holder(error, port) from error
        _say(f"{arguments.file}: {_far(recorder.progress)}")
        raise
    except OSError as error:
        if error.errno in NO_ROOM:
            far = _far(recorder.progress)
            raise TeleinfoError(
                f"{arguments.file}: {error.strerror}: make room; what came until then ({far}) is in it"
            ) from error
        raise ConfigError(f"{arguments.file}: cannot be written: {reason(error)}") from error
    _say(f"{arguments.file}: {_far(recorder.progress)}")
    if not recorder.progress.frames:
        _say("no frame was among it: see docs/hardware.md for the wiring, or try another --port")
    if not arguments.anonymous:
        _say("it names your meter and your delivery point: before you publish it, record with --anonymous")
    return life.exit_code


def _private(path: str, flags: int) -> int:
    """Open a file for its owner only: a recording names the meter and the delivery point."""
    return os.open(path, flags, 0o600)


def _line(arguments: argparse.Namespace) -> tuple[str, str]:
    """Return which port to record, and in which mode."""
    if arguments.port:
        return arguments.port, arguments.mode or "auto"
    settings = config.load(ReaderConfig, arguments.config)
    if len(settings.port) > 1:
        raise ConfigError(f"there are several meters; choose one with --port: {', '.join(settings.port)}")
    return settings.port[0], arguments.mode or settings.mode


def _with_holder(error: PortError, port: str) -> PortError:
    """Say who has the port, and what to do about it."""
    if not isinstance(error, PortBusy):
        return error
    holder = next(iter(Host().users_of(Path(port))), "another program")
    cure = f"the reader: {here('teleinfo-reader').stop('teleinfo-reader')}, and start it again afterwards"
    return PortBusy(f"{port}: {holder} has it open; stop that first ({cure})")


def _far(progress: Progress) -> str:
    parts = [f"{progress.seconds:.0f} s", plural(progress.bytes, "byte"), plural(progress.frames, "frame")]
    if progress.mode is not None:
        parts.append(f"{progress.mode} mode")
    if progress.dropped:
        parts.append(plural(progress.dropped, "damaged group"))
    return ", ".join(parts)


def _replay(arguments: argparse.Namespace) -> int:
    try:
        with arguments.file.open("rb") as file:
            chunks = list(read_chunks(file, str(arguments.file)))
    except OSError as error:
        raise ConfigError(f"{arguments.file}: cannot be read: {reason(error)}") from error
    if not chunks:
        raise ConfigError(f"{arguments.file}: there is not a byte in the recording")
    line = RecordedLine(chunks, speed=arguments.speed, loop=arguments.loop)
    life = Shutdown()
    life.install(line.close)
    says = _Progress("waiting until a program opens it; Ctrl-C ends it")
    try:
        serve_pty(
            _Told(line, says.tell),
            announce=lambda name: print(name, flush=True),  # noqa: T201 - the command's output
            wait_for_client=True,
        )
    finally:
        says.end()
    if not life.stop.is_set():
        _say(f"{arguments.file}: all {line.duration:.0f} s of it were played")
    return life.exit_code


class _Told:
    """A recorded line that says how far it is."""

    def __init__(self, line: RecordedLine, tell: Callable[[str], None]) -> None:
        self._line = line
        self._tell = tell

    @property
    def closed(self) -> bool:
        return self._line.closed

    def read(self, timeout: float) -> bytes:
        data = self._line.read(timeout)
        line = self._line
        share = 100 * line.position / line.duration if line.duration else 100
        rounds = f", round {line.rounds + 1}" if line.rounds else ""
        self._tell(f"{line.position:.0f} of {line.duration:.0f} s ({share:.0f} %){rounds}")
        return data


class _Progress:
    """Says how far something is, on a line of a terminal that is written over; nothing where nobody looks."""

    def __init__(self, first: str) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = float("-inf")
        self._width = 0
        _say(first)

    def tell(self, text: str) -> None:
        now = time.monotonic()
        if self._terminal and now - self._said >= _EVERY:
            self._said = now
            sys.stderr.write(f"\r{text:<{self._width}}")
            sys.stderr.flush()
            self._width = len(text)

    def end(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - for a person
