"""Locks of the server by name, which last as long as the connection: what was killed holds none."""

import contextlib

from common.database.mariadb import Connection
from common.errors import DatabaseError


def take_lock(connection: Connection, command: str, seconds: int = 0) -> bool:
    """Take the lock of a command on this database, waiting for up to `seconds`; return whether we have it.

    Each node of a cluster has its own.
    """
    ((locked,),) = connection.query(
        "SELECT GET_LOCK(CONCAT('teleinfo-storer ', %s, ' ', DATABASE()), %s)", (command, seconds)
    )
    return bool(locked)


def is_locked(connection: Connection, command: str) -> bool:
    """Return whether somebody has the lock of a command."""
    ((is_free,),) = connection.query("SELECT IS_FREE_LOCK(CONCAT('teleinfo-storer ', %s, ' ', DATABASE()))", (command,))
    return not is_free


def free_lock(connection: Connection, command: str) -> None:
    """Give a lock back, if the connection has not ended by now."""
    with contextlib.suppress(DatabaseError):
        connection.query("SELECT RELEASE_LOCK(CONCAT('teleinfo-storer ', %s, ' ', DATABASE()))", (command,))
