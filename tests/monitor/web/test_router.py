"""What answers a request, and who may ask: all of it without a socket. Real proxies: tests/services/test_monitor.py."""

import asyncio
import ipaddress
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode, urljoin

import pytest

from common.database.mariadb import Connection
from common.errors import ConfigError
from monitor.base.config import Ingress, Listen, MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.places.now.routes import STREAM
from monitor.web import files, password
from monitor.web.actions import Actions
from monitor.web.api import Api
from monitor.web.files import PLACES, Files
from monitor.web.http import TITLES, Request, Response, Stream, packed
from monitor.web.login import DELAY, MOST, Authenticator
from monitor.web.metrics import Counters
from monitor.web.parameters import read_parameters
from monitor.web.password import command
from monitor.web.pool import Pool
from monitor.web.route import Action, ActionRequest, Parameter, Sent
from monitor.web.router import Parts, Router
from tests.support.french import french_words
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
        nothing = cast("Any", None)
        actions = Actions(ACTIONS, nothing, Lent(), nothing, cast("Any", lambda _: HOME), self.act)
        parts = Parts(
            cast("Api", self.api),
            actions,
            packed(b'{"openapi":"3.1.0"}', "application/json", Cache_Control="no-store"),
            Files(folder / "page"),
            {"live/stream": self.streams.open},
        )
        self.counters = Counters()
        self.delays: list[float] = []
        self.admitted: list[str] = []
        self.gate: asyncio.Event | None = None
        self.config = config = replace(config, state=folder / "state")
        authenticator = Authenticator(config, self.counters, clock=lambda: self.now, sleep=self.sleep)
        self.router = Router(config, parts, self.counters, authenticator)

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
        **headers: str,
    ) -> Request:
        return Request(
            method=method,
            path=path,
            query=query,
            headers={"host": "pi.local:8080"} | {name.replace("_", "-"): text for name, text in headers.items()},
            address=address,
            receive=sending(form if isinstance(form, bytes) else urlencode(form or {}).encode()),
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


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, OPEN)


def with_password(folder: Path) -> Site:
    folder.mkdir(exist_ok=True)
    return Site(folder, MonitorConfig(password_file=lock(folder / "password"), ingress=Ingress()))


@pytest.fixture
def locked(tmp_path: Path) -> Site:
    return with_password(tmp_path)


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


def test_who_may_ask_what(tmp_path: Path) -> None:
    sites = {kind: made(kind, tmp_path / kind) for kind in KINDS}
    wrong = []
    for kind, who, expected in RULES:
        site = sites[kind]
        site.api.calls.clear()
        found = tuple(site.ask(path, **who).status for path in PATHS)
        if found != expected or bool(site.api.calls) != (expected[3] == 200):
            wrong.append((kind, dict(who), found, expected))
    assert wrong == []


def test_with_a_session_all_is_open(locked: Site) -> None:
    cookie = locked.cookie()
    assert tuple(locked.ask(path, cookie=f"other=1; {cookie}").status for path in PATHS) == ALL


@pytest.mark.parametrize("path", ["/health", "/teleinfo/health"])
@pytest.mark.parametrize("kind", KINDS)
def test_whoever_asks_learns_that_the_program_runs_and_nothing_else(tmp_path: Path, kind: str, path: str) -> None:
    file = tmp_path / "password" if kind == "password" else None  # not even readable
    config = MonitorConfig(auth=kind, password_file=file, ingress=Ingress(), listen=Listen(prefix="/teleinfo"))
    site = Site(tmp_path, config)
    for method in ("GET", "HEAD"):
        response = site.ask(path, method, host="anything.example", x_forwarded_for="203.0.113.9")
        assert (response.status, response.body, response.headers["Cache-Control"]) == (200, b"ok\n", "no-store")
        for address in ("172.30.32.2", "127.0.0.1"):
            assert site.ask("/health", method, **SUPERVISOR | {"address": address} | FOREIGN).status == 200
        assert site.ask("/health", method, **SUPERVISOR | {"address": "172.30.33.9"}).status == 403
    assert site.ask("/health", "POST").status >= 400
    assert not site.api.calls


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST", "TRACE"])
def test_what_no_action_names_cannot_be_changed(site: Site, method: str) -> None:
    for path in ("/", "/api/v1/meters", "/main.js"):
        for who in ({}, SUPERVISOR):
            response = site.ask(path, method, **who)
            assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    assert not site.api.calls


