import asyncio
import ipaddress
import json
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urljoin

import pytest

from common.errors import ConfigError
from monitor.base.config import Listen, MonitorConfig
from monitor.base.refusals import Refusal
from monitor.places.now.routes import STREAM
from monitor.web import files, password
from monitor.web.api import Api
from monitor.web.files import PLACES, Files
from monitor.web.http import TITLES, Request, Response, Stream, packed
from monitor.web.login import DELAY, MOST, Authenticator
from monitor.web.metrics import Counters
from monitor.web.parameters import read_parameters
from monitor.web.password import command
from monitor.web.router import Parts, Router
from tests.support.french import french_words
from tests.support.passwords import lock

INDEX = '<html lang="fr"><head><base href="./"></head><body></body></html>'
HTML = {"accept": "text/html,*/*"}
FIRST = b'"answers":{"alerts?lang=fr":{},"meters?lang=fr":{"meters":[]}}}</script></body>'
OPEN = MonitorConfig(auth="none")


class Asked:
    """In place of the API: remembers what it is asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.clients: list[str] = []

    async def respond(self, name: str, query: str, language: str, client: str) -> Response:
        self.calls.append((name, query))
        self.clients.append(client)
        body = b'{"meters":[]}' if name == "meters" else b"{}"
        return packed(body, "application/json", Cache_Control="no-store")


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
            raise Refusal("too_many_viewers")
        return Events()


class House:
    """A site, and a browser that asks it."""

    def __init__(self, folder: Path, config: MonitorConfig) -> None:
        (folder / "page").mkdir(parents=True)
        (folder / "page" / "index.html").write_text(INDEX)
        (folder / "page" / "main.js").write_text("start();")
        self.now = 1_795_613_527.0
        self.api = Asked()
        self.streams = Streams()
        parts = Parts(
            cast("Api", self.api),
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
        self.site = Router(config, parts, self.counters, authenticator)

    async def sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        if self.gate is not None:
            await self.gate.wait()

    def ask(
        self,
        path: str,
        method: str = "GET",
        query: str = "",
        form: Any = None,
        address: str = "192.168.1.20",
        **headers: str,
    ) -> Response:
        request = Request(
            method=method,
            path=path,
            query=query,
            headers={"host": "pi.local:8080"} | {name.replace("_", "-"): text for name, text in headers.items()},
            address=address,
            body=urlencode(form or {}).encode(),
            admit=self.admitted.append,
        )
        return asyncio.run(self.site.respond(request))

    def enter(self, password: str = "correct horse", **more: str) -> Response:
        headers = {name: more.pop(name) for name in list(more) if name != "next"}
        return self.ask("/login", "POST", form={"password": password} | more, **headers)

    def cookie(self) -> str:
        return self.enter().headers["Set-Cookie"].partition(";")[0]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, OPEN)


@pytest.fixture
def locked(tmp_path: Path) -> House:
    return House(tmp_path, MonitorConfig(password_file=lock(tmp_path / "password")))


@pytest.mark.parametrize(
    ("path", "base"),
    [("/", "./"), ("/index.html", "./"), ("/etat", "./"), ("/jour/2026-11-25", "../"), ("/etat/", "../")],
)
def test_each_place_is_the_page_and_says_where_it_begins(house: House, path: str, base: str) -> None:
    response = house.ask(path)
    assert response.status == 200
    assert f'<base href="{base}">' in response.body.decode()
    # Whatever the proxy's path: what is relative to the base is found.
    address = urljoin(f"https://home.example.org/prefix{path}", base)
    assert address == "https://home.example.org/prefix/"


def test_a_proxy_says_below_which_path_it_shows_the_page(locked: House) -> None:
    cookie = locked.cookie()

    def base(**headers: str) -> list[str]:
        return re.findall('<base href="(.*?)">', locked.ask("/jour/x", cookie=cookie, **headers).body.decode())

    assert base(x_forwarded_prefix="/teleinfo") == ["/teleinfo/"]
    assert base(x_forwarded_prefix='/"><script>') == ["../"]


def test_a_configured_prefix_is_removed_if_the_proxy_has_not_done_so(tmp_path: Path) -> None:
    house = House(tmp_path, replace(OPEN, listen=Listen(prefix="/teleinfo")))
    for path in ("/teleinfo/main.js", "/main.js"):
        assert house.ask(path).body == b"start();"
    assert house.ask("/teleinfo/api/v1/meters").status == 200
    assert house.api.calls == [("meters", "")]
    assert "<base" in house.ask("/teleinfo/").body.decode()
    without_slash = house.ask("/teleinfo")
    assert without_slash.status == 303
    assert urljoin("http://pi.local/teleinfo", without_slash.headers["Location"]) == "http://pi.local/teleinfo/"


@pytest.mark.parametrize(
    "path",
    [
        "/missing.js",
        "/wp-login.php",
        "/page/index.html",
        "/../config.py",
        "/icons/x.svg",
        "/.git/config",
        "/jour/x.js",
        "/jour/2026-11-25/x",
        "//etat",
        "//",
    ],
)
def test_an_address_of_nothing_is_not_the_page(tmp_path: Path, path: str) -> None:
    house = House(tmp_path, replace(OPEN, listen=Listen(prefix="/teleinfo")))
    assert (house.ask(path).status, house.ask(f"/teleinfo{path}").status) == (404, 404)


@pytest.mark.parametrize("path", ["/nowhere", "/jour/2026-11-25/x", "/wp-login.php"])
def test_whoever_opens_an_address_of_nothing_gets_the_page_which_says_so(house: House, path: str) -> None:
    response = house.ask(path, accept="text/html,*/*;q=0.8")
    assert (response.status, response.kind) == (404, "text/html; charset=utf-8")
    assert f'<base href="{"../" * (path.count("/") - 1) or "./"}">' in response.body.decode()
    assert house.ask("/api/v2/energy", accept="text/html").kind == "application/problem+json"


def test_an_address_of_nothing_is_behind_the_password_too(locked: House) -> None:
    assert locked.ask("/nowhere", accept="text/html").headers["Location"] == "./login?next=nowhere"


@pytest.mark.parametrize(
    ("configured", "accepted", "language"),
    [(None, "en-GB,en;q=0.9,fr;q=0.8", "en"), (None, "de, fr;q=0.5", "fr"), (None, "de", "fr"), ("fr", "en-GB", "fr")],
)
def test_the_page_begins_in_the_configured_language_or_in_that_of_the_browser(
    tmp_path: Path, configured: str | None, accepted: str, language: str
) -> None:
    response = House(tmp_path, replace(OPEN, language=configured)).ask("/", accept_language=accepted)
    assert f'<html lang="{language}">' in response.body.decode()
    assert "Accept-Language" in response.headers["Vary"]


def test_places_are_those_of_the_page() -> None:
    views = (Path(files.__file__).parents[1] / "page" / "frame" / "main.js").read_text().partition("const VIEWS")[2]
    assert set(re.findall(r"^  (\w+): \[", views, re.MULTILINE)) == PLACES


def test_the_api_gets_the_question_as_it_came(house: House) -> None:
    assert house.ask("/api/v1/energy", query="from=2026&by=day").status == 200
    assert house.api.calls == [("energy", "from=2026&by=day")]
    assert house.ask("/api/v1/openapi.json").body.startswith(b'{"openapi"')
    assert house.ask("/api/v2/energy").status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST", "TRACE"])
def test_nothing_can_be_changed(house: House, method: str) -> None:
    for path in ("/", "/api/v1/meters", "/main.js"):
        response = house.ask(path, method)
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    assert not house.api.calls


def test_a_stream_is_for_nobody_to_keep_or_change(house: House) -> None:
    response = house.ask("/api/v1/live/stream", query="meter=031961123456", accept_encoding="gzip")
    assert response.stream is not None
    assert response.kind.startswith("text/event-stream")
    assert response.headers["Cache-Control"] == "no-store, no-transform"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in response.headers
    assert house.ask("/api/v1/live/stream", query="n=1").status == 400
    assert house.ask("/api/v1/live/stream", "HEAD").status == 405


def test_one_stream_too_many_is_sent_away_for_a_while(house: House) -> None:
    house.streams.full = True
    response = house.ask("/api/v1/live/stream")
    assert (response.status, response.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(("language", "words"), [("fr-FR,fr", "sous ce nom"), ("en-GB", "under this name")])
def test_a_browser_under_a_foreign_name_is_told_so_in_a_page(house: House, language: str, words: str) -> None:
    browser = {"accept": "text/html,*/*;q=0.8", "accept_language": language, "host": "evil.example"}
    response = house.ask("/jour/2026-11-25", **browser)
    assert (response.status, response.kind) == (403, "text/html; charset=utf-8")
    assert words in response.body.decode()
    assert "listen.names" in response.body.decode()
    assert response.headers["Cache-Control"] == "no-store"
    assert "evil" not in response.body.decode()
    for path, accept in (("/api/v1/meters", "text/html"), ("/", "*/*"), ("/main.js", "*/*")):
        response = house.ask(path, host="evil.example", accept=accept)
        assert (response.status, response.kind) == (403, "application/problem+json")
    assert not house.api.calls


def test_the_page_knows_whether_there_is_a_session_to_leave(house: House, tmp_path: Path) -> None:
    assert "data-session" not in house.ask("/").body.decode()
    (tmp_path / "locked").mkdir()
    locked = House(tmp_path / "locked", MonitorConfig(password_file=lock(tmp_path / "password")))
    page = locked.ask("/", cookie=locked.cookie()).body.decode()
    assert "<html data-session " in page


def test_the_page_knows_whether_it_is_that_of_home_assistants_app(house: House, tmp_path: Path) -> None:
    assert "data-app" not in house.ask("/").body.decode()
    (tmp_path / "app").mkdir()
    app = House(tmp_path / "app", replace(OPEN, app=tmp_path / "app.json"))
    assert "<html data-app " in app.ask("/", accept="text/html").body.decode()
    assert ("app", "lang=fr") in app.api.calls


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (400, {"path": "/a\n"}),
        (400, {"path": "/api/v1/live/stream", "query": "n=1"}),
        (401, {"path": "/api/v1/live"}),
        (403, {"path": "/api/v1/live", "sec_fetch_site": "cross-site"}),
        (404, {"path": "/missing.js"}),
        (405, {"path": "/", "method": "PUT"}),
        (413, {"path": "/login", "method": "POST", "form": {"password": "x" * 5000}}),
        (414, {"path": "/" + "x" * 600}),
        (503, {"path": "/api/v1/live/stream"}),
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_error_is_in_the_language_asked_for(
    tmp_path: Path, language: str, status: int, asked: dict[str, Any]
) -> None:
    house = House(tmp_path, MonitorConfig(password_file=lock(tmp_path / "password")))
    house.streams.full = True
    session = {} if status == 401 else {"cookie": house.cookie()}
    query = "&".join(filter(None, (asked.get("query"), f"lang={language}")))
    response = house.ask(**{**asked, "query": query}, accept_language="de", **session)
    assert response.status == status
    found = json.loads(response.body)
    assert found["title"] == TITLES[language][status]
    assert bool(french_words(found["detail"])) == (language == "fr")


def test_where_no_password_is_asked_the_login_leads_to_the_page(house: House) -> None:
    for method in ("GET", "POST"):
        assert house.ask("/login", method).headers["Location"] == "./"


# With a password


def test_without_a_session_the_api_refuses_and_the_page_leads_to_the_login(locked: House) -> None:
    for name in ("live", "live/stream", "openapi.json", "nothing"):
        assert locked.ask(f"/api/v1/{name}").status == 401
    response = locked.ask("/jour/2026-11-25", query="t=07:10..07:25")
    assert response.status == 303
    address = urljoin("https://home.example.org/prefix/jour/2026-11-25", response.headers["Location"])
    assert address == "https://home.example.org/prefix/login?next=jour/2026-11-25%3Ft%3D07%3A10..07%3A25"
    assert not locked.api.calls


def test_what_the_login_needs_is_there_for_everybody(locked: House) -> None:
    assert locked.ask("/login", query="next=etat").body.count(b'value="etat"') == 1
    assert locked.ask("/login.css").kind.startswith("text/css")
    assert locked.ask("/main.js").status == 200


def test_the_login_stays_in_the_language_asked_for(locked: House) -> None:
    asked = locked.ask("/login", query="lang=en&next=etat", accept_language="fr")
    wrong = locked.ask("/login", "POST", "lang=en", {"password": "wrong"}, accept_language="fr")
    for response in (asked, wrong):
        assert '<html lang="en">' in response.body.decode()
        assert 'action="login?lang=en"' in response.body.decode()


def test_the_password_opens_a_session_and_leads_to_the_page_that_was_asked_for(locked: House) -> None:
    response = locked.enter(next="jour/2026-11-25?t=07:10..07:25", origin="http://pi.local:8080")
    assert response.status == 303
    assert response.headers["Location"] == "./jour/2026-11-25?t=07:10..07:25"
    cookie = response.headers["Set-Cookie"]
    assert re.match(r"teleinfo-session-8080=[\w.-]+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax$", cookie)
    token = cookie.partition(";")[0]
    assert locked.ask("/", cookie=token).status == 200
    assert locked.ask("/api/v1/live", cookie=f"other=1; {token}").status == 200
    assert locked.ask("/api/v1/live/stream", cookie=token).stream is not None


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_and_its_path_only(locked: House) -> None:
    https = {"address": "127.0.0.1", "x_forwarded_proto": "https"}
    cookie = locked.enter(x_forwarded_prefix="/teleinfo", **https).headers["Set-Cookie"]
    assert "; Path=/teleinfo;" in cookie
    assert cookie.endswith("; Secure")
    assert locked.ask("/", cookie=cookie.partition(";")[0], x_forwarded_prefix="/teleinfo", **https).status == 200


def test_with_tls_a_cookie_for_a_whole_host_is_one_that_no_other_program_of_it_can_set(locked: House) -> None:
    https = {"address": "127.0.0.1", "x_forwarded_proto": "https"}
    cookie = locked.enter(**https).headers["Set-Cookie"]
    assert re.match(r"__Host-teleinfo-session-8080=[\w.-]+; Path=/; .*; Secure$", cookie)
    name, _, token = cookie.partition(";")[0].partition("=")
    assert locked.ask("/", cookie=f"{name}={token}", **https).status == 200
    assert locked.ask("/", cookie=f"teleinfo-session-8080={token}", **https).status == 303


def test_a_foreign_name_is_no_danger_with_a_password(locked: House) -> None:
    assert locked.ask("/login", host="energy.example.org").status == 200


def test_a_wrong_password_opens_nothing_and_after_some_each_one_waits(locked: House) -> None:
    for _ in range(MOST):
        response = locked.enter("wrong")
        assert response.status == 401
        assert "Set-Cookie" not in response.headers
    assert (locked.counters.wrong_passwords, locked.counters.replies["4xx"]) == (MOST, MOST)
    assert locked.delays == []
    assert locked.enter("wrong").status == 401
    assert locked.enter().status == 303
    assert locked.delays == [DELAY, DELAY]


def test_more_than_a_few_that_wait_are_sent_away(locked: House) -> None:
    for _ in range(MOST):
        locked.enter("wrong")
    request = Request(
        method="POST", path="/login", headers={"host": "pi"}, address="192.168.1.20", body=b"password=wrong"
    )

    async def many() -> list[int]:
        locked.gate = asyncio.Event()
        asked = [asyncio.ensure_future(locked.site.respond(request)) for _ in range(20)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        refused = [one.result().status for one in asked if one.done()]
        locked.gate.set()
        await asyncio.gather(*asked)
        return refused

    assert asyncio.run(many()) == [429] * 18


def test_the_old_password_does_not_enter_if_a_new_one_came_while_it_waited(locked: House, tmp_path: Path) -> None:
    for _ in range(MOST):
        locked.enter("wrong")
    body = urlencode({"password": "correct horse"}).encode()
    request = Request(method="POST", path="/login", headers={"host": "pi"}, address="192.168.1.20", body=body)

    async def late() -> int:
        locked.gate = asyncio.Event()
        asked = asyncio.ensure_future(locked.site.respond(request))
        while len(locked.delays) < 1:
            await asyncio.sleep(0)
        lock(tmp_path / "password", "battery staple")
        locked.gate.set()
        return (await asked).status

    assert asyncio.run(late()) == 401


def test_the_old_password_does_not_enter_if_a_new_one_came_while_it_was_checked(
    locked: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = password.matches

    def slowly(attempt: str, line: str) -> bool:
        lock(tmp_path / "password", "battery staple")
        return matches(attempt, line)

    monkeypatch.setattr("monitor.web.login.password.matches", slowly)
    assert locked.enter().status == 401


def test_who_enters_again_has_one_session_only(locked: House) -> None:
    old = locked.cookie()
    assert locked.enter(cookie=old).status == 303
    assert locked.ask("/api/v1/live", cookie=old).status == 401


@pytest.mark.parametrize("headers", [{"sec_fetch_site": "cross-site"}, {"origin": "http://evil.example"}])
def test_a_form_of_another_page_opens_and_ends_nothing(locked: House, headers: dict[str, str]) -> None:
    for path in ("/login", "/logout"):
        response = locked.ask(path, "POST", form={"password": "correct horse"}, **headers)
        assert response.status == 403
        assert "Set-Cookie" not in response.headers


def test_all_sessions_can_be_ended_from_one_of_them(locked: House) -> None:
    mine, lost = locked.cookie(), locked.cookie()
    stranger = locked.ask("/logout", "POST", form={"everywhere": "1"})
    assert stranger.headers["Location"] == "login"
    assert locked.ask("/api/v1/live", cookie=lost).status == 200
    locked.ask("/logout", "POST", form={"everywhere": "1"}, cookie=mine)
    for cookie in (mine, lost):
        assert locked.ask("/api/v1/live", cookie=cookie).status == 401


def test_a_new_password_ends_all_sessions(locked: House, tmp_path: Path) -> None:
    token = locked.cookie()
    lock(tmp_path / "password", "battery staple")
    assert locked.ask("/api/v1/live", cookie=token).status == 401
    assert locked.enter().status == 401
    assert locked.enter("battery staple").status == 303


def test_a_password_that_cannot_be_read_opens_nothing_and_is_said_once(
    locked: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = locked.cookie()
    (tmp_path / "password").write_text("")
    for _ in range(2):
        assert locked.ask("/api/v1/live", cookie=token).status == 503
        assert locked.ask("/", cookie=token).status == 503
        assert locked.enter("").status == 503
    assert [record.getMessage() for record in caplog.records if "empty" in record.getMessage()] == [
        f"password_file: {tmp_path / 'password'} is empty; write it: {command()}"
    ]
    assert not locked.api.calls


# Who was locked out, and who was not


def test_a_session_that_was_ended_is_none_for_whoever_has_kept_its_cookie(locked: House) -> None:
    token, other = locked.cookie(), locked.cookie()
    assert locked.ask("/logout", "POST", cookie=token).headers["Location"] == "login"
    assert locked.ask("/", cookie=token).status == 303
    assert locked.ask("/api/v1/live", cookie=token).status == 401
    assert locked.ask("/api/v1/live", cookie=other).status == 200


def test_a_cookie_opens_nothing_at_another_installation_with_the_same_password(locked: House, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    lock(tmp_path / "other" / "password", "correct horse")
    other = House(tmp_path / "other", MonitorConfig(password_file=tmp_path / "other" / "password"))
    assert other.ask("/api/v1/live", cookie=locked.cookie()).status == 401


def test_who_entered_left_and_failed_is_in_the_log(locked: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    token = locked.cookie()
    locked.enter("wrong")
    locked.ask("/logout", "POST", cookie=token)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.partition(" ")[0] for line in lines] == ["Login", "Wrong", "Logout"]
    assert all("192.168.1.20" in line for line in lines)


@pytest.mark.parametrize(
    "header", ["x_forwarded_for", "x_forwarded_proto", "x_forwarded_host", "forwarded", "via", "x_real_ip"]
)
def test_without_a_password_what_comes_through_a_proxy_is_refused(
    house: House, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/", "/api/v1/live"):
        assert house.ask(path, **{header: "203.0.113.9"}).status == 403
    assert not house.api.calls
    assert len([record for record in caplog.records if "proxy" in record.getMessage()]) == 1


def test_a_device_that_was_here_before_is_not_locked_out_by_others_behind_its_address(locked: House) -> None:
    entered = locked.enter()
    cookie = entered.headers["Set-Cookie"].partition(";")[0]
    locked.ask("/logout", "POST", cookie=cookie)
    for _ in range(2 * MOST):
        locked.enter("wrong")
    locked.delays.clear()
    assert locked.enter(cookie=cookie).status == 303
    assert locked.delays == []
    for _ in range(MOST):
        assert locked.enter("wrong", cookie=cookie).status == 401
    assert locked.delays == []
    locked.enter("wrong", cookie=cookie)
    assert locked.delays == [DELAY]


def test_a_password_that_was_written_as_it_is_opens_nothing(locked: House, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    assert locked.enter().status == 503


# Behind a proxy that knows who somebody is


@pytest.fixture
def proxied(tmp_path: Path) -> House:
    trusted = (ipaddress.ip_network("172.16.0.0/12"),)
    return House(tmp_path, MonitorConfig(auth="header", listen=Listen(trusted=trusted, names=("energy.example.org",))))


@pytest.mark.parametrize("address", ["172.20.0.3", "127.0.0.1", "::1", "::ffff:172.20.0.3"])
def test_who_a_trusted_proxy_knows_enters(proxied: House, address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for _ in range(2):
        assert (
            proxied.ask("/api/v1/live", address=address, remote_user="alice", host="energy.example.org").status == 200
        )
    assert [record.getMessage() for record in caplog.records] == [f"alice is here, from {address}"]


def test_a_connection_is_kept_for_a_session_or_a_user_of_a_proxy_only(tmp_path: Path, proxied: House) -> None:
    proxied.ask("/api/v1/live", address="172.20.0.3", remote_user=" alice ")
    proxied.ask("/", address="172.20.0.3")
    assert proxied.admitted == ["user alice"]
    house = House(tmp_path / "none", MonitorConfig(auth="none"))
    assert house.ask("/api/v1/live", remote_user="alice").status == 200
    assert house.admitted == []
    locked = House(tmp_path / "locked", MonitorConfig(password_file=lock(tmp_path / "password", "correct horse")))
    locked.ask("/api/v1/live")
    cookie = locked.cookie()
    locked.ask("/api/v1/live", cookie=cookie)
    assert locked.admitted == [cookie.partition("=")[2]]


def test_who_the_proxy_does_not_know_is_refused_and_so_is_everybody_who_goes_round_it(proxied: House) -> None:
    for path in ("/", "/api/v1/live", "/login", "/main.js"):
        assert proxied.ask(path, address="172.20.0.3").status == 401
        assert proxied.ask(path, address="172.20.0.3", remote_user=" ").status == 401
        assert proxied.ask(path, address="192.168.1.20", remote_user="alice").status == 403
        # A page whose name leads to this machine could say who it likes.
        assert proxied.ask(path, address="127.0.0.1", remote_user="alice", host="evil.example").status == 403
    assert not proxied.api.calls


def test_a_configuration_that_does_not_say_who_may_enter_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="auth: none"):
        House(tmp_path, MonitorConfig())


@pytest.mark.parametrize("path", ["/", "/index.html", "/etat", "/jour/2026-11-25"])
def test_a_page_that_is_opened_has_the_first_answers_and_is_not_kept(house: House, path: str) -> None:
    response = house.ask(path, **HTML, x_ingress_path="/api/hassio_ingress/x")
    assert response.body.endswith(FIRST + b"</html>")
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "*/*"},  # a program; the page, which looks whether there is a newer one
        {**HTML, "sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
    ],
)
def test_what_is_not_shown_to_a_person_has_no_answers(house: House, headers: dict[str, str]) -> None:
    response = house.ask("/", **headers)
    assert b"answers" not in response.body
    assert response.headers["Cache-Control"] == "no-cache"
    assert house.api.calls == []


def test_only_with_a_session_a_page_has_answers(locked: House) -> None:
    for path in ("/", "/login", "/etat", "/nowhere"):
        assert b"answers" not in locked.ask(path, **HTML).body
    assert locked.api.calls == []
    assert FIRST in locked.ask("/", **HTML, cookie=locked.cookie()).body
