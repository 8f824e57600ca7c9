"""Serves an application on a port: the only file that knows uvicorn, and what ASGI calls a request."""

import asyncio
import contextlib
import functools
import logging
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import aclosing
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from common.errors import NotReady
from common.private_members import check_members
from monitor.base.config import Ingress, Listen, MonitorConfig, is_loopback
from monitor.base.request_errors import RequestError
from monitor.web.access import ConnectionLimit
from monitor.web.http import Request, Response, Stream, security_headers
from monitor.web.router import Router

_LONGEST_HEADERS = 16 * 1024  # bytes, with the line of the request
_BODY_TIMEOUT = 10.0  # seconds for a short body
_SLOWEST = 20_000  # bytes a second of a long one, for which there is more time
_IDLE = 15  # seconds until a connection is closed on which no request comes
_UNREAD = 60  # seconds until a connection is closed on which nobody reads
_GRACE = 2  # seconds for answers that are being made at the end
_TICK = 1.0  # seconds
_NO_REQUEST = "".join(
    f"{line}\r\n"
    for line in (
        "HTTP/1.1 400 Bad Request",
        *(f"{name}: {text}" for name, text in security_headers(()).items()),
        "Cache-Control: no-store",
        "Content-Length: 0",
        "Connection: close",
        "",
    )
).encode()

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def bind(listen: Listen | Ingress, section: str = "listen") -> socket.socket:
    """Open the port that a section of the configuration names.

    Raises:
        NotReady: it is in use, or the address is not one of this machine.
    """
    where = f"{section}: {listen.host}:{listen.port}"
    try:
        family, *_, address = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)[0]
        both = family == socket.AF_INET6 and listen.host == "::" and socket.has_dualstack_ipv6()
        port = socket.create_server(address[:2], family=family, backlog=256, dualstack_ipv6=both)
    except OSError as error:
        text = (error.strerror or str(error)).partition(" (while ")[0]  # then the socket library repeats the address
        raise NotReady(f"{where} cannot be opened: {text}; free it or choose another") from error
    # Its connections inherit it. Without, the end of an answer waits 40 ms until its beginning is acknowledged. asyncio
    # sets it only for sockets that name their protocol.
    port.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return port


def open_ports(config: MonitorConfig) -> list[socket.socket]:
    """Open all ports of a configuration.

    Raises:
        NotReady: as `bind`; none is open then.
    """
    with contextlib.ExitStack() as opened:
        ports = [opened.enter_context(bind(config.listen))]
        if config.ingress is not None:
            ports.append(opened.enter_context(bind(config.ingress, "ingress")))
        opened.pop_all()
        return ports


class Serving:
    """Serves in the thread that calls `run`; `stop` may be called from any other."""

    def __init__(self, is_proxy: Callable[[str], bool] = is_loopback) -> None:
        """Prepare; `is_proxy` tells which addresses are those of many clients."""
        self._limit = ConnectionLimit(is_proxy)
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._stopped = False

    def run(
        self,
        ports: Sequence[socket.socket],
        application: Callable[[asyncio.Event], Any],
        tick: Callable[[], None],
    ) -> None:
        """Serve until `stop`.

        Args:
            ports: from `bind`.
            application: makes the ASGI application; the event it is given is set when streams must end.
            tick: called every second, in the loop.
        """
        logging.getLogger("uvicorn.error").setLevel(
            logging.ERROR
        )  # our lines say the rest; each bad request is no news
        asyncio.run(self._serve(ports, application, tick))

    async def _serve(
        self, ports: Sequence[socket.socket], application: Callable[[asyncio.Event], Any], tick: Callable[[], None]
    ) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        config = uvicorn.Config(
            application(self._closing),
            loop="asyncio",
            http=functools.partial(_Connection, self._limit),  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=_LONGEST_HEADERS,
            timeout_keep_alive=_IDLE,
            timeout_graceful_shutdown=_GRACE,
        )
        check_members("uvicorn", H11Protocol(config, ServerState(), {}))
        server = self._server = uvicorn.Server(config)
        if self._stopped:
            return
        ticking = asyncio.ensure_future(_every(_TICK, tick))
        ticking.add_done_callback(lambda _: self._end())  # without it, nobody would see that the program is stuck
        try:
            await server.serve(sockets=list(ports))
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking

    def stop(self) -> None:
        """Close the port, end all streams, and let `run` return."""
        self._stopped = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if self._closing is not None:
            self._closing.set()
        if self._server is not None:
            self._server.should_exit = True


