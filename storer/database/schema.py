"""Migrates the schema, one storer at a time, and creates the partitions of the coming months."""

import contextlib
import hashlib
import logging
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.database.mariadb import TIMEOUT, Connection, Database
from common.database.schema import schema_version
from common.errors import ConfigError, Conflict, DatabaseError, PermanentError
from common.machine.deployment import here
from storer.database.months import month_of
from storer.database.original import refuse_original
from storer.database.unfinished import refuse_unfinished

log = logging.getLogger(__name__)

MONTHS_AHEAD = 3
MAX_MONTHS = 120  # created after a pause, at most: the clock may also have been years off
FOLDER = Path(__file__).with_name("migrations")
_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_MONTH = re.compile(r"p(\d{4})(\d\d)")
_NOBODY = "the row that is locked during migrations"
_US = f"a storer migrates the tables: {secrets.token_hex(8)}"  # this process, at whichever node
_LOCK_WAIT = 20  # seconds
_CLAIM = 10  # minutes that the tables stay claimed by a storer that was killed
_FIRST = 100  # smaller numbers are of tables from before the first release


#: The last commit that reads tables from before the first release: versions 1 to 15.
LAST_BEFORE = "d8060f4"
#: The last commit that reads tables of version 100 that lack what its file got on 29 November 2026.
LAST_OF_NOVEMBER = "55bee167"
_ADDED_LATE = (
    "sources",
    "source_minutes",
    "source_hours",
    "rollup_state.last_forgotten_source",
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file."""

    version: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """Yield the statements. Each ends with a semicolon at the end of a line."""
        lines = [line for line in self.sql.splitlines() if not line.lstrip().startswith("--")]
        for part in re.split(r";\s*$", "\n".join(lines), flags=re.MULTILINE):
            if statement := part.strip():
                yield statement


def migrations() -> list[Migration]:
    """Return all migrations, in order."""
    steps = []
    for file in FOLDER.iterdir():
        match = _FILE.fullmatch(file.name)
        if match:
            steps.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    return sorted(steps, key=lambda migration: migration.version)


def newest_version() -> int:
    """Return the version after all migrations."""
    return migrations()[-1].version


def is_of_before(version: int) -> bool:
    """Return whether tables are from before the first release: this program does not read them."""
    return 0 < version < _FIRST


def ensure_supported(version: int) -> None:
    """Refuse tables that this program does not read.

    Raises:
        PermanentError: it is too old for them, or they are from before the first release.
    """
    if is_of_before(version):
        raise PermanentError(
            f"the tables have version {version}, from before the first release: choose another database, or use commit"
            f" {LAST_BEFORE}, the last that reads them"
        )
    if version > newest_version():
        raise PermanentError(
            f"the tables have version {version}, this program supports up to {newest_version()}: update the storer"
        )


def find_mismatch(connection: Connection) -> tuple[str, str] | None:
    """Return how the tables differ from what the files of this program make, and what to do; None: they do not."""
    noted = _noted_digests(connection)
    if _FIRST in noted and noted[_FIRST] is None and (lacking := _lacking(connection)):
        return (
            f"the tables have version {_FIRST} as it was before 30 November 2026, without {', '.join(lacking)}",
            f"choose another database, or use commit {LAST_OF_NOVEMBER}, the last that reads them",
        )
    for migration in migrations():
        if noted.get(migration.version) not in (None, migration.digest):
            return (
                f"version {migration.version} of the tables ({migration.name}) was made by another file than this"
                " program has",
                "use the program that made them, or choose another database",
            )
    return None


def refuse_mismatch(connection: Connection) -> None:
    """Refuse tables that this program does not read.

    Raises:
        PermanentError: it is too old for them, or other files than its own made them.
    """
    ensure_supported(schema_version(connection) or 0)
    if mismatch := find_mismatch(connection):
        raise PermanentError(": ".join(mismatch))


def _noted_digests(connection: Connection) -> dict[int, str | None]:
    """Return the digest of each file that was applied; None: it is not noted yet."""
    columns = {
        name
        for (name,) in connection.query(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = 'schema_version'"
        )
    }
    if not columns:
        return {}
    digest = "digest" if "digest" in columns else "NULL"
    rows = connection.query(f"SELECT version, {digest} FROM schema_version WHERE version > 0")  # noqa: S608 - our names
    return {int(version): found for version, found in rows}


def _lacking(connection: Connection) -> list[str]:
    names = connection.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " UNION SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = 'rollup_state'"
    )
    return [name for name in _ADDED_LATE if (name,) not in names]


def _note_digests(connection: Connection) -> None:
    noted = _noted_digests(connection)
    if max(noted, default=0) <= _FIRST:
        return  # the next version adds the column
    for migration in migrations():
        if noted.get(migration.version, "") is None:
            connection.execute(
                "UPDATE schema_version SET digest = %s WHERE version = %s AND digest IS NULL",
                (migration.digest, migration.version),
            )


@contextlib.contextmanager
def open_tables(database: Database, timeout: float = TIMEOUT) -> Iterator[Connection]:
    """Provide a connection for a command, which may be used before a storer has updated the tables.

    Raises:
        ConfigError: the tables are older than this program.
        PermanentError: this program does not read them.
        DatabaseError: they are of an unfinished restore, or the database is unavailable.
    """
    with contextlib.closing(database.connect(timeout)) as connection:
        refuse_unfinished(connection, database.where)
        refuse_mismatch(connection)
        if schema_version(connection) is None or _missing(connection, None):
            run = here("teleinfo-storer").run("teleinfo-storer", "migrate")
            raise ConfigError(f"the tables are of an older version: first {run}")
        yield connection


def migrate(database: Database, up_to: int | None = None, *, restoring: bool = False) -> list[Migration]:
    """Apply the migrations that are missing, all or those up to a version; return them.

    `restoring`: for the restore that is going on in this database.

    Raises:
        PermanentError: the table of the original program has the name of our view, a restore was interrupted, or this
            program does not read the tables.
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    with contextlib.closing(database.connect()) as connection:
        refuse_original(connection, database.where)
        if not restoring:
            refuse_unfinished(connection, database.where)
        refuse_mismatch(connection)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version ("
            "version INT NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL,"
            " applied_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE=InnoDB"
        )
        connection.execute(
            "INSERT INTO schema_version (version, name) VALUES (0, %s) ON DUPLICATE KEY UPDATE version = version",
            (_NOBODY,),
        )
        if not _missing(connection, up_to):
            _note_digests(connection)
            return []
        applied = []
        lock = _cluster_lock(connection) if _is_cluster(connection) else _server_lock(connection)
        with lock:
            for migration in _missing(connection, up_to):
                log.info("Migrating the database to version %d (%s)", migration.version, migration.name)
                for statement in migration.statements():
                    connection.execute(statement)
                connection.execute(
                    "INSERT INTO schema_version (version, name) VALUES (%s, %s)", (migration.version, migration.name)
                )
                applied.append(migration)
            _note_digests(connection)
        return applied


@contextlib.contextmanager
def _server_lock(connection: Connection) -> Iterator[None]:
    """Take a lock that lasts as long as the connection, so not longer than the program.

    Raises:
        Conflict: another storer migrates the tables.
    """
    # No row is locked: a step that alters the row's table would wait for it.
    ((locked,),) = connection.query(
        "SELECT GET_LOCK(CONCAT('teleinfo-storer migrate ', DATABASE()), %s)", (_LOCK_WAIT,)
    )
    if not locked:
        raise Conflict("another storer migrates the tables")
    yield


@contextlib.contextmanager
def _cluster_lock(connection: Connection) -> Iterator[None]:
    """Write into the row of version 0 that we migrate: locks of a node are unknown to the others.

    Two nodes that change their tables at once can hang a cluster of Galera (CREATE VIEW waits for itself).

    Raises:
        Conflict: another storer migrates the tables, or was killed when it did.
    """
    # A node may not see what another has just committed; but of two that change the row only one can commit.
    claimed = connection.execute(
        "UPDATE schema_version SET name = %s, applied_at = CURRENT_TIMESTAMP(6) WHERE version = 0"
        " AND (name IN (%s, %s) OR applied_at < CURRENT_TIMESTAMP(6) - INTERVAL %s MINUTE)",
        (_US, _NOBODY, _US, _CLAIM),
    )
    if not claimed:
        raise Conflict("another storer migrates the tables; if it was killed, wait ten minutes")
    try:
        yield
    finally:
        with contextlib.suppress(DatabaseError):  # if it stays, other storers wait for ten minutes
            connection.execute("UPDATE schema_version SET name = %s WHERE version = 0", (_NOBODY,))


def _is_cluster(connection: Connection) -> bool:
    return ("wsrep_on", "ON") in connection.query("SHOW VARIABLES LIKE 'wsrep_on'")


def _missing(connection: Connection, up_to: int | None) -> list[Migration]:
    newest = schema_version(connection) or 0
    ensure_supported(newest)
    return [
        migration
        for migration in migrations()
        if migration.version > newest and (up_to is None or migration.version <= up_to)
    ]


def make_partitions(connection: Connection, now: datetime) -> list[str]:
    """Create the missing partitions of `frames` for this month and the next ones; return their names.

    `p_later`, which holds what is newer, is created too if somebody has dropped it.
    """
    limits = partition_limits(connection)
    last = max(_months(limits), default=None)
    end = month_of(now, MONTHS_AHEAD)
    first = month_of(now) if last is None else month_of(last, 1)
    first = max(first, month_of(end, -MAX_MONTHS))
    created = []
    while first <= end:
        created.append(first)
        first = month_of(first, 1)
    if "p_later" not in limits:
        return _make_latest(connection, created, max(limit for limit in limits.values() if limit is not None))
    if not created:
        return []
    parts = [f"PARTITION p{month:%Y%m} VALUES LESS THAN ({_epoch(month_of(month, 1))})" for month in created]
    if last is None:
        parts.insert(0, f"PARTITION p_earlier VALUES LESS THAN ({_epoch(created[0])})")
    parts.append("PARTITION p_later VALUES LESS THAN MAXVALUE")
    connection.execute(f"ALTER TABLE frames REORGANIZE PARTITION p_later INTO ({', '.join(parts)})")
    return [f"p{month:%Y%m}" for month in created]


def _make_latest(connection: Connection, months: Sequence[datetime], highest: int) -> list[str]:
    """Add partitions after the last one, which ends at `highest`, and then `p_later`."""
    later = [month for month in months if _epoch(month_of(month, 1)) > highest]
    parts = [f"PARTITION p{month:%Y%m} VALUES LESS THAN ({_epoch(month_of(month, 1))})" for month in later]
    parts.append("PARTITION p_later VALUES LESS THAN MAXVALUE")
    connection.execute(f"ALTER TABLE frames ADD PARTITION ({', '.join(parts)})")
    return [f"p{month:%Y%m}" for month in later]


def make_earlier_partitions(connection: Connection, since: datetime) -> list[str]:
    """Create a partition for each month from `since` to the first that has one; return their names.

    Months that were dropped are not made again: since then they belong to the one after them.
    """
    limits = partition_limits(connection)
    earlier = limits["p_earlier"]
    end = min(_months(limits))
    end = end if earlier is None else min(end, datetime.fromtimestamp(earlier, UTC))
    first = max(month_of(since), month_of(end, -MAX_MONTHS))
    created: list[str] = []
    while first < end:
        # A year at a time: each partition is a file, and on an SD card ten years would exceed the timeout.
        begin = max(first, month_of(end, -12))
        months = [month_of(begin, ahead) for ahead in range(12) if month_of(begin, ahead) < end]
        parts = [f"PARTITION p_earlier VALUES LESS THAN ({_epoch(begin)})"]
        parts += [f"PARTITION p{month:%Y%m} VALUES LESS THAN ({_epoch(month_of(month, 1))})" for month in months]
        connection.execute(f"ALTER TABLE frames REORGANIZE PARTITION p_earlier INTO ({', '.join(parts)})")
        created = [f"p{month:%Y%m}" for month in months] + created
        end = begin
    return created


def partition_limits(connection: Connection, table: str = "frames") -> dict[str, int | None]:
    """Return the upper limit of each partition, in seconds since the epoch; None: MAXVALUE."""
    rows = connection.query(
        "SELECT partition_name, partition_description FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = %s AND partition_name IS NOT NULL",
        (table,),
    )
    return {name: None if limit == "MAXVALUE" else int(limit) for name, limit in rows}


def first_month(connection: Connection) -> datetime | None:
    """Return the start of the oldest month of `frames` that has a partition, None if none has."""
    return min(_months(partition_limits(connection)), default=None)


def _months(names: Iterable[str]) -> list[datetime]:
    return [_first_of(name) for name in names if _MONTH.fullmatch(name)]


def _first_of(name: str) -> datetime:
    match = _MONTH.fullmatch(name)
    assert match
    return datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
