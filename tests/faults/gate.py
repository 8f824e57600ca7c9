"""A gate in a table: what is written waits there, so that a kill comes in the middle, however fast the machine."""

import contextlib
from collections.abc import Callable, Iterator

from tests.support.programs import WITHIN, wait_until
from tests.support.servers import Database, InstanceError


@contextlib.contextmanager
def gate(database: Database, condition: str) -> Iterator[Callable[[], None]]:
    """Stop whoever inserts a row of `frames` of which a condition on NEW holds; yield what waits for that.

    At the end of the block the connections that stand there are ended, without their row.
    """
    trigger, table = f"{database.name}.gate", f"{database.name}.frames"
    database.sql(f"CREATE TRIGGER {trigger} BEFORE INSERT ON {table} FOR EACH ROW DO IF({condition}, SLEEP(3600), 0)")

    def waiting() -> list[str]:
        return database.sql("SELECT id FROM information_schema.processlist WHERE state = 'User sleep'").split()

    try:
        yield lambda: wait_until(lambda: bool(waiting()), WITHIN, "somebody stands at the gate")
    finally:
        for number in waiting():
            with contextlib.suppress(InstanceError):  # it has ended by itself
                database.sql(f"KILL {number}")
        database.sql(f"DROP TRIGGER {trigger}")
