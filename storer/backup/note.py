"""Notes in the database that a backup was made, for the page."""

import contextlib

from common.database import Database
from common.errors import DatabaseError, PermanentError
from storer.backup.tables import read_table

KEPT = 10


def note(database: Database, rows: int) -> str | None:
    """Note that a backup with so many rows is finished; return why that failed, which the backup survives.

    Nothing is noted where the account may only read, which is enough for a backup, or where the tables are older.
    """
    try:
        with contextlib.closing(database.connect()) as connection:
            if read_table(connection, "backups") is not None:
                connection.execute(
                    "INSERT INTO backups (slot, finished_at, saved_rows) SELECT COALESCE((SELECT (slot + 1) MOD %s"
                    " FROM backups ORDER BY finished_at DESC LIMIT 1), 0), UTC_TIMESTAMP(6), %s ON DUPLICATE KEY"
                    " UPDATE finished_at = VALUES(finished_at), saved_rows = VALUES(saved_rows)",
                    (KEPT, rows),
                )
    except PermanentError:
        return None
    except DatabaseError as error:
        return f"the backup is complete, but not noted in the database: {error}"
    return None
