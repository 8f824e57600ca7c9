"""Deletes all that the database has of a meter (`forget-meter`) or a source that is gone, while storers run.

The row of `meters` goes first, with a note that the rest is still to be deleted. From then on a storer that gets frames
of this meter gives it a new number, and all rows whose meter is not there are those to delete: an interrupted run goes
on with them. Numbers are never given again. Label sets are left to the storer, which deletes the unused ones.
"""

import argparse
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TextIO

from common.database.mariadb import Connection, Database, sql_time
from common.database.schema import account_of, held_rights
from common.errors import ConfigError, DatabaseError, PermanentError
from common.machine.deployment import here
from common.runtime.progress import Progress
from common.settings import config
from storer.config.options import StorerConfig
from storer.database.forgotten import note_forgotten
from storer.database.locks import take_lock
from storer.database.meters import known_meters, unknown_meter
from storer.database.schema import open_tables
from storer.rollups import state as states

TIMEOUT = 600.0  # seconds for one statement
_ROWS = 10_000  # deleted in one statement
_WAIT = 60  # seconds for a backup that ends soon
#: Tables with a column `meter_id`, but for `frames`; hours and minutes come after what they are made of.
TABLES = ("tallies", "minutes", "hours", "breaks", "late_hours", "imported_hours", "imports")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_IN_FLIGHT = 2 * _HOUR  # what a transaction that began before may still add is not older, but for replays
#: Temperatures that were imported for a meter.
_OUTSIDE = "source IN (SELECT CONCAT('import ', id) FROM imports WHERE meter_id IN %s)"
_REJECTED = "FROM rejected_messages WHERE CONCAT('/', topic, '/') LIKE %s OR LOCATE(%s, payload)"
_UNSEARCHED = datetime(1970, 1, 2, tzinfo=UTC)
_TABLES = ("source_minutes", "source_hours")


def _ask_person(text: str) -> str:
    """Put a question to the person at the terminal; return the answer."""
    print(text, end="", flush=True)  # noqa: T201 - a question to a person
    return sys.stdin.readline()


def _require_delete(connection: Connection, name: str) -> None:
    """Refuse an account of an earlier version, which may not delete rows of all tables of the database `name`.

    Raises:
        PermanentError: with the statement that allows it.
    """
    if "DELETE" not in held_rights(connection):
        account = account_of(connection)
        raise PermanentError(
            f"the account {account} may not delete. As administrator ({here('teleinfo-storer').sql()}): GRANT DELETE ON"
            f" {name}.* TO {account};"
        )


