"""The tables `requests` and `request_pieces`, as the storer writes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.database.mariadb import Connection, sql_time
from storer.database.locks import is_locked
from storer.requests.problem import Failed

LOCK = "requests"
LARGEST = 64_000_000  # bytes of a file
_KEPT = 100  # requests
_UNSTARTED = timedelta(days=1)  # after which what was never started is given up
_GONE = timedelta(days=1)  # after which another storer does what one has begun that is gone
_DUE = "(state = 'waiting' AND not_before <= %s) OR (state = 'running' AND (storer = %s OR not_before < %s))"


@dataclass(frozen=True, slots=True)
class Request:
    """A row that was taken."""

    id: int
    kind: str
    arguments: Mapping[str, Any]
    created_at: datetime
    attempts: int  # with this one


def is_due(connection: Connection, storer: str, now: datetime) -> bool:
    """Return whether there is something to carry out, and nobody at this server is at it."""
    arguments = sql_time(now), storer, sql_time(now - _GONE)
    rows = connection.query(f"SELECT 1 FROM requests WHERE {_DUE} LIMIT 1", arguments)  # noqa: S608 - our own names
    return bool(rows) and not is_locked(connection, LOCK)


def take(connection: Connection, storer: str, now: datetime) -> Request | None:
    """Take the oldest request that may be carried out, or that was interrupted; None: there is none.

    For a connection that has the lock of the requests: what runs at this server is then nobody's. Another node of a
    cluster has a lock of its own, so what its storer runs is left to it.
    """
    while True:
        rows = connection.query(
            f"SELECT id, kind, arguments, state, created_at, attempts FROM requests WHERE {_DUE}"  # noqa: S608
            " ORDER BY not_before, id LIMIT 1",
            (sql_time(now), storer, sql_time(now - _GONE)),
        )
        if not rows:
            return None
        ((number, kind, arguments, state, created, attempts),) = rows
        taken = connection.execute(
            "UPDATE requests SET state = 'running', storer = %s, attempts = attempts + 1, progress = NULL"
            " WHERE id = %s AND state = %s AND attempts = %s",
            (storer, number, state, attempts),
        )
        if taken:  # else somebody cancelled it at this moment, or another storer took it
            return Request(int(number), str(kind), json.loads(arguments), created.replace(tzinfo=UTC), attempts + 1)


def read_file(connection: Connection, number: int) -> bytes:
    """Return the file of a request.

    Raises:
        Failed: it is not whole, or too large.
    """
    ((size, first, last, count),) = connection.query(
        "SELECT COALESCE(SUM(LENGTH(bytes)), 0), MIN(piece), MAX(piece), COUNT(*) FROM request_pieces"
        " WHERE request = %s",
        (number,),
    )
    if not size:
        raise Failed("Le fichier est vide, ou n’est pas arrivé.", "The file is empty, or did not arrive.")
    if (first, last) != (0, count - 1):
        raise Failed("Le fichier est incomplet : renvoyez-le.", "The file is incomplete: send it again.")
    if size > LARGEST:
        raise Failed("Le fichier dépasse 64 Mo.", "The file has more than 64 MB.")
    data = bytearray()
    sql = "SELECT bytes FROM request_pieces WHERE request = %s AND piece = %s"
    for piece in range(count):
        ((part,),) = connection.query(sql, (number, piece))
        data += part
    return bytes(data)


def show_progress(connection: Connection, number: int, part: float) -> None:
    """Note how far a request is, from 0 to 1."""
    connection.execute("UPDATE requests SET progress = %s WHERE id = %s AND state = 'running'", (part, number))


def finish(connection: Connection, number: int, result: Mapping[str, Any]) -> None:
    """Note that a request is done; within a transaction, together with what it has written."""
    _end(connection, number, "done", result)


def fail(connection: Connection, number: int, failed: Failed) -> None:
    """Note why a request cannot be carried out."""
    _end(connection, number, "failed", {"problem": {"fr": failed.fr, "en": failed.en}, **failed.more})


def _end(connection: Connection, number: int, state: str, result: Mapping[str, Any]) -> None:
    connection.execute(
        "UPDATE requests SET state = %s, progress = IF(%s = 'done', 1, progress), result = %s,"
        " finished_at = UTC_TIMESTAMP(6) WHERE id = %s AND state = 'running'",
        (state, state, json.dumps(result, ensure_ascii=False), number),
    )
    connection.execute("DELETE FROM request_pieces WHERE request = %s", (number,))


def postpone(connection: Connection, number: int, until: datetime) -> None:
    """Let a request wait again: it may be cancelled meanwhile."""
    connection.execute(
        "UPDATE requests SET state = 'waiting', not_before = %s, attempts = 0 WHERE id = %s AND state = 'running'",
        (sql_time(until), number),
    )


def clean(connection: Connection, now: datetime) -> None:
    """Give up what was never started, delete files that nothing needs any more, and keep the last hundred requests."""
    connection.execute(
        "UPDATE requests SET state = 'cancelled', finished_at = UTC_TIMESTAMP(6)"
        " WHERE state = 'waiting' AND not_before IS NULL AND created_at < %s",
        (sql_time(now - _UNSTARTED),),
    )
    connection.execute(
        "DELETE FROM request_pieces WHERE request NOT IN"
        " (SELECT id FROM requests WHERE state IN ('waiting', 'running'))"
    )
    last = connection.query("SELECT id FROM requests ORDER BY id DESC LIMIT %s, 1", (_KEPT,))
    if last:
        connection.execute("DELETE FROM requests WHERE id <= %s AND state NOT IN ('waiting', 'running')", (last[0][0],))
