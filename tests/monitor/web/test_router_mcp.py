"""Who may ask `/mcp`: programs with a token, and nobody else."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.web.http import Response
from monitor.web.login_throttle import MOST
from tests.monitor.web.site import ALICE, CROSS_SITE, SUPERVISOR, Site, made


def ask(site: Site, token: str | None, method: str = "POST", **more: Any) -> Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return site.ask("/mcp", method, form=b"{}", content_type="application/json", **headers, **more)


@pytest.fixture
def token(locked: Site) -> str:
    return locked.credentials.tokens.add("model", locked.now)[1]


def test_a_program_with_a_token_is_answered_in_its_own_name(locked: Site, token: str) -> None:
    (known,) = locked.credentials.tokens.all()
    answer = ask(locked, token)
    assert (answer.status, answer.body) == (200, b"{}")
    assert locked.models == locked.admitted == [f"token {known.id}"]


def test_a_revoked_token_is_refused_at_once(locked: Site, token: str) -> None:
    (known,) = locked.credentials.tokens.all()
    locked.credentials.tokens.remove(known.id)
    assert ask(locked, token).status == 401


def test_a_session_alone_does_not_open_it(locked: Site) -> None:
    refused = ask(locked, None, cookie=locked.cookie())
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert json.loads(refused.body)["detail"].startswith("Il faut ici un jeton")
    assert locked.models == []


@pytest.mark.parametrize(("kind", "who"), [("none", {}), ("header", ALICE), ("none", SUPERVISOR), ("password", {})])
def test_without_a_token_nobody_is_answered_whoever_reads_the_page(kind: str, who: Any, tmp_path: Path) -> None:
    site = made(kind, tmp_path / "site")
    refused = ask(site, None, **who)
    assert (refused.status, refused.headers["WWW-Authenticate"], site.models) == (401, "Bearer", [])


def test_wrong_tokens_count_as_wrong_passwords_do(locked: Site) -> None:
    assert [ask(locked, "wrong").status for _ in range(MOST)] == [401] * MOST
    assert locked.counters.wrong_passwords == MOST


@pytest.mark.parametrize("headers", [CROSS_SITE, {"origin": "https://evil.example"}])
def test_a_page_of_another_site_is_refused_even_with_a_token(locked: Site, token: str, headers: dict[str, str]) -> None:
    assert ask(locked, token, **headers).status == 403
    assert locked.models == []


def test_nothing_is_streamed_and_no_session_is_ended(locked: Site, token: str) -> None:
    for method in ("GET", "HEAD", "DELETE", "PUT"):
        refused = ask(locked, token, method)
        assert (refused.status, refused.headers["Allow"]) == (405, "POST")
