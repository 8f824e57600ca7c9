"""What the database takes at most from PyMySQL: executemany of 500 rows a transaction, of rows that are ready."""

import time
from collections.abc import Sequence
from typing import Any

import pymysql

from tests.support.servers import Database

BATCH = 500
_KEYS = ("timestamp", "meter_id")


class BareInsert:
    """Inserts the rows of `frames` anew, into a table like it."""

    def __init__(self, server: Database) -> None:
        self._connection = pymysql.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database=server.name,
            init_command="SET time_zone = '+00:00'",
        )
        server.sql(f"USE {server.name}; DROP TABLE IF EXISTS bare_frames; CREATE TABLE bare_frames LIKE frames")
        self._server = server

    def close(self) -> None:
        self._connection.close()

    def rows(self, count: int) -> Sequence[Sequence[Any]]:
        """Return the last rows of `frames`, in the order of time."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM frames ORDER BY {', '.join(_KEYS)} DESC LIMIT {count}")
            rows = cursor.fetchall()
        self._connection.rollback()
        return list(reversed(rows))

    def rate(self, rows: Sequence[Sequence[Any]]) -> float:
        """Insert rows into an empty table; return rows a second."""
        self._server.sql(f"USE {self._server.name}; TRUNCATE bare_frames")
        marks = ", ".join(["%s"] * len(rows[0]))
        begun = time.perf_counter()
        for start in range(0, len(rows), BATCH):
            with self._connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO bare_frames VALUES ({marks})", rows[start : start + BATCH])
            self._connection.commit()
        return len(rows) / (time.perf_counter() - begun)
