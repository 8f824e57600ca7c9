"""A router with all that answers behind it, and a browser that asks it: without a socket."""

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

from common.database.mariadb import Connection
from monitor.base.config import Ingress, Listen, MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.places.now.routes import STREAM
from monitor.web.actions import Actions
from monitor.web.api import Api
from monitor.web.credentials import Credentials
from monitor.web.files import Files
from monitor.web.http import Request, Response, Stream, packed
from monitor.web.login import Authenticator
from monitor.web.metrics import Counters
from monitor.web.parameters import read_parameters
from monitor.web.pool import Pool
from monitor.web.route import Action, ActionRequest, Parameter, Sent
from monitor.web.router import Parts, Router
from tests.support.passwords import lock

INDEX = '<html lang="fr"><head><base href="./"></head><body></body></html>'
HTML = {"accept": "text/html,*/*;q=0.8"}
FIRST = b'"answers":{"alerts?lang=fr":{},"requests?lang=fr":{},"meters?lang=fr":{"meters":[]}}}</script></body>'
OPEN = MonitorConfig(auth="none", ingress=Ingress())
BY_PROXY = MonitorConfig(
    auth="header",
    listen=Listen(trusted=(ipaddress.ip_network("172.16.0.0/12"),), names=("energy.example.org",)),
    ingress=Ingress(),
)


