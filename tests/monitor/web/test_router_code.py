"""The first visit: who comes with a code while the page has no password, and what ends with that."""

from pathlib import Path
from typing import Any

import pytest

from monitor.base.config import MonitorConfig
from monitor.web.code import write_code
from monitor.web.http import Response
from monitor.web.login_throttle import DELAY, MOST
from tests.monitor.web.site import SUPERVISOR, Site, with_password

FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0"


@pytest.fixture
def fresh(tmp_path: Path) -> Site:
    """A page that was just installed."""
    site = Site(tmp_path / "fresh", MonitorConfig())
    site.credentials.look()
    return site


def session(response: Response) -> str:
    return response.headers["Set-Cookie"].partition(";")[0]


def is_open(site: Site, cookie: str) -> bool:
    return site.ask("/api/v1/live", cookie=cookie).status == 200


def test_without_a_password_the_page_asks_for_the_code_that_the_log_prints(fresh: Site) -> None:
    assert fresh.ask("/api/v1/live").status == 401
    assert fresh.ask("/jour", accept="text/html").headers["Location"] == "./login?next=jour"
    page = fresh.ask("/login", query="next=jour&lang=fr").body.decode()
    assert "Code affiché au démarrage" in page
    assert '<script src="login.js" defer></script>' in page
    assert "teleinfo-monitor password --code" in page
    assert fresh.ask("/login.js").kind.startswith("text/javascript")
    (code,) = fresh.codes
    response = fresh.enter(code, next="jour")
    assert (response.status, response.headers["Location"]) == (303, "./jour")
    assert is_open(fresh, session(response))


def test_with_a_password_no_code_is_made_and_none_is_asked_for(locked: Site) -> None:
    locked.credentials.look()
    assert locked.codes == []
    assert "login.js" not in locked.ask("/login").body.decode()
    assert not (locked.config.state / "code.json").exists()


def test_where_no_password_is_asked_there_is_no_code(site: Site) -> None:
    site.credentials.look()
    assert site.codes == []
    assert site.ask("/api/v1/live").status == 200


def test_a_wrong_code_opens_nothing_counts_as_a_wrong_password_and_is_said(
    fresh: Site, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MOST):
        response = fresh.enter("0000-0x", accept_language="fr")
        assert response.status == 401
        assert "Ce n’est pas le bon code." in response.body.decode()
    assert fresh.counters.wrong_passwords == MOST
    assert "Wrong code for the page from 192.168.1.20" in caplog.messages
    assert fresh.delays == []
    assert fresh.enter(fresh.codes[0]).status == 303
    assert fresh.delays == [DELAY]


def test_ten_wrong_codes_make_another_one_which_the_log_prints(fresh: Site) -> None:
    for number in range(10):
        fresh.enter("0000-0x", address=f"192.168.1.{number}")
    first, second = fresh.codes
    assert fresh.enter(first).status == 401
    assert fresh.enter(second).status == 303


def test_a_day_later_there_is_another_one(fresh: Site) -> None:
    fresh.now += 86400
    fresh.credentials.look()
    first, second = fresh.codes
    assert fresh.enter(first).status == 401
    assert fresh.enter(second).status == 303


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ({"address": "127.0.0.1"}, 303),
        ({"address": "10.0.0.7"}, 303),
        ({"address": "172.17.0.1"}, 303),
        ({"address": "fe80::1%eth0"}, 303),
        ({"address": "fd12::7"}, 303),
        ({"address": "::ffff:192.168.1.5"}, 303),
        ({"address": "127.0.0.1", "x_forwarded_for": "192.168.1.5"}, 303),
        ({"address": "203.0.113.9"}, 403),
        ({"address": "2001:4860::8"}, 403),
        ({"address": ""}, 403),
        ({"address": "127.0.0.1", "x_forwarded_for": "203.0.113.9"}, 403),
        ({"address": "192.168.1.2", "x_forwarded_for": "192.168.1.5"}, 403),  # a proxy that nobody trusts
        ({"address": "127.0.0.1", "via": "1.1 tunnel"}, 403),  # and one that does not say whom it stands for
    ],
)
def test_only_who_is_at_home_may_use_the_code(fresh: Site, who: dict[str, str], status: int) -> None:
    response = fresh.enter(fresh.codes[0], accept_language="fr", **who)
    assert response.status == status
    if status == 403:
        assert "depuis le réseau de la maison" in response.body.decode()


def test_a_code_that_the_command_makes_opens_the_page_at_once(fresh: Site) -> None:
    write_code(fresh.config.state, "4821-93", fresh.now)
    assert fresh.enter("4821-93").status == 303


def test_the_password_ends_codes_and_the_sessions_of_others_but_not_of_who_sets_it(fresh: Site) -> None:
    (code,) = fresh.codes
    mine, other = session(fresh.enter(code)), session(fresh.enter(code))
    fresh.credentials.set_password("battery staple", mine.partition("=")[2])
    assert [is_open(fresh, one) for one in (mine, other)] == [True, False]
    assert fresh.enter(code).status == 401
    assert fresh.enter("battery staple").status == 303
    fresh.credentials.look()
    assert len(fresh.codes) == 1
    (fresh.config.state / "password").unlink()  # its owner forgot it
    fresh.credentials.look()
    assert not is_open(fresh, mine)
    assert fresh.enter(fresh.codes[1]).status == 303


def test_a_password_that_is_fixed_and_missing_is_no_reason_for_a_code(locked: Site, tmp_path: Path) -> None:
    (tmp_path / "password").unlink()
    locked.credentials.look()
    assert locked.codes == []
    assert locked.ask("/api/v1/live").status == 503
    assert locked.enter("4821-93").status == 503


def test_through_home_assistant_no_code_is_asked(tmp_path: Path) -> None:
    site = with_password(tmp_path)
    assert site.ask("/api/v1/live", **SUPERVISOR).status == 200


def test_the_browser_of_a_session_is_known(fresh: Site) -> None:
    fresh.enter(fresh.codes[0], user_agent=FIREFOX)
    sessions: Any = fresh.credentials.sessions
    (one,) = sessions.all(fresh.now)
    assert (one.browser, one.since, one.seen) == ("Firefox, Android", fresh.now, fresh.now)
