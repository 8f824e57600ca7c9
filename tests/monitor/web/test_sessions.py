import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.web.sessions import LONGEST, UNUSED, Sessions, cookie_named, set_cookie

NOW = 1_795_613_527.0
DAY = 86400.0


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    sessions = Sessions(tmp_path)
    sessions.belong_to("a hash")
    return sessions


def restarted(sessions: Sessions, folder: Path) -> Sessions:
    sessions.save()
    return Sessions(folder)


def test_a_session_is_open_until_nobody_has_used_it_for_90_days(sessions: Sessions) -> None:
    token, used = sessions.begin(NOW), sessions.begin(NOW)
    assert sessions.find(token, NOW - 60)  # the clock was ahead
    assert sessions.find(used, NOW + 89 * DAY)
    assert not sessions.find(token, NOW + UNUSED)
    assert sessions.find(used, NOW + 90 * DAY)
    assert not sessions.find(used, NOW + 90 * DAY + UNUSED)


def test_a_clock_that_is_wrong_for_a_moment_ends_no_session(sessions: Sessions) -> None:
    token = sessions.begin(NOW)
    assert sessions.find(token, 60.0)  # a Raspberry Pi begins in 1970
    assert sessions.find(token, NOW + 120)


def test_a_session_ends_after_a_year(sessions: Sessions, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    token = sessions.begin(NOW)
    for days in range(0, 365, 30):
        assert sessions.find(token, NOW + days * DAY)
    assert sessions.find(token, NOW + LONGEST - 1)
    assert not sessions.find(token, NOW + LONGEST)
    assert not sessions.find(token, NOW + LONGEST)
    assert [record.getMessage() for record in caplog.records] == ["A session has ended: a year after its login"]


def test_a_restart_keeps_sessions_and_what_was_seen_of_them(sessions: Sessions, tmp_path: Path) -> None:
    token, ended = sessions.begin(NOW), sessions.begin(NOW)
    assert sessions.find(token, NOW + 80 * DAY)
    assert sessions.end(ended)
    again = restarted(sessions, tmp_path)
    again.belong_to("a hash")
    assert again.find(token, NOW + 100 * DAY)
    assert not again.find(ended, NOW)
    assert again.is_ours(ended)


def test_a_new_password_ends_all_sessions_also_while_the_program_is_away(
    sessions: Sessions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    token, _ = sessions.begin(NOW), sessions.begin(NOW)
    again = restarted(sessions, tmp_path)
    again.belong_to("another hash")
    assert not again.find(token, NOW)
    assert [record.getMessage() for record in caplog.records] == [
        "The password of the page has changed: 2 sessions ended"
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token + ".x",
        lambda token: ("A" if token[0] != "A" else "B") + token[1:],
        lambda token: token.upper(),
    ],
)
def test_a_token_that_was_made_up_is_none(sessions: Sessions, change: Callable[[str], str]) -> None:
    token = sessions.begin(NOW)
    forged = change(token)
    assert forged != token
    assert not sessions.find(forged, NOW)
    assert not sessions.is_ours(forged)


def test_the_token_of_a_session_that_has_ended_still_tells_who_was_here(sessions: Sessions, tmp_path: Path) -> None:
    token = sessions.begin(NOW)
    sessions.end(token)
    assert sessions.is_ours(token)
    sessions.belong_to("another hash")
    assert restarted(sessions, tmp_path).is_ours(token)
    assert not Sessions(tmp_path / "other").is_ours(token)


def test_who_reads_the_file_cannot_enter_with_what_is_in_it(sessions: Sessions, tmp_path: Path) -> None:
    token = sessions.begin(NOW)
    sessions.save()
    file = tmp_path / "sessions.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert token.partition(".")[0] not in file.read_text()
    assert "a hash" not in file.read_text()


def test_many_logins_take_bounded_memory_and_end_the_sessions_that_nobody_used(sessions: Sessions) -> None:
    mine = sessions.begin(NOW)
    for number in range(1500):
        sessions.begin(NOW + number)
        if number % 100 == 0:
            sessions.find(mine, NOW + DAY + number * DAY / 100)
    assert len(sessions) == 1000
    assert sessions.find(mine, NOW + 15 * DAY)


def test_a_visit_is_written_down_once_a_day(sessions: Sessions, tmp_path: Path) -> None:
    token = sessions.begin(NOW)
    sessions.save()
    found = [(sessions.find(token, NOW + seconds), sessions.unsaved) for seconds in (DAY - 1, DAY)]
    assert found == [(True, False), (True, True)]
    sessions.save()
    ((_, seen, _),) = json.loads((tmp_path / "sessions.json").read_text())["sessions"].values()
    assert seen == NOW + DAY


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"key": "x", "password": "", "sessions": {}}', "\udcff"])
def test_a_file_that_is_damaged_ends_all_sessions_and_is_said(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "sessions.json").write_text(text, errors="surrogateescape")
    sessions = Sessions(tmp_path)
    assert len(sessions) == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    sessions.begin(NOW)
    assert len(restarted(sessions, tmp_path)) == 1


