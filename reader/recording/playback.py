"""Plays a recording: its bytes at their original times."""

import threading
import time
from collections.abc import Callable, Sequence

from reader.recording.format import Chunk

_MAX_WAIT = 0.2  # seconds until a closed line is noticed
_LOOP_GAP = 0.05  # seconds between the end of a recording and its next round


class RecordedLine:
    """A recorded line; its time starts with the first `read`.

    Unless it is a `loop`, it is closed once all of it was read.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk],
        *,
        speed: float = 1.0,
        loop: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the chunks of a recording, at least one."""
        self.duration = chunks[-1].seconds
        self.rounds = 0  # completed
        self._chunks = chunks
        self._speed = speed
        self._loop = loop
        self._monotonic = monotonic
        self._stop = threading.Event()
        self._started: float | None = None
        self._next = 0

    @property
    def closed(self) -> bool:
        """Whether there are no more bytes."""
        return self._stop.is_set() or self._next == len(self._chunks)

    @property
    def position(self) -> float:
        """How far the recording was read, in seconds."""
        return self._chunks[self._next - 1].seconds if self._next else 0.0

    def close(self) -> None:
        """End the line; a `read` in another thread returns soon."""
        self._stop.set()

    def read(self, timeout: float) -> bytes:
        """Return the bytes that are due; b"" after `timeout` seconds without any, or when the line is closed."""
        now = self._monotonic()
        if self._started is None:
            self._started = now
        deadline = now + timeout
        while not self.closed:
            if received := self._received(now):
                return received
            if now >= deadline:
                break
            self._stop.wait(min(self._due() - now, deadline - now, _MAX_WAIT))
            now = self._monotonic()
        return b""

    def _received(self, now: float) -> bytes:
        received = []
        while self._next < len(self._chunks) and self._due() <= now:
            received.append(self._chunks[self._next].data)
            self._next += 1
        if self._loop and self._next == len(self._chunks):
            self._started = (self._started or now) + self.duration / self._speed + _LOOP_GAP
            self._next = 0
            self.rounds += 1
        return b"".join(received)

    def _due(self) -> float:
        return (self._started or 0.0) + self._chunks[self._next].seconds / self._speed
