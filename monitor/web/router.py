"""Decides what answers a request: the API, the stream, a file, the page, or the login; and who may ask."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from common.errors import NotReady
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.web import access
from monitor.web import login_page as login
from monitor.web.actions import Actions
from monitor.web.api import Api
from monitor.web.files import Files, is_place
from monitor.web.http import (
    NO_STORE,
    Request,
    Response,
    Stream,
    language_for,
    negotiated,
    problem,
    redirect,
    security_headers,
)
from monitor.web.login import Authenticator
from monitor.web.metrics import Counters
from monitor.web.preload import first_answers

API = "api/v1/"
DOCUMENT = "openapi.json"
HEALTH = "health"
MCP = "mcp"
READING = ("GET", "HEAD")
LONGEST_PATH = 500
#: Whoever asks learns that the program runs, and nothing else.
_ALIVE = Response(body=b"ok\n").having(Cache_Control=NO_STORE)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a site is made of."""

    api: Api
    actions: Actions
    description: Response  # the OpenAPI document
    files: Files
    streams: Mapping[
        str, Callable[[str], Stream]
    ]  # by name; each opens one, in the loop that serves, or raises RequestError
    language: Callable[[], str | None] = lambda: None  # that the owner chose; None: that of the browser
    home_network: Callable[[], bool] = lambda: True  # not only this machine is answered
    mcp: Callable[[Request, str], Awaitable[Response]] | None = None  # answers a program, which is named