def test_without_a_place_to_write_sessions_live_until_a_restart_which_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    sessions = Sessions(tmp_path / "file" / "below")
    for _ in range(2):
        token = sessions.begin(NOW)
        sessions.save()
        assert sessions.find(token, NOW)
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "a restart ends all sessions" in line]) == 1


def test_a_folder_that_is_missing_is_made_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        sessions = Sessions(tmp_path / "state")
        sessions.begin(NOW)
        sessions.save()
    finally:
        os.umask(before)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_cookie_is_found_among_others() -> None:
    header = "a=1; teleinfo-session-8080=token;b=2; xteleinfo-session-8080=no"
    assert cookie_named("teleinfo-session-8080", header) == "token"
    assert cookie_named("teleinfo-session-80", header) == ""


def test_no_script_and_no_other_site_gets_the_cookie() -> None:
    header = set_cookie("name", "token", "/teleinfo", secure=True)
    assert re.match(r"name=token; Path=/teleinfo; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$", header)
    assert "Secure" not in set_cookie("name", "token", "/", secure=False)


def test_a_session_of_an_earlier_version_stays_open_and_learns_its_browser(tmp_path: Path) -> None:
    first = Sessions(tmp_path)
    first.belong_to("a hash")
    token = first.begin(NOW)
    first.save()
    file = tmp_path / "sessions.json"
    document = json.loads(file.read_text())
    document["sessions"] = {digest: values[:2] for digest, values in document["sessions"].items()}
    file.write_text(json.dumps(document))
    again = Sessions(tmp_path)
    again.belong_to("a hash")
    assert [one.browser for one in again.all(NOW)] == [None]
    assert again.find(token, NOW + 60, "Firefox, Linux")
    assert [(one.since, one.seen, one.browser) for one in again.all(NOW + 60)] == [(NOW, NOW + 60, "Firefox, Linux")]


def test_sessions_are_listed_by_an_id_that_opens_nothing_and_ends_one(sessions: Sessions) -> None:
    old, new = sessions.begin(NOW, "Firefox, Linux"), sessions.begin(NOW + 60, "Safari, iPhone")
    assert [one.browser for one in sessions.all(NOW + 60)] == ["Safari, iPhone", "Firefox, Linux"]
    assert [one.id for one in sessions.all(NOW + 60)] == [sessions.id_of(new), sessions.id_of(old)]
    assert not sessions.find(sessions.id_of(old), NOW)
    assert sessions.end_id(sessions.id_of(old))
    assert not sessions.end_id(sessions.id_of(old))
    assert [sessions.find(token, NOW) for token in (old, new)] == [False, True]


def test_a_new_password_ends_all_but_the_session_that_has_set_it(sessions: Sessions) -> None:
    mine, other = sessions.begin(NOW), sessions.begin(NOW)
    sessions.belong_to("another hash", keep=mine)
    assert [sessions.find(token, NOW) for token in (mine, other)] == [True, False]


def test_all_others_can_be_ended(sessions: Sessions) -> None:
    mine, *others = (sessions.begin(NOW) for _ in range(3))
    assert sessions.end_all(keep=mine) == 2
    assert [sessions.find(token, NOW) for token in (mine, *others)] == [True, False, False]
