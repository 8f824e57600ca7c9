"""Carries out the changes of the API: what is sent, its version, a connection that may write, and errors."""

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.database.mariadb import Connection
from common.errors import ConfigError, DatabaseError, PermanentError
from monitor.base.request_errors import RequestError
from monitor.money.current import CurrentHousehold
from monitor.money.home import Home
from monitor.web.credentials import Caller, Credentials
from monitor.web.http import NO_STORE, Request, Response, json_bytes, problem
from monitor.web.parameters import Paths, read_parameters
from monitor.web.pool import Pool, PooledConnection
from monitor.web.route import LONGEST_JSON, Action, ActionRequest, Sent
from monitor.web.workers import Busy, Workers

log = logging.getLogger(__name__)

_AT_ONCE = 4  # long bodies that are received
_MOST_WAITING = 20  # changes
_MOST_SLOW = 2  # that wait for another one: each takes up to 20 s
_VERSION = re.compile(r'(?:W/)?"(\d{1,9})"')  # a proxy that compresses makes it a weak one


class Actions:
    """What can be changed, each by its method and name."""

    def __init__(
        self,
        actions: Sequence[Action],
        household: CurrentHousehold,
        pool: Pool,
        connect: Callable[[], Connection],
        answers_on: Callable[[PooledConnection], Home],
        done: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare.

        Args:
            actions: what can be changed.
            household: that the next answers are made with.
            pool: of connections that read.
            connect: opens one that may write.
            answers_on: returns the home over a connection.
            done: is called after each change.
            now: returns the time.
        """
        methods = dict.fromkeys(action.method for action in actions)
        self._paths = {method: Paths([one for one in actions if one.method == method]) for method in methods}
        self._household = household
        self._pool = pool
        self._connect = connect
        self._answers_on = answers_on
        self._done = done
        self._now = now
        self._workers = Workers(1, _MOST_WAITING)  # one after the other
        self._slow = Workers(1, _MOST_SLOW)
        self._receiving = asyncio.Semaphore(_AT_ONCE)

    def methods(self, name: str) -> list[str]:
        """Return the methods that change something at a name."""
        return [method for method, paths in self._paths.items() if paths.find(name) is not None]

    async def respond(
        self, name: str, request: Request, language: str, caller: Caller, credentials: Credentials
    ) -> Response:
        """Return the answer to a change, or a problem.

        Raises:
            RequestError: the body is too long, or does not arrive.
        """
        found = self._paths[request.method].find(name)
        assert found is not None  # the router has asked `methods`
        action, in_path = found
        try:
            parameters = read_parameters(request.query, action.parameters, in_path)
            version = _version(request) if action.needs_version else None
            _check_kind(action, request)
        except RequestError as refusal:
            return problem(refusal, language, Connection="close")
        async with self._receiving if action.longest > LONGEST_JSON else contextlib.nullcontext():
            body = await request.receive(action.longest if action.sent else 0)
            try:
                content = _read_json(body) if action.sent is Sent.JSON else body
                return await (self._slow if action.is_slow else self._workers).run(
                    lambda: self._act(action, parameters, content, version, caller, credentials, language)
                )
            except RequestError as refusal:
                return problem(refusal, language)
            except Busy:
                return problem(RequestError("busy"), language, Retry_After="5")
            finally:
                if action.method != "GET":
                    self._done()

    def _act(
        self,
        action: Action,
        parameters: Mapping[str, Any],
        body: Any,
        version: int | None,
        caller: Caller,
        credentials: Credentials,
        language: str,
    ) -> Response:
        """Carry it out, in the thread that changes things."""
        started = time.monotonic()
        try:
            with self._pool.borrow() as connection:
                home = self._answers_on(connection) if action.needs_database else Home(connection, *self._household.now)
                answer = action.answer(
                    ActionRequest(
                        home=home, connect=self._connect, config=home.config, household=self._household,
                        parameters=parameters, body=body, version=version, caller=caller,
                        credentials=credentials, now=self._now(), language=language,
                    )
                )  # fmt: skip
        except RequestError as refusal:
            return problem(refusal, language)
        except (DatabaseError, ConfigError) as error:
            log.warning("%s %s: %s", action.method, action.name, error)
            reason = "database_refuses" if isinstance(error, PermanentError | ConfigError) else "database_silent"
            return problem(RequestError(reason), language, Retry_After="5")
        except Exception:  # whatever it is: one change must not end the program, and the log must have it
            log.exception("%s %s failed after %.1f s", action.method, action.name, time.monotonic() - started)
            return problem(RequestError("failed"), language)
        response = Response(status=action.status, body=json_bytes(answer), kind=Sent.JSON.value)
        tag = {} if action.version is None else {"ETag": f'"{action.version(answer)}"'}
        return response.having(Cache_Control=NO_STORE, **tag)


def _check_kind(action: Action, request: Request) -> None:
    """Refuse what is sent as something else: a form of another site cannot be JSON."""
    if action.sent is None:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != action.sent.value:
        raise RequestError("wrong_kind", kind=action.sent.value)


def _version(request: Request) -> int:
    match = _VERSION.fullmatch(request.headers.get("if-match", "").strip())
    if match is None:
        raise RequestError("no_version_given")
    return int(match[1])


def _read_json(body: bytes) -> Any:
    try:
        value = json.loads(body.decode("utf-8"))
        json_bytes(value)  # neither a number that JSON does not have, nor half a character
    except (ValueError, RecursionError):
        raise RequestError("no_json") from None
    return value
