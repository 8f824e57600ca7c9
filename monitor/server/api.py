"""Answers the routes of the API: parameters, a connection, one computation for all who ask the same, errors."""

import contextlib
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.errors import ConfigError, DatabaseError, PermanentError
from common.runtime.logs import ChangeLogger
from monitor.answers.answers import Answers
from monitor.api.call import Body, Call, LiveCall, LiveRoute, Refused, Route
from monitor.config import MonitorConfig
from monitor.live.live import Live
from monitor.server.flights import SingleFlight
from monitor.server.messages import NO_STORE, REVALIDATE, Reply, json_bytes, packed, problem
from monitor.server.parameters import read_parameters
from monitor.server.pool import Lease, Pool
from monitor.server.turns import Turns
from monitor.server.workers import Busy, Workers

log = logging.getLogger(__name__)

JSON = "application/json"
_AWAY = "La base de données ne répond pas. Rien n’est perdu : réessayez dans un instant."
_REFUSING = "La base de données refuse la question : « teleinfo-monitor check » dit ce qu’il faut changer."
_BUSY = "Trop de questions attendent une réponse. Réessayez dans un instant."
_FAILED = "Le programme n’a pas su répondre : son journal dit pourquoi."
_MOST_DIGITS = 60  # of the name of a file


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Api:
    """The routes that answer a question; those that read the database, and those that know what is live."""

    def __init__(
        self,
        routes: Sequence[Route | LiveRoute],
        config: MonitorConfig,
        pool: Pool,
        workers: Workers,
        quick: Workers,
        answers_on: Callable[[Lease], Answers],
        live: Live,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Prepare; `workers` wait for the database, `quick` ones for nothing that takes long."""
        self._routes = {route.name: route for route in routes}
        self._config = config
        self._pool = pool
        self._workers = workers
        self._quick = quick
        self._answers_on = answers_on
        self._live = live
        self._now = now
        self._turns = Turns()
        self._flights: SingleFlight[Reply] = SingleFlight()
        self._changes = ChangeLogger(log)

    async def reply(self, name: str, query: str, client: str = "") -> Reply:
        """Return the answer of a route for a client, or a problem; it never raises."""
        route = self._routes.get(name)
        if route is None:
            return problem(404, f"Il n’y a pas de {name[:60]!r} ici : openapi.json donne la liste.")
        try:
            parameters = read_parameters(query, route.parameters)
        except Refused as refused:
            return problem(refused.status, refused.detail)
        key = (name, frozenset(parameters.items()))
        # A database that hangs keeps its threads busy; what is live goes on.
        quick = isinstance(route, LiveRoute)
        workers = self._quick if quick else self._workers

        async def compute() -> Reply:
            async with contextlib.nullcontext() if quick else self._turns.turn(client):
                return await workers.run(lambda: self._compute(route, parameters))

        try:
            return await self._flights.run(key, compute)
        except Busy:
            return problem(503, _BUSY, Retry_After="5")

    def _compute(self, route: Route | LiveRoute, parameters: Mapping[str, str]) -> Reply:
        """Return the answer, in a thread of its own."""
        now = self._now()
        started = time.monotonic()
        try:
            answer = self._ask(route, parameters, now)
        except Refused as refused:
            return problem(refused.status, refused.detail, refused.more)
        except ConfigError as error:  # what a report would say to the one who runs it
            return problem(404, str(error))
        except DatabaseError as error:
            self._changes.log(logging.WARNING, str(error))
            return problem(503, _REFUSING if isinstance(error, PermanentError) else _AWAY, Retry_After="5")
        except Exception:  # whatever it is: one question must not end the others, and the log must have it
            log.exception("%s failed after %.1f s", route.name, time.monotonic() - started)
            return problem(500, _FAILED)
        # The page asks for today again each minute, and the answer is often the same.
        cache = NO_STORE if isinstance(route, LiveRoute) else REVALIDATE
        if isinstance(answer, Body):
            file = re.sub(r"[^0-9A-Za-z._-]", "-", answer.file)[:_MOST_DIGITS]
            disposition = f'attachment; filename="{file}"'
            return packed(answer.content, answer.kind, Cache_Control=cache, Content_Disposition=disposition)
        return packed(json_bytes(answer), JSON, Cache_Control=cache)

    def _ask(self, route: Route | LiveRoute, parameters: Mapping[str, str], now: datetime) -> Any:
        if isinstance(route, LiveRoute):
            return route.answer(LiveCall(self._live, parameters, now))
        try:
            with self._pool.lease() as lease:
                answer = route.answer(Call(self._answers_on(lease), self._config, parameters, now, self._live))
                if lease.reached and self._changes.reset():
                    log.info("Database connection restored")
        except DatabaseError as error:
            if route.without_database is None:
                raise
            self._changes.log(logging.WARNING, str(error))
            return route.without_database(LiveCall(self._live, parameters, now))
        return answer
