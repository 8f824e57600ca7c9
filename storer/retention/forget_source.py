"""Deletes all that the database has of a source: `teleinfo-storer sources --forget NAME`."""

from collections.abc import Callable
from typing import TextIO

from common.database.mariadb import Database
from common.errors import ConfigError
from common.plural import plural
from common.runtime.progress import Progress
from storer.database.forgotten import note_forgotten
from storer.database.rights import require_delete
from storer.database.schema import open_tables
from storer.retention.forgetting import TIMEOUT, delete_rows, is_confirmed, keep_backups_away

_TABLES = ("source_minutes", "source_hours")


def forget_source(database: Database, name: str, ask: Callable[[str], str], progress: Progress, out: TextIO) -> int:
    """Delete a source if `ask` answers with its name; return the exit code. It can be interrupted, and repeated.

    Raises:
        ConfigError: there is no such source, or the tables are of an older version.
        PermanentError: the account may not delete.
    """
    with open_tables(database, TIMEOUT) as connection:
        known = {str(known): int(number) for known, number in connection.query("SELECT name, id FROM sources")}
        if name not in known:
            raise ConfigError(f"the source {name!r} is unknown; known sources: {', '.join(sorted(known)) or 'none'}")
        number = known[name]
        ((hours,),) = connection.query("SELECT COUNT(*) FROM source_hours WHERE source_id = %s", (number,))
        print(
            f"{name}: {plural(int(hours), 'hour')} and their minutes. It cannot be undone; dumps of before have it"
            " until they are a year old",
            file=out,
        )
        require_delete(connection, database.name)
        if not is_confirmed(name, ask, out):
            return 1
        keep_backups_away(connection)
        # Its number first: no other source gets it, so rows in files of backups stay those of this one.
        connection.execute(
            "UPDATE rollup_state SET last_forgotten_source = GREATEST(last_forgotten_source, %s) WHERE id = 1",
            (number,),
        )
        total = sum(delete_rows(connection, table, "source_id = %s", number, progress) for table in _TABLES)
        with connection.transaction():
            # A storer locks this row when it writes: what it wrote meanwhile is deleted, and the rest is a new source.
            note_forgotten(connection, name)
            connection.execute("DELETE FROM sources WHERE id = %s", (number,))
            total += sum(delete_rows(connection, table, "source_id = %s", number, progress) for table in _TABLES)
        progress.clear()
        print(f"deleted: {plural(total, 'row')}", file=out)
    return 0
