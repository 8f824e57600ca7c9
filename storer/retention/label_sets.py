"""Deletes label sets that no frame has any more, in two steps, while storers run.

A search reads all frames. A set without frames is marked, and deleted after a day if a second search finds none. In
between, a storer that needs a marked label set takes the mark off in the transaction of its frames: the deletion then
waits for that transaction, and leaves the row alone. A set that was not marked is never deleted.
"""

import logging
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from common.database.mariadb import Connection, sql_time
from common.database.schema import held_rights
from common.settings.language import plural
from storer.database.schema import first_month

log = logging.getLogger(__name__)

_UNUSED_FOR = timedelta(days=1)
_IDS = 50_000  # read at once
_AT_ONCE = 500  # marked or deleted in one statement
_DAY = timedelta(days=1)
_BITS = 1 << 16  # of one array of ids
_OF_FRAMES = "SELECT DISTINCT label_set_id FROM frames WHERE timestamp >= %s AND timestamp < %s"


class IdSet:
    """Ids from 0 on, in arrays of bits.

    >>> ids = IdSet()
    >>> ids.add([7, 70_000])
    >>> [number in ids for number in (0, 7, 8, 70_000, 10**15)]
    [False, True, False, True, False]
    """

    def __init__(self) -> None:
        self._bits: dict[int, bytearray] = {}

    def add(self, ids: Iterable[int]) -> None:
        """Add ids."""
        for number in ids:
            high, low = divmod(number, _BITS)
            self._bits.setdefault(high, bytearray(_BITS // 8))[low // 8] |= 1 << low % 8

    def __contains__(self, number: int) -> bool:
        high, low = divmod(number, _BITS)
        return high in self._bits and bool(self._bits[high][low // 8] >> low % 8 & 1)


class LabelSetGarbage:
    """The label sets of a database, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, now: datetime) -> Iterator[None]:
        """Search after months were dropped, and delete what was marked a day ago; each step is short."""
        oldest = first_month(self._connection)
        rows = self._connection.query("SELECT label_sets_from, label_sets_marked_at FROM rollup_state WHERE id = 1")
        if oldest is None or not rows or not _may_delete(self._connection):
            return
        searched, marked_at = (None if time is None else time.replace(tzinfo=UTC) for time in rows[0])
        if marked_at is not None:
            if marked_at <= now - _UNUSED_FOR:
                yield from self._delete(now - _UNUSED_FOR)
                self._note("label_sets_marked_at = NULL")
        elif searched is not None and searched < oldest:
            yield from self._mark(now)
            self._note("label_sets_marked_at = %s, label_sets_from = %s", now, oldest)
        elif searched != oldest:
            self._note("label_sets_from = %s", oldest)  # nothing was dropped so far

    def _note(self, what: str, *times: datetime) -> None:
        self._connection.execute(
            f"UPDATE rollup_state SET {what} WHERE id = 1",  # noqa: S608 - our own names
            tuple(map(sql_time, times)),
        )

    def _mark(self, now: datetime) -> Iterator[None]:
        ((last,),) = self._connection.query("SELECT MAX(id) FROM label_sets")
        used = yield from self._search()
        for ids in self._ids(last or 0, "unused_since IS NULL"):
            unused = [number for number in ids if number not in used]
            sql = "UPDATE label_sets SET unused_since = %s WHERE {} AND unused_since IS NULL"
            yield from self._for_each(sql, unused, now)
            yield

    def _delete(self, limit: datetime) -> Iterator[None]:
        ((last,),) = self._connection.query("SELECT MAX(id) FROM label_sets")
        used = yield from self._search()
        deleted = 0
        for ids in self._ids(last or 0, "unused_since <= %s", limit):
            again = [number for number in ids if number in used]
            unused = [number for number in ids if number not in used]
            yield from self._for_each("UPDATE label_sets SET unused_since = NULL WHERE {}", again)
            sql = "DELETE FROM label_sets WHERE {} AND unused_since <= %s"
            deleted += yield from self._for_each(sql, unused, limit)
            yield
        if deleted:
            log.info("Deleted %s that no frame had any more", plural(deleted, "label set"))

    def _for_each(self, sql: str, ids: list[int], *times: datetime) -> Generator[None, None, int]:
        """Run a statement for some of the ids at a time; return how many rows it changed."""
        changed = 0
        for begin in range(0, len(ids), _AT_ONCE):
            where = f"id IN ({', '.join(map(str, ids[begin : begin + _AT_ONCE]))})"
            changed += self._connection.execute(sql.format(where), tuple(map(sql_time, times)))
            yield
        return changed

    def _ids(self, last: int, condition: str, *times: datetime) -> Iterator[list[int]]:
        for begin in range(0, last + 1, _IDS):
            rows = self._connection.query(
                f"SELECT id FROM label_sets WHERE id >= %s AND id < %s AND id <= %s AND {condition} ORDER BY id",  # noqa: S608
                (begin, begin + _IDS, last, *map(sql_time, times)),
            )
            yield [int(number) for (number,) in rows]

    def _search(self) -> Generator[None, None, IdSet]:
        """Return the ids that frames, hours, and differences from other label sets have."""
        used = IdSet()
        ((first, last),) = self._connection.query("SELECT MIN(timestamp), MAX(timestamp) FROM frames")
        while first is not None and first <= last:
            end = (first + _DAY).replace(hour=0, minute=0, second=0, microsecond=0)
            self._add(used, _OF_FRAMES, first, end)
            yield
            ((first,),) = self._connection.query(
                "SELECT MIN(timestamp) FROM frames WHERE timestamp >= %s", (sql_time(end),)
            )
        self._add(used, "SELECT DISTINCT label_set_id FROM hours WHERE label_set_id IS NOT NULL")
        ((highest,),) = self._connection.query("SELECT MAX(id) FROM label_sets")
        for begin in range(0, (highest or 0) + 1, _IDS):
            self._add(
                used,
                "SELECT DISTINCT base_id FROM label_sets WHERE id >= %s AND id < %s AND base_id IS NOT NULL",
                begin,
                begin + _IDS,
            )
            yield
        return used

    def _add(self, used: IdSet, sql: str, *arguments: Any) -> None:
        used.add(int(number) for (number,) in self._connection.query(sql, arguments))


def _may_delete(connection: Connection) -> bool:
    """Return whether the account may delete rows of `label_sets`; rights of a role count."""
    sql = (
        "SELECT 1 FROM information_schema.table_privileges"
        " WHERE privilege_type = 'DELETE' AND table_schema = DATABASE() AND table_name = 'label_sets'"
    )
    return "DELETE" in held_rights(connection) or bool(connection.query(sql))
