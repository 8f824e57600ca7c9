"""Who watches: each client gets the newest value of its meter and never a queue of older ones.

`publish` is called from the thread of the listener; everything else belongs to the event loop of the server.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable

from monitor.base.request_errors import RequestError

MAX_CLIENTS = 200
PING_EVERY = 10.0  # seconds; some proxies notice only by what is sent that a browser has gone, or close what is silent
RETRY = 3000  # ms after which a browser connects again


class StreamClient:
    """One stream, in the event loop: at most one waiting event of each kind; `close` it whatever happens."""

    def __init__(self, ping_every: float, forget: "Callable[[StreamClient], None]") -> None:
        self._closed = False
        self._ping_every = ping_every
        self._forget = forget
        self._waiting: dict[str, bytes] = {}  # by kind of event
        self._woken = asyncio.Event()

    def put(self, kind: str, event: bytes) -> None:
        """Replace the waiting event of this kind."""
        self._waiting[kind] = event
        self._woken.set()

    def close(self) -> None:
        """End the stream, and forget it; once or more."""
        self._closed = True
        self._forget(self)
        self._woken.set()

    def _take(self) -> bytes:
        waiting, self._waiting = self._waiting, {}
        return b"".join(waiting.values())

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a stream (`text/event-stream`) until it is closed or the client goes."""
        try:
            yield b"retry: %d\n\n" % RETRY + self._take()
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._ping_every):
                        await self._woken.wait()
                self._woken.clear()
                if self._closed:
                    return
                yield self._take() or b": ping\n\n"
        finally:
            self._forget(self)


class StreamClients:
    """All streams."""

    def __init__(self, *, limit: int = MAX_CLIENTS, ping_every: float = PING_EVERY) -> None:
        self._limit = limit
        self._ping_every = ping_every
        self._lock = threading.Lock()
        self._clients: dict[StreamClient, str] = {}  # with the meter that each watches
        self._loop: asyncio.AbstractEventLoop | None = None  # that of the clients, since there are any
        self._closed = False

    def __len__(self) -> int:
        """The number of open streams."""
        return len(self._clients)

    @property
    def meters(self) -> set[str]:
        """The meters that are watched."""
        with self._lock:
            return set(self._clients.values())

    def publish(self, meter: str, kind: str, event: bytes) -> None:
        """Hand an event to all clients of a meter; from any thread, without waiting for anyone."""
        self._each_of(meter, lambda client: client.put(kind, event))

    def open(self, meter: str) -> StreamClient:
        """Open a stream; in the event loop.

        Raises:
            RequestError: as many as may be are open.
        """
        client = StreamClient(self._ping_every, self._forget)
        self._loop = asyncio.get_running_loop()
        with self._lock:
            if self._closed or len(self._clients) >= self._limit:
                raise RequestError("too_many_viewers")
            self._clients[client] = meter
        return client

    def _forget(self, client: StreamClient) -> None:
        with self._lock:
            self._clients.pop(client, None)

    def close(self) -> None:
        """End all streams, and open no more; from any thread."""
        with self._lock:
            self._closed = True
        for meter in self.meters:
            self.close_meter(meter)

    def close_meter(self, meter: str) -> None:
        """End the streams of a meter: browsers open them anew; from any thread."""
        self._each_of(meter, StreamClient.close)

    def _each_of(self, meter: str, do: Callable[[StreamClient], None]) -> None:
        with self._lock:
            clients = [client for client, watched in self._clients.items() if watched == meter]

        def do_all() -> None:
            for client in clients:
                do(client)

        if clients and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed, and with it the streams
                self._loop.call_soon_threadsafe(do_all)


def event(kind: str, data: str, identifier: str | None = None) -> bytes:
    r"""Write an event of a stream; `data` is one line.

    >>> event("link", "{}", "2026-11-25T13:32:07Z")
    b'event: link\nid: 2026-11-25T13:32:07Z\ndata: {}\n\n'
    """
    name = "" if identifier is None else f"id: {identifier}\n"
    return f"event: {kind}\n{name}data: {data}\n\n".encode()
