"""Which months a backup has as they are now: a digest of the tables that change with any change of a month.

Late frames mark an hour, rollups follow; an import adds rows, or takes some away. So frames need not be read.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from common.database.mariadb import Connection, sql_time
from storer.database.months import month_of, next_month

#: Small tables by whose rows they have, and the column that says to which month a row belongs.
_SMALL = {
    "meters": ("meter_id", ("tallies", "hours", "breaks", "late_hours", "imported_hours")),
    "sources": ("source_id", ("source_hours",)),
}
_TIME = "hour"
#: Backups that were given up hold nothing back: who makes one a month still counts.
BACKED_UP_WITHIN = timedelta(days=35)
#: Instead of a digest: a backup was made, but the month had no file of its own that is whole.
NOT_CLOSED = ""
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


def note_saved(connection: Connection, digests: Mapping[datetime, str]) -> None:
    """Note that a backup into a folder has these months as their digests say."""
    connection.execute_many(
        "INSERT INTO saved_months (month, digest, saved_at) VALUES (%s, %s, UTC_TIMESTAMP(6))"
        " ON DUPLICATE KEY UPDATE digest = VALUES(digest), saved_at = VALUES(saved_at)",
        [(sql_time(month), digest) for month, digest in sorted(digests.items())],
    )


def changed_since_backup(
    connection: Connection, before: datetime, table: str = "frames", column: str = "timestamp"
) -> list[datetime]:
    """Return the months with rows of a table before a time that no backup has as they are; none where none are made."""
    ((backed_up,),) = connection.query(
        "SELECT COUNT(*) FROM saved_months WHERE saved_at > UTC_TIMESTAMP(6) - INTERVAL %s DAY",
        (BACKED_UP_WITHIN.days,),
    )
    if not backed_up:
        return []
    saved = {
        month.replace(tzinfo=UTC): str(digest)
        for month, digest in connection.query("SELECT month, digest FROM saved_months")
    }
    months = list(_months_with_rows(connection, before, table, column))
    return [month for month in months if saved.get(month) != month_digest(connection, month)]


def _months_with_rows(connection: Connection, before: datetime, table: str, column: str) -> Iterable[datetime]:
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
