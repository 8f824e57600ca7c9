"""Records a line: its raw bytes and when they came, for somebody to look into later."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from common.labels import Mode
from common.version import __version__
from reader.line.mode_detector import SPEEDS, Detector
from reader.line.port import Port
from reader.line.worker import OpenPort
from reader.recording.anonymiser import Anonymiser
from reader.recording.format import HEADER, Chunk, write_chunk, write_speed
from reader.tic.decoder import Decoder

_READ = 0.5  # seconds; how late the end may be noticed


@dataclass
class Progress:
    """How far a recording is."""

    seconds: float = 0.0
    bytes: int = 0
    frames: int = 0
    dropped: int = 0  # groups
    mode: Mode | None = None  # of the last frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """When a recording ends by itself."""

    seconds: float | None = None
    frames: int | None = None

    def reached(self, progress: Progress) -> bool:
        """Tell whether it is enough."""
        return (self.seconds is not None and progress.seconds >= self.seconds) or (
            self.frames is not None and progress.frames >= self.frames
        )


class Recorder:
    """Writes what comes over a line to a text file, at once."""

    def __init__(
        self,
        file: TextIO,
        *,
        mode: str,
        anonymous: bool,
        bounds: Bounds,
        stop: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.progress = Progress()
        self._file = file
        self._mode = mode
        self._bounds = bounds
        self._stop = stop
        self._monotonic = monotonic
        self._anonymiser = Anonymiser() if anonymous else None

    def record(self, url: str, open_port: OpenPort, *, tell: Callable[[Progress], None]) -> None:
        """Record until the bounds are reached or the stop is set; `tell` is called after each read.

        Raises:
            PortError: the port cannot be opened, or went away; what came until then is written.
            OSError: the file cannot be written.
        """
        detector = Detector(self._mode, self._monotonic())
        port = open_port(url, SPEEDS[detector.mode], self._stop)
        try:
            self._write_head()
            self._listen(port, detector, tell)
        finally:
            try:
                self._write(self._anonymiser.finish() if self._anonymiser else [])
            finally:
                port.close()

    def _listen(self, port: Port, detector: Detector, tell: Callable[[Progress], None]) -> None:
        progress, decoder, began = self.progress, Decoder(), self._monotonic()
        self._file.write(write_speed(0, SPEEDS[detector.mode]))
        while not self._stop.is_set() and not self._bounds.reached(progress):
            data = port.read(self._patience())
            now = self._monotonic()
            progress.seconds = now - began
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
            tell(progress)

    def _patience(self) -> float:
        if self._bounds.seconds is None:
            return _READ
        return max(0.0, min(_READ, self._bounds.seconds - self.progress.seconds))

    def _write_head(self) -> None:
        what = "anonymous: addresses, delivery points and messages are replaced" if self._anonymiser else (
            "NOT anonymous: it names the meter and the delivery point"
        )  # fmt: skip
        day = datetime.now(UTC).date().isoformat()
        self._file.write(f"{HEADER}\n# teleinfo-reader {__version__}, {day}, {what}\n")

    def _write(self, chunks: list[Chunk]) -> None:
        self._file.write("".join(write_chunk(chunk) for chunk in chunks))
        self._file.flush()
