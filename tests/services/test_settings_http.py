"""Settings and requests over HTTP, of a real monitor: sessions, Ingress, slow senders, and kill -9."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.test_monitor import Answer, Browser, Monitor
from tests.services.test_settings_page import account
from tests.support.passwords import lock
from tests.support.prefix_proxy import IngressProxy
from tests.support.servers import Database as Server
from tests.support.servers import free_port
from tests.support.storing import make_tables

JSON, BYTES = {"Content-Type": "application/json"}, {"Content-Type": "application/octet-stream"}
API = "/api/v1"
INGRESS = free_port()


@pytest.fixture
def monitor(fresh_database: Server, tmp_path: Path) -> Iterator[Monitor]:
    make_tables(fresh_database)
    password, server = str(lock(tmp_path / "password")), fresh_database
    database = {"host": server.host, "port": server.port, "password": "change-me", "name": server.name}
    settings = {"database": database, "password_file": password, "ingress": {"port": INGRESS}}
    with account(server), Monitor(server, tmp_path, **settings) as monitor:
        yield monitor.begin()


def save(browser: Browser, path: str, euros: int, version: int, **headers: str) -> Answer:
    body = json.dumps({"value": {"euros": euros}}).encode()
    tag = {"If-Match": f'"{version}"'}
    return browser.ask("PUT", f"{path}{API}/settings/budget", body, JSON | tag | headers)


def ask_for(browser: Browser, path: str, kind: str, **arguments: Any) -> Answer:
    body = json.dumps({"kind": kind, "arguments": arguments}).encode()
    return browser.ask("POST", f"{path}{API}/requests", body, JSON)


def test_a_session_saves_and_what_was_answered_outlives_kill_9(monitor: Monitor) -> None:
    browser = monitor.browser
    assert save(browser, "", 90, 0).status == 401
    assert browser.post("/login", {"password": "correct horse"}).status == 303
    assert save(browser, "", 90, 0, Origin="http://evil.example").status == 403
    saved = save(browser, "", 90, 0, Origin=f"http://127.0.0.1:{monitor.http_port}")
    assert (saved.status, saved.headers["etag"]) == (200, '"1"')
    # A file of several pieces, as large as they may be.
    assert ask_for(browser, "", "import", name="a.csv").status == 201
    for number in range(2):
        sent = browser.ask("PUT", f"{API}/requests/1/body?piece={number}", bytes(1 << 20), BYTES)
        assert sent.status == 200
    assert browser.ask("POST", f"{API}/requests/1/start", None, {}).status == 202
    monitor.kill()
    monitor.begin()
    assert browser.get(f"{API}/settings/budget").json == {"value": {"euros": 90}, "version": 1}
    assert browser.get(f"{API}/requests/1").json["not_before"] is not None
    assert save(browser, "", 95, 1).status == 200
    assert browser.ask("DELETE", f"{API}/requests/1", None, {}).json["state"] == "cancelled"


def test_behind_ingress_the_same_is_saved_and_only_administrators_delete(monitor: Monitor) -> None:
    with IngressProxy(INGRESS) as proxy:
        browser, path = Browser(proxy.port), proxy.prefix
        assert save(browser, path, 90, 0).status == 200
        assert ask_for(browser, path, "backup").status == 201
        refused = ask_for(browser, path, "forget-meter", meter="031961123456")
        assert refused.status == 403
        assert browser.ask("DELETE", f"{path}{API}/requests/1", None, {}).status == 200
        assert browser.get(f"{path}{API}/settings/budget").json["version"] == 1


def test_senders_that_send_nothing_hold_nobody_up(monitor: Monitor) -> None:
    browser = monitor.browser
    browser.post("/login", {"password": "correct horse"})
    ask_for(browser, "", "import", name="a.csv")
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            silent = stack.enter_context(socket.create_connection(("127.0.0.1", monitor.http_port), timeout=300))
            silent.sendall(
                f"PUT {API}/requests/1/body?piece=0 HTTP/1.1\r\nHost: pi\r\nCookie: {cookie}\r\nContent-Length: 900000"
                "\r\nContent-Type: application/octet-stream\r\n\r\nx".encode()
            )
        assert save(browser, "", 90, 0).status == 200
        assert browser.get(f"{API}/settings").status == 200


def test_what_is_too_long_is_refused_before_it_is_read_whole(monitor: Monitor) -> None:
    browser = monitor.browser
    browser.post("/login", {"password": "correct horse"})
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with socket.create_connection(("127.0.0.1", monitor.http_port), timeout=300) as raw:
        raw.sendall(
            f'PUT {API}/settings/budget HTTP/1.1\r\nHost: pi\r\nCookie: {cookie}\r\nIf-Match: "0"\r\n'
            "Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n".encode()
            + b" " * 70_000
        )
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert (answer.status, answer.getheader("Connection")) == (413, "close")
