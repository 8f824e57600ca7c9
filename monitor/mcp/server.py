"""The server of the protocol: the only file that knows the official SDK. It is imported when somebody asks.

Over HTTP each request is a session of its own, answered with JSON: nothing is kept between two of them.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from monitor.mcp.tools import INSTRUCTIONS, NAME, TOOLS, Answering, arguments_schema, call, version

# Its lines about each request are no news.
logging.getLogger("mcp").setLevel(logging.ERROR)
_READS = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


def _tools() -> list[types.Tool]:
    return [
        types.Tool(
            name=one.name,
            description=one.text,
            input_schema=dict(arguments_schema(one)),
            output_schema=dict(one.schema),
            annotations=_READS,
        )
        for one in TOOLS
    ]


def _server(answering: Answering, client: str) -> Server[Any]:
    async def list_tools(
        _context: ServerRequestContext[Any], _request: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_tools())

    async def call_tool(
        _context: ServerRequestContext[Any], request: types.CallToolRequestParams
    ) -> types.CallToolResult:
        found, why_not = await call(answering, request.name, request.arguments or {}, client)
        text = json.dumps(found, ensure_ascii=False) if why_not is None else why_not
        return types.CallToolResult(
            content=[types.TextContent(text=text)], structured_content=found, is_error=why_not is not None
        )

    return Server(NAME, version=version(), instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool)


def serve(answering: Answering) -> None:
    """Answer over stdin and stdout, until stdin ends."""

    async def run() -> None:
        server = _server(answering, "")
        async with stdio_server() as (reads, writes):
            await server.run(reads, writes, server.create_initialization_options())

    asyncio.run(run())


async def answer(
    answering: Answering, client: str, method: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, Mapping[str, str], bytes]:
    """Answer a request over HTTP; return status, headers and body."""
    manager = StreamableHTTPSessionManager(_server(answering, client), json_response=True, stateless=True)
    status, sent, found = 500, dict[str, str](), bytearray()
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if parts:
            return parts.pop()
        await asyncio.Event().wait()  # the client does not go away
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            sent.update((name.decode("latin-1"), text.decode("latin-1")) for name, text in message.get("headers", ()))
        else:
            found.extend(message.get("body", b""))

    scope: MutableMapping[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/mcp",
        "raw_path": b"/mcp",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()],
        "client": None,
        "server": None,
    }
    handle: Callable[..., Awaitable[None]] = manager.handle_request
    async with manager.run():
        await handle(scope, receive, send)
    return status, sent, bytes(found)
