"""Which months a backup holds as they are now, by a digest of small tables that change with any change of a month.

Late frames mark an hour and change its rollups, so the frames themselves need not be read.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.database.mariadb import Connection, sql_time
from storer.database.months import month_of, next_month

#: Small tables, by the table of their owners, and the column of the owner.
_SMALL = {
    "meters": ("meter_id", ("hours", "breaks", "late_hours")),
    "sources": ("source_id", ("source_hours",)),
}
_TIME = "hour"
#: Before a month is dropped, its file must have been read to its end within this time.
READ_WITHIN = timedelta(days=35)
#: The digest of a month without rows.
EMPTY = "empty"


def month_digest(connection: Connection, month: datetime) -> str:
    """Return a digest of the small tables' rows of a month, computed by the server."""
    digest, rows = hashlib.sha256(), 0
    for owners, (key, tables) in _SMALL.items():
        ids = [int(number) for (number,) in connection.query(f"SELECT id FROM {owners} ORDER BY id")]  # noqa: S608
        for table in tables if ids else ():
            columns = [
                str(name)
                for (name,) in connection.query(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
                    " AND table_name = %s ORDER BY ordinal_position",
                    (table,),
                )
            ]
            row = ", ',', ".join(f"COALESCE(`{column}`, '-')" for column in columns)
            # By meter or source, because most of the keys begin with it.
            found = connection.query(
                f"SELECT COUNT(*), SUM(CRC32(CONCAT({row}))) FROM {table}"  # noqa: S608 - our own names
                f" WHERE {key} IN %s AND {_TIME} >= %s AND {_TIME} < %s",
                (tuple(ids), sql_time(month), sql_time(next_month(month))),
            )
            digest.update(f"{table} {columns} {[int(value or 0) for value in found[0]]}".encode())
            rows += int(found[0][0])
    return digest.hexdigest()[:32] if rows else EMPTY


@dataclass(frozen=True, slots=True)
class Saved:
    """The record of the file of a month."""

    digest: str
    rows: int | None  # in it; None: it never had one
    saved_at: datetime  # when these were counted
    read_at: datetime | None  # when it was last read whole; None: it is not good
    held: bool  # a person has put the month back
    is_fresh: bool  # it was read soon enough for what the database has to be dropped


def saved_months(connection: Connection) -> dict[datetime, Saved]:
    """Return the records of the files of months."""
    return {
        month.replace(tzinfo=UTC): Saved(
            str(digest),
            None if rows is None else int(rows),
            saved_at.replace(tzinfo=UTC),
            read_at and read_at.replace(tzinfo=UTC),
            bool(held),
            bool(fresh),
        )
        for month, digest, rows, saved_at, read_at, held, fresh in connection.query(
            "SELECT month, digest, saved_rows, saved_at, read_at, held, read_at > UTC_TIMESTAMP(6) - INTERVAL %s DAY"
            " FROM saved_months",
            (READ_WITHIN.days,),
        )
    }


def note_saved(connection: Connection, month: datetime, digest: str, rows: int) -> None:
    """Record that the file of a month was read to its end just now, and matches the digest."""
    connection.execute(
        "INSERT INTO saved_months (month, digest, saved_rows, saved_at, read_at)"
        " VALUES (%s, %s, %s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE digest = VALUES(digest),"
        " saved_rows = VALUES(saved_rows), saved_at = VALUES(saved_at), read_at = VALUES(read_at)",
        (sql_time(month), digest, rows),
    )


def note_bad(connection: Connection, month: datetime) -> None:
    """Record that the file of a month cannot be used."""
    connection.execute("UPDATE saved_months SET read_at = NULL WHERE month = %s", (sql_time(month),))


def hold(connection: Connection, month: datetime, held: bool) -> None:
    """Let retention keep a month, or drop it again when it is due."""
    connection.execute(
        "INSERT INTO saved_months (month, digest, held) VALUES (%s, '', %s) ON DUPLICATE KEY UPDATE held = %s",
        (sql_time(month), int(held), int(held)),
    )


def has_held(connection: Connection, table: str, column: str, partition: str) -> bool:
    """Return whether a partition has rows of a month that was restored by hand."""
    for month, saved in saved_months(connection).items():
        if saved.held and connection.query(
            f"SELECT 1 FROM {table} PARTITION ({partition}) WHERE {column} >= %s AND {column} < %s LIMIT 1",  # noqa: S608
            (sql_time(month), sql_time(next_month(month))),
        ):
            return True
    return False


def not_saved(connection: Connection, before: datetime, table: str, column: str) -> list[datetime]:
    """Return the months before a time that have rows of a table but no valid file: these must not be dropped."""
    saved = saved_months(connection)
    return [
        month
        for month in months_with_rows(connection, before, table, column)
        if (one := saved.get(month)) is None or not one.is_fresh or one.digest != month_digest(connection, month)
    ]


def months_with_rows(connection: Connection, before: datetime, table: str, column: str) -> Iterator[datetime]:
    """Yield the months before a time that have rows of a table."""
    since = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    while since < before:
        ((first,),) = connection.query(
            f"SELECT MIN({column}) FROM {table} WHERE {column} >= %s AND {column} < %s",  # noqa: S608 - our own names
            (sql_time(since), sql_time(before)),
        )
        if first is None:
            return
        month = month_of(first)
        yield month
        since = next_month(month)
