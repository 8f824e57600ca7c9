import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from common.database.mariadb import Connection, Rows
from common.errors import ConfigError, PermanentError, Unavailable
from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.live.live import Live
from monitor.money.home import Home
from monitor.service import CONNECTIONS
from monitor.web.api import Api
from monitor.web.http import Response
from monitor.web.pool import Pool, PooledConnection
from monitor.web.route import ApiRequest, Body, LiveRequest, LiveRoute, Parameter, Route
from monitor.web.workers import Workers
from tests.support.french import french_words

NOW = datetime(2026, 11, 25, 13, 32, 7, tzinfo=UTC)
TO = Parameter("to", "Fin.", {"type": "string"})


class Server(Connection):
    def __init__(self) -> None:
        self.error: Exception | None = None

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        if self.error is not None:
            raise self.error
        return []

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        return 0

    def close(self) -> None:
        pass


def _without_database(call: LiveRequest) -> dict[str, str]:
    if "to" in call.parameters:
        raise RequestError("no_data")
    return {"database": "down"}


def serving(answer: Callable[[ApiRequest], Any], server: Server | None = None, workers: int = 2) -> Api:
    connection = server or Server()
    routes: list[Route | LiveRoute] = [
        Route("energy", "Énergie.", [TO], answer),
        Route("status", "État.", [TO], answer, _without_database),
        LiveRoute("live", "Direct.", [], lambda call: {"live": call.live is not None}),
    ]
    return Api(
        routes,
        MonitorConfig(),
        Pool(lambda: connection),
        Workers(workers, 10),
        Workers(1, 10),
        lambda connection: cast("Home", connection),
        cast("Live", object()),
        now=lambda: NOW,
    )


def ask(api: Api, name: str = "energy", query: str = "", language: str = "en") -> Response:
    return asyncio.run(api.respond(name, query, language))


def query(call: ApiRequest) -> Any:
    return cast("PooledConnection", call.home).query("SELECT 1")


def test_an_answer_is_json_with_the_parameters_and_the_time_of_the_question() -> None:
    served = serving(lambda call: {"to": call.parameters["to"], "now": call.now.isoformat()})
    response = ask(served, query="to=2026-11-25")
    assert response.status == 200
    assert response.kind == "application/json"
    assert json.loads(response.body) == {"to": "2026-11-25", "now": NOW.isoformat()}


def test_a_file_is_saved_under_a_name_that_is_one() -> None:
    response = ask(serving(lambda _: Body(b"a;b\r\n", "text/csv; charset=utf-8", 'x"; y=/../energie 2026.csv')))
    assert (response.body, response.kind) == (b"a;b\r\n", "text/csv; charset=utf-8")
    assert response.headers["Content-Disposition"] == 'attachment; filename="x---y--..-energie-2026.csv"'


def refused(_: ApiRequest) -> Any:
    raise RequestError("no_data")


def misconfigured(_: ApiRequest) -> Any:
    raise ConfigError("there are several meters")


def broken(_: ApiRequest) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("answer", "name", "asked", "status"),
    [
        (refused, "energy", "", 404),
        (misconfigured, "energy", "", 503),
        (broken, "energy", "", 500),
        (lambda _: {}, "energies", "", 404),
        (lambda _: {}, "energy", "from=2026", 400),
    ],
)
def test_what_cannot_be_answered_is_a_problem(
    answer: Callable[[ApiRequest], Any], name: str, asked: str, status: int
) -> None:
    for language in ("fr", "en"):
        response = ask(serving(answer), name, asked, language)
        assert (response.status, response.kind) == (status, "application/problem+json")
        assert json.loads(response.body)["status"] == status
        assert bool(french_words(response.body.decode())) == (language == "fr")


@pytest.mark.parametrize("error", [Unavailable("gone (2006)"), PermanentError("no such table (1146)")])
def test_a_database_that_is_away_or_refuses_is_said_once_and_asked_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    server.error = error
    api = serving(query, server)
    caplog.set_level("INFO")
    for _ in range(3):
        response = ask(api)
        assert response.status == 503
        assert response.headers["Retry-After"] == "5"
    assert [record.getMessage() for record in caplog.records] == [str(error)]
    server.error = None
    assert ask(api).status == 200
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_route_may_say_itself_that_the_database_is_away() -> None:
    server = Server()
    api = serving(query, server)
    assert ask(api, "status").body == b"[]"
    server.error = Unavailable("database away")
    assert json.loads(ask(api, "status").body) == {"database": "down"}
    assert ask(api, "status", "to=2026").status == 404
    assert ask(api, "energy").status == 503


def test_who_asks_what_waits_for_the_turn_of_another_does_not_wait_with_it() -> None:
    go_on, days = threading.Event(), [f"2026-10-{day:02}" for day in range(1, 11)]
    computed: list[str] = []

    def answer(call: ApiRequest) -> Any:
        computed.append(call.parameters["to"])
        if call.parameters["to"] != days[-1]:
            go_on.wait(60)
        return {}

    async def main() -> tuple[int, list[Response]]:
        api = serving(answer, workers=CONNECTIONS)
        many = [asyncio.ensure_future(api.respond("energy", f"to={day}", "en", "many")) for day in days * 2]
        await asyncio.sleep(0)
        try:
            response = await asyncio.wait_for(api.respond("energy", f"to={days[-1]}", "en", "one"), 30)
        finally:
            go_on.set()
            replies = await asyncio.gather(*many)
        return response.status, replies

    status, replies = asyncio.run(main())
    assert status == 200
    assert {response.status for response in replies} == {200}
    # Once for each of the client's questions, and once for the other client.
    assert sorted(computed) == [*days, days[-1]]


def test_more_questions_than_can_wait_are_sent_away() -> None:
    go_on = threading.Event()

    def answer(_: ApiRequest) -> Any:
        go_on.wait(60)
        return {}

    async def main() -> list[Response]:
        api = serving(answer)
        asking = [
            asyncio.ensure_future(api.respond("energy", f"to=2026-11-{day:02}", "en", f"client {day}"))
            for day in range(1, 30)
        ]
        done, _ = await asyncio.wait(asking, timeout=300, return_when=asyncio.FIRST_COMPLETED)
        assert {task.result().status for task in done} == {503}
        go_on.set()
        return await asyncio.gather(*asking)

    statuses = [response.status for response in asyncio.run(main())]
    assert set(statuses) == {200, 503}
    assert 10 <= statuses.count(200) < 29