JSON = {"content_type": "application/json"}
BYTES = {"content_type": "application/octet-stream"}
SAVE: dict[str, Any] = {
    "path": "/api/v1/settings/budget",
    "method": "PUT",
    "form": b'{"value": {"euros": 120}}',
    "if_match": '"3"',
    **JSON,
}
CHANGES: tuple[dict[str, Any], ...] = (
    SAVE,
    {"path": "/api/v1/requests", "method": "POST", "form": b"{}", **JSON},
    {"path": "/api/v1/requests/1/body", "method": "PUT", "form": b"a;b", **BYTES},
    {"path": "/api/v1/requests/1/start", "method": "POST"},
    {"path": "/api/v1/requests/1", "method": "DELETE"},
)


def test_who_may_change_what(tmp_path: Path) -> None:
    sites = {kind: made(kind, tmp_path / kind) for kind in KINDS}
    wrong = []
    for kind, who, expected in RULES:
        # A link of another site may show the page; what it sends changes nothing.
        status = 403 if "cross-site" in who.values() and kind != "password" else expected[3]
        site = sites[kind]
        before = site.acted
        found = [site.ask(**{**change, **who}).status for change in CHANGES]
        if set(found) != {status} or site.acted - before != (len(CHANGES) if status == 200 else 0):
            wrong.append((kind, dict(who), found, status))
    assert wrong == []


def test_with_a_session_changes_are_made(locked: Site) -> None:
    cookie = locked.cookie()
    assert [locked.ask(**change, cookie=cookie).status for change in CHANGES] == [200] * len(CHANGES)
    assert json.loads(locked.ask(**SAVE, cookie=cookie).body) == {
        "body": "{'value': {'euros': 120}}",
        "version": 3,
        "at": "budget",
    }


#: What a browser says when a page of another site makes it send something; without TLS only Origin.
HOSTILE: tuple[dict[str, str], ...] = (
    {"sec_fetch_site": "cross-site", "origin": "http://evil.example"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},  # a form that is sent
    {"sec_fetch_site": "same-site", "origin": "http://other.local"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://pi.local:9999"},  # another program of this machine
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_page_in_the_same_browser_changes_nothing(
    locked: Site, tmp_path: Path, hostile: dict[str, str]
) -> None:
    cookie = locked.cookie()
    for change in CHANGES:
        assert locked.ask(**change, cookie=cookie, **hostile).status == 403
        asked = locked.ask(change["path"], "OPTIONS", cookie=cookie, **hostile, access_control_request_method="PUT")
        assert asked.status == 403
        assert not [name for name in asked.headers if name.startswith("Access-Control-")]
    for kind in ("none", "header"):
        other, who = made(kind, tmp_path / kind), ALICE if kind == "header" else {}
        assert {other.ask(**change | who, **hostile).status for change in CHANGES} == {403}
        assert other.acted == 0
    assert locked.acted == 0


def test_a_page_of_ours_may_send_changes(site: Site) -> None:
    for ours in ({"sec_fetch_site": "same-origin"}, {"origin": "http://pi.local:8080"}):
        assert {site.ask(**change, **ours).status for change in CHANGES} == {200}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (SAVE | {"content_type": "text/plain"}, 415),
        (SAVE | {"content_type": "application/x-www-form-urlencoded"}, 415),
        (SAVE | {"content_type": ""}, 415),
        (SAVE | {"content_type": "application/json; charset=utf-8"}, 200),
        (CHANGES[2] | JSON, 415),
        (SAVE | {"if_match": ""}, 428),
        (SAVE | {"if_match": "*"}, 428),
        (SAVE | {"if_match": "3"}, 428),
        (SAVE | {"if_match": 'W/"3"'}, 200),  # as a proxy that compresses makes it
        (SAVE | {"form": b'{"value": ' + b" " * 64 * 1024 + b"1}"}, 413),
        (CHANGES[2] | {"form": b"x" * (1 << 20)}, 200),
        (CHANGES[2] | {"form": b"x" * ((1 << 20) + 1)}, 413),
        (CHANGES[3] | {"form": b"x"}, 413),
        (CHANGES[4] | {"form": b"x"}, 413),
        *(
            (SAVE | {"form": body}, 400)
            for body in (b"", b"{", b"NaN", b"[1e999]", b'"\\ud800"', b"\xff", b"[" * 60_000, b"9" * 60_000)
        ),
        (SAVE | {"query": "force=1"}, 400),
        (SAVE | {"query": "section=prices"}, 400),
    ],
)
def test_what_is_sent_is_checked_before_it_changes_anything(site: Site, change: dict[str, Any], status: int) -> None:
    response = site.ask(**change)
    assert response.status == status
    assert status == 200 or response.kind == "application/problem+json"


