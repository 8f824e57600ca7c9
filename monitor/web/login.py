"""Who may enter: sessions that a password opens, the word of a proxy, or everybody where that is written down."""

import asyncio
import ipaddress
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

from common.errors import NotReady
from common.runtime.logs import ChangeLogger, RateLimiter
from common.settings.language import plural
from monitor.base.config import MonitorConfig, is_loopback
from monitor.base.request_errors import RequestError
from monitor.web import access, password
from monitor.web import login_page as login
from monitor.web.http import Request, Response, Stream, language_for, redirect
from monitor.web.metrics import Counters
from monitor.web.route import Caller
from monitor.web.sessions import Sessions, cookie_named, set_cookie
from monitor.web.workers import Busy, Workers

log = logging.getLogger(__name__)

T = TypeVar("T")
_MOST_CHECKS = 20  # that wait for the thread
WINDOW = 300.0  # seconds in which wrong passwords are counted
MOST = 5  # wrong passwords of one client in the window
MOST_OF_ALL = 60  # of all clients: a botnet, or a network of the attacker's own
DELAY = 30.0  # seconds that the next one waits
MOST_WAITING = 10  # of all clients, at the same time
MOST_WAITING_EACH = 2  # of one client
_CLIENTS = 1000
_STRANGERS, _KNOWN = "*", "* known"  # all together


class Authenticator:
    """Decides for each request, all in one loop."""

    def __init__(
        self,
        config: MonitorConfig,
        counters: Counters,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare; `clock` is Unix time.

        Raises:
            ConfigError: the configuration does not say who may enter.
        """
        config.check_auth()
        self._config = config
        self._counters = counters
        self._clock = clock
        self._sleep = sleep
        self._file = config.password_file
        self._sessions = Sessions(config.state) if self._file is not None else None
        # A thread of its own, since a check takes 8 MB and a while: only one at a time, and no question waits for it.
        self._worker = Workers(1, _MOST_CHECKS)
        self._throttle = LoginThrottle()
        self._cookie = f"teleinfo-session-{config.listen.port}"  # cookies of a host know no ports
        self._password_log = ChangeLogger(log)
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
        self._read_password(self._sessions)
        token = self._token(request)
        is_open = self._sessions.find(token, self._clock())
        if self._sessions.unsaved:
            await self._save(self._sessions)
        if is_open:
            request.admit(token)
        return is_open

    def caller(self, request: Request) -> Caller:
        """Return who asks for a change."""
        if request.ingress:
            return Caller(is_guarded=True, ingress_user=request.headers.get("x-remote-user-id", "").strip())
        return Caller(is_guarded=self._config.auth != "none")

    def client(self, request: Request) -> str:
        """Return who asks, for limits: a user of Home Assistant, a browser with a session, or an address."""
        if request.ingress:
            return self._user(request) or request.address
        token = self._token(request)
        known = self._sessions is not None and self._sessions.is_ours(token)
        return token if known else network(access.client_address(request, self._config.listen))

    def _user(self, request: Request) -> str:
        """Return whom Home Assistant, or the proxy that asks for the password, names; empty: nobody."""
        if not request.ingress and self._config.auth != "header":
            return ""
        name = request.headers.get("x-remote-user-id" if request.ingress else "remote-user", "").strip()[:64]
        return name and f"user {name}"

    def guarded(self, request: Request, stream: Stream) -> Stream:
        """Return a stream that ends when its session does."""
        return stream if not self.asks_password(request) else _Guarded(stream, lambda: self.is_open(request))

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
            return redirect("./") if leaving else login.login_page(language, follow)
        if access.is_from_elsewhere(request):
            return login.login_page(language, "", 403, "elsewhere")
        form = await request.receive(login.LONGEST_BODY)
        try:
            self._read_password(self._sessions)
            if leaving:
                return await self._leave(request, self._sessions, form)
            return await self._check(request, self._sessions, form, language)
        except (NotReady, Busy) as error:
            self._password_log.log(logging.ERROR, str(error) or "too many logins wait for the check of the password")
            return login.login_page(language, "", 503, "unreadable")

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
            return login.login_page(language, follow, 429, "wait").having(Retry_After=f"{DELAY:.0f}")
        if wait:
            try:
                await self._sleep(wait)
            finally:
                self._throttle.waited(client, known=known)
        line = self._read_password(sessions)
        right = await self._worker.run(lambda: password.matches(attempt, line))
        if not right or self._read_password(sessions) != line:
            self._counters.wrong_passwords += 1
            if self._seldom.allow(address, time.monotonic()):
                log.warning("Wrong password for the page from %s", address)
            return login.login_page(language, follow, 401, "wrong")
        self._throttle.succeeded(client, known=known)
        log.info("Login from %s, %s", address, "a browser that was here before" if known else "a new browser")
        sessions.end(token)
        response = redirect(f"./{follow}").having(Set_Cookie=self._set_cookie(sessions.begin(self._clock()), request))
        await self._save(sessions)
        return response

    def _read_password(self, sessions: Sessions) -> str:
        """Return the line of the file; whatever it is now, sessions of another one end.

        Raises:
            NotReady: the password cannot be read.
        """
        assert self._file is not None
        try:
            line = password.read(self._file)
            if not password.is_hash(line):
                raise NotReady(password.plain(self._file))
        except NotReady as error:
            self._password_log.log(logging.ERROR, str(error))
            raise
        self._password_log.reset()
        sessions.belong_to(line)
        return line

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


class LoginThrottle:
    """Counts wrong passwords by client, in bounded memory."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()  # since when, how many
        self._waiting: Counter[str] = Counter()

    def begin(self, client: str, now: float, *, known: bool) -> float | None:
        """Count an attempt, at the monotonic time `now`; return how many seconds it waits: `waited` must follow.

        It counts as wrong until `succeeded`: so the limit holds for attempts that come together, too. None: too many
        wait already.
        """
        everybody = _KNOWN if known else _STRANGERS
        slow = self._count(client, now) >= MOST or self._count(everybody, now) >= MOST_OF_ALL
        if slow:
            if self._waiting[everybody] >= MOST_WAITING or self._waiting[client] >= MOST_WAITING_EACH:
                return None
            self._waiting.update((client, everybody))
        for key in (client, everybody):
            count = self._count(key, now)
            since = self._counts.pop(key)[0] if count else now
            self._counts.pop(key, None)
            self._counts[key] = (since, count + 1)
        while len(self._counts) > _CLIENTS:
            self._counts.popitem(last=False)
        return DELAY if slow else 0.0

    def waited(self, client: str, *, known: bool) -> None:
        """Let another one wait."""
        for key in (client, _KNOWN if known else _STRANGERS):
            self._waiting[key] -= 1
        self._waiting = +self._waiting

    def succeeded(self, client: str, *, known: bool) -> None:
        """Forget the attempts of a client: the last one was right."""
        self._counts.pop(client, None)
        everybody = _KNOWN if known else _STRANGERS
        if everybody in self._counts:
            since, count = self._counts[everybody]
            self._counts[everybody] = (since, max(count - 1, 0))

    def _count(self, key: str, now: float) -> int:
        since, count = self._counts.get(key, (now, 0))
        return count if now - since < WINDOW else 0


def network(address: str) -> str:
    """Return the address, or the network that one owner of IPv6 addresses has at least."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
