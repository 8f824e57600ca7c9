"""Who may enter, of a real monitor: the first visit by a code, the password, sessions, tokens, accounts, the broker."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from common.check.broker_probe import ConnectionFailed, Failure, Probe
from monitor.__main__ import main
from tests.services.test_monitor import Answer, Browser, Monitor
from tests.support.programs import run_command, run_here, wait_until
from tests.support.servers import PASSWORD, Broker, account, careful_broker, free_port
from tests.support.servers import Database as Server

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
CODE = re.compile(r"The page has no password yet: open http://127\.0\.0\.1:\d+/#(\d{4}-\d\d)$")
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"}


def send(browser: Browser, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    content = None if body is None else json.dumps(body).encode()
    return browser.ask(method, f"{API}/{path}", content, (JSON if body is not None else {}) | headers)


def codes(monitor: Monitor) -> list[str]:
    return [match[1] for line in monitor.lines("no password yet") if (match := CODE.search(line))]


def first_code(monitor: Monitor) -> str:
    wait_until(lambda: codes(monitor) != [], 30, "the code is in the log", [monitor])
    return codes(monitor)[-1]


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    """A monitor that was just installed; its database is not there yet."""
    nowhere = SimpleNamespace(host="127.0.0.1", port=free_port(), user="x", password="x", name="x")
    own = {"port": 1883, "choose": True, "accounts": str(tmp_path / "accounts")}
    with Monitor(cast("Server", nowhere), tmp_path, auth="password", own_broker=own) as monitor:
        yield monitor.begin()


def entered(monitor: Monitor, **headers: str) -> Browser:
    browser = Browser(monitor.http_port)
    assert browser.post("/login", {"password": first_code(monitor)}, **headers).status == 303
    return browser


def test_the_code_of_the_log_opens_the_page_and_the_password_that_is_set_there_closes_it(monitor: Monitor) -> None:
    code = first_code(monitor)
    assert monitor.text().index("The page is at") < monitor.text().index(code)
    assert send(monitor.browser, "GET", "access").status == 401
    browser, other = entered(monitor, **FIREFOX), entered(monitor)
    found = send(browser, "GET", "access").json
    assert (found["password"], found["listens"]) == ("none", "machine")
    assert [(one["browser"], one["own"]) for one in found["sessions"]] == [("Firefox, Linux", True), (None, False)]
    refused = send(browser, "PUT", "access/password", {"password": "short", "current": None})
    assert (refused.status, [one["at"] for one in refused.json["errors"]]) == (422, ["password"])
    assert send(browser, "PUT", "access/password", {"password": "correct horse"}).json["password"] == "set"
    assert [send(one, "GET", "access").status for one in (browser, other)] == [200, 401]
    assert Browser(monitor.http_port).post("/login", {"password": code}).status == 401
    assert other.post("/login", {"password": "correct horse"}).status == 303


def test_only_who_knows_the_password_changes_it_and_all_others_are_logged_out(monitor: Monitor) -> None:
    browser = entered(monitor)
    send(browser, "PUT", "access/password", {"password": "correct horse"})
    other = Browser(monitor.http_port)
    other.post("/login", {"password": "correct horse"})
    for current in ("wrong", None):
        refused = send(browser, "PUT", "access/password", {"password": "battery staple", "current": current})
        assert (refused.status, [one["at"] for one in refused.json["errors"]]) == (422, ["current"])
    changed = send(browser, "PUT", "access/password", {"password": "battery staple", "current": "correct horse"})
    assert changed.status == 200
    assert [send(one, "GET", "access").status for one in (browser, other)] == [200, 401]
    # The command still sets it, and ends every session.
    printed = run_command("monitor", "password", "--random", "--config", monitor.config)
    password = re.findall(r"the password of the page: (\S+)", printed.stdout)[0]
    assert send(browser, "GET", "access").status == 401
    assert browser.post("/login", {"password": password}).status == 303


def test_the_current_password_cannot_be_guessed_with_a_session(monitor: Monitor) -> None:
    browser = entered(monitor)
    send(browser, "PUT", "access/password", {"password": "correct horse"})
    body = {"password": "battery staple", "current": "wrong"}
    assert [send(browser, "PUT", "access/password", body).status for _ in range(6)] == [422] * 5 + [429]


def test_a_code_of_the_command_is_accepted_at_once_until_there_is_a_password(monitor: Monitor) -> None:
    first = first_code(monitor)
    printed = run_here(main, "password", "--code", "--config", monitor.config)
    (code,) = re.findall(r"^\d{4}-\d\d", printed.stdout)
    browser = Browser(monitor.http_port)
    if code != first:
        assert browser.post("/login", {"password": first}).status == 401
    assert browser.post("/login", {"password": code}).status == 303
    send(browser, "PUT", "access/password", {"password": "correct horse"})
    refused = run_here(main, "password", "--code", "--config", monitor.config)
    assert refused.returncode == 2
    assert "which no code replaces" in refused.stderr


def test_sessions_are_ended_one_by_one_or_all_others_together(monitor: Monitor) -> None:
    mine, *others = (entered(monitor) for _ in range(4))
    known = [one["id"] for one in send(mine, "GET", "access").json["sessions"] if not one["own"]]
    assert send(mine, "DELETE", f"access/sessions/{known[0]}").status == 200
    assert send(mine, "DELETE", f"access/sessions/{known[0]}").status == 404
    assert sum(send(one, "GET", "access").status == 401 for one in others) == 1
    left = send(mine, "DELETE", "access/sessions").json["sessions"]
    assert [one["own"] for one in left] == [True]
    assert [send(one, "GET", "access").status for one in others] == [401] * 3


def test_a_token_reads_is_shown_once_and_survives_a_restart_until_it_is_revoked(monitor: Monitor) -> None:
    browser, program = entered(monitor), Browser(monitor.http_port)
    made = send(browser, "POST", "access/tokens", {"name": "Grafana"})
    token = made.json["token"]
    header = {"Authorization": f"Bearer {token}"}
    assert (made.status, made.json["name"]) == (201, "Grafana")
    assert send(browser, "POST", "access/tokens", {"name": "Grafana"}).status == 422
    assert send(program, "GET", "access", **header).status == 200
    assert send(program, "POST", "access/tokens", {"name": "more"}, **header).status == 401
    assert token not in send(browser, "GET", "access").body.decode()
    monitor.stop()
    monitor.begin()
    assert send(program, "GET", "access", **header).status == 200
    assert send(browser, "DELETE", f"access/tokens/{made.json['id']}").json["tokens"] == []
    assert send(program, "GET", "access", **header).status == 401
    secrets = [token, *(one.read_text() for one in (monitor.folder / "state").glob("password"))]
    assert not [secret for secret in secrets if secret in monitor.text()]


def mosquitto(folder: Path, accounts: str) -> Broker:
    """Return a broker with the accounts of a file, as the installation makes them known to it."""
    lines = [line.split() for line in accounts.splitlines()]
    folder.mkdir()
    (folder / "passwords").write_text("".join(f"{name}:{digest}\n" for name, _, digest in lines))
    (folder / "passwords").chmod(0o600)
    return Broker(folder, config=f"allow_anonymous false\npassword_file {folder / 'passwords'}")


def test_an_account_for_a_device_opens_a_real_broker_with_the_password_that_is_shown_once(
    monitor: Monitor, tmp_path: Path
) -> None:
    browser = entered(monitor)
    assert send(browser, "GET", "access").json["broker"] == {
        "fixed": False, "may_choose": True, "may_add": True, "host": None, "port": 1883, "tls": False, "username": None,
    }  # fmt: skip
    made = send(browser, "POST", "access/accounts", {"name": "onduleur", "role": "device"})
    assert (made.status, made.json["role"]) == (201, "device")
    password, file = made.json["password"], tmp_path / "accounts"
    text = file.read_text()
    (match,) = re.findall(r"^onduleur device \$7\$101\$(\S+)\$(\S+)\n$", text)
    salt, digest = map(base64.b64decode, match)
    assert digest == hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    assert file.stat().st_mode & 0o777 == 0o640
    with mosquitto(tmp_path / "broker", text) as broker:
        with Probe(account(broker, "onduleur", password=password)):
            pass
        with pytest.raises(ConnectionFailed) as refused, Probe(account(broker, "onduleur", password="wrong")):
            pass
    assert refused.value.failure is Failure.CREDENTIALS
    wrong = [("onduleur", "device"), ("reader", "device"), ("teleinfo-x", "device"), ("É", "phone"), ("a", "storer")]
    refusals = [send(browser, "POST", "access/accounts", {"name": name, "role": role}) for name, role in wrong]
    assert [one.json["errors"][0]["at"] for one in refusals] == ["name"] * 4 + ["role"]
    assert send(browser, "GET", "access").json["accounts"] == [{"name": "onduleur", "role": "device"}]
    assert send(browser, "DELETE", "access/accounts/onduleur").json["accounts"] == []
    assert file.read_text() == ""
    assert password not in monitor.text()


def test_another_broker_is_tried_before_it_takes_the_place_of_ours(monitor: Monitor, tmp_path: Path) -> None:
    browser, file = entered(monitor), tmp_path / "state" / "broker.json"
    with careful_broker(tmp_path / "theirs") as broker:
        body = {"host": "127.0.0.1", "port": broker.port, "username": "everybody", "password": PASSWORD, "tls": False}
        for wrong, at in (({"password": "wrong"}, "password"), ({"port": free_port()}, "port"), ({"tls": True}, "tls")):
            refused = send(browser, "PUT", "access/broker", body | wrong)
            assert (refused.status, [one["at"] for one in refused.json["errors"]]) == (422, [at])
        assert send(browser, "PUT", "access/broker", body | {"port": "x", "host": "a b"}).status == 422
        assert send(browser, "PUT", "access/broker", body | {"username": "${HOME}"}).status == 422
        assert not file.exists()
        chosen = send(browser, "PUT", "access/broker", body)
    assert chosen.json["broker"] == {
        "fixed": False, "may_choose": True, "may_add": False, "host": "127.0.0.1", "port": broker.port, "tls": False,
        "username": "everybody",
    }  # fmt: skip
    assert json.loads(file.read_text()) == body
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in chosen.body.decode() + monitor.text()
    assert send(browser, "PUT", "access/broker", {"host": None}).json["broker"]["host"] is None
    assert not file.exists()