def test_another_method_is_refused_with_those_that_are_taken(site: Site) -> None:
    def allowed(path: str, method: str) -> str:
        response = site.ask(path, method)
        assert response.status == 405
        return response.headers["Allow"]

    assert allowed("/api/v1/settings/budget", "DELETE") == "PUT"
    assert allowed("/api/v1/settings/budget", "GET") == "PUT"
    assert allowed("/api/v1/requests/1", "PATCH") == "DELETE"
    assert allowed("/api/v1/live/stream", "POST") == "GET, HEAD"
    assert allowed("/api/v1/openapi.json", "PUT") == "GET, HEAD"
    assert site.ask("/api/v1/nowhere", "PUT").status == 404


def test_an_answer_to_a_change_is_not_kept(site: Site) -> None:
    assert site.ask(**SAVE).headers["Cache-Control"] == "no-store"


def test_a_configuration_that_does_not_say_who_may_enter_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="auth: none"):
        Site(tmp_path, MonitorConfig())


def test_what_is_refused_and_who_comes_through_a_proxy_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    by_proxy, site = Site(tmp_path / "header", BY_PROXY), Site(tmp_path / "none", OPEN)
    for _ in range(2):
        by_proxy.ask("/api/v1/live", **ALICE)
        site.ask("/", via="proxy")
        site.ask("/", **SUPERVISOR | {"address": "172.30.33.9"})
    first, second, third = caplog.messages
    assert first == "alice is here, from 172.20.0.3"
    assert "a proxy at 192.168.1.20" in second
    assert "172.30.33.9" in third


def test_connections_are_kept_and_limits_are_those_of_a_session_or_of_a_user_never_of_a_word(tmp_path: Path) -> None:
    by_proxy, site, locked = Site(tmp_path / "header", BY_PROXY), Site(tmp_path / "none", OPEN), with_password(tmp_path)
    by_proxy.ask("/api/v1/live", **ALICE | {"remote_user": " alice "})
    assert by_proxy.admitted == ["user alice"]
    site.ask("/api/v1/live", remote_user="alice", x_remote_user_id=USER)
    assert (site.admitted, site.api.clients) == ([], ["192.168.1.20"])
    locked.ask("/api/v1/live")
    cookie = locked.cookie()
    locked.ask("/api/v1/live", cookie=cookie)
    assert locked.admitted == locked.api.clients == [cookie.partition("=")[2]]
    for user in (USER, "another", "", " ", "x" * 1000):
        site.ask("/api/v1/live", **SUPERVISOR | {"x_remote_user_id": user})
    assert site.admitted == [f"user {USER}", "user another", f"user {'x' * 64}"]
    assert site.api.clients[1:] == [site.admitted[0], site.admitted[1], *["172.30.32.2"] * 2, site.admitted[2]]


