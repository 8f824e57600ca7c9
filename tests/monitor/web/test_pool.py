from collections.abc import Sequence
from typing import Any

import pytest

from common.database.mariadb import Connection, Rows
from common.errors import PermanentError, Unavailable
from monitor.web.pool import ANSWER_TIMEOUT, STATEMENT_TIMEOUT, Pool


class Fake(Connection):
    def __init__(self, server: "Server") -> None:
        self.server = server
        self.generation = server.generation
        self.closed = False
        self.settings: list[str] = []

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        self.server.now += self.server.takes
        if self.server.error is not None:
            raise self.server.error
        if self.generation != self.server.generation:
            raise Unavailable("the connection is closed")
        self.server.queries += 1
        return [(sql,)]

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        self.settings.append(sql)
        return 0

    def close(self) -> None:
        self.closed = True


class Server:
    """A database server; a restart closes its connections."""

    def __init__(self) -> None:
        self.generation = 0
        self.queries = 0
        self.error: Exception | None = None
        self.takes = 0.0
        self.now = 0.0
        self.opened: list[Fake] = []
        self.pool = Pool(self.connect, clock=lambda: self.now)

    def connect(self) -> Connection:
        if self.error is not None:
            raise self.error
        self.opened.append(Fake(self))
        return self.opened[-1]

    def ask(self) -> Rows:
        with self.pool.borrow() as connection:
            return connection.query("SELECT 1")


def test_a_connection_is_opened_when_it_is_needed_and_used_again() -> None:
    server = Server()
    with server.pool.borrow() as connection:
        before = (len(server.opened), connection.reached)
        assert connection.query("SELECT 1") == [("SELECT 1",)]
        assert (before, connection.reached) == ((0, False), True)
    server.ask()
    assert len(server.opened) == 1


def test_connections_that_a_restart_closed_are_replaced_without_an_error() -> None:
    server = Server()
    with server.pool.borrow() as one, server.pool.borrow() as other:
        one.query("SELECT 1")
        other.query("SELECT 1")
    server.generation += 1
    assert server.ask() == [("SELECT 1",)]
    assert [fake.closed for fake in server.opened] == [True, True, False]


def test_a_server_that_is_down_is_an_error_each_time_and_no_connection_is_kept() -> None:
    server = Server()
    server.ask()
    server.error = Unavailable("down")
    for _ in range(2):
        with pytest.raises(Unavailable):
            server.ask()
    assert server.opened[0].closed
    server.error = None
    server.ask()
    assert len(server.opened) == 2


def test_a_statement_that_took_its_time_is_not_run_again() -> None:
    server = Server()
    server.ask()
    server.error, server.takes = Unavailable("Query execution was interrupted (1969)"), float(STATEMENT_TIMEOUT)
    with pytest.raises(Unavailable, match="1969"):
        server.ask()
    assert server.now == STATEMENT_TIMEOUT


def test_what_only_a_person_can_change_is_not_tried_again() -> None:
    server = Server()
    server.ask()
    server.error = PermanentError("no such table")
    with pytest.raises(PermanentError):
        server.ask()
    assert len(server.opened) == 1


def test_an_answer_of_many_statements_ends() -> None:
    server = Server()
    server.takes = 1.0

    def ask_often() -> None:
        with server.pool.borrow() as connection:
            for _ in range(1000):
                connection.query("SELECT 1")

    with pytest.raises(Unavailable, match="shorter range"):
        ask_often()
    assert server.queries <= ANSWER_TIMEOUT + 1
    server.ask()
    assert len(server.opened) == 1
