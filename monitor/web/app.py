"""The site as an ASGI application: from a scope to a `Request`, from a `Reply` to messages."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

from monitor.web.http import Reply, Request, Stream
from monitor.web.login_page import LONGEST_BODY
from monitor.web.site import Site

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_BODY_TIMEOUT = 10.0  # seconds


class _GoneError(Exception):
    """The client went away before its request was whole."""


def application(site: Site, closing: asyncio.Event, ingress_port: int | None = None) -> Application:
    """Return the application; once `closing` is set, all streams end.

    `ingress_port` is the port of Home Assistant's Ingress, if there is one.
    """

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = await _read(scope, receive, ingress_port)
        except _GoneError:
            return
        await _send(await site.reply(request), closing, request.method, receive, send)

    return endpoint


async def _read(scope: Scope, receive: Receive, ingress_port: int | None) -> Request:
    body, whole = b"", True
    if scope["method"] == "POST":
        try:
            async with asyncio.timeout(_BODY_TIMEOUT):
                body = await _read_body(receive)
        except TimeoutError:
            whole = False
    client, server = scope.get("client"), scope.get("server")  # of the connection, not of the header Host
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        address=client[0] if client else "",
        secure=scope["scheme"] == "https",
        body=body,
        whole=whole,
        ingress=ingress_port is not None and server is not None and server[1] == ingress_port,
        admit=scope.get("admit", lambda _: None),
    )


async def _read_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more and len(body) <= LONGEST_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _send(reply: Reply, closing: asyncio.Event, method: str, receive: Receive, send: Send) -> None:
    headers = {**reply.headers, "Content-Type": reply.kind}
    if reply.status == 304:
        del headers["Content-Type"]
    elif reply.stream is None:
        headers["Content-Length"] = str(len(reply.body))
    start = {
        "type": "http.response.start",
        "status": reply.status,
        "headers": [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()],
    }
    if reply.stream is None:
        await send(start)
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
        return
    try:
        await _send_stream(reply.stream, start, closing, receive, send)
    finally:
        reply.stream.close()


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