@pytest.mark.parametrize(("language", "words"), [("fr-FR,fr", "sous ce nom"), ("en-GB", "under this name")])
def test_a_browser_under_a_foreign_name_is_told_so_in_a_page(site: Site, language: str, words: str) -> None:
    response = site.ask("/jour/2026-11-25", **HTML, accept_language=language, **FOREIGN)
    assert (response.status, response.kind) == (403, "text/html; charset=utf-8")
    assert words in response.body.decode()
    assert "listen.names" in response.body.decode()
    assert response.headers["Cache-Control"] == "no-store"
    assert "evil" not in response.body.decode()
    for path, accept in (("/api/v1/meters", "text/html"), ("/", "*/*"), ("/main.js", "*/*")):
        assert site.ask(path, **FOREIGN, accept=accept).kind == "application/problem+json"


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (400, {"path": "/a\n"}),
        (400, {"path": "/api/v1/live/stream", "query": "n=1"}),
        (401, {"path": "/api/v1/live"}),
        (403, {"path": "/api/v1/live", "sec_fetch_site": "cross-site"}),
        (404, {"path": "/missing.js"}),
        (405, {"path": "/", "method": "PUT"}),
        (405, {"path": "/api/v1/live/stream", "method": "HEAD"}),
        (413, {"path": "/login", "method": "POST", "form": {"password": "x" * 5000}}),
        (414, {"path": "/" + "x" * 600}),
        (503, {"path": "/api/v1/live/stream"}),
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_error_is_in_the_language_asked_for(
    locked: Site, language: str, status: int, asked: dict[str, Any]
) -> None:
    locked.streams.full = True
    session = {} if status == 401 else {"cookie": locked.cookie()}
    query = "&".join(filter(None, (asked.get("query"), f"lang={language}")))
    response = locked.ask(**{**asked, "query": query}, accept_language="de", **session)
    assert response.status == status
    answer = json.loads(response.body)
    assert answer["title"] == TITLES[language][status]
    assert bool(french_words(answer["detail"])) == (language == "fr")
    assert response.headers.get("Retry-After") == ("30" if status == 503 else None)


# What answers


@pytest.mark.parametrize(
    ("path", "base"),
    [("/", "./"), ("/index.html", "./"), ("/etat", "./"), ("/jour/2026-11-25", "../"), ("/etat/", "../")],
)
def test_each_place_is_the_page_and_says_where_it_begins(site: Site, path: str, base: str) -> None:
    response = site.ask(path)
    assert response.status == 200
    assert f'<base href="{base}">' in response.body.decode()
    # Whatever the proxy's path: what is relative to the base is found.
    assert urljoin(f"https://home.example.org/prefix{path}", base) == "https://home.example.org/prefix/"


def test_a_configured_prefix_is_removed_if_the_proxy_has_not_done_so(tmp_path: Path) -> None:
    site = Site(tmp_path, replace(OPEN, listen=Listen(prefix="/teleinfo")))
    for path in ("/teleinfo/main.js", "/main.js"):
        assert site.ask(path).body == b"start();"
    assert site.ask("/teleinfo/api/v1/energy", query="from=2026&by=day").status == 200
    assert site.api.calls == [("energy", "from=2026&by=day")]
    assert "<base" in site.ask("/teleinfo/").body.decode()
    without_slash = site.ask("/teleinfo")
    assert without_slash.status == 303
    assert urljoin("http://pi.local/teleinfo", without_slash.headers["Location"]) == "http://pi.local/teleinfo/"
    assert [site.ask(path, **SUPERVISOR).status for path in ("/etat", "/teleinfo")] == [200, 404]  # not of this port


@pytest.mark.parametrize(
    "path",
    ["/missing.js", "/wp-login.php", "/page/index.html", "/../config.py", "/icons/x.svg", "/.git/config", "/jour/x.js",
     "/jour/2026-11-25/x", "//etat", "//"],
)  # fmt: skip
def test_an_address_of_nothing_is_not_the_page(tmp_path: Path, path: str) -> None:
    site = Site(tmp_path, replace(OPEN, listen=Listen(prefix="/teleinfo")))
    assert (site.ask(path).status, site.ask(f"/teleinfo{path}").status) == (404, 404)


@pytest.mark.parametrize("path", ["/nowhere", "/jour/2026-11-25/x", "/wp-login.php"])
def test_whoever_opens_an_address_of_nothing_gets_the_page_which_says_so(site: Site, path: str) -> None:
    response = site.ask(path, **HTML)
    assert (response.status, response.kind) == (404, "text/html; charset=utf-8")
    assert f'<base href="{"../" * (path.count("/") - 1) or "./"}">' in response.body.decode()
    assert site.ask("/api/v2/energy", **HTML).kind == "application/problem+json"


