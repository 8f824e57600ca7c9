"""What a program may do with a token: read the API, and nothing else."""

import asyncio
from typing import Any

import pytest

from monitor.web.http import Response
from monitor.web.login_throttle import DELAY, MOST
from tests.monitor.web.site import Site

LIVE = "/api/v1/live"


def bearer(text: str) -> dict[str, Any]:
    return {"authorization": f"Bearer {text}"}


@pytest.fixture
def token(locked: Site) -> str:
    return locked.credentials.tokens.add("Grafana", locked.now)[1]


def test_a_token_opens_every_get_of_the_api_and_nothing_else(locked: Site, token: str) -> None:
    for path in (LIVE, "/api/v1/meters", "/api/v1/openapi.json", "/api/v1/live/stream"):
        assert locked.ask(path, **bearer(token)).status == 200
    assert locked.ask(LIVE, "HEAD", authorization=f"bearer {token}").status == 200
    change: dict[str, Any] = {"form": b"{}", "content_type": "application/json"}
    assert locked.ask("/api/v1/requests", "POST", **change, **bearer(token)).status == 401
    assert locked.ask("/", accept="text/html", **bearer(token)).status == 303
    assert locked.ask("/logout", "POST", **bearer(token)).headers["Location"] == "login"
    assert locked.acted == 0


def test_its_connection_and_its_turn_are_its_own(locked: Site, token: str) -> None:
    (known,) = locked.credentials.tokens.all()
    locked.ask(LIVE, **bearer(token))
    assert (locked.admitted, locked.api.clients) == ([f"token {known.id}"], [f"token {known.id}"])


def test_wrong_tokens_count_as_wrong_passwords_do_and_a_right_one_never_waits(
    locked: Site, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MOST):
        assert locked.ask(LIVE, **bearer("wrong")).status == 401
    assert locked.delays == []
    assert locked.ask(LIVE, **bearer("wrong")).status == 401
    assert locked.delays == [DELAY]
    assert locked.counters.wrong_passwords == MOST + 1
    assert locked.ask(LIVE, **bearer(token)).status == 200
    assert locked.delays == [DELAY]
    assert caplog.messages == ["Wrong token for the API from 192.168.1.20"]


def test_a_request_without_a_token_or_with_a_password_does_not_count(locked: Site) -> None:
    for headers in ({}, {"authorization": "Basic eDp5"}):
        assert locked.ask(LIVE, **headers).status == 401
    assert locked.counters.wrong_passwords == 0


def test_a_stream_ends_when_its_token_is_revoked(locked: Site, token: str) -> None:
    (known,) = locked.credentials.tokens.all()

    async def follow() -> list[bytes]:
        response: Response = await locked.router.respond(locked.request("/api/v1/live/stream", **bearer(token)))
        stream: Any = response.stream
        events = []
        async for event in stream.events():
            events.append(event)
            if len(events) == 2:
                locked.credentials.tokens.remove(known.id)
        return events

    assert asyncio.run(follow()) == [b": ping\n\n"] * 2
    assert locked.ask(LIVE, **bearer(token)).status == 401


def test_where_no_password_is_asked_a_token_means_nothing(site: Site) -> None:
    assert site.ask(LIVE, **bearer("anything")).status == 200


def test_a_page_that_is_only_for_its_machine_answers_no_other(locked: Site) -> None:
    locked.home_network = False
    for address, own, status in (
        ("127.0.0.1", "127.0.0.1", 401),
        ("::1", "::1", 401),
        ("192.168.1.5", "192.168.1.5", 401),  # the machine by its own address
        ("192.168.1.20", "192.168.1.5", 403),
        ("203.0.113.9", "192.168.1.5", 403),
        ("", "", 403),
    ):
        request = locked.request(LIVE, address=address, own_address=own)
        assert asyncio.run(locked.router.respond(request)).status == status
