"""Notes in the database that a backup was made: for the page, and for retention."""

import contextlib
from collections.abc import Mapping
from datetime import datetime

from common.database.mariadb import Database
from common.errors import DatabaseError, PermanentError
from storer.database.saved_months import note_saved

KEPT = 10


def note(database: Database, rows: int | None, months: Mapping[datetime, str]) -> str | None:
    """Note that a backup with so many rows is finished; return why that failed, which the backup survives.

    Nothing is noted where the account may only read, which is enough for a backup.

    Args:
        database: that was saved.
        rows: in the files that were written; None: something could not be saved.
        months: in a folder, with their digests.
    """
    try:
        with contextlib.closing(database.connect()) as connection:
            if rows is not None:
                connection.execute(
                    "INSERT INTO backups (slot, finished_at, saved_rows) SELECT COALESCE((SELECT (slot + 1) MOD %s"
                    " FROM backups ORDER BY finished_at DESC LIMIT 1), 0), UTC_TIMESTAMP(6), %s ON DUPLICATE KEY"
                    " UPDATE finished_at = VALUES(finished_at), saved_rows = VALUES(saved_rows)",
                    (KEPT, rows),
                )
            note_saved(connection, months)
    except PermanentError:
        return None
    except DatabaseError as error:
        return f"the backup is complete, but not noted in the database: {error}"
    return None
