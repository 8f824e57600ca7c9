"""The site as an ASGI application; the only file that knows Starlette."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Set
from contextlib import aclosing
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.server.login import LONGEST_BODY
from monitor.server.messages import Reply, Request, Stream
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
    if reply.stream is not None:
        try:
            await _send_stream(reply.stream, headers, closing, receive, send)
        finally:
            reply.stream.close()
        return
    if reply.status == 304:
        del headers["Content-Type"]
    await Response(reply.body, reply.status, headers)(scope, receive, send)


async def _send_stream(
    stream: Stream, headers: Mapping[str, str], closing: asyncio.Event, receive: Receive, send: Send
) -> None:
    """Send events until there are no more, the viewer goes away or `closing` is set.

    Not Starlette's StreamingResponse: with some versions of uvicorn it notices only at the next event who is gone.
    """
    gone, closed = asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(closing.wait())
    ends: set[asyncio.Future[Any]] = {gone, closed}
    names = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]
    try:
        async with aclosing(stream.events()) as events, asyncio.timeout(None) as patience:
            loop = asyncio.get_running_loop()

            async def send_in_time(message: Message) -> None:
                patience.reschedule(loop.time() + SEND_TIMEOUT)
                await send(message)
                patience.reschedule(None)

            await send_in_time({"type": "http.response.start", "status": 200, "headers": names})
            while (event := await _next(events, ends)) is not None:
                await send_in_time({"type": "http.response.body", "body": event, "more_body": True})
            if not gone.done():
                await send_in_time({"type": "http.response.body", "body": b"", "more_body": False})
    except (TimeoutError, OSError):
        return  # whoever reads nothing for so long, or has just gone
    finally:
        for end in ends:
            end.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(events: AsyncGenerator[bytes, None], ends: Set["asyncio.Future[Any]"]) -> bytes | None:
    """Return the next event; None: there is none any more."""
    following = asyncio.ensure_future(_first(events))
    try:
        await asyncio.wait({following, *ends}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not following.done():
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
    return None if following.cancelled() else following.result()


async def _first(events: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(events, None)
