"""What becomes of a change: its answer, and the errors of the database. Who may change what: test_router_changes.py."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from common.errors import PermanentError, Unavailable
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.web.actions import Actions
from monitor.web.credentials import Caller
from monitor.web.http import Request, Response
from monitor.web.parameters import whole_number
from monitor.web.pool import Pool
from monitor.web.route import Action, ActionRequest
from tests.monitor.web.test_api import Server
from tests.support.french import french_words

NOW = datetime(2026, 11, 25, 13, 32, 7, tzinfo=UTC)


class Changes:
    """One action, and who asks for it."""

    def __init__(self, answer: Callable[[ActionRequest], Any], **more: Any) -> None:
        self.done = 0
        number = whole_number("id", "The request.", 100, 1)
        action = Action(
            method="POST", name="requests/{id}/start", text="Starts.", answer=answer, parameters=[number], **more
        )
        nothing = cast("Any", None)
        home = cast("Any", SimpleNamespace(config=MonitorConfig()))
        self.actions = Actions([action], nothing, Pool(Server), Server, lambda _: home, self.count, lambda: NOW)

    def count(self) -> None:
        self.done += 1

    async def send(self, language: str = "en") -> Response:
        request = Request(method="POST", path="/")
        caller = Caller(is_guarded=True)
        return await self.actions.respond("requests/7/start", request, language, caller, cast("Any", None))


def refuse(error: Exception) -> Callable[[ActionRequest], Any]:
    def answer(_: ActionRequest) -> Any:
        raise error

    return answer


def test_the_answer_has_its_status_and_the_version_that_the_next_change_names() -> None:
    changes = Changes(lambda _: {"version": 4}, status=202, version=lambda answer: answer["version"])
    response = asyncio.run(changes.send())
    assert (response.status, json.loads(response.body)) == (202, {"version": 4})
    assert (response.headers["ETag"], response.headers["Cache-Control"]) == ('"4"', "no-store")


def test_it_knows_who_asks_and_when() -> None:
    def answer(request: ActionRequest) -> Any:
        return {"guarded": request.caller.is_guarded, "now": request.now, "language": request.language}

    response = asyncio.run(Changes(answer).send("fr"))
    assert json.loads(response.body) == {"guarded": True, "now": "2026-11-25T13:32:07Z", "language": "fr"}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError("no_data"), 404),
        (Unavailable("gone (2006)"), 503),
        (PermanentError("denied (1142)"), 503),
        (ZeroDivisionError(), 500),
    ],
)
def test_what_cannot_be_done_is_a_problem_in_words(error: Exception, status: int) -> None:
    for language in ("fr", "en"):
        changes = Changes(refuse(error))
        response = asyncio.run(changes.send(language))
        assert (response.status, response.kind) == (status, "application/problem+json")
        assert bool(french_words(response.body.decode())) == (language == "fr")
        assert changes.done == 1  # it may have been done before it failed