class _Connection(H11Protocol):
    """A connection that nobody can hold for nothing: uvicorn waits for ever for requests and for slow readers."""

    _requests = 0  # so far
    _seen = 0  # of them, at the last look
    _busy = False  # one is being answered
    _looking: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def __init__(self, limit: ConnectionLimit, **settings: Any) -> None:
        super().__init__(**settings)
        self._limit = limit

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(
            high=0
        )  # so that `pause_writing` tells of each answer that is not read at once
        self._looking = self.loop.call_later(_IDLE, self._look)
        application = self.app

        async def with_admission(scope: Any, receive: Any, send: Any) -> None:
            self._requests += 1
            self._busy = True
            try:
                await application({**scope, "admit": lambda client: self._limit.admit(self, client)}, receive, send)
            finally:
                self._busy = False

        self.app = with_admission
        self._limit.enter(self, self.client[0] if self.client else "")

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit.leave(self)
        for timer in (self._looking, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def end(self) -> None:
        self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(_UNREAD, self.end)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, with the headers that each answer has."""
        self.transport.write(_NO_REQUEST)
        self.transport.close()

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if not self._busy and self._requests == self._seen:
            self.transport.close()
            return
        self._seen = self._requests
        self._looking = self.loop.call_later(_IDLE, self._look)


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        work()
        await asyncio.sleep(seconds)


class _GoneError(Exception):
    """The client went away before its request was whole."""


def application(site: Router, closing: asyncio.Event, ingress_port: int | None = None) -> Application:
    """Return the application; once `closing` is set, all streams end.

    `ingress_port` is the port of Home Assistant's Ingress, if there is one.
    """

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        request = _read(scope, receive, ingress_port)
        try:
            response = await site.respond(request)
        except _GoneError:
            return
        await _send(response, closing, request.method, receive, send)

    return endpoint


def _read(scope: Scope, receive: Receive, ingress_port: int | None) -> Request:
    client, server = scope.get("client"), scope.get("server")  # of the connection, not of the header Host
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        address=client[0] if client else "",
        secure=scope["scheme"] == "https",
        receive=functools.partial(_receive_body, receive),
        own_address=server[0] if server else "",
        ingress=ingress_port is not None and server is not None and server[1] == ingress_port,
        admit=scope.get("admit", lambda _: None),
    )


async def _receive_body(receive: Receive, most: int) -> bytes:
    try:
        async with asyncio.timeout(_BODY_TIMEOUT + most / _SLOWEST):
            return await _read_body(receive, most)
    except TimeoutError:
        raise RequestError("late_body") from None


async def _read_body(receive: Receive, most: int) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        if len(body) > most:
            raise RequestError("long_body", most=most)
        more = message.get("more_body", False)
    return bytes(body)


async def _send(response: Response, closing: asyncio.Event, method: str, receive: Receive, send: Send) -> None:
    headers = {**response.headers, "Content-Type": response.kind}
    if response.status == 304:
        del headers["Content-Type"]
    elif response.stream is None:
        headers["Content-Length"] = str(len(response.body))
    start = {
        "type": "http.response.start",
        "status": response.status,
        "headers": [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()],
    }
    if response.stream is None:
        await send(start)
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})
        return
    try:
        await _send_stream(response.stream, start, closing, receive, send)
    finally:
        response.stream.close()


async def _send_stream(stream: Stream, start: Message, closing: asyncio.Event, receive: Receive, send: Send) -> None:
    """Send events until there are no more, the viewer goes away or `closing` is set."""
    await send(start)
    sending = asyncio.ensure_future(_send_events(stream, send))
    gone, closed = asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(closing.wait())
    tasks = sending, gone, closed
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not sending.cancelled():
        sending.result()
    if gone.cancelled():
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_events(stream: Stream, send: Send) -> None:
    async with aclosing(stream.events()) as events:
        async for event in events:
            await send({"type": "http.response.body", "body": event, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