class Asked:
    """In place of the API: remembers what it is asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.clients: list[str] = []

    def has(self, name: str) -> bool:
        return name in ("meters", "live", "energy")

    async def respond(self, name: str, query: str, language: str, client: str) -> Response:
        self.calls.append((name, query))
        self.clients.append(client)
        body = b'{"meters":[]}' if name == "meters" else b"{}"
        return packed(body, "application/json", Cache_Control="no-store")


def done(request: ActionRequest) -> dict[str, Any]:
    return {"body": str(request.body), "version": request.version, "at": request.parameters.get("section")}


#: Changes as a place declares them.
ACTIONS = (
    Action(
        method="PUT",
        name="settings/{section}",
        text="Saves.",
        answer=done,
        parameters=[Parameter("section", "The section.", {"type": "string"})],
        sent=Sent.JSON,
        needs_version=True,
    ),
    Action(method="POST", name="requests", text="Asks.", answer=done, sent=Sent.JSON),
    Action(method="PUT", name="requests/1/body", text="Sends.", answer=done, sent=Sent.BYTES, longest=1 << 20),
    Action(method="POST", name="requests/1/start", text="Starts.", answer=done),
    Action(method="DELETE", name="requests/1", text="Cancels.", answer=done),
)


HOME = SimpleNamespace(config=MonitorConfig())


class Lent(Pool):
    """A pool that is never asked."""

    def __init__(self) -> None:
        super().__init__(lambda: cast("Connection", None))


class Events:
    closed = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        while True:
            yield b": ping\n\n"

    def close(self) -> None:
        self.closed = True


class Streams:
    full = False

    def open(self, query: str) -> Stream:
        read_parameters(query, STREAM.parameters)
        if self.full:
            raise RequestError("too_many_viewers")
        return Events()


def sending(body: bytes) -> Callable[[int], Awaitable[bytes]]:
    """Return what a server reads of a body."""

    async def receive(most: int) -> bytes:
        if len(body) > most:
            raise RequestError("long_body", most=most)
        return body

    return receive


class Site:
    """A router, and a browser that asks it."""

    def __init__(self, folder: Path, config: MonitorConfig, streams: Streams | None = None) -> None:
        (folder / "page").mkdir(parents=True)
        (folder / "page" / "index.html").write_text(INDEX)
        (folder / "page" / "main.js").write_text("start();")
        self.now = 1_795_613_527.0
        self.api = Asked()
        self.streams = streams or Streams()
        self.acted = 0
        self.models: list[str] = []  # who asked `/mcp`
        nothing = cast("Any", None)
        actions = Actions(ACTIONS, nothing, Lent(), nothing, cast("Any", lambda _: HOME), self.act)
        parts = Parts(
            cast("Api", self.api),
            actions,
            packed(b'{"openapi":"3.1.0"}', "application/json", Cache_Control="no-store"),
            Files(folder / "page"),
            {"live/stream": self.streams.open},
            mcp=self.answer_model,
        )
        self.counters = Counters()
        self.delays: list[float] = []
        self.admitted: list[str] = []
        self.gate: asyncio.Event | None = None
        self.config = config = replace(config, state=folder / "state")
        self.codes: list[str] = []  # as the log prints them
        self.home_network = True
        self.credentials = Credentials(config, lambda: self.now, self.codes.append)
        authenticator = Authenticator(
            config, self.counters, self.credentials, lambda: self.home_network, sleep=self.sleep
        )
        self.router = Router(config, parts, self.counters, authenticator)

    async def answer_model(self, request: Request, client: str) -> Response:
        self.models.append(client)
        return Response(body=await request.receive(100), kind="application/json")

    def act(self) -> None:
        self.acted += 1

    async def sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        if self.gate is not None:
            await self.gate.wait()

    def request(
        self,
        path: str,
        method: str = "GET",
        query: str = "",
        form: Any = None,
        address: str = "192.168.1.20",
        ingress: bool = False,
        own_address: str = "192.168.1.5",
        **headers: str,
    ) -> Request:
        return Request(
            method=method,
            path=path,
            query=query,
            headers={"host": "pi.local:8080"} | {name.replace("_", "-"): text for name, text in headers.items()},
            address=address,
            receive=sending(form if isinstance(form, bytes) else urlencode(form or {}).encode()),
            own_address=own_address,
            ingress=ingress,
            admit=self.admitted.append,
        )

    def ask(self, path: str, method: str = "GET", **more: Any) -> Response:
        return asyncio.run(self.router.respond(self.request(path, method, **more)))

    def enter(self, password: str = "correct horse", **more: str) -> Response:
        headers = {name: more.pop(name) for name in list(more) if name != "next"}
        return self.ask("/login", "POST", form={"password": password} | more, **headers)

    def cookie(self) -> str:
        return self.enter().headers["Set-Cookie"].partition(";")[0]


def with_password(folder: Path) -> Site:
    folder.mkdir(exist_ok=True)
    return Site(folder, MonitorConfig(password_file=lock(folder / "password"), ingress=Ingress()))


def made(kind: str, folder: Path) -> Site:
    return with_password(folder) if kind == "password" else Site(folder, OPEN if kind == "none" else BY_PROXY)


# Who may ask

INGRESS_PATH = "/api/hassio_ingress/aB3-token_x"
USER = "0a1b2c3d4e5f40718293a4b5c6d7e8f9"
#: As Home Assistant's Core and Supervisor pass a request on.
PASSED_ON: dict[str, str] = {
    "host": "abcdef.ui.nabu.casa",
    "x_ingress_path": INGRESS_PATH,
    "x_forwarded_for": "203.0.113.9",
    "x_forwarded_host": "abcdef.ui.nabu.casa",
    "x_forwarded_proto": "https",
    "x_remote_user_id": USER,
    "x_remote_user_name": "ana",
    "x_remote_user_display_name": "Ana",
}
SUPERVISOR: dict[str, Any] = {"ingress": True, "address": "172.30.32.2", **PASSED_ON}
KINDS = ("none", "password", "header")
PATHS = ("/", "/etat", "/main.js", "/api/v1/live", "/api/v1/live/stream", "/api/v1/openapi.json", "/api/v2/x")
ALL = (200, 200, 200, 200, 200, 200, 404)
NO_SESSION = (303, 303, 200, 401, 401, 401, 401)
ALICE = {"address": "172.20.0.3", "remote_user": "alice"}
CROSS_SITE = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}
FOREIGN = {"host": "evil.example"}


def nothing(status: int) -> tuple[int, ...]:
    return (status,) * len(PATHS)


#: How the page is guarded, who asks, and the status of each of PATHS.
RULES: list[tuple[str, Mapping[str, Any], tuple[int, ...]]] = [
    ("none", {}, ALL),
    ("none", FOREIGN, nothing(403)),
    ("none", CROSS_SITE, (200, 200, 200, 403, 403, 403, 403)),
    ("none", {"remote_user": "alice", "x_remote_user_id": USER}, ALL),  # it means nothing here
    *(
        ("none", {f"{name}": "203.0.113.9"}, nothing(403))
        for name in ("x_forwarded_for", "x_forwarded_proto", "x_forwarded_host", "forwarded", "via", "x_real_ip")
    ),
    ("password", {}, NO_SESSION),
    ("password", FOREIGN, NO_SESSION),  # no danger with a password
    ("password", {"cookie": "teleinfo-session-8080=x"}, NO_SESSION),
    ("header", {}, nothing(403)),
    *(("header", ALICE | {"address": address}, ALL) for address in ("127.0.0.1", "::1", "::ffff:172.20.0.3")),
    ("header", ALICE | {"host": "energy.example.org"}, ALL),
    ("header", ALICE | {"remote_user": " "}, nothing(401)),
    ("header", {"address": "172.20.0.3"}, nothing(401)),
    ("header", ALICE | {"address": "192.168.1.20"}, nothing(403)),  # round the proxy
    ("header", ALICE | {"address": "127.0.0.1"} | FOREIGN, nothing(403)),  # such a page could say who it likes
    # Through Home Assistant all is open, under any name; others are refused there, whatever they say.
    *((kind, SUPERVISOR | {"host": host}, ALL) for kind in KINDS for host in ("ha.example.org", "pi.local:8123", "")),
    *((kind, SUPERVISOR | CROSS_SITE, (200, 200, 200, 403, 403, 403, 403)) for kind in KINDS),
    *(
        (kind, SUPERVISOR | {"address": address}, nothing(403))
        for kind in KINDS
        for address in ("172.30.33.9", "::ffff:172.30.33.9", "172.30.32.1", "192.168.1.20", "")
    ),
    # A foreign page that a browser of this machine shows could else read what needs no password there.
    *(
        (kind, SUPERVISOR | {"address": address, "host": host}, ALL if host != "evil.example:8099" else nothing(403))
        for kind in KINDS
        for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1")
        for host in ("evil.example:8099", "127.0.0.1:8099", "localhost:8099", "homeassistant.local:8099")
    ),
    # On the other port nothing passes as Ingress.
    *(
        (kind, SUPERVISOR | {"ingress": False, "address": address}, nothing(403))
        for kind, address in (("none", "172.30.32.2"), ("none", "127.0.0.1"), ("header", "192.168.1.20"))
    ),
    ("header", SUPERVISOR | {"ingress": False, "address": "127.0.0.1"}, nothing(403)),
    ("password", SUPERVISOR | {"ingress": False}, NO_SESSION),
]
