"""Who watches: each viewer gets the newest value of its meter and never a queue of older ones.

`publish` is called from the thread of the feed; everything else belongs to the event loop of the server.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable

from monitor.refusals import Refusal

MAX_VIEWERS = 200
PING_EVERY = 10.0  # seconds; some proxies notice only by what is sent that a browser has gone, or close what is silent
RETRY = 3000  # ms after which a browser connects again


class Viewer:
    """One stream: at most one waiting event of each kind; `close` it whatever happens."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ping_every: float, forget: "Callable[[Viewer], None]") -> None:
        self._closed = False
        self._loop = loop
        self._ping_every = ping_every
        self._forget = forget
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
        """End the stream, and forget it; from any thread, once or more."""
        self._closed = True
        self._forget(self)
        self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._woken.set)
        except RuntimeError:  # the loop is closed, and with it the stream
            self._closed = True

    def _take(self) -> bytes:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return b"".join(waiting.values())

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a stream (`text/event-stream`) until it is closed or the client goes."""
        try:
            yield b"retry: %d\n\n" % RETRY + self._take()
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._ping_every)
                self._woken.clear()
                if self._closed:
                    return
                yield self._take() or b": ping\n\n"
        finally:
            self._forget(self)


class Viewers:
    """All streams."""

    def __init__(self, *, limit: int = MAX_VIEWERS, ping_every: float = PING_EVERY) -> None:
        self._limit = limit
        self._ping_every = ping_every
        self._lock = threading.Lock()
        self._viewers: dict[Viewer, str] = {}  # with the meter that each watches
        self._closed = False

    def __len__(self) -> int:
        """The number of open streams."""
        return len(self._viewers)

    @property
    def meters(self) -> set[str]:
        """The meters that are watched."""
        with self._lock:
            return set(self._viewers.values())

    def of(self, meter: str) -> list[Viewer]:
        """Return those who watch a meter."""
        with self._lock:
            return [viewer for viewer, watched in self._viewers.items() if watched == meter]

    def publish(self, meter: str, kind: str, event: bytes) -> None:
        """Hand an event to all viewers of a meter; from any thread, without waiting for anyone."""
        for viewer in self.of(meter):
            viewer.put(kind, event)

    def open(self, meter: str) -> Viewer:
        """Open a stream; in the event loop.

        Raises:
            Refusal: as many as may be are open.
        """
        viewer = Viewer(asyncio.get_running_loop(), self._ping_every, self._forget)
        with self._lock:
            if self._closed or len(self._viewers) >= self._limit:
                raise Refusal("too_many_viewers")
            self._viewers[viewer] = meter
        return viewer

    def _forget(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.pop(viewer, None)

    def close(self) -> None:
        """End all streams, and open no more; from any thread."""
        with self._lock:
            self._closed = True
        for meter in self.meters:
            self.close_meter(meter)

    def close_meter(self, meter: str) -> None:
        """End the streams of a meter: browsers open them anew; from any thread."""
        for viewer in self.of(meter):
            viewer.close()


def event(kind: str, data: str, identifier: str | None = None) -> bytes:
    r"""Write an event of a stream; `data` is one line.

    >>> event("link", "{}", "2026-11-25T13:32:07Z")
    b'event: link\nid: 2026-11-25T13:32:07Z\ndata: {}\n\n'
    """
    name = "" if identifier is None else f"id: {identifier}\n"
    return f"event: {kind}\n{name}data: {data}\n\n".encode()