def test_places_are_those_of_the_page() -> None:
    views = (Path(files.__file__).parents[1] / "page" / "frame" / "main.js").read_text().partition("const VIEWS")[2]
    assert set(re.findall(r"^  (\w+): \[", views, re.MULTILINE)) == PLACES


def test_a_stream_is_for_nobody_to_keep_or_change(site: Site) -> None:
    response = site.ask("/api/v1/live/stream", query="meter=031961123456", accept_encoding="gzip")
    assert response.stream is not None
    assert response.kind.startswith("text/event-stream")
    assert response.headers["Cache-Control"] == "no-store, no-transform"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in response.headers


def test_the_page_begins_in_the_language_of_the_browser(site: Site) -> None:
    response = site.ask("/", accept_language="en-GB,en;q=0.9,fr;q=0.8")
    assert ' lang="en">' in response.body.decode()
    assert "Accept-Language" in response.headers["Vary"]


def test_the_page_is_told_who_opens_it_by_a_session_home_assistant_or_nothing(site: Site, tmp_path: Path) -> None:
    assert not re.search("data-session|data-app", site.ask("/").body.decode())
    locked = with_password(tmp_path / "locked")
    assert "<html data-session " in locked.ask("/", cookie=locked.cookie()).body.decode()
    assert "data-session" not in locked.ask("/", **SUPERVISOR).body.decode()
    assert "<html data-open " in site.ask("/").body.decode()
    assert "data-open" not in locked.ask("/", cookie=locked.cookie()).body.decode()
    app = Site(tmp_path / "app", replace(OPEN, app=tmp_path / "app.json"))
    assert re.search("<html [^>]*data-app ", app.ask("/", **HTML).body.decode())
    assert ("app", "lang=fr") in app.api.calls


def test_the_page_begins_where_a_proxy_or_ingress_shows_it(locked: Site) -> None:
    cookie = locked.cookie()

    def base(**more: Any) -> list[str]:
        return re.findall('<base href="(.*?)">', locked.ask("/jour/x", cookie=cookie, **more).body.decode())

    assert base(x_forwarded_prefix="/teleinfo", x_ingress_path=INGRESS_PATH) == ["/teleinfo/"]
    assert base(x_forwarded_prefix='/"><script>') == ["../"]
    assert base(**SUPERVISOR, x_forwarded_prefix="/elsewhere") == [f"{INGRESS_PATH}/"]


def test_home_assistant_compresses_and_shows_the_page_in_a_frame_of_its_own_origin(tmp_path: Path) -> None:
    site = Site(tmp_path, replace(OPEN, frame_ancestors=("https://elsewhere.example",)))
    (tmp_path / "page" / "long.js").write_text("start();" * 1000)
    response = site.ask("/long.js", **SUPERVISOR, accept_encoding="gzip")
    assert (len(response.body), "Content-Encoding" in response.headers) == (8000, False)
    assert site.ask("/long.js", accept_encoding="gzip").headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("path", ["/", "/index.html", "/etat", "/jour/2026-11-25"])
def test_a_page_that_is_opened_has_the_first_answers_and_is_not_kept(site: Site, path: str) -> None:
    response = site.ask(path, **HTML)
    assert response.body.endswith(FIRST + b"</html>")
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


@pytest.mark.parametrize("headers", [{"accept": "*/*"}, HTML | CROSS_SITE])
def test_what_is_not_shown_to_a_person_has_no_answers(site: Site, headers: dict[str, str]) -> None:
    response = site.ask("/", **headers)
    assert b"answers" not in response.body
    assert response.headers["Cache-Control"] == "no-cache"
    assert site.api.calls == []


def test_only_with_a_session_a_page_has_answers(locked: Site) -> None:
    for path in ("/", "/login", "/etat", "/nowhere"):
        assert b"answers" not in locked.ask(path, **HTML).body
    assert locked.api.calls == []
    assert FIRST in locked.ask("/", **HTML, cookie=locked.cookie()).body


