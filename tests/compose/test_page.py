"""The page of compose: its address in the log, its password, and the reports of the same container."""

import http.client
import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.compose.stack import PAGE_PASSWORD, Stack
from tests.support.programs import WITHIN, wait_until


def ask(stack: Stack, path: str, cookie: str = "") -> tuple[int, str]:
    """Return the status and the text of what the page answers."""
    status, text, _ = _request(stack, "GET", path, headers={"Cookie": cookie} if cookie else {})
    return status, text


def enter(stack: Stack, password: str) -> str:
    """Enter a password; return the cookie, "" if it was refused."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    _, _, cookie = _request(stack, "POST", "login", urlencode({"password": password}), form)
    return cookie.partition(";")[0]


def send(stack: Stack, method: str, path: str, body: str | None, cookie: str) -> tuple[int, str]:
    """Ask for a change; return the status and the text of the answer."""
    headers = {"Cookie": cookie} | ({} if body is None else {"Content-Type": "application/json"})
    status, text, _ = _request(stack, method, path, body, headers)
    return status, text


def _request(
    stack: Stack, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str, str]:
    address = urlsplit(stack.page)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    try:
        connection.request(method, f"/{path}", body, headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), reply.getheader("Set-Cookie", "")
    finally:
        connection.close()


def test_the_log_ends_with_the_address_and_the_code_of_a_page_without_a_password(stack: Stack) -> None:
    log = stack.first_log
    assert f"The page is at {stack.page}" in log
    assert re.search(rf"open {re.escape(stack.page)}#\d{{4}}-\d\d$", log, re.MULTILINE)


def test_only_who_has_the_password_sees_something(stack: Stack) -> None:
    assert ask(stack, "")[0] == 303
    assert ask(stack, "api/v1/openapi.json")[0] == 401
    assert enter(stack, "wrong") == ""
    cookie = enter(stack, PAGE_PASSWORD)
    status, text = ask(stack, "", cookie)
    assert (status, "<!doctype html>" in text) == (200, True)
    status, text = ask(stack, "api/v1/openapi.json", cookie)
    assert (status, "openapi" in json.loads(text)) == (200, True)


def live(stack: Stack, cookie: str) -> dict[str, Any]:
    # Other tests publish as meters that nobody reads: this is the one that is read.
    (meter,) = set(re.findall(r"The meter (\d{12}) is read", stack.compose("logs", "--no-log-prefix", "reader")))
    status, text = ask(stack, f"api/v1/live?meter={meter}", cookie)
    assert status == 200, text
    answer: dict[str, Any] = json.loads(text)
    return answer


def test_live_values_arrive_and_every_link_is_up(stack: Stack) -> None:
    cookie = enter(stack, PAGE_PASSWORD)
    wait_until(lambda: set(live(stack, cookie)["links"].values()) == {"up"}, WITHIN, "all links")
    first = live(stack, cookie)
    assert first["power"] > 0
    wait_until(lambda: live(stack, cookie)["at"] > first["at"], WITHIN, "a newer frame")


@pytest.mark.parametrize(("service", "link"), [("mosquitto", "mqtt"), ("mariadb", "database")])
def test_without_broker_or_database_the_page_says_so_and_recovers(stack: Stack, service: str, link: str) -> None:
    cookie = enter(stack, PAGE_PASSWORD)
    wait_until(lambda: live(stack, cookie)["links"][link] == "up", WITHIN, f"{service} to be there")
    stack.compose("stop", service)
    try:
        wait_until(lambda: live(stack, cookie)["links"][link] == "down", WITHIN, f"{service} to be missed")
    finally:
        stack.up()
    wait_until(lambda: set(live(stack, cookie)["links"].values()) == {"up"}, WITHIN, "all links again")


def test_the_image_carries_the_bundled_page(stack: Stack) -> None:
    _, page = ask(stack, "", enter(stack, PAGE_PASSWORD))
    scripts = re.findall(r'<script [^>]*src="([^"]+)"', page)
    assert [re.fullmatch(r"chunk-[0-9A-Z]{8}\.js", name) is not None for name in scripts] == [True]
    assert ask(stack, scripts[0])[0] == 200
    assert "is out of date; serving" not in stack.compose("logs", "--no-log-prefix", "monitor")


def test_the_check_of_the_container_finds_nothing_wrong(stack: Stack) -> None:
    def checked() -> str:
        return stack.compose("exec", "-T", "monitor", "teleinfo-monitor", "check", check=False)

    wait_until(lambda: "ok Calculs" in checked(), 3 * WITHIN, "minutes that are rolled up")
    text = checked()
    assert text.startswith("0\n"), text
    for finding in ("ok Page\u00a0: servie sur", "ok Serveur MQTT", "ok Compteurs\u00a0: en direct"):
        assert finding in text
    assert "peut écrire" not in text


def test_reports_run_beside_the_page(stack: Stack) -> None:
    assert "Tempo" in stack.compose("run", "--rm", "-T", "monitor", "prices")
    assert ask(stack, "login")[0] == 200


def test_a_page_that_is_killed_comes_back_with_its_sessions(stack: Stack) -> None:
    cookie = enter(stack, PAGE_PASSWORD)
    stack.compose("kill", "monitor")
    stack.up()
    assert ask(stack, "api/v1/openapi.json", cookie)[0] == 200
