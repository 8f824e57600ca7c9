import re
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import NotReady
from monitor.server.sessions import LIFETIME, Password, age, cookie_named, issue, set_cookie

NOW = 1_795_613_527.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("correct horse\n", encoding="utf-8")
    return file


def test_only_the_password_matches(file: Path) -> None:
    password = Password(file)
    assert password.matches("correct horse")
    assert not password.matches("correct horse\n")
    assert not password.matches("")


def test_a_session_is_believed_until_it_is_over(file: Path) -> None:
    key = Password(file).key()
    token = issue(key, NOW)
    assert age(token, key, NOW + 60) == 60
    assert age(token, key, NOW - 60) == 0  # the clock was ahead
    assert age(token, key, NOW + LIFETIME - 1) is not None
    assert age(token, key, NOW + LIFETIME) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.replace("1.1795613527", "1.1795613528"),
        lambda token: token + ".x",
        lambda token: "2" + token[1:],
        lambda token: token.upper(),
    ],
)
def test_a_session_that_was_made_up_is_none(file: Path, change: Callable[[str], str]) -> None:
    key = Password(file).key()
    forged = change(issue(key, NOW))
    assert forged != issue(key, NOW)
    assert age(forged, key, NOW) is None


def test_a_restart_keeps_sessions_and_a_new_password_ends_them(file: Path) -> None:
    before = Password(file)
    token = issue(before.key(), NOW)
    assert age(token, Password(file).key(), NOW) == 0
    file.write_text("battery staple", encoding="utf-8")
    assert age(token, before.key(), NOW) is None
    assert before.matches("battery staple")


def test_the_key_is_derived_once_and_takes_no_time_afterwards(file: Path) -> None:
    password = Password(file)
    assert password.known_key() is None
    key = password.key()
    assert password.known_key() == key
    file.write_text("battery staple", encoding="utf-8")
    assert password.known_key() is None


def test_a_file_that_is_missing_empty_or_no_text_is_said(tmp_path: Path) -> None:
    password = Password(tmp_path / "password")
    with pytest.raises(NotReady, match="cannot be read"):
        password.key()
    (tmp_path / "password").write_text("\n")
    with pytest.raises(NotReady, match="empty"):
        password.known_key()
    (tmp_path / "password").write_bytes(b"\xff")
    with pytest.raises(NotReady, match="UTF-8"):
        password.key()


def test_a_cookie_is_found_among_others() -> None:
    header = "a=1; teleinfo-session-8080=token;b=2; xteleinfo-session-8080=no"
    assert cookie_named("teleinfo-session-8080", header) == "token"
    assert cookie_named("teleinfo-session-80", header) == ""


def test_no_script_and_no_other_site_gets_the_cookie() -> None:
    header = set_cookie("name", "token", "/teleinfo", secure=True)
    assert re.match(r"name=token; Path=/teleinfo; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$", header)
    assert "Secure" not in set_cookie("name", "token", "/", secure=False)
    assert "Max-Age=0" in set_cookie("name", "", "/", secure=False)


def test_the_mark_that_windows_puts_before_a_text_is_no_part_of_the_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\r\n", encoding="utf-8-sig")
    assert Password(file).matches("correct horse")
