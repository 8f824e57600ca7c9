"""A mark in the database while it is restored: what was interrupted has a part of the rows only.

The mark is a table of its own, because it must be there before any other, in a database of any version.
"""

from common.database.mariadb import Connection
from common.errors import PermanentError
from common.machine.deployment import here

_MARK = "restoring"


def mark_unfinished(connection: Connection) -> None:
    """Note that a restore begins."""
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {_MARK} ("
        "since TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)"
        ") ENGINE=InnoDB COMMENT='A restore is going on, or was interrupted: docs/database.md'"
    )


def mark_finished(connection: Connection) -> None:
    """Note that the restore is finished."""
    connection.execute(f"DROP TABLE IF EXISTS {_MARK}")


def is_unfinished(connection: Connection) -> bool:
    """Return whether a restore is going on, or was interrupted."""
    return bool(
        connection.query(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s", (_MARK,)
        )
    )


def refuse_unfinished(connection: Connection, where: str) -> None:
    """Raise an error if a restore was interrupted; `where` is database and server, for the message.

    Raises:
        PermanentError: it was, or is still going on.
    """
    if is_unfinished(connection):
        raise PermanentError(
            f"database {where}: has only part of a backup, its restore is not finished: run it again"
            f" ({here('teleinfo-storer').run_alone('teleinfo-storer', 'restore')} FOLDER), it starts from the beginning"
        )
