"""A database whose queries are noted."""

from collections.abc import Sequence
from typing import Any

from common.database.mariadb import TIMEOUT, Connection, Database, Rows


class NotedConnection(Connection):
    """Notes each query, with its arguments."""

    def __init__(self, connection: Connection, asked: list[str]) -> None:
        """Pass queries on to `connection`."""
        self._inner = connection
        self._asked = asked

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        """Return all rows of a SELECT."""
        self._asked.append(f"{sql} {arguments}")
        return self._inner.query(sql, arguments)

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        """Do a statement."""
        return self._inner.execute(sql, arguments)

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()


class NotedDatabase(Database):
    """Opens such connections."""

    def __init__(self, database: Database) -> None:
        """Open connections to `database`."""
        self._inner = database
        self.asked: list[str] = []

    def connect(self, timeout: float = TIMEOUT) -> Connection:
        """Open a connection."""
        return NotedConnection(self._inner.connect(timeout), self.asked)
