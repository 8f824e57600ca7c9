"""Answers the routes of the API: parameters, a connection, one computation for all who ask the same, errors."""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.errors import ConfigError, DatabaseError, PermanentError
from common.runtime.logs import ChangeLogger
from monitor.base.config import AppFile, MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.live.live import Live
from monitor.money.home import Home
from monitor.web.http import NO_STORE, REVALIDATE, Response, json_bytes, packed, problem
from monitor.web.parameters import Paths, range_of, read_parameters
from monitor.web.pool import Pool, PooledConnection
from monitor.web.route import ApiRequest, Body, LiveRequest, LiveRoute, Route
from monitor.web.workers import Busy, SingleFlight, Turns, Workers

log = logging.getLogger(__name__)

JSON = "application/json"
_MOST_DIGITS = 60  # of the name of a file
_LEVEL = 4  # of gzip, for what is compressed each time: half the time of level 6 for 7 % more bytes


class Api:
    """The routes that answer a question; those that read the database, and those that know what is live."""

    def __init__(
        self,
        routes: Sequence[Route | LiveRoute],
        config: MonitorConfig,
        pool: Pool,
        workers: Workers,
        quick: Workers,
        answers_on: Callable[[PooledConnection], Home],
        live: Live,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; `workers` wait for the database, `quick` ones for nothing that takes long."""
        self._routes = Paths(routes)
        self._config = config
        self._pool = pool
        self._workers = workers
        self._quick = quick
        self._answers_on = answers_on
        self._live = live
        self._app = None if config.app is None else AppFile(config.app)
        self._now = now
        self._turns = Turns()
        self.renew()
        self._changes = ChangeLogger(log)

    def renew(self) -> None:
        """Share no answer that is being made with whoever asks from now on: something was changed."""
        self._waiting: SingleFlight[Response] = SingleFlight()  # by client and question
        self._flights: SingleFlight[Response] = SingleFlight()  # by question

    def has(self, name: str) -> bool:
        """Tell whether a route has this name."""
        return self._routes.find(name) is not None

    async def respond(self, name: str, query: str, language: str, client: str = "") -> Response:
        """Return the answer of a route in a language for a client, or a problem; it never raises."""
        found = self._routes.find(name)
        if found is None:
            return problem(RequestError("no_route", name=name[:60]), language)
        route, in_path = found
        try:
            parameters = read_parameters(query, route.parameters, in_path)
        except RequestError as refusal:
            return problem(refusal, language)
        key = (name, language, repr(sorted(parameters.items())))
        # A database that hangs keeps its threads busy; what is live goes on.
        quick = isinstance(route, LiveRoute)
        workers = self._quick if quick else self._workers

        async def compute() -> Response:
            return await workers.run(lambda: self._compute(route, parameters, language))

        async def compute_in_turn() -> Response:
            async with self._turns.turn(client):
                return await self._flights.run(key, compute)

        try:
            if quick:
                return await self._flights.run(key, compute)
            # Shared with others only once it is this client's turn: they do not wait for it.
            return await self._waiting.run((client, key), compute_in_turn)
        except Busy:
            return problem(RequestError("busy"), language, Retry_After="5")

    def _compute(self, route: Route | LiveRoute, parameters: Mapping[str, Any], language: str) -> Response:
        """Return the answer, in a thread of its own."""
        now = self._now()
        started = time.monotonic()
        try:
            answer = self._ask(route, parameters, now, language)
        except RequestError as refusal:
            return problem(refusal, language)
        except (DatabaseError, ConfigError) as error:  # how to reach the database may be written wrong, too
            self._changes.log(logging.WARNING, str(error))
            reason = "database_refuses" if isinstance(error, PermanentError | ConfigError) else "database_silent"
            return problem(RequestError(reason), language, Retry_After="5")
        except Exception:  # whatever it is: one question must not end the others, and the log must have it
            log.exception("%s failed after %.1f s", route.name, time.monotonic() - started)
            return problem(RequestError("failed"), language)
        # The page asks for today again each minute, and the answer is often the same.
        cache = NO_STORE if isinstance(route, LiveRoute) else REVALIDATE
        if isinstance(answer, Body):
            file = re.sub(r"[^0-9A-Za-z._-]", "-", answer.file)[:_MOST_DIGITS]
            disposition = f'attachment; filename="{file}"'
            return packed(answer.content, answer.kind, _LEVEL, Cache_Control=cache, Content_Disposition=disposition)
        if route.version is not None:  # which is for a change, not for a copy that a browser keeps
            response = packed(json_bytes(answer), JSON, _LEVEL, Cache_Control=NO_STORE)
            return response.having(ETag=f'"{route.version(answer)}"')
        return packed(json_bytes(answer), JSON, _LEVEL, Cache_Control=cache)

    def _ask(self, route: Route | LiveRoute, parameters: Mapping[str, Any], now: datetime, language: str) -> Any:
        if isinstance(route, LiveRoute):
            return route.answer(LiveRequest(self._live, parameters, now, self._app))
        asked = range_of(parameters, self._config.time_zone)
        try:
            with self._pool.borrow() as connection:
                home = self._answers_on(connection)
                answer = route.answer(ApiRequest(home, parameters, asked, now, self._live, language))
                if connection.reached and self._changes.reset():
                    log.info("Database connection restored")
        except DatabaseError as error:
            if route.without_database is None:
                raise
            self._changes.log(logging.WARNING, str(error))
            return route.without_database(LiveRequest(self._live, parameters, now))
        return answer
