"""Counts what a storer confirms, and what it used meanwhile."""

import threading

from tests.bench.process import Usage, usage
from tests.support.programs import Service

_WITHIN = 300  # seconds


class Confirmations:
    """Counts confirmed frames from the first confirmation to the last."""

    def __init__(self, storer: Service) -> None:
        self._storer = storer
        self._changed = threading.Condition()
        self._count = self._first_count = self._expected = 0
        self._first: Usage | None = None
        self._last: Usage | None = None

    def expect(self, count: int) -> None:
        """Begin to count."""
        with self._changed:
            self._count, self._expected, self._first, self._last = 0, count, None, None

    def on_message(self, _: str, payload: bytes) -> None:
        """Count the frames in a confirmation."""
        with self._changed:
            self._count += payload.count(b'Z"')
            if self._first is None:
                self._first, self._first_count = usage(self._storer.pid), self._count
            if self._count >= self._expected and self._last is None:
                self._last = usage(self._storer.pid)
                self._changed.notify_all()

    def wait(self) -> Usage:
        """Wait for all that is expected; return what a frame took, of those after the first confirmation."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._last is not None, _WITHIN)
            assert done, f"{self._count} of {self._expected} frames are confirmed"
            assert self._first is not None
            assert self._last is not None
            spent, frames = self._last - self._first, self._expected - self._first_count
        return Usage(spent.cpu / frames, spent.switches, spent.elapsed / frames)