def keep_backups_away(connection: Connection) -> None:
    """Prevent backups while the connection is open: no file then has only half of what is forgotten.

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


def declare_forget_meter(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command, besides `--config`."""
    parser.add_argument("address", metavar="ADDRESS", help="its address; to confirm, it is asked for once more")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be deleted")
    parser.set_defaults(command=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = config.load(StorerConfig, arguments.config)
    ask = None if arguments.dry_run else _ask_person
    with Progress(sys.stderr) as progress:
        return forget_meter(Database(settings.database), arguments.address, ask, progress, sys.stdout)


def forget_meter(
    database: Database, address: str, ask: Callable[[str], str] | None, progress: Progress, out: TextIO
) -> int:
    """Show what there is of a meter, and delete it if `ask` answers with its address; return the exit code.

    `ask` puts a question to a person; None: only show. It can be interrupted, and repeated.

    Raises:
        ConfigError: there is no such meter, or the tables are of an older version.
        PermanentError: the account may not delete.
    """
    with open_tables(database, TIMEOUT) as connection:
        work = _Forgetting(connection, address, progress)
        for line in work.describe():
            print(line, file=out)
        if ask is None:
            return 0
        _require_delete(connection, database.name)
        if ask(f"Type {address} to delete all of this: ").strip() != address:
            print("nothing was deleted", file=out)
            return 1
        keep_backups_away(connection)
        deleted = work.delete()
        progress.clear()
        print(f"deleted: {_listed(deleted)}", file=out)
        print(
            "The storer deletes its label sets within three days. The next backup writes the files of its months"
            " without it; dumps of before have it until they are a year old. The broker keeps its last values.",
            file=out,
        )
    return 0


def delete_meter(connection: Connection, address: str, progress: Progress) -> dict[str, int]:
    """Delete all that the database has of a meter; return how many rows, by table. It may be repeated.

    Raises:
        ConfigError: there is no such meter.
    """
    return _Forgetting(connection, address, progress).delete()


class _Forgetting:
    """One meter, over one connection."""

    def __init__(self, connection: Connection, address: str, progress: Progress) -> None:
        self._connection = connection
        self._address = address
        self._progress = progress
        known = known_meters(connection)
        self._id = known.get(address)
        if self._id is None and not self._interrupted():
            raise unknown_meter(address, known)

    def describe(self) -> Iterator[str]:
        """Yield lines about what there is, and about backups."""
        numbers = self._numbers()
        if self._id is not None:
            numbers.add(self._id)
        else:
            yield "an earlier run was interrupted: this one goes on with it"
        counts = {"frames": self._count_frames(numbers)}
        for table in TABLES:
            counts[table] = self._one(f"SELECT COUNT(*) FROM {table} WHERE meter_id IN %s", tuple(numbers))  # noqa: S608
        counts["outside"] = self._one(f"SELECT COUNT(*) FROM outside WHERE {_OUTSIDE}", tuple(numbers))  # noqa: S608
        counts["rejected_messages"] = self._one(f"SELECT COUNT(*) {_REJECTED}", *self._named())
        self._progress.clear()
        yield f"{self._address}: {_listed(counts)}"
        ((last,),) = self._connection.query("SELECT MAX(finished_at) FROM backups")
        made = f"the last backup was finished on {last:%Y-%m-%d %H:%M} UTC" if last else "no backup is known"
        yield f"It cannot be undone: {made}"

    def delete(self) -> dict[str, int]:
        """Delete all rows, in small transactions; return how many, by table."""
        connection = self._connection
        since = states.server_now(connection) - _IN_FLIGHT
        deleted = {"frames": 0, "outside": 0, **dict.fromkeys(TABLES, 0)}
        deleted["rejected_messages"] = connection.execute(f"DELETE {_REJECTED}", self._named())
        if self._id is not None:
            self._forget_number(self._id)
        numbers = self._numbers()
        # Twice: what a storer had begun before is there by the second time.
        for start in (None, since):
            deleted["frames"] += self._delete_frames(numbers, start)
            # Before the imports that it is of.
            deleted["outside"] += delete_rows(connection, "outside", _OUTSIDE, tuple(numbers), self._progress)
            for table in TABLES:
                deleted[table] += delete_rows(connection, table, "meter_id IN %s", tuple(numbers), self._progress)
        connection.execute(
            "UPDATE rollup_state SET forgetting = 0, label_sets_from = %s WHERE id = 1", (sql_time(_UNSEARCHED),)
        )
        return deleted

    def _forget_number(self, number: int) -> None:
        # There is a row from the first run of a storer on; the lease is not needed, nor kept.
        name = f"forget-{secrets.token_hex(4)}"
        if states.read_state(self._connection) is None:
            now = states.server_now(self._connection)
            states.take_lease(self._connection, name, now, now.replace(second=0, microsecond=0))
            states.release_lease(self._connection, name)
        with self._connection.transaction():
            self._connection.execute(
                "UPDATE rollup_state SET forgetting = 1, last_forgotten_meter = GREATEST(last_forgotten_meter, %s)"
                " WHERE id = 1",
                (number,),
            )
            note_forgotten(self._connection, self._address)
            self._connection.execute("UPDATE sources SET meter = NULL WHERE meter = %s", (self._address,))
            self._connection.execute("DELETE FROM meters WHERE id = %s", (number,))

    def _interrupted(self) -> bool:
        return bool(self._connection.query("SELECT 1 FROM rollup_state WHERE forgetting = 1"))

    def _numbers(self) -> set[int]:
        """Return the numbers of all meters that were forgotten."""
        last = self._one("SELECT COALESCE(MAX(last_forgotten_meter), 0) FROM rollup_state")
        return set(range(1, last + 1)) - set(known_meters(self._connection).values())

    def _named(self) -> tuple[str, str]:
        return f"%/{self._address}/%", self._address

    def _one(self, sql: str, *arguments: object) -> int:
        ((value,),) = self._connection.query(sql, arguments)
        return int(value)

    def _count_frames(self, numbers: set[int]) -> int:
        count = 0
        for start, end in self._spans(None, _DAY):
            count += self._one(
                "SELECT COUNT(*) FROM frames WHERE timestamp >= %s AND timestamp < %s AND meter_id IN %s",
                start,
                end,
                tuple(numbers),
            )
            self._progress.show("counting", "frames", count)
        return count

    def _delete_frames(self, numbers: set[int], since: datetime | None) -> int:
        count = 0
        for start, end in self._spans(since, _HOUR):
            count += self._connection.execute(
                "DELETE FROM frames WHERE timestamp >= %s AND timestamp < %s AND meter_id IN %s",
                (start, end, tuple(numbers)),
            )
            self._progress.show("deleting", "frames", count)
        return count

    def _spans(self, since: datetime | None, length: timedelta) -> Iterator[tuple[str, str]]:
        """Yield spans of time that have frames of any meter: the key of frames begins with the time."""
        begin = states.first_frame(self._connection, since)
        if since is None and begin is not None:
            yield "1970-01-01 00:00:01", sql_time(begin)  # the hour that first_frame passes by
        while begin is not None:
            yield sql_time(begin), sql_time(begin + length)
            begin = states.first_frame(self._connection, begin + length)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{table.replace('_', ' ')} {count}" for table, count in counts.items() if count) or "nothing"


def delete_source(connection: Connection, name: str, progress: Progress) -> int:
    """Delete a source; return how many rows. It may be repeated.

    Raises:
        ConfigError: there is no such source.
    """
    rows = connection.query("SELECT id FROM sources WHERE name = %s", (name,))
    if not rows:
        raise ConfigError(f"the source {name!r} is unknown")
    ((number,),) = rows
    # Its number first: no other source may get it, or rows in backup files would become that source's.
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
    return total
