"""What Home Assistant's Ingress asks, as its Core and Supervisor pass it on, and what others ask there."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.base.config import Ingress, MonitorConfig
from monitor.web.http import Request, Response
from tests.monitor.web.test_router import HTML, House
from tests.support.passwords import lock

PATH = "/api/hassio_ingress/aB3-token_x"
USER = "0a1b2c3d4e5f40718293a4b5c6d7e8f9"
PASSED_ON = {
    "host": "abcdef.ui.nabu.casa",
    "x_ingress_path": PATH,
    "x_forwarded_for": "203.0.113.9",
    "x_forwarded_host": "abcdef.ui.nabu.casa",
    "x_forwarded_proto": "https",
    "x_remote_user_id": USER,
    "x_remote_user_name": "ana",
    "x_remote_user_display_name": "Ana",
}


class Inside(House):
    def through(self, path: str, method: str = "GET", address: str = "172.30.32.2", **headers: str) -> Response:
        named = {name.replace("_", "-"): text for name, text in (PASSED_ON | headers).items()}
        request = Request(
            method=method, path=path, headers=named, address=address, ingress=True, admit=self.admitted.append
        )
        return asyncio.run(self.site.respond(request))


@pytest.fixture(params=["none", "password", "header"])
def inside(tmp_path: Path, request: pytest.FixtureRequest) -> Inside:
    """A page whose other port asks for a password, for a proxy, or for nothing."""
    file = lock(tmp_path / "password") if request.param == "password" else None
    return Inside(tmp_path, MonitorConfig(auth=request.param, password_file=file, ingress=Ingress()))


def test_all_is_open_under_any_name_without_a_session(inside: Inside) -> None:
    for path in ("/", "/etat", "/main.js", "/api/v1/meters", "/api/v1/openapi.json"):
        for host in ("abcdef.ui.nabu.casa", "home.example.org", "homeassistant.local:8123", ""):
            response = inside.through(path, host=host)
            assert (response.status, "Set-Cookie" in response.headers) == (200, False)
    assert inside.through("/api/v1/live/stream").stream is not None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_on_this_machine_a_public_name_that_leads_here_opens_nothing(inside: Inside, address: str) -> None:
    """A foreign page that a browser of this machine shows could else read what Ingress shows without a password."""
    for path in ("/", "/api/v1/meters", "/api/v1/live/stream"):
        assert inside.through(path, address=address, host="evil.example:8099").status == 403
        for host in ("127.0.0.1:8099", "localhost:8099", "homeassistant.local:8099"):
            assert inside.through(path, address=address, host=host).status == 200
    assert inside.through("/health", address=address, host="evil.example:8099").status == 200


@pytest.mark.parametrize("address", ["172.30.33.9", "::ffff:172.30.33.9", "172.30.32.1", "192.168.1.20", ""])
def test_others_are_refused_in_a_line_whatever_they_say(inside: Inside, address: str) -> None:
    for path in ("/", "/api/v1/live", "/main.js", "/health", "/login", PATH, "/" + "x" * 600):
        response = inside.through(path, address=address)
        assert response.status == 403
        assert json.loads(response.body)["detail"].count(".") == 1
    assert inside.through("/", address=address, **HTML).kind == "text/html; charset=utf-8"
    assert inside.through("/login", "POST", address=address).status == 403
    assert not inside.api.calls


def test_on_the_other_port_nothing_passes_as_ingress(inside: Inside) -> None:
    if inside.config.auth == "header":
        assert inside.ask("/", address="127.0.0.1", remote_user="ana", x_ingress_path=PATH).body.count(b'"./"') == 1
    for address in ("172.30.32.2", "127.0.0.1", "192.168.1.20"):
        assert inside.ask("/api/v1/meters", address=address, **PASSED_ON).status in (401, 403)
    assert not inside.api.calls


def test_the_page_begins_where_ingress_shows_it_and_offers_no_logout(inside: Inside) -> None:
    page = inside.through("/jour/2026-11-25", x_forwarded_prefix="/elsewhere").body.decode()
    assert re.findall('<base href="(.*?)">', page) == [f"{PATH}/"]
    assert "data-session" not in page
    for method in ("GET", "POST"):
        for path in ("/login", "/logout"):
            assert inside.through(path, method).status == (404 if method == "GET" else 405)


def test_the_configured_prefix_is_that_of_the_other_port(tmp_path: Path) -> None:
    config = MonitorConfig(auth="none", ingress=Ingress())
    inside = Inside(tmp_path, replace(config, listen=replace(config.listen, prefix="/teleinfo")))
    assert inside.through("/etat").status == 200
    assert inside.through("/teleinfo").status == 404


def test_home_assistant_compresses_and_shows_the_page_in_a_frame_of_its_own_origin(tmp_path: Path) -> None:
    config = MonitorConfig(auth="none", ingress=Ingress(), frame_ancestors=("https://elsewhere.example",))
    inside = Inside(tmp_path, config)
    (tmp_path / "page" / "long.js").write_text("start();" * 1000)
    response = inside.through("/long.js", accept_encoding="gzip")
    assert (len(response.body), "Content-Encoding" in response.headers) == (8000, False)
    assert inside.ask("/long.js", accept_encoding="gzip").headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_page_of_another_site_gets_no_data(inside: Inside) -> None:
    response = inside.through("/api/v1/live", sec_fetch_site="cross-site", sec_fetch_mode="cors")
    assert response.status == 403
    assert not inside.api.calls


def test_each_user_has_limits_of_their_own_though_all_have_one_address(inside: Inside) -> None:
    for user in (USER, "another", ""):
        inside.through("/api/v1/meters", x_remote_user_id=user)
    inside.through("/api/v1/meters", x_remote_user_id="x" * 1000)
    first, second, nobody, long = inside.api.clients
    assert len({first, second, nobody, long}) == 4
    assert nobody == "172.30.32.2"
    assert len(long) < 100


def test_the_connection_is_kept_for_a_user_and_for_nobody_without_a_name(inside: Inside) -> None:
    for user in (USER, "", " "):
        assert inside.through("/api/v1/meters", x_remote_user_id=user).status == 200
    assert inside.admitted == [f"user {USER}"]


def test_elsewhere_a_name_of_a_user_means_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, MonitorConfig(auth="none", ingress=Ingress()))
    house.ask("/api/v1/meters", x_remote_user_id=USER)
    assert house.api.clients == ["192.168.1.20"]


@pytest.mark.parametrize("path", ["/health", "/teleinfo/health"])
@pytest.mark.parametrize("auth", ["none", "password", "header"])
def test_whoever_asks_learns_that_the_program_runs_and_nothing_else(tmp_path: Path, auth: str, path: str) -> None:
    file = tmp_path / "password" if auth == "password" else None  # not even readable
    config = MonitorConfig(auth=auth, password_file=file, ingress=Ingress())
    house = Inside(tmp_path, replace(config, listen=replace(config.listen, prefix="/teleinfo")))
    for method in ("GET", "HEAD"):
        response = house.ask(path, method, host="anything.example", x_forwarded_for="203.0.113.9")
        assert (response.status, response.body, response.headers["Cache-Control"]) == (200, b"ok\n", "no-store")
        assert house.through("/health", method, host="172.30.33.4:8099").status == 200
    assert house.ask("/health", "POST").status >= 400
    assert not house.api.calls
