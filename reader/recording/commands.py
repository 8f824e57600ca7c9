"""The commands `teleinfo-reader record` and `decode`: the bytes of a line to a file, and a file to frames."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from common.contract.frame import Frame
from common.errors import ConfigError, PortBusy, PortError, TeleinfoError
from common.machine.deployment import here
from common.machine.host import Host
from common.runtime.cli import NO_ROOM, argument, positive, whole
from common.runtime.progress import Progress
from common.runtime.shutdown import Shutdown
from common.settings import config
from common.settings.file_errors import reason
from common.settings.language import plural
from reader.config import ReaderConfig, line_name
from reader.line.choice import ports_to_open
from reader.line.filters import MAX_METERS, AddressFilter
from reader.line.port import open_port
from reader.recording.format import read_bytes
from reader.recording.recorder import Recorder, RecordingLimits, RecordingProgress
from reader.tic.decoder import Decoder

_NO_TIME = datetime.fromtimestamp(0, UTC)  # files of raw bytes have no times


def declare_record(record: argparse.ArgumentParser) -> None:
    """Declare the arguments of `record`, besides `--config`."""
    record.add_argument("file", type=Path, metavar="FILE", help="a text file that does not exist yet")
    record.add_argument("--anonymous", action="store_true", help="replace meter address, delivery point and messages")
    record.add_argument("--seconds", type=positive, metavar="N", help="stop after N seconds (default: with Ctrl-C)")
    record.add_argument("--frames", type=whole, metavar="N", help="stop after N frames")
    record.add_argument("--port", type=argument(line_name), metavar="PORT", help="default: the configuration's")
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
    ports = ports_to_open(settings)
    if len(ports) > 1:
        raise ConfigError(f"there are several meters; choose one with --port: {', '.join(ports)}")
    return ports[0], settings.mode


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


@dataclass
class Summary:
    """Counts what was decoded and what was dropped."""

    frames: int = 0
    groups: int = 0
    no_address: int = 0  # frames without a valid address
    undecodable: int = 0  # frames without a start or without a good group
    address_mismatch: int = 0  # frames with an address that came only once
    refused: int = 0  # frames of more meters than one line may have
    parity_errors: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    _seen: set[int] = field(default_factory=set)

    def add_bytes(self, data: bytes) -> None:
        """Remember which characters occur, without their parity bits."""
        self._seen.update(byte & 0x7F for byte in set(data))

    def text(self) -> str:
        """Return the summary in one line."""
        parts = [f"{plural(self.frames, 'frame')}, {plural(self.groups, 'group')}"]
        if self.dropped:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.dropped.items()))
            parts.append(f"{plural(self.dropped.total(), 'group')} dropped ({reasons})")
        parts += [
            plural(count, noun) + rest
            for count, noun, rest in (
                (self.no_address, "frame", " without a valid address"),
                (self.undecodable, "frame", " without a start or a good group"),
                (self.address_mismatch, "frame", " with an address that came only once"),
                (self.refused, "frame", f" of more than {MAX_METERS} meters"),
                (self.parity_errors, "parity error", ""),
            )
            if count
        ]
        return "; ".join(parts) + self._hint()

    def _hint(self) -> str:
        if self.frames or self.no_address or not self._seen:
            return ""
        if 0x03 not in self._seen and 0x0D not in self._seen and 0x0A in self._seen:
            return ". There is no CR and no end of frame (ETX): was this recorded from a terminal that was not raw?"
        if 0x03 not in self._seen:
            return ". There is no end of frame (ETX)"
        return ""


def decode_file(file: BinaryIO, summary: Summary, name: str = "-") -> Iterator[str]:
    """Yield each frame as a line of JSON, as it is published but without its time; count into `summary`.

    Raises:
        ConfigError: the file is a damaged recording; `name` is its name for the message.
    """
    decoder, address_filter = Decoder(), AddressFilter()
    for data in read_bytes(file, name):
        summary.add_bytes(data)
        for reading in decoder.feed(data):
            summary.parity_errors += reading.parity_errors
            summary.dropped.update({fault.value: count for fault, count in reading.faults.items()})
            if reading.address is None:
                summary.no_address += 1
                continue
            for frame in address_filter.feed(reading.to_frame(reading.address, _NO_TIME)):
                summary.frames += 1
                summary.groups += len(frame.values)
                yield _line(frame)
    summary.undecodable = decoder.broken
    summary.address_mismatch = address_filter.address_mismatch + address_filter.pending
    summary.refused = address_filter.refused


def _line(frame: Frame) -> str:
    message: dict[str, Any] = {"meter": frame.meter} | frame.payload()
    return json.dumps(message, ensure_ascii=False)
