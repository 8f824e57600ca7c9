"""What the page asks the storer to do: the only file that writes `requests` and `request_pieces`."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from common.contract.requests import DELETING, WITH_FILE
from common.database.mariadb import Connection, Rows
from monitor.base.answer import answer_type, one_of
from monitor.base.request_errors import RequestError

MOST_OPEN = 20  # requests that wait or run: each may have a file of 64 MB
LONGEST_PIECE = 1 << 20  # bytes
MOST_PIECES = 64
DELAY = 1  # hours after which something is deleted
_KEPT = 100  # the newest
_COLUMNS = "id, kind, arguments, state, not_before, progress, result, created_at, finished_at"
_STATES = ("waiting", "running", "done", "failed", "cancelled")


@answer_type
class StorerRequest:
    """One request."""

    id: int
    kind: str
    arguments: Any
    state: Annotated[str, one_of(*_STATES)]
    not_before: Annotated[datetime | None, "when it is taken at the earliest; null: it was not started"]
    progress: Annotated[float | None, "0 to 1; null: unknown"]
    result: Annotated[Any, "as its command says it with --json; of what failed, what there is to choose from"]
    problem: Annotated[str | None, "why it failed, in the language asked for"]
    created_at: datetime
    finished_at: datetime | None


@answer_type
class Requests:
    """The answer of `requests`."""

    requests: Annotated[Sequence[StorerRequest], "the newest first"]


def all_requests(connection: Connection, language: str) -> Requests:
    """Return the newest requests; before the storer has made the table there is none."""
    exists = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'requests'"
    if not connection.query(exists):
        return Requests([])
    rows = connection.query(f"SELECT {_COLUMNS} FROM requests ORDER BY id DESC LIMIT {_KEPT}")  # noqa: S608
    return Requests([_read(row, language) for row in rows])


def one_request(connection: Connection, number: int, language: str) -> StorerRequest:
    """Return a request.

    Raises:
        RequestError: there is none of this number.
    """
    rows = connection.query(f"SELECT {_COLUMNS} FROM requests WHERE id = %s", (number,))  # noqa: S608 - our columns
    return _read(_only(rows), language)


def make(connection: Connection, kind: str, arguments: Any) -> int:
    """Note a request, which waits until it is started; return its number.

    Raises:
        RequestError: too many are open.
    """
    ((count,),) = connection.query("SELECT COUNT(*) FROM requests WHERE state IN ('waiting', 'running')")
    if count >= MOST_OPEN:
        raise RequestError("many_requests")
    text = json.dumps(arguments, ensure_ascii=False)
    connection.execute("INSERT INTO requests (kind, arguments) VALUES (%s, %s)", (kind, text))
    ((number,),) = connection.query("SELECT LAST_INSERT_ID()")
    # The storer does the same; while it is away, there are no more of them either.
    ended = "state IN ('done', 'failed', 'cancelled')"
    connection.execute(f"DELETE FROM requests WHERE {ended} AND id <= %s", (number - _KEPT,))  # noqa: S608 - our words
    return int(number)


def waiting(connection: Connection, kind: str) -> int:
    """Return how many requests of a kind the storer has not begun with."""
    ((count,),) = connection.query("SELECT COUNT(*) FROM requests WHERE state = 'waiting' AND kind = %s", (kind,))
    return int(count)


def are_over(connection: Connection, numbers: Sequence[int]) -> bool:
    """Tell whether the storer has nothing to do any more of these requests."""
    sql = "SELECT COUNT(*) FROM requests WHERE id IN %s AND state IN ('waiting', 'running')"
    ((count,),) = connection.query(sql, (tuple(numbers),))
    return not count


def why_failed(connection: Connection, numbers: Sequence[int]) -> dict[str, str] | None:
    """Return why the first of these requests that failed did so, by language; None: none of them has failed."""
    sql = "SELECT result FROM requests WHERE id IN %s AND state = 'failed' ORDER BY id LIMIT 1"
    rows = connection.query(sql, (tuple(numbers),))
    if not rows:
        return None
    result = json.loads(rows[0][0] or "{}")
    problem = result.get("problem") if isinstance(result, dict) else None
    return {language: problem.get(language, "") for language in ("fr", "en")} if isinstance(problem, dict) else {}


def put_piece(connection: Connection, number: int, piece: int, content: bytes) -> None:
    """Keep a piece of the file of a request; one that is sent again takes the place of the first.

    Raises:
        RequestError: there is no such request, it has no file, or was started already.
    """
    with connection.transaction():
        kind, is_started = _waiting(connection, number)
        if is_started:
            raise RequestError("request_started")
        if kind not in WITH_FILE:
            raise RequestError("request_without_file")
        connection.execute(
            "INSERT INTO request_pieces (request, piece, bytes) VALUES (%s, %s, %s)"
            " ON DUPLICATE KEY UPDATE bytes = VALUES(bytes)",
            (number, piece, content),
        )


def start(connection: Connection, number: int) -> None:
    """Let the storer take a request: at once, or in an hour if it deletes. A second time it changes nothing.

    Raises:
        RequestError: there is no such request, its file is not whole, or it has ended.
    """
    with connection.transaction():
        kind, is_started = _waiting(connection, number)
        if is_started:
            return
        sql = "SELECT COUNT(*), COALESCE(MAX(piece) + 1, 0) FROM request_pieces WHERE request = %s"
        ((count, end),) = connection.query(sql, (number,))
        if kind in WITH_FILE and (not count or count != end):
            raise RequestError("piece_missing")
        delay = DELAY if kind in DELETING else 0
        # By the clock of the database, as everything else of the row.
        sql = "UPDATE requests SET not_before = NOW(6) + INTERVAL %s HOUR WHERE id = %s"
        connection.execute(sql, (delay, number))


def cancel(connection: Connection, number: int) -> None:
    """Cancel a request that waits. A second time it changes nothing.

    Raises:
        RequestError: there is no such request, or the storer has it already.
    """
    sql = "UPDATE requests SET state = 'cancelled', finished_at = NOW(6) WHERE id = %s AND state = 'waiting'"
    if not connection.execute(sql, (number,)):
        ((state,),) = (_only(connection.query("SELECT state FROM requests WHERE id = %s", (number,))),)
        if state != "cancelled":
            raise RequestError("request_taken")
    connection.execute("DELETE FROM request_pieces WHERE request = %s", (number,))


def kind_of(connection: Connection, number: int) -> str:
    """Return the kind of a request.

    Raises:
        RequestError: there is none of this number.
    """
    return str(_only(connection.query("SELECT kind FROM requests WHERE id = %s", (number,)))[0])


def _waiting(connection: Connection, number: int) -> tuple[str, bool]:
    """Return the kind of a request that waits, and whether it was started; nobody else changes it meanwhile."""
    sql = "SELECT kind, not_before IS NOT NULL, state FROM requests WHERE id = %s FOR UPDATE"
    kind, is_started, state = _only(connection.query(sql, (number,)))
    if state != "waiting":
        raise RequestError("request_taken")
    return str(kind), bool(is_started)


def _only(rows: Rows) -> Sequence[Any]:
    if not rows:
        raise RequestError("no_request")
    return rows[0]


def _read(row: Sequence[Any], language: str) -> StorerRequest:
    number, kind, arguments, state, not_before, progress, result, created_at, finished_at = row
    found = None if result is None else json.loads(result)
    why = found.pop("problem", None) if state == "failed" and isinstance(found, dict) else None
    return StorerRequest(
        id=number,
        kind=kind,
        arguments=json.loads(arguments),
        state=state,
        not_before=_utc(not_before),
        progress=progress,
        result=found or None,
        problem=why.get(language) if isinstance(why, dict) else why,
        created_at=created_at.replace(tzinfo=UTC),
        finished_at=_utc(finished_at),
    )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
