"""A meter's line on a pseudo-terminal: frames at the speed of the line, and when their last byte was sent."""

import contextlib
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import with_parity

STANDARD = 960  # bytes a second: 9600 baud, ten bits a character
CHUNK = 16  # bytes; what the driver of a USB adapter or UART hands over at once


class Line:
    """A pseudo-terminal that a reader opens by `name`."""

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # also kept open: without a reader, writing would fail
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._master)
        os.close(self._slave)

    def send(self, frame: bytes, *, speed: float) -> tuple[float, float]:
        """Send a frame, CHUNK bytes at a time at so many bytes a second.

        Returns when the last bytes were sent: monotonic, and seconds since 1970.
        """
        begun = time.monotonic()
        for start in range(0, len(frame), CHUNK):
            end = min(start + CHUNK, len(frame))
            _sleep_until(begun + end / speed)  # when its last byte has come in
            now = time.monotonic(), time.time()
            self._write(frame[start:end])
        return now

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):  # nobody reads: lost, as on a serial line
            os.write(self._master, data)


class Feeder:
    """Sends a frame each second from a thread of its own, until it is left."""

    def __init__(
        self,
        line: Line,
        frames: Iterator[bytes],
        *,
        speed: float,
        sent: Callable[[float, float], None] = lambda _, __: None,
    ) -> None:
        """`sent` gets the two times of each frame's last byte."""
        self._line, self._frames, self._speed = line, frames, speed
        self._sent = sent
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)
        self.count = 0

    def __enter__(self) -> "Feeder":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self._sent(*self._line.send(next(self._frames), speed=self._speed))
            self.count += 1
            due = max(due + 1, time.monotonic())


def live_frames(kind: str, *, seed: int = 0, parity: bool = True) -> Iterator[bytes]:
    """Yield what a simulated meter sends now; `parity` as in 8N1, where it is bit 7."""
    meter = SimulatedMeter(kind, seed=seed)
    while True:
        frame = meter.frame(datetime.now(UTC))
        yield with_parity(frame) if parity else frame


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
