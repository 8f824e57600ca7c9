"""Decides what answers a request: the API, the stream, a file, the page, or the login; and who may ask."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote

from common.errors import NotReady
from common.runtime.logs import ChangeLogger, RateLimiter
from monitor.api.call import Parameter, Refused
from monitor.config import MonitorConfig
from monitor.server import access, login, sessions
from monitor.server.api import Api
from monitor.server.attempts import Attempts
from monitor.server.files import Files, is_place
from monitor.server.headers import security_headers
from monitor.server.health import Counters
from monitor.server.messages import NO_STORE, Reply, Request, Stream, negotiated, problem, redirect
from monitor.server.parameters import read_parameters
from monitor.server.workers import Busy, Workers

log = logging.getLogger(__name__)

API = "api/v1/"
STREAM = "live/stream"
DOCUMENT = "openapi.json"
LONGEST_PATH = 500
_LOCKED = "La page a un mot de passe : ouvrez une session avec « login »."
_UNREADABLE = "Le mot de passe de la page ne peut pas être lu : le journal du programme dit pourquoi."


class StreamSource(Protocol):
    """What is live, for many viewers."""

    @property
    def parameters(self) -> Sequence[Parameter]:
        """What a stream can be asked."""

    def open(self, parameters: Mapping[str, str]) -> Stream:
        """Open a stream, in the loop that serves; whoever gets it closes it.

        Raises:
            Refused: there is no such meter, or too many streams are open.
        """


@dataclass(frozen=True, slots=True)
class Parts:
    """What a site is made of."""

    api: Api
    description: Reply  # the OpenAPI document
    files: Files
    workers: Workers
    stream: StreamSource | None = None


class Site:
    """Answers requests, all in one loop."""

    def __init__(
        self, config: MonitorConfig, parts: Parts, counters: Counters, clock: Callable[[], float] = time.time
    ) -> None:
        """Prepare; `clock` is Unix time."""
        self._config = config
        self._parts = parts
        self._counters = counters
        self._clock = clock
        self._password = None if config.password_file is None else sessions.Password(config.password_file)
        self._attempts = Attempts()
        self._headers = security_headers(config.frame_ancestors)
        self._cookie = f"teleinfo-session-{config.listen.port}"  # cookies of a host know no ports
        self._password_log = ChangeLogger(log)
        self._seldom = RateLimiter()
        self._checking = asyncio.Semaphore(1)

    async def reply(self, request: Request) -> Reply:
        """Return the reply to a request, with all headers."""
        reply = negotiated(request, await self._reply(request))
        self._counters.count(reply.status)
        return reply.having(**self._headers)

    async def _reply(self, request: Request) -> Reply:
        path = self._below_prefix(request.path)
        if path is None:
            return redirect(f"{self._config.listen.prefix.rpartition('/')[2]}/")
        if len(request.path) > LONGEST_PATH:
            return problem(414, "L’adresse est trop longue.")
        if not path.isprintable():
            return problem(400, "L’adresse contient des caractères de contrôle.")
        if self._password is None and not access.is_known_host(request, self._config.listen.names):
            if path.startswith("api/") or "text/html" not in request.headers.get("accept", ""):
                return problem(403, login.FOREIGN_NAME)
            return login.foreign_name_page(login.language_for(request, self._config.language))
        posting = ("login", "logout")
        if request.method not in ("GET", "HEAD") and not (request.method == "POST" and path in posting):
            allowed = "POST" if path in posting else "GET, HEAD"
            return problem(405, "Méthode refusée : l’interface est en lecture seule.", Allow=allowed)
        if path in posting:
            return await self._login(request, leaving=path == "logout")
        if path == "login.css":
            return login.STYLE
        if path.startswith("api/"):
            return await self._api(request, path)
        found = None if path in ("", "index.html") else self._parts.files.get(path)
        if found is not None:
            return found
        if path == "index.html" or is_place(path):
            return await self._page(request, path)
        if "text/html" not in request.headers.get("accept", ""):
            return problem(404, "Il n’y a rien à cette adresse.")
        page = await self._page(request, path)  # which says so, to whoever opens it
        return replace(page, status=404) if page.status == 200 else page

    def _below_prefix(self, path: str) -> str | None:
        """Return the path below ours; None: it is the prefix without the slash, from which nothing relative works."""
        prefix = self._config.listen.prefix
        if prefix and path == prefix:
            return None
        # A proxy may have removed the prefix.
        return path.removeprefix(f"{prefix}/" if prefix and path.startswith(f"{prefix}/") else "/")

    async def _api(self, request: Request, path: str) -> Reply:
        if access.is_asked_by_a_foreign_page(request):
            return problem(403, "Requête refusée : elle vient d’un autre site.")
        try:
            if await self._session_age(request) is None:
                return problem(401, _LOCKED)
        except NotReady:
            return problem(503, _UNREADABLE)
        if not path.startswith(API):
            return problem(404, f"L’interface commence par {API}.")
        name = path.removeprefix(API)
        if name == DOCUMENT:
            return self._parts.description
        if name == STREAM and self._parts.stream is not None:
            return self._stream(request, self._parts.stream)
        return await self._parts.api.reply(name, request.query)

    def _stream(self, request: Request, source: StreamSource) -> Reply:
        if request.method == "HEAD":
            return problem(405, "Un flux se lit avec GET.", Allow="GET")
        try:
            stream = source.open(read_parameters(request.query, source.parameters))
        except Refused as refused:
            return problem(refused.status, refused.detail, **({"Retry_After": "30"} if refused.status == 503 else {}))
        # A proxy must neither keep events back nor change them.
        return Reply(kind="text/event-stream; charset=utf-8", stream=stream).having(
            Cache_Control=f"{NO_STORE}, no-transform", X_Accel_Buffering="no"
        )

    async def _page(self, request: Request, path: str) -> Reply:
        language = login.language_for(request, self._config.language)
        try:
            age = await self._session_age(request)
        except NotReady:
            return login.login_page(language, "", 503, "unreadable")
        up = "../" * path.count("/")
        if age is None:
            follow = f"{path}?{request.query}" if request.query else path
            return redirect(f"{up or './'}login?next={quote(follow)}")
        prefix = access.public_prefix(request)
        base = up or "./" if prefix is None else f"{prefix}/"
        page = self._parts.files.index(base, language, session=self._password is not None)
        if page is None:
            return problem(404, "Les fichiers de la page manquent dans cette installation.")
        if self._password is not None and age > sessions.RENEW_AFTER:
            page = page.having(Set_Cookie=self._session(self._password.key(), request))
        return page

    async def _session_age(self, request: Request) -> float | None:
        """Return the age of the session, 0 where no password is asked; None: there is no session.

        Raises:
            NotReady: the password cannot be read.
        """
        if self._password is None:
            return 0.0
        token = sessions.cookie_named(self._cookie, request.headers.get("cookie", ""))
        try:
            key = self._password.known_key()
            if key is None:
                key = await self._parts.workers.run(self._password.key)
        except (NotReady, Busy) as error:
            raise self._unreadable(error) from error
        self._password_log.reset()
        return sessions.age(token, key, self._clock()) if token else None

    def _unreadable(self, error: Exception) -> NotReady:
        text = str(error) or "too many requests wait for the check of the password"
        self._password_log.log(logging.ERROR, text)
        return NotReady(text)

    async def _login(self, request: Request, *, leaving: bool) -> Reply:
        language = login.language_for(request, self._config.language)
        if self._password is None:
            return redirect("./")
        if request.method != "POST":
            _, follow = login.read_form(request.query.encode("ascii", "replace"))
            return redirect("./") if leaving else login.login_page(language, follow)
        if len(request.body) > login.LONGEST_BODY:
            return problem(413, "Le formulaire est trop long.")
        if access.is_from_elsewhere(request):
            return login.login_page(language, "", 403, "elsewhere")
        if leaving:
            return redirect("login").having(Set_Cookie=self._cookie_header("", request))
        attempt, follow = login.read_form(request.body)
        return await self._check(request, self._password, attempt, follow, language)

    async def _check(
        self, request: Request, password: sessions.Password, attempt: str, follow: str, language: str
    ) -> Reply:
        address, monotonic = access.client_address(request), time.monotonic()
        async with self._checking:  # one at a time: so the limit holds for attempts that come together, too
            wait = self._attempts.wait(address, monotonic)
            if wait > 0:
                page = login.login_page(language, follow, 429, "wait", int(wait // 60) + 1)
                return page.having(Retry_After=str(int(wait) + 1))
            try:
                right = await self._parts.workers.run(lambda: password.matches(attempt))
            except (NotReady, Busy) as error:
                self._unreadable(error)
                return login.login_page(language, follow, 503, "unreadable")
            if not right:
                self._attempts.failed(address, monotonic)
                self._counters.wrong_passwords += 1
                if self._seldom.allow(address, monotonic):
                    log.warning("Wrong password for the page from %s", address)
                return login.login_page(language, follow, 401, "wrong")
        self._attempts.succeeded(address)
        return redirect(f"./{follow}").having(Set_Cookie=self._session(password.key(), request))

    def _session(self, key: bytes, request: Request) -> str:
        return self._cookie_header(sessions.issue(key, self._clock()), request)

    def _cookie_header(self, token: str, request: Request) -> str:
        path = access.public_prefix(request) or self._config.listen.prefix or "/"
        return sessions.set_cookie(self._cookie, token, path, secure=access.is_secure(request))
