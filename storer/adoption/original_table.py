"""Reads the original program's table, a day at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.database.mariadb import Connection, Database, sql_time
from common.errors import DatabaseError
from storer.adoption.doubled_hour import Split, split
from storer.adoption.source_clock import Piece
from storer.database.original import KEPT, NAME, is_table, missing_columns

_DAY = timedelta(days=1)
_FIRST = "1970-01-01 00:00:01"  # of a TIMESTAMP; a server that is not strict stores what it cannot read as zero


@dataclass(frozen=True, slots=True)
class OriginalTable:
    """The table, over one connection. Times are the table's own, without a zone."""

    connection: Connection
    table: str

    def first_after(self, time: datetime | None) -> datetime | None:
        """Return the time of the first row after a time, or of all; None if there is none."""
        condition, value = ("> %s", sql_time(time)) if time is not None else (">= %s", _FIRST)
        sql = f"SELECT MIN(timestamp) FROM {self.table} WHERE timestamp {condition}"  # noqa: S608 - our own names
        ((first,),) = self.connection.query(sql, (value,))
        return first  # type: ignore[no-any-return]

    def last(self) -> datetime | None:
        """Return the time of the last row; None if there is none."""
        sql = f"SELECT MAX(timestamp) FROM {self.table} WHERE timestamp >= %s"  # noqa: S608 - our own names
        ((last,),) = self.connection.query(sql, (_FIRST,))
        return last  # type: ignore[no-any-return]

    def size(self) -> int:
        """Return the table's bytes, as the server says."""
        ((size,),) = self.connection.query(
            "SELECT COALESCE(data_length + index_length, 0) FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = %s",
            (self.table,),
        )
        return int(size)

    def count_without_time(self) -> int:
        """Return how many rows have no valid time."""
        sql = f"SELECT COUNT(*) FROM {self.table} WHERE timestamp < %s"  # noqa: S608 - our own names
        ((count,),) = self.connection.query(sql, (_FIRST,))
        return int(count)

    def count(self, begin: datetime, end: datetime) -> tuple[int, datetime]:
        """Return the number of rows in a stretch that has some, and the time of the last."""
        sql = f"SELECT COUNT(*), MAX(timestamp) FROM {self.table} WHERE timestamp >= %s AND timestamp < %s"  # noqa: S608
        ((rows, last),) = self.connection.query(sql, (sql_time(begin), sql_time(end)))
        return int(rows), last

    def days(self, after: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
        """Yield beginning and end of each day with rows; the first begins with the first row after a time."""
        while (begin := self.first_after(after)) is not None:
            end = begin.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
            yield begin, end
            after = end - timedelta(microseconds=1)

    def splits(self, piece: Piece) -> dict[str, Split | None]:
        """Return how to split a doubled hour, for each meter that has rows in it."""
        rows: dict[str, list[tuple[datetime, int]]] = {}
        sql = (
            "SELECT meter_identifier, timestamp, total_base_index_in_wh"  # noqa: S608 - our own names
            f" FROM {self.table} WHERE timestamp >= %s AND timestamp < %s ORDER BY timestamp"
        )
        for meter, time, index in self.connection.query(sql, (sql_time(piece.begin), sql_time(piece.end))):
            of_meter = rows.setdefault(meter, [])
            if index is not None:
                of_meter.append((time, index))
        behind: set[str] = set()
        if piece.next_is_empty:
            sql = f"SELECT DISTINCT meter_identifier FROM {self.table} WHERE timestamp >= %s AND timestamp < %s"  # noqa: S608
            found = self.connection.query(sql, (sql_time(piece.end), sql_time(piece.end + timedelta(hours=1))))
            behind = {meter for (meter,) in found}
        return {
            meter: None if meter in behind else split(piece.begin, of_meter)
            for meter, of_meter in rows.items()
            if meter
        }


def find_table(connection: Connection, database: Database) -> str:
    """Return the name of the table with the rows to adopt: the original one, or the one that it got.

    Raises:
        DatabaseError: there is none, there are two, or it has not the original program's columns.
    """
    original, kept = is_table(connection, NAME), is_table(connection, KEPT)
    if original and kept:
        raise DatabaseError(
            f"database {database.where}: has both {NAME} and {KEPT} with rows of the original program:"
            f" give {KEPT} another name, or drop it if its rows are in {NAME} too"
        )
    if not original and not kept:
        raise DatabaseError(
            f"database {database.where}: has no table {NAME} of the original program, nothing to adopt;"
            " is database.name the name of its database?"
        )
    table = NAME if original else KEPT
    if missing := missing_columns(connection, table):
        raise DatabaseError(
            f"database {database.where}: {table} is not the original program's table, it has no column"
            f" {', '.join(missing)}: rename it"
        )
    return table
