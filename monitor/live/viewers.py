"""Who watches: each viewer gets the newest value of its meter and never a queue of older ones.

`publish` is called from the thread of the feed; everything else belongs to the event loop of the server.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator

from monitor.refusals import Refusal

MAX_VIEWERS = 200
PING_EVERY = 15.0  # seconds; a proxy that hears nothing for a minute closes the connection
RETRY = 3000  # ms after which a browser connects again


class Viewer:
    """One stream: at most one waiting event of each kind."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.closed = False
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: dict[str, bytes] = {}  # by kind of event
        self._woken = asyncio.Event()

    def put(self, kind: str, event: bytes) -> None:
        """Replace the waiting event of this kind; from any thread."""
        with self._lock:
            first = not self._waiting
            self._waiting[kind] = event
        if first:  # else it is awake already: a client that reads nothing makes no work
            self._wake()

    def close(self) -> None:
        """End the stream; from any thread."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._woken.set)
        except RuntimeError:  # the loop is closed, and with it the stream
            self.closed = True

    async def next(self, timeout: float) -> bytes | None:
        """Wait for what is new; empty after `timeout` seconds without anything, None at the end."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), timeout)
        self._woken.clear()
        if self.closed:
            return None
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return b"".join(waiting.values())


class Viewers:
    """All streams."""

    def __init__(self, *, limit: int = MAX_VIEWERS, ping_every: float = PING_EVERY) -> None:
        self._limit = limit
        self._ping_every = ping_every
        self._lock = threading.Lock()
        self._viewers: dict[str, set[Viewer]] = {}  # by meter
        self._closed = False

    def __len__(self) -> int:
        """The number of open streams."""
        with self._lock:
            return sum(map(len, self._viewers.values()))

    @property
    def meters(self) -> list[str]:
        """The meters that are watched."""
        with self._lock:
            return list(self._viewers)

    def publish(self, meter: str, kind: str, event: bytes) -> None:
        """Hand an event to all viewers of a meter; from any thread, without waiting for anyone."""
        with self._lock:
            viewers = list(self._viewers.get(meter, ()))
        for viewer in viewers:
            viewer.put(kind, event)

    def open(self, meter: str) -> Viewer:
        """Open a stream; in the event loop. `stream` ends it.

        Raises:
            Refusal: as many as may be are open.
        """
        viewer = Viewer(asyncio.get_running_loop())
        with self._lock:
            if self._closed or sum(map(len, self._viewers.values())) >= self._limit:
                raise Refusal("too_many_viewers")
            self._viewers.setdefault(meter, set()).add(viewer)
        return viewer

    async def stream(self, meter: str, viewer: Viewer, first: bytes = b"") -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a stream (`text/event-stream`) until it is closed or the client goes.

        Args:
            meter: the meter.
            viewer: from `open`.
            first: the events to begin with.
        """
        try:
            yield b"retry: %d\n\n" % RETRY + first
            while (found := await viewer.next(self._ping_every)) is not None:
                yield found or b": ping\n\n"
        finally:
            self.remove(meter, viewer)

    def remove(self, meter: str, viewer: Viewer) -> None:
        """Forget a viewer; once is enough, more does no harm."""
        with self._lock:
            viewers = self._viewers.get(meter, set())
            viewers.discard(viewer)
            if not viewers:
                self._viewers.pop(meter, None)

    def close(self) -> None:
        """End all streams, and open no more; from any thread."""
        with self._lock:
            self._closed = True
        for meter in self.meters:
            self.close_meter(meter)

    def close_meter(self, meter: str) -> None:
        """End the streams of a meter: browsers open them anew; from any thread."""
        with self._lock:
            viewers = list(self._viewers.get(meter, ()))
        for viewer in viewers:
            viewer.close()


def event(kind: str, data: str, identifier: str | None = None) -> bytes:
    r"""Write an event of a stream; `data` is one line.

    >>> event("link", "{}", "2026-11-25T13:32:07Z")
    b'event: link\nid: 2026-11-25T13:32:07Z\ndata: {}\n\n'
    """
    name = "" if identifier is None else f"id: {identifier}\n"
    return f"event: {kind}\n{name}data: {data}\n\n".encode()
