"""Talks to MariaDB, and says of each of its errors whether time heals it, a person must, or the row is at fault.

The number decides, not the class of the exception: PyMySQL raises OperationalError for a lost connection and for a
value out of range alike. An error that is not listed is taken for one that passes: nothing is thrown away for it.
"""

import contextlib
import logging
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pymysql
import pymysql.cursors

from common.errors import Away, BadRow, Busy, DatabaseError, Refused
from storer.config import DatabaseConfig

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5  # seconds
TIMEOUT = 30  # seconds for one statement; without, a server that hangs would hang us for ever

# Wrong for as long as nobody mends it: access denied, no such database, no such table or column, no right.
_REFUSED = {1044, 1045, 1046, 1049, 1054, 1095, 1130, 1142, 1143, 1146, 1227, 1370, 1524, 1698, 1820, 4151}
# The value is not for this database: out of range, truncated, wrong type, not null, check, no partition, too large.
_BAD_ROW = {1048, 1118, 1153, 1264, 1265, 1292, 1366, 1367, 1390, 1406, 1411, 1441, 1526, 1690, 3140, 4025}

# Somebody else was in the way: lock wait, deadlock (also a certification conflict of Galera), snapshot conflict, a
# table changed since the snapshot.
_BUSY = {1020, 1205, 1213, 1412}

_CURES = {
    1044: "grant the user its rights on the database, see docs/database.md",
    1045: "check database.user and database.password",
    1049: "create the database, see docs/database.md",
    1130: "the server does not let this machine in, see docs/database.md",
    1142: "grant the user its rights on the database, see docs/database.md",
    1698: "check database.user and database.password",
}

Rows = Sequence[Sequence[Any]]


class Connection:
    """One connection; one that raised `Away` is not to be used again."""

    def __init__(self, connection: "pymysql.Connection[pymysql.cursors.Cursor]", where: str) -> None:
        self._connection = connection
        self._where = where

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        """Return all rows of a SELECT."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, arguments)
            return cursor.fetchall()

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        """Run a statement; return the number of rows that it changed."""
        with self._translated(), self._connection.cursor() as cursor:
            # Without arguments, '%' in a statement is only a character.
            return cursor.execute(sql, arguments or None)

    def execute_many(self, sql: str, rows: Rows) -> int:
        """Run an INSERT for many rows at once; its VALUES must be bare `%s`, or PyMySQL goes row by row."""
        with self._translated(), self._connection.cursor() as cursor:
            return cursor.executemany(sql, rows) or 0

    def stream(self, sql: str, arguments: Sequence[Any] = ()) -> Generator[Sequence[Any], None, None]:
        """Yield the rows of a large SELECT as the server sends them; nothing else runs meanwhile."""
        with self._translated(), self._connection.cursor(pymysql.cursors.SSCursor) as cursor:
            cursor.execute(sql, arguments)
            yield from cursor

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or nothing of it."""
        with self._translated():
            self._connection.begin()
        try:
            yield
        except BadRow:
            self.execute("ROLLBACK")
            raise
        with self._translated():
            self._connection.commit()

    def close(self) -> None:
        """Let go of the connection, whatever its state."""
        with contextlib.suppress(pymysql.Error, OSError):
            self._connection.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (pymysql.Error, OSError) as error:
            raise _translate(error, self._where) from error


class Database:
    """Opens connections to the first of the hosts that takes us."""

    def __init__(self, config: DatabaseConfig) -> None:
        self._config = config
        self._hosts = list(config.host)

    @property
    def name(self) -> str:
        """The database's name."""
        return self._config.name

    @property
    def where(self) -> str:
        """The server that is tried first, for people."""
        address = self._config.unix_socket or f"{self._hosts[0]}:{self._config.port}"
        return f"{self._config.name} at {address}"

    def connect(self) -> Connection:
        """Open a connection: UTC, strict, READ COMMITTED, autocommit outside of transactions.

        Raises:
            Refused: the server does not take us.
            Away: it is not there.
        """
        where = self.where
        try:
            connection = pymysql.connect(
                host=self._hosts[0],
                port=self._config.port,
                unix_socket=self._config.unix_socket,
                user=self._config.user,
                password=self._config.secret() or "",
                database=self._config.name,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=CONNECT_TIMEOUT,
                read_timeout=TIMEOUT,
                write_timeout=TIMEOUT,
                init_command="SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
            )
        except (pymysql.Error, OSError) as error:
            self.rotate()
            raise _translate(error, where) from error
        opened = Connection(connection, where)
        try:
            opened.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        except DatabaseError:
            opened.close()
            raise
        return opened

    def rotate(self) -> None:
        """Begin with the next host at the next connection."""
        self._hosts.append(self._hosts.pop(0))


def _translate(error: Exception, where: str) -> DatabaseError:
    code, text = _code(error)
    if code in _BAD_ROW:
        return BadRow(f"{text} ({code})")
    message = f"database {where}: {text} ({code})"
    if code in _REFUSED:
        return Refused(f"{message}; {_CURES.get(code, 'see docs/database.md')}")
    return Busy(message) if code in _BUSY else Away(message)


def _code(error: Exception) -> tuple[int, str]:
    arguments = error.args
    if len(arguments) >= 2 and isinstance(arguments[0], int):
        return arguments[0], str(arguments[1]) or "the connection is closed"
    return 0, str(error) or type(error).__name__
