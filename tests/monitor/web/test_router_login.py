"""Who logs in, and out again, and how long each try waits."""

import asyncio
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from monitor.web import password
from monitor.web.login_throttle import DELAY, MOST
from monitor.web.password import command
from tests.monitor.web.site import HTML, SUPERVISOR, Site, with_password
from tests.support.passwords import lock


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
        f"password_file: {tmp_path / 'password'} is empty: {command()}"
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
