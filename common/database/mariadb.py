"""The client of MariaDB: options, connections, transactions, and failover between several hosts.

What is called with a `Database` or a `Connection` raises `DatabaseError` if that is unavailable or refuses a statement.
"""

import contextlib
import logging
import ssl
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pymysql
import pymysql.cursors
from pymysql.constants import CLIENT

from common.database.error_numbers import classify
from common.errors import (
    Conflict,
    DatabaseError,
    InvalidRow,
    NotReady,
    PartitionMissing,
    Unavailable,
    Unclassified,
)
from common.private_members import check_members
from common.settings.config import Secret, Tls, host_names, option, port_number

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5  # seconds
TIMEOUT = 30  # seconds for one statement; by default PyMySQL waits for ever

_TLS_ERROR = 2026  # CR_SSL_CONNECTION_ERROR
# Numbers of the client library, whose texts are of no use to people.
_OF_CLIENT = {
    2002: "cannot connect",
    2003: "cannot connect",
    2006: "connection closed by the server",
    2013: "connection lost",
}
_USABLE = (InvalidRow, PartitionMissing, Unclassified)  # errors after which the connection can still be used
_CLEAR_TEXT = (b"mysql_clear_password", b"dialog")  # authentication plugins that send the password unencrypted

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class DatabaseConfig(Secret):
    """How to reach the database."""

    host: tuple[str, ...] = option(("localhost",), read=host_names)
    port: int = option(3306, read=port_number)
    unix_socket: str | None = None
    user: str = "teleinfo"
    name: str = "teleinfodb"
    tls: Tls | None = None

    def secret(self) -> str | None:
        """Return the password.

        Raises:
            Unavailable: the password file cannot be read now. It is retried, as a database that is down is.
        """
        try:
            return super().secret()
        except NotReady as error:
            raise Unavailable(f"database.{error}") from error


def sql_time(instant: datetime) -> str:
    """Write a UTC time as SQL text, for a column of any precision.

    >>> from datetime import UTC
    >>> sql_time(datetime(26, 11, 24, 22, 20, tzinfo=UTC))
    '0026-11-24 22:20:00.000000'
    """
    # Not strftime: it writes the year 26 with two digits, which MariaDB takes for 2026.
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds")


