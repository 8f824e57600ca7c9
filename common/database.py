"""Talks to MariaDB: connections, transactions, and which of several hosts is tried first."""

import contextlib
import logging
import ssl
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import pymysql
import pymysql.cursors
from pymysql.constants import CLIENT

from common.config import Tls
from common.errors import ConfigError, Conflict, DatabaseError, InvalidRow, PartitionMissing, Unavailable, Unclassified
from storer.config import DatabaseConfig
from common.database_errors import classify

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5  # seconds
TIMEOUT = 30  # seconds for one statement; without, a server that hangs would hang us for ever

_TLS_ERROR = 2026  # CR_SSL_CONNECTION_ERROR
_USABLE = (InvalidRow, PartitionMissing, Unclassified)  # after these the connection can still be used
_CLEAR_TEXT = (b"mysql_clear_password", b"dialog")  # ways of authentication that send the password as it is

Rows = Sequence[Sequence[Any]]


class Connection:
    """One connection; after `Unavailable` it is not used again, unless the error was one of `_USABLE`."""

    def __init__(
        self,
        connection: "pymysql.Connection[pymysql.cursors.Cursor]",
        where: str,
        failed: Callable[[DatabaseError], None] = lambda _: None,
    ) -> None:
        """Wrap a connection; `failed` is called with each of its errors."""
        self._connection = connection
        self._where = where
        self._failed = failed

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
        except _USABLE:
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
            translated = _translate(error, self._where)
            self._failed(translated)
            raise translated from error


class _Client(pymysql.connections.Connection):
    """A connection of PyMySQL that does not trust a server more than its certificate allows."""

    server_capabilities: int
    verified = False  # set before `connect`: the server must prove over TLS who it is

    def _request_authentication(self) -> None:
        # Older versions of PyMySQL go on without TLS if the server offers none.
        if self.verified and not self.server_capabilities & CLIENT.SSL:
            raise pymysql.OperationalError(_TLS_ERROR, "the server offers no TLS, and database.tls demands it")
        super()._request_authentication()  # type: ignore[misc]

    def _process_auth(self, plugin_name: bytes, *arguments: Any) -> Any:
        # Whoever stands between us and the server could ask for it.
        if plugin_name in _CLEAR_TEXT and not self.verified:
            raise pymysql.OperationalError(
                _TLS_ERROR,
                f"the server asks for the password in clear text ({plugin_name.decode()}): it is not sent without"
                " database.tls",
            )
        return super()._process_auth(plugin_name, *arguments)  # type: ignore[misc]


class Database:
    """Opens connections to the first of the hosts that takes us.

    The host that comes first is decided here alone, in `_failed`: after an error of a host the next one comes first.
    """

    def __init__(self, config: DatabaseConfig) -> None:
        self._config = config
        # A socket leads to one server, whatever the hosts are called.
        self._hosts = list(config.host[:1] if config.unix_socket else config.host)

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
        """Open a connection to the first host that takes us.

        It is in UTC, strict, READ COMMITTED, with autocommit outside of transactions.

        Raises:
            Refused: none of the servers takes us.
            Away: one of them is not there, and no other takes us.
        """
        errors: list[DatabaseError] = []
        for _ in self._hosts:
            try:
                return self._connect(self._hosts[0])
            except DatabaseError as error:
                errors.append(error)
        raise next((error for error in errors if isinstance(error, Unavailable)), errors[0])

    def _connect(self, host: str) -> Connection:
        where = self.where

        def failed(error: DatabaseError) -> None:
            self._failed(host, error)

        try:
            client = _Client(
                host=host,
                port=self._config.port,
                unix_socket=self._config.unix_socket,
                user=self._config.user,
                password=self._password(),
                database=self._config.name,
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=CONNECT_TIMEOUT,
                read_timeout=TIMEOUT,
                write_timeout=TIMEOUT,
                init_command="SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
                ssl=None if self._config.tls is None else _context(self._config.tls),
                defer_connect=True,
            )
            client.verified = self._config.tls is not None
            client.connect()
        except (pymysql.Error, OSError) as error:
            translated = _translate(error, where)
            failed(translated)
            raise translated from error
        except DatabaseError as error:
            failed(error)
            raise
        opened = Connection(client, where, failed)
        try:
            opened.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        except DatabaseError:
            opened.close()
            raise
        return opened

    def _password(self) -> str:
        try:
            return self._config.secret() or ""
        except ConfigError as error:  # it was there at the start
            raise Unavailable(f"database.{error}") from error

    def _failed(self, host: str, error: DatabaseError) -> None:
        """Put a host last after an error that another host may not have; a second error of it changes nothing."""
        if not isinstance(error, (InvalidRow, Conflict, PartitionMissing)) and self._hosts[0] == host:
            self._hosts.append(self._hosts.pop(0))


def _context(tls: Tls) -> ssl.SSLContext:
    """Read the files, at each connection: certificates are renewed."""
    for option, file in (("ca", tls.ca), ("certificate", tls.certificate), ("key", tls.key)):
        try:
            if file is not None:
                open(file, "rb").close()
        except OSError as error:
            raise Unavailable(f"database.tls.{option}: {file} cannot be read: {error.strerror}") from error
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Unavailable(
            f"database.tls: the files cannot be used: {error}; certificates and key must be PEM, of one pair"
        ) from error
    return context


def _translate(error: Exception, where: str) -> DatabaseError:
    code, text = _code(error)
    if isinstance(getattr(error, "original_exception", error), ssl.SSLError):
        text += "; check database.tls.ca, and that database.host is a name in the server's certificate"
    return classify(code, text, where)


def _code(error: Exception) -> tuple[int, str]:
    arguments = error.args
    if len(arguments) >= 2 and isinstance(arguments[0], int):
        return arguments[0], str(arguments[1]) or "the connection is closed"
    return 0, str(error) or type(error).__name__
