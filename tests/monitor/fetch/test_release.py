"""The newest release of the project, and how to get it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.machine.deployment import Deployment
from monitor.base.fetch_settings import FetchSettings
from monitor.fetch import release
from monitor.fetch.client import FetchFailed
from monitor.fetch.provider import Ask
from monitor.fetch.release import HOST, PROVIDER, Notice, is_newer, notice
from tests.support.outside_world import RecordedClient, Reply

ASK = Ask(datetime(2027, 1, 10, 9, tzinfo=UTC), ZoneInfo("Europe/Paris"), FetchSettings(release=True))
PATH = "/repos/someone/teleinfo-monitor/releases/latest"
PAGE = "https://github.com/someone/teleinfo-monitor/releases/tag/v0.9.0"
#: As docs.github.com shows it (2026-09), with what is not used left out.
GOOD = {
    "tag_name": "v0.9.0",
    "name": "TeleInfo Monitor 0.9.0",
    "html_url": PAGE,
    "prerelease": False,
    "published_at": "2027-01-08T18:04:11Z",
    "assets": [],
}
KEPT = {"version": "0.9.0", "published": "2027-01-08", "url": PAGE}


@pytest.fixture(autouse=True)
def _published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "repository", lambda: "someone/teleinfo-monitor")
    monkeypatch.setattr(release, "__version__", "0.1.0")


def client(*replies: Reply | OSError) -> RecordedClient:
    return RecordedClient({(HOST, PATH): replies})


def answer(**changes: Any) -> Reply:
    return 200, "application/json; charset=utf-8", json.dumps({**GOOD, **changes}).encode()


def test_a_newer_release_is_kept_with_its_day_and_page() -> None:
    asked = client(answer())
    found = PROVIDER.fetch(asked, ASK)
    assert found.kept == KEPT
    assert (found.fr, found.en) == ("La version 0.9.0 est publiée.", "Version 0.9.0 is published.")
    assert (found.rows, found.files, found.again) == ((), (), None)
    ((_, _, query, headers),) = asked.asked
    assert query == {}
    assert headers["Accept"] == "application/vnd.github+json"
    assert headers["User-Agent"].startswith("TeleInfo-Monitor/")


def test_the_release_that_runs_is_no_news() -> None:
    found = PROVIDER.fetch(client(answer(tag_name="v0.1.0")), ASK)
    assert found.en == "You have the newest version."
    assert notice(found.kept or {}, Deployment.COMPOSE, "en") is None


def test_a_tag_without_v_is_understood() -> None:
    assert PROVIDER.fetch(client(answer(tag_name="0.9.0")), ASK).kept == KEPT


def test_a_repository_that_was_renamed_is_followed_on_the_same_host() -> None:
    moved = (301, "application/json", b"{}", {"Location": f"https://{HOST}/repositories/7/releases/latest"})
    asked = RecordedClient({(HOST, PATH): [moved], (HOST, "/repositories/7/releases/latest"): [answer()]})
    assert PROVIDER.fetch(asked, ASK).kept == KEPT


def test_before_the_first_release_there_is_nothing_to_show() -> None:
    found = PROVIDER.fetch(client((404, "application/json", b'{"message":"Not Found"}')), ASK)
    assert (found.kept, found.en) == ({}, "No version is published yet.")


def test_an_answer_that_nothing_changed_changes_nothing() -> None:
    assert PROVIDER.fetch(client((304, "", b"")), ASK).kept is None


def test_while_no_account_publishes_the_project_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "repository", lambda: None)
    asked = client()
    with pytest.raises(FetchFailed, match="no account publishes"):
        PROVIDER.fetch(asked, ASK)
    assert asked.asked == []


NOTHING_LEFT = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1799575200"}


@pytest.mark.parametrize(
    ("reply", "why", "wait"),
    [
        (ConnectionResetError(), "unreachable", None),
        ((200, "text/html", b"<html>maintenance</html>"), "not_understood", None),
        ((200, "application/json", b'{"tag_name": "v0.9'), "not_understood", None),
        ((200, "application/json", json.dumps(GOOD).encode(), {"Content-Length": "9000"}), "not_understood", None),
        ((200, "application/json", b"[]"), "not_understood", None),
        ((200, "application/json", b"{}"), "not_understood", None),
        (answer(tag_name="nightly"), "not_understood", None),
        (answer(tag_name=9), "not_understood", None),
        (answer(published_at="soon"), "not_understood", None),
        (answer(published_at=None), "not_understood", None),
        (answer(html_url="javascript:alert(1)"), "not_understood", None),
        ((301, "text/html", b"", {"Location": "https://example.org/"}), "not_understood", None),
        ((401, "application/json", b'{"message":"Bad credentials"}'), "token", None),
        ((403, "application/json", b'{"message":"API rate limit exceeded"}', NOTHING_LEFT), "later", None),
        ((403, "application/json", b'{"message":"Forbidden"}'), "not_allowed", None),
        ((429, "application/json", b"{}", {"Retry-After": "90"}), "later", 90.0),
        ((429, "application/json", b"{}"), "later", None),
        ((500, "text/html", b"<html>"), "later", None),
    ],
)
def test_an_answer_that_cannot_be_used_says_why(reply: Reply | OSError, why: str, wait: float | None) -> None:
    with pytest.raises(FetchFailed) as failed:
        PROVIDER.fetch(client(reply), ASK)
    assert (failed.value.why, failed.value.retry_after) == (why, wait)


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [("0.10.0", "0.9.9", True), ("1.0.0", "1.0.0", False), ("0.9.9", "0.10.0", False), ("1.0.1", "1.0.0+3.gabc", True)],
)
def test_versions_are_compared_by_their_numbers(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer


def words(deployment: Deployment) -> Sequence[str]:
    found = [notice(KEPT, deployment, language) for language in ("fr", "en")]
    return [one.how for one in found if one is not None]


def test_how_to_get_it_is_said_for_this_installation() -> None:
    assert all("docker rm -f teleinfo" in text for text in words(Deployment.IMAGE))
    assert all("docker compose pull && docker compose up -d" in text for text in words(Deployment.COMPOSE))
    assert all("sudo apt install ./" in text for text in words(Deployment.SYSTEMD))
    assert all("git pull && ./run setup" in text for text in words(Deployment.SHELL))


def test_in_the_app_only_home_assistant_speaks_of_updates() -> None:
    for kept in ({}, KEPT):
        assert notice(kept, Deployment.APP, "fr") == Notice(
            None, None, None, "Home Assistant propose les mises à jour."
        )


def test_a_release_that_was_installed_since_is_shown_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert notice(KEPT, Deployment.SHELL, "en") is not None
    monkeypatch.setattr(release, "__version__", "0.9.0")
    assert notice(KEPT, Deployment.SHELL, "en") is None