class Router:
    """Answers requests, all in one loop."""

    def __init__(self, config: MonitorConfig, parts: Parts, counters: Counters, authenticator: Authenticator) -> None:
        self._config = config
        self._parts = parts
        self._counters = counters
        self._authenticator = authenticator
        self._headers = security_headers(config.frame_ancestors)
        self._headers_inside = security_headers(())  # Home Assistant shows us in a frame of the same origin

    async def respond(self, request: Request) -> Response:
        """Return the response to a request, with all headers."""
        try:
            response = await self._respond(request)
        except RequestError as refusal:  # of a body: what is left of it is not read
            response = problem(refusal, self._language(request), Connection="close")
        if request.ingress:
            response = replace(response, zipped=None)  # Home Assistant compresses what it passes on
        response = negotiated(request, response)
        self._counters.count(response.status)
        return response.having(**(self._headers_inside if request.ingress else self._headers))

    async def _respond(self, request: Request) -> Response:
        if {"content-length", "transfer-encoding"} <= request.headers.keys():
            # RFC 9112 6.3: two lengths may hide a second request from a proxy.
            return self._problem(request, "two_lengths", Connection="close")
        if (refusal := self._authenticator.stranger(request)) is not None:
            return refusal
        path = self._below_prefix(request)
        if path is None:
            return redirect(f"{self._config.listen.prefix.rpartition('/')[2]}/")
        if len(request.path) > LONGEST_PATH:
            return self._problem(request, "long_address")
        if not path.isprintable():
            return self._problem(request, "control_characters")
        if path == HEALTH and request.method in ("GET", "HEAD"):
            return _ALIVE
        if (refusal := self._authenticator.refusal(request)) is not None:
            return refusal
        if path == MCP and self._parts.mcp is not None:
            return await self._mcp(request, self._parts.mcp)
        posting = () if request.ingress else ("login", "logout")
        if path.startswith("api/"):
            return await self._api(request, path)
        if request.method not in READING and not (request.method == "POST" and path in posting):
            return self._wrong_method(request, "POST" if path in posting else "GET, HEAD")
        if path in posting:
            return await self._authenticator.enter(request, leaving=path == "logout")
        if path in login.FILES:
            return login.FILES[path]
        found = None if path in ("", "index.html") else self._parts.files.get(path)
        if found is not None:
            return found
        if path == "index.html" or is_place(path):
            return await self._page(request, path)
        if "text/html" not in request.headers.get("accept", ""):
            return self._problem(request, "no_address")
        page = await self._page(request, path)  # which says so, to whoever opens it
        return replace(page, status=404) if page.status == 200 else page

    def _language(self, request: Request) -> str:
        return language_for(request, self._parts.language())

    def _problem(self, request: Request, reason: str, **headers: str) -> Response:
        return problem(RequestError(reason), self._language(request), **headers)

    def _wrong_method(self, request: Request, allowed: str) -> Response:
        return problem(RequestError("wrong_method", allowed=allowed), self._language(request), Allow=allowed)

    def _below_prefix(self, request: Request) -> str | None:
        """Return the path below ours; None: it is the prefix without the slash, from which nothing relative works."""
        path, prefix = request.path, "" if request.ingress else self._config.listen.prefix
        if prefix and path == prefix:
            return None
        # A proxy may have removed the prefix.
        return path.removeprefix(f"{prefix}/" if prefix and path.startswith(f"{prefix}/") else "/")

    async def _api(self, request: Request, path: str) -> Response:
        reads = request.method in READING
        # A page of another site reads nothing; nor does it change anything, not even by a form or a link.
        if (access.is_asked_by_a_foreign_page if reads else access.is_from_elsewhere)(request):
            return self._problem(request, "foreign_page")
        try:
            check = self._authenticator.may_read if reads else self._authenticator.is_open
            if not await check(request):
                return await self._authenticator.locked(request)
        except NotReady:
            return self._problem(request, "password_unreadable")
        language = self._language(request)
        if not path.startswith(API):
            return problem(RequestError("no_version", begin=API), language)
        name = path.removeprefix(API)
        if reads and name == DOCUMENT:
            return self._parts.description
        if reads and (open_stream := self._parts.streams.get(name)) is not None:
            return self._stream(request, open_stream)
        api, actions = self._parts.api, self._parts.actions
        if reads and (api.has(name) or not actions.methods(name)):
            return await api.respond(name, request.query, language, self._authenticator.client(request))
        if request.method in actions.methods(name):
            caller, credentials = self._authenticator.caller(request), self._authenticator.credentials
            return await actions.respond(name, request, language, caller, credentials)
        is_read = api.has(name) or name == DOCUMENT or name in self._parts.streams
        allowed = [*(("GET", "HEAD") if is_read else ()), *actions.methods(name)]
        return self._wrong_method(request, ", ".join(allowed)) if allowed else self._problem(request, "no_address")

    async def _mcp(self, request: Request, answer: Callable[[Request, str], Awaitable[Response]]) -> Response:
        """Answer a language model's program; without a token nobody, whoever else may read the page."""
        if access.is_from_elsewhere(request):
            return self._problem(request, "foreign_page")
        program = self._authenticator.program(request)
        if program is None:
            return (await self._authenticator.locked(request, "no_token")).having(WWW_Authenticate="Bearer")
        if request.method != "POST":  # nothing is sent but answers, and no session is kept
            return self._wrong_method(request, "POST")
        return await answer(request, program)

    def _stream(self, request: Request, open_stream: Callable[[str], Stream]) -> Response:
        if request.method == "HEAD":
            return self._problem(request, "stream_method", Allow="GET")
        try:
            stream = open_stream(request.query)
        except RequestError as refusal:
            headers = {"Retry_After": "30"} if refusal.status == 503 else {}
            return problem(refusal, self._language(request), **headers)
        stream = self._authenticator.guarded(request, stream)
        # A proxy must neither keep events back nor change them.
        return Response(kind="text/event-stream; charset=utf-8", stream=stream).having(
            Cache_Control=f"{NO_STORE}, no-transform", X_Accel_Buffering="no"
        )

    async def _page(self, request: Request, path: str) -> Response:
        language = self._language(request)
        try:
            is_open = await self._authenticator.is_open(request)
        except NotReady:
            return login.login_page(language, "", 503, "unreadable")
        up = "../" * path.count("/")
        if not is_open:
            follow = f"{path}?{request.query}" if request.query else path
            return redirect(f"{up or './'}login?next={quote(follow)}")
        prefix = access.public_prefix(request)
        base = up or "./" if prefix is None else f"{prefix}/"
        first = await self._first(request, path, language)
        marks = {
            "session": self._authenticator.asks_password(request),
            "app": self._config.app is not None,
            "open": self._config.auth == "none" and not request.ingress,  # whoever reaches it may change settings
        }
        page = self._parts.files.index(base, language, [name for name, holds in marks.items() if holds], first=first)
        return page or self._problem(request, "no_page")

    async def _first(self, request: Request, path: str, language: str) -> str:
        # A program, or the page that looks for a newer one, does not show it.
        if "text/html" not in request.headers.get("accept", "") or access.is_asked_by_a_foreign_page(request):
            return ""
        client = self._authenticator.client(request)
        return await first_answers(
            lambda route, query: self._parts.api.respond(route, query, language, client),
            path,
            request.query,
            language,
            app=self._config.app is not None,
        )
