"""Who may change what, and what is looked at before a change is made. What becomes of it: test_actions.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.web.site import ALICE, KINDS, RULES, SUPERVISOR, Site, made


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST", "TRACE"])
def test_what_no_action_names_cannot_be_changed(site: Site, method: str) -> None:
    for path in ("/", "/api/v1/meters", "/main.js"):
        for who in ({}, SUPERVISOR):
            response = site.ask(path, method, **who)
            assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    assert not site.api.calls


JSON = {"content_type": "application/json"}
BYTES = {"content_type": "application/octet-stream"}
SAVE: dict[str, Any] = {
    "path": "/api/v1/settings/budget",
    "method": "PUT",
    "form": b'{"value": {"euros": 120}}',
    "if_match": '"3"',
    **JSON,
}
CHANGES: tuple[dict[str, Any], ...] = (
    SAVE,
    {"path": "/api/v1/requests", "method": "POST", "form": b"{}", **JSON},
    {"path": "/api/v1/requests/1/body", "method": "PUT", "form": b"a;b", **BYTES},
    {"path": "/api/v1/requests/1/start", "method": "POST"},
    {"path": "/api/v1/requests/1", "method": "DELETE"},
)


def test_who_may_change_what(tmp_path: Path) -> None:
    sites = {kind: made(kind, tmp_path / kind) for kind in KINDS}
    wrong = []
    for kind, who, expected in RULES:
        # A link of another site may show the page; what it sends changes nothing.
        status = 403 if "cross-site" in who.values() and kind != "password" else expected[3]
        site = sites[kind]
        before = site.acted
        found = [site.ask(**{**change, **who}).status for change in CHANGES]
        if set(found) != {status} or site.acted - before != (len(CHANGES) if status == 200 else 0):
            wrong.append((kind, dict(who), found, status))
    assert wrong == []


def test_with_a_session_changes_are_made(locked: Site) -> None:
    cookie = locked.cookie()
    assert [locked.ask(**change, cookie=cookie).status for change in CHANGES] == [200] * len(CHANGES)
    assert json.loads(locked.ask(**SAVE, cookie=cookie).body) == {
        "body": "{'value': {'euros': 120}}",
        "version": 3,
        "at": "budget",
    }


#: What a browser says when a page of another site makes it send something; without TLS only Origin.
HOSTILE: tuple[dict[str, str], ...] = (
    {"sec_fetch_site": "cross-site", "origin": "http://evil.example"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},  # a form that is sent
    {"sec_fetch_site": "same-site", "origin": "http://other.local"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://pi.local:9999"},  # another program of this machine
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_page_in_the_same_browser_changes_nothing(
    locked: Site, tmp_path: Path, hostile: dict[str, str]
) -> None:
    cookie = locked.cookie()
    for change in CHANGES:
        assert locked.ask(**change, cookie=cookie, **hostile).status == 403
        asked = locked.ask(change["path"], "OPTIONS", cookie=cookie, **hostile, access_control_request_method="PUT")
        assert asked.status == 403
        assert not [name for name in asked.headers if name.startswith("Access-Control-")]
    for kind in ("none", "header"):
        other, who = made(kind, tmp_path / kind), ALICE if kind == "header" else {}
        assert {other.ask(**change | who, **hostile).status for change in CHANGES} == {403}
        assert other.acted == 0
    assert locked.acted == 0


def test_a_page_of_ours_may_send_changes(site: Site) -> None:
    for ours in ({"sec_fetch_site": "same-origin"}, {"origin": "http://pi.local:8080"}):
        assert {site.ask(**change, **ours).status for change in CHANGES} == {200}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (SAVE | {"content_type": "text/plain"}, 415),
        (SAVE | {"content_type": "application/x-www-form-urlencoded"}, 415),
        (SAVE | {"content_type": ""}, 415),
        (SAVE | {"content_type": "application/json; charset=utf-8"}, 200),
        (CHANGES[2] | JSON, 415),
        (SAVE | {"if_match": ""}, 428),
        (SAVE | {"if_match": "*"}, 428),
        (SAVE | {"if_match": "3"}, 428),
        (SAVE | {"if_match": 'W/"3"'}, 200),  # as a proxy that compresses makes it
        (SAVE | {"form": b'{"value": ' + b" " * 64 * 1024 + b"1}"}, 413),
        (CHANGES[2] | {"form": b"x" * (1 << 20)}, 200),
        (CHANGES[2] | {"form": b"x" * ((1 << 20) + 1)}, 413),
        (CHANGES[3] | {"form": b"x"}, 413),
        (CHANGES[4] | {"form": b"x"}, 413),
        *(
            (SAVE | {"form": body}, 400)
            for body in (b"", b"{", b"NaN", b"[1e999]", b'"\\ud800"', b"\xff", b"[" * 60_000, b"9" * 60_000)
        ),
        (SAVE | {"query": "force=1"}, 400),
        (SAVE | {"query": "section=prices"}, 400),
    ],
)
def test_what_is_sent_is_checked_before_it_changes_anything(site: Site, change: dict[str, Any], status: int) -> None:
    response = site.ask(**change)
    assert response.status == status
    assert status == 200 or response.kind == "application/problem+json"


def test_another_method_is_refused_with_those_that_are_taken(site: Site) -> None:
    def allowed(path: str, method: str) -> str:
        response = site.ask(path, method)
        assert response.status == 405
        return response.headers["Allow"]

    assert allowed("/api/v1/settings/budget", "DELETE") == "PUT"
    assert allowed("/api/v1/settings/budget", "GET") == "PUT"
    assert allowed("/api/v1/requests/1", "PATCH") == "DELETE"
    assert allowed("/api/v1/live/stream", "POST") == "GET, HEAD"
    assert allowed("/api/v1/openapi.json", "PUT") == "GET, HEAD"
    assert site.ask("/api/v1/nowhere", "PUT").status == 404


def test_an_answer_to_a_change_is_not_kept(site: Site) -> None:
    assert site.ask(**SAVE).headers["Cache-Control"] == "no-store"
