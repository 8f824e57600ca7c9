"""The site as an ASGI application; the only file that knows Starlette."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, MutableMapping
from contextlib import aclosing
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.server.login import LONGEST_BODY
from monitor.server.messages import Reply, Request
from monitor.server.site import Site

SEND_TIMEOUT = 60.0  # seconds; a viewer that reads nothing for so long is gone
_BODY_TIMEOUT = 10.0  # seconds


def application(site: Site, closing: asyncio.Event) -> ASGIApp:
    """Return the application; once `closing` is set, all streams end."""

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        request = WebRequest(scope, receive)
        try:
            read = await _read(request)
        except (ClientDisconnect, TimeoutError):
            return
        await _send(await site.reply(read), closing, scope, receive, send)

    return Starlette(routes=[Mount("/", app=endpoint)])


async def _read(request: WebRequest) -> Request:
    body = b""
    if request.method == "POST":
        async with asyncio.timeout(_BODY_TIMEOUT):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST_BODY:
                    break
    return Request(
        method=request.method,
        path=request.scope["path"],
        query=request.scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.scope["headers"]},
        address=request.client.host if request.client is not None else "",
        secure=request.url.scheme == "https",
        body=body,
    )


async def _send(reply: Reply, closing: asyncio.Event, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {**reply.headers, "Content-Type": reply.kind}
    if reply.stream is None:
        if reply.status == 304:
            del headers["Content-Type"]
        await Response(reply.body, reply.status, headers)(scope, receive, send)
        return

    async def send_in_time(message: MutableMapping[str, Any]) -> None:
        async with asyncio.timeout(SEND_TIMEOUT):
            await send(message)

    try:
        with contextlib.suppress(TimeoutError, ClientDisconnect):
            async with aclosing(_until(closing, reply.stream.events())) as events:
                await StreamingResponse(events, reply.status, headers)(scope, receive, send_in_time)
    finally:
        reply.stream.close()


async def _until(closing: asyncio.Event, events: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the events until `closing` is set."""
    closed = asyncio.ensure_future(closing.wait())
    try:
        async with aclosing(events):
            while True:
                following = asyncio.ensure_future(_next(events))
                try:
                    await asyncio.wait({following, closed}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not following.done():
                        following.cancel()
                        with contextlib.suppress(asyncio.CancelledError):
                            await following
                if following.cancelled() or (event := following.result()) is None:
                    return
                yield event
    finally:
        closed.cancel()


async def _next(events: AsyncIterator[bytes]) -> bytes | None:
    return await anext(events, None)