class Connection:
    """One connection. After an error other than those of `_USABLE`, close it and open another."""

    def __init__(
        self,
        connection: "pymysql.Connection[pymysql.cursors.Cursor]",
        where: str,
        failed: Callable[[DatabaseError], None] = lambda _: None,
    ) -> None:
        """Wrap a connection of PyMySQL; `failed` is called with each error."""
        self._connection = connection
        self._where = where
        self._failed = failed

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        """Return all rows of a SELECT."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, arguments)
            return cursor.fetchall()

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        """Run a statement; return the number of changed rows."""
        with self._translated(), self._connection.cursor() as cursor:
            # None, not (): without arguments PyMySQL leaves '%' in the statement alone.
            return cursor.execute(sql, arguments or None)

    def execute_many(self, sql: str, rows: Rows) -> None:
        """Run one INSERT for many rows. VALUES must be bare `%s`, or PyMySQL sends a statement for each row."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.executemany(sql, rows)

    def stream(self, sql: str, arguments: Sequence[Any] = ()) -> Generator[Sequence[Any], None, None]:
        """Yield the rows of a large SELECT as they arrive; until the last, the connection can run nothing else.

        It is closed if they are not read to the end.
        """
        with self._translated(), self._connection.cursor(pymysql.cursors.SSCursor) as cursor:
            cursor.execute(sql, arguments)
            try:
                while (row := cursor.fetchone()) is not None:  # `yield from` would close the cursor first
                    yield row
            except GeneratorExit:
                # Otherwise PyMySQL reads all that is left, which may be years, even from a connection that is closed.
                if (result := getattr(self._connection, "_result", None)) is not None:
                    result.unbuffered_active = False
                cursor.connection = None  # type: ignore[assignment]
                self.close()
                raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the statements inside as one transaction: all of them are committed, or none."""
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
        """Close the connection, whatever its state."""
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
    """A connection of PyMySQL that sends nothing secret to a server that was not verified."""

    server_capabilities: int
    verified = False  # set before `connect`: TLS is required

    def _request_authentication(self) -> None:
        # Older versions of PyMySQL continue without TLS if the server does not offer it.
        if self.verified and not self.server_capabilities & CLIENT.SSL:
            raise pymysql.OperationalError(_TLS_ERROR, "the server offers no TLS, and database.tls requires it")
        super()._request_authentication()  # type: ignore[misc]

    def _process_auth(self, plugin_name: bytes, *arguments: Any) -> Any:
        # A man in the middle could ask for it.
        if plugin_name in _CLEAR_TEXT and not self.verified:
            raise pymysql.OperationalError(
                _TLS_ERROR,
                f"the server asks for the password in clear text ({plugin_name.decode()}): refused without"
                " database.tls",
            )
        return super()._process_auth(plugin_name, *arguments)  # type: ignore[misc]


class Database:
    """Opens connections, to the first host that accepts one.

    Failover is decided in `_failed` alone: after an error of a host it is tried last.
    """

    def __init__(self, config: DatabaseConfig) -> None:
        """Prepare; nothing is opened.

        Raises:
            ConfigError: this version of the library would not protect the password.
        """
        check_members("PyMySQL", pymysql.connections.Connection)
        self._config = config
        # A Unix socket leads to one server, however many hosts are configured.
        self._hosts = list(config.host[:1] if config.unix_socket else config.host)

    @property
    def name(self) -> str:
        """The database's name."""
        return self._config.name

    @property
    def where(self) -> str:
        """The server that is tried first, for log lines and messages."""
        address = self._config.unix_socket or f"{self._hosts[0]}:{self._config.port}"
        return f"{self._config.name} at {address}"

    def client_options(self) -> str:
        """Return an option file for MariaDB's own client programs, with the password: for the host that is tried first.

        Raises:
            Unavailable: the password file cannot be read now.
        """
        config, tls = self._config, self._config.tls
        options = {"user": config.user, "password": config.secret() or ""}
        if config.unix_socket is not None:
            options |= {"socket": config.unix_socket, "protocol": "socket"}
        else:
            options |= {"host": self._hosts[0], "port": str(config.port), "protocol": "tcp"}
        lines = [f'{name}="{_escaped(value)}"' for name, value in options.items()]
        if tls is None:
            lines.append("skip-ssl")
        else:
            files = {"ssl-ca": tls.ca, "ssl-cert": tls.certificate, "ssl-key": tls.key}
            lines += [f'{name}="{_escaped(str(file))}"' for name, file in files.items() if file is not None]
            lines.append("ssl-verify-server-cert")
        return "\n".join(["[client]", *lines, ""])

    def connect(self, timeout: float = TIMEOUT) -> Connection:
        """Open a connection to the first host that accepts one.

        The session is in UTC, strict and READ COMMITTED, with autocommit outside of transactions. A statement may take
        `timeout` seconds.

        Raises:
            PermanentError: each server refuses the connection.
            Unavailable: at least one server cannot be reached, and no other accepts the connection.
        """
        errors: list[DatabaseError] = []
        for _ in self._hosts:
            try:
                return self._connect(self._hosts[0], timeout)
            except DatabaseError as error:
                errors.append(error)
        raise next((error for error in errors if isinstance(error, Unavailable)), errors[0])

    def _connect(self, host: str, timeout: float) -> Connection:
        where = self.where

        def failed(error: DatabaseError) -> None:
            self._failed(host, error)

        try:
            client = self._client(host, timeout)
            client.connect()
        except (pymysql.Error, OSError) as error:
            translated = _translate(error, where, tls=self._config.tls is not None)  # without, ssl is not loaded
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

    def _client(self, host: str, timeout: float) -> _Client:
        client = _Client(
            host=host,
            port=self._config.port,
            unix_socket=self._config.unix_socket,
            user=self._config.user,
            password=(self._config.secret() or "").encode(),  # as text, pymysql makes Latin-1 of it
            database=self._config.name,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=timeout,
            write_timeout=timeout,
            init_command="SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
            ssl=None if self._config.tls is None else _context(self._config.tls),
            # Nobody listens on a Unix socket; without this, PyMySQL 1.2 encrypts there as well.
            ssl_disabled=self._config.unix_socket is not None and self._config.tls is None,
            defer_connect=True,
        )
        client.verified = self._config.tls is not None
        return client

    def _failed(self, host: str, error: DatabaseError) -> None:
        """Try a host last after an error that another host may not have; it moves once, however many errors follow."""
        first, *others = self._hosts
        if not isinstance(error, (InvalidRow, Conflict, PartitionMissing)) and first == host:
            self._hosts = [*others, first]  # at once: other threads may be reading it


def _escaped(value: str) -> str:
    """Write a value between double quotes of an option file."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _context(tls: Tls) -> "ssl.SSLContext":
    """Read the files. Done at each connection, because certificates are renewed."""
    try:
        tls.check_readable("database")
    except NotReady as error:
        raise Unavailable(str(error)) from error
    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate is not None:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Unavailable(
            f"database.tls: the files cannot be used: {error}; certificate and key must be PEM and belong together"
        ) from error
    return context


def _translate(error: Exception, where: str, *, tls: bool = False) -> DatabaseError:
    code, text = _code(error)
    if tls and isinstance(getattr(error, "original_exception", error), ssl.SSLError):
        text += "; check database.tls.ca, and that database.host is a name in the server's certificate"
    return classify(code, text, where)


def _code(error: Exception) -> tuple[int, str]:
    arguments = error.args
    if isinstance(error, OSError):
        return error.errno or 0, _reason(error)
    if len(arguments) >= 2 and isinstance(arguments[0], int):
        if (own := _OF_CLIENT.get(arguments[0])) is not None:
            cause = getattr(error, "original_exception", error.__context__)
            return arguments[0], own if cause is None else f"{own} ({_reason(cause)})"
        return arguments[0], str(arguments[1]) or "the connection is closed"
    return 0, str(error) or type(error).__name__


def _reason(error: BaseException) -> str:
    """Return why a socket failed; of TLS, without the places in the source of the library."""
    if type(error).__module__ == "ssl":  # which is not loaded for nothing
        detail = (
            getattr(error, "verify_message", None) or (getattr(error, "reason", None) or "").replace("_", " ").lower()
        )
        return f"[SSL] {detail.rstrip('.')}" if detail else "TLS failed"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