# Login and logout


def test_where_no_password_is_asked_the_login_leads_to_the_page_and_in_ingress_there_is_none(site: Site) -> None:
    for method in ("GET", "POST"):
        assert site.ask("/login", method).headers["Location"] == "./"
        for path in ("/login", "/logout"):
            assert site.ask(path, method, **SUPERVISOR).status == (404 if method == "GET" else 405)


def test_without_a_session_the_page_leads_to_the_login_which_stays_in_its_language(locked: Site) -> None:
    response = locked.ask("/jour/2026-11-25", query="t=07:10..07:25")
    address = urljoin("https://home.example.org/prefix/jour/2026-11-25", response.headers["Location"])
    assert address == "https://home.example.org/prefix/login?next=jour/2026-11-25%3Ft%3D07%3A10..07%3A25"
    assert locked.ask("/nowhere", **HTML).headers["Location"] == "./login?next=nowhere"
    assert locked.ask("/login.css").kind.startswith("text/css")
    asked = locked.ask("/login", query="lang=en&next=etat", accept_language="fr")
    assert asked.body.count(b'value="etat"') == 1
    wrong = locked.ask("/login", "POST", query="lang=en", form={"password": "wrong"}, accept_language="fr")
    for response in (asked, wrong):
        assert ' lang="en">' in response.body.decode()
        assert 'action="login?lang=en"' in response.body.decode()


HTTPS = {"address": "127.0.0.1", "x_forwarded_proto": "https"}


@pytest.mark.parametrize(
    ("headers", "cookie"),
    [
        ({"origin": "http://pi.local:8080"}, r"teleinfo-session-8080=[\w.-]+; Path=/; Max-Age=\d+; HttpOnly; \S+Lax$"),
        (HTTPS | {"x_forwarded_prefix": "/teleinfo"}, r"teleinfo-session-8080=\S+ Path=/teleinfo; .*; Secure$"),
        # One that no other program of the host can set.
        (HTTPS, r"__Host-teleinfo-session-8080=[\w.-]+; Path=/; .*; Secure$"),
    ],
)
def test_the_password_opens_a_session_and_leads_to_the_page_that_was_asked_for(
    locked: Site, headers: dict[str, str], cookie: str
) -> None:
    response = locked.enter(next="jour/2026-11-25?t=07:10..07:25", **headers)
    assert (response.status, response.headers["Location"]) == (303, "./jour/2026-11-25?t=07:10..07:25")
    assert re.match(cookie, response.headers["Set-Cookie"])
    token = response.headers["Set-Cookie"].partition(";")[0]
    assert locked.ask("/", cookie=token, **headers).status == 200
    if token.startswith("__Host-"):
        assert locked.ask("/", cookie=token.removeprefix("__Host-"), **headers).status == 303


def test_a_wrong_password_opens_nothing_and_after_some_each_one_waits(locked: Site) -> None:
    for _ in range(MOST):
        response = locked.enter("wrong")
        assert response.status == 401
        assert "Set-Cookie" not in response.headers
    assert (locked.counters.wrong_passwords, locked.counters.replies["4xx"]) == (MOST, MOST)
    assert locked.delays == []
    assert locked.enter("wrong").status == 401
    assert locked.enter().status == 303
    assert locked.delays == [DELAY, DELAY]


