"""Who may enter: sessions that a password opens, the word of a proxy, or everybody where that is written down."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from common.errors import NotReady
from common.machine.network import gateway
from common.runtime.logs import ChangeLogger, RateLimiter
from common.settings.language import plural
from monitor.base.config import MonitorConfig, is_loopback
from monitor.base.request_errors import RequestError
from monitor.web import access, password
from monitor.web import login_page as login
from monitor.web.browsers import browser_name
from monitor.web.credentials import Caller, Credentials
from monitor.web.greeting import is_in_container
from monitor.web.http import Request, Response, Stream, language_for, problem, redirect
from monitor.web.login_throttle import DELAY, network
from monitor.web.metrics import Counters
from monitor.web.sessions import Sessions, cookie_named, set_cookie
from monitor.web.workers import Busy, Workers

log = logging.getLogger(__name__)

_MOST_CHECKS = 20  # that wait for the thread


class Authenticator:
    """Decides for each request, all in one loop."""

    def __init__(
        self,
        config: MonitorConfig,
        counters: Counters,
        credentials: Credentials,
        home_network: Callable[[], bool] = lambda: True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare; `home_network` tells whether others than this machine are answered."""
        self.credentials = credentials
        self._config = config
        self._counters = counters
        self._clock = credentials.clock
        self._home_network = home_network
        self._gateway = gateway() if is_in_container(os.environ) else None
        self._sleep = sleep
        self._sessions = credentials.sessions
        # A thread of its own, since a check takes 8 MB and a while: only one at a time, and no question waits for it.
        self._worker = Workers(1, _MOST_CHECKS)
        self._throttle = credentials.throttle
        self._cookie = f"teleinfo-session-{config.listen.port}"  # cookies of a host know no ports
        self._busy_log = ChangeLogger(log)
        self._seldom = RateLimiter()

    def asks_password(self, request: Request) -> bool:
        """Tell whether who asks needs a session."""
        return self._sessions is not None and not request.ingress

    def stranger(self, request: Request) -> Response | None:
        """Return the response to a request on the port of Home Assistant's Ingress that does not come from there."""
        ingress = self._config.ingress
        if not request.ingress or (ingress is not None and ingress.admits(request.address)):
            return None
        if self._seldom.allow(("ingress", request.address), time.monotonic()):
            log.warning("Refused %s on the port of Home Assistant's Ingress", request.address)
        return self._closed(request, "not_ingress")

    def refusal(self, request: Request) -> Response | None:
        """Return the response to a request that may read nothing at all, or None."""
        listen = self._config.listen
        if request.ingress:
            # A browser of this machine, unlike the Supervisor, may show a page whose name leads here.
            rebound = is_loopback(request.address) and not access.is_known_host(request, listen.names)
            return self._closed(request, "foreign_name") if rebound else None
        if not self._home_network() and not self._is_near(request):
            return self._closed(request, "not_this_machine")
        if self._config.auth == "password":
            return None
        if self._config.auth == "none" and access.is_proxied(request):
            if self._seldom.allow("proxy", time.monotonic()):
                log.warning(
                    "auth: none, and a proxy at %s passes requests on: refused; give the page a password, or let the"
                    " proxy ask for one (auth: header)",
                    request.address,
                )
            return self._closed(request, "proxied")
        if self._config.auth == "header" and not listen.trusts(request.address):
            return self._closed(request, "not_proxied")
        if not access.is_known_host(request, listen.names):
            return self._closed(request, "foreign_name")
        if self._config.auth == "header":
            user = request.headers.get("remote-user", "").strip()
            if not user:
                return self._closed(request, "nobody")
            where = access.client_address(request, listen)
            if self._seldom.allow((user, where), time.monotonic()):
                log.info("%s is here, from %s", user[:64], where)
        return None

    def _closed(self, request: Request, reason: str) -> Response:
        return login.closed(request, RequestError(reason), None)

    async def is_open(self, request: Request) -> bool:
        """Tell whether a request has a session, or needs none.

        Raises:
            NotReady: the password cannot be read.
        """
        if self._sessions is None or request.ingress:
            if user := self._user(request):
                request.admit(user)
            return True
        self.credentials.line()
        token = self._token(request)
        is_open = self._sessions.find(token, self._clock(), browser_name(request.headers.get("user-agent", "")))
        if self._sessions.unsaved:
            await self._save(self._sessions)
        if is_open:
            request.admit(token)
        return is_open

    async def may_read(self, request: Request) -> bool:
        """Tell whether a request to the API may read: it has a session or a token, or needs none.

        Raises:
            NotReady: the password cannot be read.
        """
        if await self.is_open(request):
            return True
        return self.program(request) is not None

    def program(self, request: Request) -> str | None:
        """Return which program asks with a token that is valid; its connection is kept."""
        found = self._program(request)
        if found is not None:
            request.admit(found)
        return found

    async def locked(self, request: Request, reason: str = "locked") -> Response:
        """Return the refusal of a request of a program; a wrong token counts as a wrong password does."""
        language = language_for(request, None)
        refused = problem(RequestError(reason), language)
        if self._bearer(request) is None or self._sessions is None:
            return refused
        address = access.client_address(request, self._config.listen)
        client = network(address)
        wait = self._throttle.begin(client, time.monotonic(), known=False)
        if wait is None:
            return problem(RequestError("many_passwords"), language, Retry_After=f"{DELAY:.0f}")
        self._counters.wrong_passwords += 1
        if self._seldom.allow(("token", address), time.monotonic()):
            log.warning("Wrong token for the API from %s", address)
        if wait:
            try:
                await self._sleep(wait)
            finally:
                self._throttle.waited(client, known=False)
        return refused

    def _program(self, request: Request) -> str | None:
        """Return which program asks with a token that is valid."""
        text = self._bearer(request)
        found = None if text is None or self._sessions is None else self.credentials.tokens.find(text)
        return None if found is None else f"token {found.id}"

    def _bearer(self, request: Request) -> str | None:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        return text.strip() if scheme.lower() == "bearer" else None

    def caller(self, request: Request) -> Caller:
        """Return who asks for a change."""
        address = access.client_address(request, self._config.listen)
        if request.ingress:
            return Caller(True, request.headers.get("x-remote-user-id", "").strip(), address="Home Assistant")
        token, is_near = self._token(request), self._is_near(request)
        return Caller(self._config.auth != "none", None, token, address, is_near)

    def _is_near(self, request: Request) -> bool:
        """Tell whether a request comes from this machine, or through a proxy that is trusted."""
        return access.is_of_this_machine(request, self._gateway) or self._config.listen.trusts(request.address)

    def client(self, request: Request) -> str:
        """Return who asks, for limits: a user of Home Assistant, a browser with a session, or an address."""
        if request.ingress:
            return self._user(request) or request.address
        token = self._token(request)
        if self._sessions is not None and self._sessions.is_ours(token):
            return token
        return self._program(request) or network(access.client_address(request, self._config.listen))

    def _user(self, request: Request) -> str:
        """Return whom Home Assistant, or the proxy that asks for the password, names; empty: nobody."""
        if not request.ingress and self._config.auth != "header":
            return ""
        name = request.headers.get("x-remote-user-id" if request.ingress else "remote-user", "").strip()[:64]
        return name and f"user {name}"

    def guarded(self, request: Request, stream: Stream) -> Stream:
        """Return a stream that ends when its session does, or its token is revoked."""
        return stream if not self.asks_password(request) else _Guarded(stream, lambda: self.may_read(request))

    async def enter(self, request: Request, *, leaving: bool) -> Response:
        """Answer the login, or the logout.

        Raises:
            RequestError: its form is too long, or does not arrive.
        """
        language = language_for(request, None)
        if self._sessions is None:
            return redirect("./")
        if request.method != "POST":
            _, follow = login.read_form(request.query.encode("ascii", "replace"))
            return redirect("./") if leaving else self._login_page(language, follow)
        if access.is_from_elsewhere(request):
            return self._login_page(language, "", 403, "elsewhere")
        form = await request.receive(login.LONGEST_BODY)
        try:
            self.credentials.line()
            if leaving:
                return await self._leave(request, self._sessions, form)
            return await self._check(request, self._sessions, form, language)
        except (NotReady, Busy) as error:
            if isinstance(error, Busy):
                self._busy_log.log(logging.ERROR, "too many logins wait for the check of the password")
            return self._login_page(language, "", 503, "unreadable")

    def _login_page(self, language: str, follow: str, status: int = 200, reason: str = "") -> Response:
        """Return the page that asks for the password, or for the code while there is none."""
        try:
            by_code = not self.credentials.line()
        except NotReady:
            by_code = False
        return login.login_page(language, follow, status, reason, by_code=by_code)

    async def _leave(self, request: Request, sessions: Sessions, form: bytes) -> Response:
        address, token = access.client_address(request, self._config.listen), self._token(request)
        if sessions.find(token, self._clock()):
            if login.is_for_everywhere(form):
                log.info("Logout everywhere from %s: %s ended", address, plural(sessions.end_all(), "session"))
            else:
                sessions.end(token)
                log.info("Logout from %s", address)
            await self._save(sessions)
        return redirect("login")

    async def _check(self, request: Request, sessions: Sessions, form: bytes, language: str) -> Response:
        attempt, follow = login.read_form(form)
        address, token = access.client_address(request, self._config.listen), self._token(request)
        client, known = self.client(request), sessions.is_ours(token)
        wait = self._throttle.begin(client, time.monotonic(), known=known)
        if wait is None:
            return self._login_page(language, follow, 429, "wait").having(Retry_After=f"{DELAY:.0f}")
        if wait:
            try:
                await self._sleep(wait)
            finally:
                self._throttle.waited(client, known=known)
        line = self.credentials.line()
        if not line and not access.is_at_home(request, self._config.listen):
            log.warning("Refused the code of the page from %s, which is not in the home network", address)
            return self._login_page(language, follow, 403, "far")
        check = partial(password.matches, attempt, line) if line else partial(self.credentials.code.accepts, attempt)
        right = await self._worker.run(check)
        if not right or self.credentials.line() != line:
            self._counters.wrong_passwords += 1
            if self._seldom.allow(address, time.monotonic()):
                log.warning("Wrong %s for the page from %s", "password" if line else "code", address)
            return self._login_page(language, follow, 401, "wrong")
        self._throttle.succeeded(client, known=known)
        log.info("Login from %s, %s", address, "a browser that was here before" if known else "a new browser")
        sessions.end(token)
        made = sessions.begin(self._clock(), browser_name(request.headers.get("user-agent", "")))
        response = redirect(f"./{follow}").having(Set_Cookie=self._set_cookie(made, request))
        await self._save(sessions)
        return response

    async def _save(self, sessions: Sessions) -> None:
        try:
            await self._worker.run(sessions.save)
        except Busy:
            return  # the next change saves this one, too

    def _token(self, request: Request) -> str:
        name, _ = self._named(request)
        return cookie_named(name, request.headers.get("cookie", ""))

    def _set_cookie(self, token: str, request: Request) -> str:
        name, path = self._named(request)
        return set_cookie(name, token, path, secure=access.is_secure(request, self._config.listen))

    def _named(self, request: Request) -> tuple[str, str]:
        """Return the name of the cookie and its path: with TLS, and if all of a host is ours, no other may set it."""
        path = access.public_prefix(request) or self._config.listen.prefix or "/"
        host_only = path == "/" and access.is_secure(request, self._config.listen)
        return f"__Host-{self._cookie}" if host_only else self._cookie, path


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A stream that asks before each event, and a ping comes every 10 s, whether it may go on."""

    stream: Stream
    is_open: Callable[[], Awaitable[bool]]

    async def events(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self.stream.events()) as events:
            async for event in events:
                try:
                    if not await self.is_open():
                        return
                except NotReady:
                    return
                yield event

    def close(self) -> None:
        self.stream.close()
