"""Records the raw bytes of a line and their times."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from common.contract.labels import Mode
from common.machine.version import __version__
from common.runtime.shutdown import StopEvent
from reader.line.mode import SPEEDS, Detector
from reader.line.port import Port
from reader.line.worker import OpenPort
from reader.recording.anonymiser import Anonymiser
from reader.recording.format import HEADER, Chunk, write_chunk, write_speed
from reader.tic.decoder import Decoder

_READ_TIMEOUT = 0.5  # seconds; bounds how late a stop is noticed


@dataclass
class RecordingProgress:
    """The progress of a recording."""

    seconds: float = 0.0
    bytes: int = 0
    frames: int = 0
    dropped: int = 0  # groups
    mode: Mode | None = None  # of the last frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingLimits:
    """When a recording ends by itself."""

    seconds: float | None = None
    frames: int | None = None

    def reached(self, progress: RecordingProgress) -> bool:
        """Return whether the recording is complete."""
        return (self.seconds is not None and progress.seconds >= self.seconds) or (
            self.frames is not None and progress.frames >= self.frames
        )


class Recorder:
    """Writes the bytes of a line to a text file as they arrive."""

    def __init__(
        self,
        file: TextIO,
        *,
        mode: str,
        anonymous: bool,
        limits: RecordingLimits,
        stop: StopEvent,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.progress = RecordingProgress()
        self._file = file
        self._mode = mode
        self._limits = limits
        self._stop = stop
        self._monotonic = monotonic
        self._anonymiser = Anonymiser() if anonymous else None

    def record(self, url: str, open_port: OpenPort, *, report: Callable[[RecordingProgress], None]) -> None:
        """Record until a limit is reached or the stop is set; `report` is called after each read.

        Raises:
            PortError: the port cannot be opened, or failed; what was received until then is written.
            OSError: the file cannot be written.
        """
        detector = Detector(self._mode, self._monotonic())
        port = open_port(url, SPEEDS[detector.mode], self._stop)
        try:
            self._write_head()
            self._receive(port, detector, report)
        finally:
            try:
                self._write(self._anonymiser.finish() if self._anonymiser else [])
            finally:
                port.close()

    def _receive(self, port: Port, detector: Detector, report: Callable[[RecordingProgress], None]) -> None:
        progress, decoder, start = self.progress, Decoder(), self._monotonic()
        self._file.write(write_speed(0, SPEEDS[detector.mode]))
        while not self._stop.is_set() and not self._limits.reached(progress):
            data = port.read(self._read_timeout())
            now = self._monotonic()
            progress.seconds = now - start
            if data:
                chunk = Chunk(progress.seconds, data)
                self._write(self._anonymiser.feed(chunk) if self._anonymiser else [chunk])
                progress.bytes += len(data)
                readings = decoder.feed(data)
                for reading in readings:
                    progress.frames += 1
                    progress.dropped += reading.dropped
                    progress.mode = reading.mode
                    detector.on_frame(reading, now)
                if not readings:
                    detector.feed(data, now)
            if detector.poll(now):
                port.set_speed(SPEEDS[detector.mode])
                decoder = Decoder()
                self._write(self._anonymiser.finish() if self._anonymiser else [])
                self._file.write(write_speed(progress.seconds, SPEEDS[detector.mode]))
            report(progress)

    def _read_timeout(self) -> float:
        if self._limits.seconds is None:
            return _READ_TIMEOUT
        return max(0.0, min(_READ_TIMEOUT, self._limits.seconds - self.progress.seconds))

    def _write_head(self) -> None:
        what = "anonymous: addresses, delivery points and messages are replaced" if self._anonymiser else (
            "NOT anonymous: contains the numbers of meter and delivery point"
        )  # fmt: skip
        day = datetime.now(UTC).date().isoformat()
        self._file.write(f"{HEADER}\n# teleinfo-reader {__version__}, {day}, {what}\n")

    def _write(self, chunks: list[Chunk]) -> None:
        self._file.write("".join(write_chunk(chunk) for chunk in chunks))
        self._file.flush()
