"""`/mcp` of the page: the tools over HTTP, for programs with a token of *Accès*."""

import logging
from collections.abc import Mapping

from monitor.base.request_errors import RequestError
from monitor.mcp.tools import Answering, how_to_get
from monitor.web.http import NO_STORE, Request, Response

log = logging.getLogger(__name__)

_LONGEST = 64 * 1024  # bytes of a question
#: What the SDK looks at; it sees no token.
_PASSED_ON = ("accept", "content-type", "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name")


class McpPage:
    """Answers those whom the router lets in."""

    def __init__(self, answering: Answering) -> None:
        """Prepare; the SDK is imported at the first question."""
        self._answering = answering

    async def respond(self, request: Request, client: str) -> Response:
        """Return the response to a message of a client.

        Raises:
            RequestError: the body is too long or does not come, or the package is not installed.
        """
        body = await request.receive(_LONGEST)
        try:
            from monitor.mcp.server import answer
        except ImportError as error:
            log.warning("/mcp was asked for: the package %s is not installed", error.name)
            raise RequestError("no_mcp", command=how_to_get()) from error
        headers = {name: text for name, text in request.headers.items() if _is_passed_on(name)}
        status, sent, content = await answer(self._answering, client, request.method, headers, body)
        return Response(status=status, body=content, kind=_kind(sent)).having(Cache_Control=NO_STORE)


def _is_passed_on(name: str) -> bool:
    return name in _PASSED_ON or name.startswith("mcp-param-")


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "application/json")
