"""What commands share that delete all of something: a person's confirmation, and small steps."""

import sys
from collections.abc import Callable
from typing import TextIO

from common.database.mariadb import Connection
from common.errors import DatabaseError
from common.runtime.progress import Progress
from storer.database.locks import take_lock

TIMEOUT = 600.0  # seconds for one statement
_ROWS = 10_000  # deleted in one statement
_WAIT = 60  # seconds for a backup that ends soon


def ask_person(text: str) -> str:
    """Put a question to the person at the terminal; return the answer."""
    print(text, end="", flush=True)  # noqa: T201 - a question to a person
    return sys.stdin.readline()


def is_confirmed(name: str, ask: Callable[[str], str], out: TextIO) -> bool:
    """Ask for the name of what is to be deleted; say that nothing was if the answer is another one."""
    if ask(f"Type {name} to delete all of this: ").strip() == name:
        return True
    print("nothing was deleted", file=out)
    return False


def keep_backups_away(connection: Connection) -> None:
    """Have no backup made as long as the connection is open: no file then has a half of what is forgotten.

    Raises:
        DatabaseError: one is being made.
    """
    if not take_lock(connection, "backup", _WAIT):
        raise DatabaseError("a backup is being made, or old months are dropped: try again when that has ended")


def delete_rows(connection: Connection, table: str, where: str, argument: object, progress: Progress) -> int:
    """Delete rows in small steps; return how many. `where` has a place for the argument."""
    total = 0
    sql = f"DELETE FROM {table} WHERE {where} LIMIT {_ROWS}"  # noqa: S608 - our own names
    while count := connection.execute(sql, (argument,)):
        total += count
        progress.show("deleting", table, total)
    return total
