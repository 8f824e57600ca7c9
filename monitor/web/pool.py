"""A few connections to the database that can only read, opened when they are needed."""

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from common.database.mariadb import Connection, Rows
from common.errors import DatabaseError, Unavailable

STATEMENT_TIMEOUT = 10  # seconds
SILENCE_TIMEOUT = STATEMENT_TIMEOUT + 2.0  # seconds without a word of the server: it hangs, or the network does
ANSWER_TIMEOUT = 20.0  # seconds for all statements of an answer that somebody waits for
_STALE = 1.0  # seconds; a connection that fails sooner was probably closed while it was idle


class Pool:
    """Connections that nobody uses now; for several threads."""

    def __init__(self, connect: Callable[[], Connection], clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare; `connect` opens a connection (`Database.connect`)."""
        self._connect = connect
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[Connection] = []

    @contextlib.contextmanager
    def borrow(self, timeout: float = ANSWER_TIMEOUT) -> Iterator["PooledConnection"]:
        """Lend a connection; it is opened with the first query, so that what needs none works without a database.

        All statements together may take `timeout` seconds.
        """
        connection = PooledConnection(self, self._clock, timeout)
        try:
            yield connection
        finally:
            connection.release()

    def take(self) -> tuple[Connection, bool]:
        """Return a connection, and whether it was used before.

        Raises:
            DatabaseError: none can be opened.
        """
        with self._lock:
            if self._idle:
                return self._idle.pop(), True
        return self.open(), False

    def open(self) -> Connection:
        """Open a connection on which nothing can be written, and no statement runs for ever."""
        connection = self._connect()
        try:
            connection.execute("SET SESSION TRANSACTION READ ONLY")
            connection.execute(f"SET SESSION max_statement_time = {STATEMENT_TIMEOUT}")
        except DatabaseError:
            connection.close()
            raise
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keep a connection that works for the next one."""
        with self._lock:
            self._idle.append(connection)

    def discard_idle(self) -> None:
        """Close all connections that nobody uses: the server that they lead to has failed."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class PooledConnection(Connection):
    """A borrowed connection. A query whose connection was closed meanwhile runs again on a new one."""

    def __init__(self, pool: Pool, clock: Callable[[], float], timeout: float = ANSWER_TIMEOUT) -> None:
        self._pool = pool
        self._clock = clock
        self._timeout = timeout
        self._ends = clock() + timeout
        self._borrowed: Connection | None = None
        self._used = False
        self.reached = False  # the database has answered

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        """Return all rows of a SELECT."""
        started = self._check_time()
        if self._borrowed is None:
            self._borrowed, self._used = self._pool.take()
        try:
            rows = self._borrowed.query(sql, arguments)
        except DatabaseError as error:
            self._discard()
            if not self._used or not isinstance(error, Unavailable) or self._clock() - started > _STALE:
                raise
        else:
            self._used = False  # it works: what fails from now on was not closed while it was idle
            self.reached = True
            return rows
        self._pool.discard_idle()
        self._borrowed, self._used = self._pool.open(), False
        return self.query(sql, arguments)

    def stream(self, sql: str, arguments: Sequence[Any] = ()) -> Generator[Sequence[Any], None, None]:
        """Yield the rows of a SELECT."""
        yield from self.query(sql, arguments)

    def release(self) -> None:
        """Give the connection back."""
        if self._borrowed is not None:
            self._pool.give_back(self._borrowed)
            self._borrowed = None

    def _discard(self) -> None:
        if self._borrowed is not None:
            self._borrowed.close()
            self._borrowed = None

    def _check_time(self) -> float:
        now = self._clock()
        if now > self._ends:
            raise Unavailable(f"the answer takes longer than {self._timeout:.0f} s; ask for a shorter range")
        return now
