"""The command `teleinfo-reader record`."""

import argparse
import os
import sys
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
from reader.recording.recorder import Recorder, RecordingLimits, RecordingProgress


def declare_record(record: argparse.ArgumentParser) -> None:
    """Declare the arguments of `record`, besides `--config`."""
    record.add_argument("file", type=Path, metavar="FILE", help="a text file that does not exist yet")
    record.add_argument("--anonymous", action="store_true", help="replace meter address, delivery point and messages")
    record.add_argument("--seconds", type=positive, metavar="N", help="stop after N seconds (default: with Ctrl-C)")
    record.add_argument("--frames", type=whole, metavar="N", help="stop after N frames")
    record.add_argument("--port", type=argument(port_name), metavar="PORT", help="default: the configuration's")
    record.set_defaults(command=_record)


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


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - for a person
