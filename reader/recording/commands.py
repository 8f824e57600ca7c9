"""The commands `teleinfo-reader record` and `teleinfo-reader replay`."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from common.errors import ConfigError, PortBusy, PortError, TeleinfoError
from common.machine.deployment import here
from common.machine.host import Host
from common.plural import plural
from common.runtime.cli import NO_ROOM, argument, positive, whole
from common.runtime.progress import Progress
from common.runtime.shutdown import Shutdown
from common.settings import config
from common.settings.file_errors import reason
from reader.config import ReaderConfig, port_name
from reader.line.port import open_port
from reader.line.pseudo_terminal import serve_pty
from reader.recording.format import read_chunks
from reader.recording.playback import RecordedLine
from reader.recording.recorder import Recorder, RecordingLimits, RecordingProgress


def declare_record(record: argparse.ArgumentParser) -> None:
    """Declare the arguments of `record`, besides `--config`."""
    record.add_argument("file", type=Path, metavar="FILE", help="a text file that does not exist yet")
    record.add_argument("--anonymous", action="store_true", help="replace meter address, delivery point and messages")
    record.add_argument("--seconds", type=positive, metavar="N", help="stop after N seconds (default: with Ctrl-C)")
    record.add_argument("--frames", type=whole, metavar="N", help="stop after N frames")
    record.add_argument("--port", type=argument(port_name), metavar="PORT", help="default: the configuration's")
    record.set_defaults(command=_record)


def declare_replay(replay: argparse.ArgumentParser) -> None:
    """Declare the arguments of `replay`."""
    replay.add_argument("file", type=Path, metavar="FILE", help="a recording")
    replay.add_argument("--speed", type=positive, default=1.0, metavar="N", help="N times as fast (default: 1)")
    replay.add_argument("--loop", action="store_true", help="repeat for ever")
    replay.set_defaults(command=_replay)


def _record(arguments: argparse.Namespace) -> int:
    port, mode = _port_and_mode(arguments)
    shutdown = Shutdown()
    limits = RecordingLimits(seconds=arguments.seconds, frames=arguments.frames)
    try:
        with open(arguments.file, "x", encoding="ascii", newline="\n", opener=_private) as file:
            recorder = Recorder(file, mode=mode, anonymous=arguments.anonymous, limits=limits, stop=shutdown.stop)
            shutdown.install(lambda: None)
            _print(f"recording {port}; press Ctrl-C to stop")
            with Progress(sys.stderr) as progress:
                recorder.record(port, open_port, report=lambda recorded: progress.write(_describe(recorded)))
    except FileExistsError as error:
        raise ConfigError(f"{arguments.file}: already exists; choose another name") from error
    except PortError as error:
        if not recorder.progress.bytes:
            arguments.file.unlink(missing_ok=True)
            raise _with_user(error, port) from error
        _print(f"{arguments.file}: {_describe(recorder.progress)}")
        raise
    except OSError as error:
        if error.errno in NO_ROOM:
            received = _describe(recorder.progress)
            raise TeleinfoError(
                f"{arguments.file}: {error.strerror}: make room; the file has what was received until then ({received})"
            ) from error
        raise ConfigError(f"{arguments.file}: cannot be written: {reason(error)}") from error
    _print(f"{arguments.file}: {_describe(recorder.progress)}")
    if not recorder.progress.frames:
        _print("no frame was received: see docs/hardware.md for the wiring, or try another --port")
    if not arguments.anonymous:
        _print("it contains the numbers of your meter and delivery point: to publish one, record with --anonymous")
    return shutdown.exit_code


def _private(path: str, flags: int) -> int:
    """Open a file for its owner only: a recording names the meter and the delivery point."""
    return os.open(path, flags, 0o600)


def _port_and_mode(arguments: argparse.Namespace) -> tuple[str, str]:
    """Return which port to record, and in which mode."""
    if arguments.port:
        return arguments.port, "auto"
    settings = config.load(ReaderConfig, arguments.config)
    if len(settings.port) > 1:
        raise ConfigError(f"there are several meters; choose one with --port: {', '.join(settings.port)}")
    return settings.port[0], settings.mode


def _with_user(error: PortError, port: str) -> PortError:
    """Add which program has the port open, and how to stop it."""
    if not isinstance(error, PortBusy):
        return error
    user = next(iter(Host().users_of(Path(port))), "another program")
    fix = f"the reader: {here('teleinfo-reader').stop('teleinfo-reader')}, and start it again afterwards"
    return PortBusy(f"{port}: {user} has it open; stop that first ({fix})")


def _describe(progress: RecordingProgress) -> str:
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
        raise ConfigError(f"{arguments.file}: the recording has no bytes")
    line = RecordedLine(chunks, speed=arguments.speed, loop=arguments.loop)
    shutdown = Shutdown()
    shutdown.install(line.close)
    _print("waiting for a program to open it; press Ctrl-C to stop")
    with Progress(sys.stderr) as progress:
        serve_pty(
            _ReportedLine(line, progress.write),
            announce=lambda name: print(name, flush=True),  # noqa: T201 - the command's output
            wait_for_client=True,
        )
    if not shutdown.stop.is_set():
        _print(f"{arguments.file}: played all {line.duration:.0f} s")
    return shutdown.exit_code


class _ReportedLine:
    """A recorded line that reports its progress."""

    def __init__(self, line: RecordedLine, report: Callable[[str], None]) -> None:
        self._line = line
        self._report = report

    @property
    def closed(self) -> bool:
        return self._line.closed

    def read(self, timeout: float) -> bytes:
        data = self._line.read(timeout)
        line = self._line
        share = 100 * line.position / line.duration if line.duration else 100
        rounds = f", round {line.rounds + 1}" if line.rounds else ""
        self._report(f"{line.position:.0f} of {line.duration:.0f} s ({share:.0f} %){rounds}")
        return data


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - for a person
