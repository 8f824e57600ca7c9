"""What answers a request, and who may ask: all of it without a socket. Real proxies: tests/services/test_monitor.py."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from monitor.base.config import Ingress, Listen, MonitorConfig
from monitor.web import files
from monitor.web.files import PLACES
from monitor.web.http import TITLES
from tests.monitor.web.site import (
    ALICE,
    ALL,
    BY_PROXY,
    CROSS_SITE,
    FIRST,
    FOREIGN,
    HTML,
    INGRESS_PATH,
    KINDS,
    OPEN,
    PATHS,
    RULES,
    SUPERVISOR,
    USER,
    Site,
    made,
    with_password,
)
from tests.support.french import french_words

# Who may ask


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