def test_more_than_a_few_that_wait_are_sent_away(locked: Site) -> None:
    for _ in range(MOST):
        locked.enter("wrong")
    request = locked.request("/login", "POST", form={"password": "wrong"})

    async def many() -> list[int]:
        locked.gate = asyncio.Event()
        asked = [asyncio.ensure_future(locked.router.respond(request)) for _ in range(20)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        refused = [one.result().status for one in asked if one.done()]
        locked.gate.set()
        await asyncio.gather(*asked)
        return refused

    assert asyncio.run(many()) == [429] * 18


def test_the_old_password_does_not_enter_if_a_new_one_came_while_it_waited(locked: Site, tmp_path: Path) -> None:
    for _ in range(MOST):
        locked.enter("wrong")
    request = locked.request("/login", "POST", form={"password": "correct horse"})

    async def late() -> int:
        locked.gate = asyncio.Event()
        asked = asyncio.ensure_future(locked.router.respond(request))
        while len(locked.delays) < 1:
            await asyncio.sleep(0)
        lock(tmp_path / "password", "battery staple")
        locked.gate.set()
        return (await asked).status

    assert asyncio.run(late()) == 401


def test_the_old_password_does_not_enter_if_a_new_one_came_while_it_was_checked(
    locked: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = password.matches

    def slowly(attempt: str, line: str) -> bool:
        lock(tmp_path / "password", "battery staple")
        return matches(attempt, line)

    monkeypatch.setattr("monitor.web.login.password.matches", slowly)
    assert locked.enter().status == 401


def test_a_browser_that_was_here_before_is_not_locked_out_by_others_behind_its_address(locked: Site) -> None:
    cookie = locked.cookie()
    locked.ask("/logout", "POST", cookie=cookie)
    for _ in range(2 * MOST):
        locked.enter("wrong")
    locked.delays.clear()
    assert locked.enter(cookie=cookie).status == 303
    for _ in range(MOST):
        assert locked.enter("wrong", cookie=cookie).status == 401
    assert locked.delays == []
    locked.enter("wrong", cookie=cookie)
    assert locked.delays == [DELAY]


@pytest.mark.parametrize("headers", [{"sec_fetch_site": "cross-site"}, {"origin": "http://evil.example"}])
def test_a_form_of_another_page_opens_and_ends_nothing(locked: Site, headers: dict[str, str]) -> None:
    for path in ("/login", "/logout"):
        response = locked.ask(path, "POST", form={"password": "correct horse"}, **headers)
        assert response.status == 403
        assert "Set-Cookie" not in response.headers


def test_a_session_ends_alone_with_another_login_or_with_all_others(locked: Site, tmp_path: Path) -> None:
    def is_open(cookie: str) -> bool:
        return locked.ask("/api/v1/live", cookie=cookie).status == 200

    mine, left, replaced = (locked.cookie() for _ in range(3))
    assert locked.ask("/logout", "POST", cookie=left).headers["Location"] == "login"
    assert locked.enter(cookie=replaced).status == 303
    assert [is_open(one) for one in (mine, left, replaced)] == [True, False, False]
    stranger = locked.ask("/logout", "POST", form={"everywhere": "1"})
    assert stranger.headers["Location"] == "login"
    other = locked.cookie()
    assert is_open(mine)
    locked.ask("/logout", "POST", form={"everywhere": "1"}, cookie=mine)
    assert [is_open(one) for one in (mine, other)] == [False, False]
    elsewhere = with_password(tmp_path / "other")  # with the same password
    assert elsewhere.ask("/api/v1/live", cookie=locked.cookie()).status == 401


def test_a_new_password_ends_all_sessions(locked: Site, tmp_path: Path) -> None:
    token = locked.cookie()
    lock(tmp_path / "password", "battery staple")
    assert locked.ask("/api/v1/live", cookie=token).status == 401
    assert locked.enter().status == 401
    assert locked.enter("battery staple").status == 303


def test_a_password_that_cannot_be_read_or_stands_there_as_it_is_opens_nothing_and_is_said_once(
    locked: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = locked.cookie()
    (tmp_path / "password").write_text("")
    for _ in range(2):
        assert locked.ask("/api/v1/live", cookie=token).status == 503
        assert locked.ask("/", cookie=token).status == 503
        assert locked.enter("").status == 503
    assert [message for message in caplog.messages if "empty" in message] == [
        f"password_file: {tmp_path / 'password'} is empty; write it: {command()}"
    ]
    (tmp_path / "password").write_text("correct horse\n")
    assert locked.enter().status == 503
    assert not locked.api.calls


def test_who_entered_left_and_failed_is_in_the_log(locked: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    token = locked.cookie()
    locked.enter("wrong")
    locked.ask("/logout", "POST", cookie=token)
    assert [line.partition(" ")[0] for line in caplog.messages] == ["Login", "Wrong", "Logout"]
    assert all("192.168.1.20" in line for line in caplog.messages)
