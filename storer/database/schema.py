"""Brings the tables of a database up to date, one storer at a time, and makes the partitions of the months to come."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files

from common.database import Connection, Database
from common.errors import DatabaseError

log = logging.getLogger(__name__)

MONTHS_AHEAD = 3
LONGEST_GAP = 120  # months that are made up for after a pause; a clock may also have been years off
_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_MONTH = re.compile(r"p(\d{4})(\d\d)")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str

    def statements(self) -> Iterator[str]:
        """Yield the statements; each ends with a semicolon at the end of a line."""
        lines = [line for line in self.sql.splitlines() if not line.lstrip().startswith("--")]
        for part in re.split(r";\s*$", "\n".join(lines), flags=re.MULTILINE):
            if statement := part.strip():
                yield statement


def migrations() -> list[Migration]:
    """Return all steps, in order."""
    steps = []
    for file in files("storer.database").joinpath("migrations").iterdir():
        match = _FILE.fullmatch(file.name)
        if match:
            steps.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    return sorted(steps, key=lambda step: step.version)


def newest_version() -> int:
    """Return the version that all steps lead to."""
    return migrations()[-1].version


def ensure_supported(version: int) -> None:
    """Raise `DatabaseError` if tables of that version are newer than this program."""
    if version > newest_version():
        raise DatabaseError(
            f"the tables have version {version}, this program knows {newest_version()}: update the storer"
        )


def migrate(database: Database, up_to: int | None = None) -> list[Migration]:
    """Apply the steps that the database lacks, all or those up to a version; return them.

    Raises:
        DatabaseError: the database is away, refuses us, or is newer than this program.
    """
    connection = database.connect()
    guard = None
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version ("
            "version INT NOT NULL PRIMARY KEY, name VARCHAR(64) NOT NULL,"
            " applied_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)) ENGINE=InnoDB"
        )
        connection.execute(
            "INSERT INTO schema_version (version, name) VALUES (0, 'the row that is locked while steps are applied')"
            " ON DUPLICATE KEY UPDATE version = version"
        )
        if not _missing(connection, up_to):
            return []
        # A second connection holds the lock: each CREATE or ALTER ends the transaction of the connection that runs it.
        guard = database.connect()
        applied = []
        with guard.transaction():
            guard.query("SELECT version FROM schema_version WHERE version = 0 FOR UPDATE")
            for step in _missing(connection, up_to):
                log.info("Bringing the database to version %d (%s)", step.version, step.name)
                for statement in step.statements():
                    connection.execute(statement)
                connection.execute(
                    "INSERT INTO schema_version (version, name) VALUES (%s, %s)", (step.version, step.name)
                )
                applied.append(step)
        return applied
    finally:
        connection.close()
        if guard is not None:
            guard.close()


def _missing(connection: Connection, up_to: int | None) -> list[Migration]:
    (newest,) = connection.query("SELECT MAX(version) FROM schema_version")[0]
    ensure_supported(newest)
    return [step for step in migrations() if step.version > newest and (up_to is None or step.version <= up_to)]


def make_partitions(connection: Connection, now: datetime) -> list[str]:
    """Make a partition of `frames` for this month and the next ones where they are missing; return their names.

    `p_later`, which takes what is newer than all of them, is made, too, if somebody has dropped it.
    """
    limits = _limits(connection)
    last = max(_months(limits), default=None)
    end = _month(now, MONTHS_AHEAD)
    first = _month(now, 0) if last is None else _month(last, 1)
    first = max(first, _month(end, -LONGEST_GAP))
    made = []
    while first <= end:
        made.append(first)
        first = _month(first, 1)
    if "p_later" not in limits:
        return _make_latest(connection, made, max(limit for limit in limits.values() if limit is not None))
    if not made:
        return []
    parts = [f"PARTITION p{month:%Y%m} VALUES LESS THAN ({_epoch(_month(month, 1))})" for month in made]
    if last is None:
        parts.insert(0, f"PARTITION p_earlier VALUES LESS THAN ({_epoch(made[0])})")
    parts.append("PARTITION p_later VALUES LESS THAN MAXVALUE")
    connection.execute(f"ALTER TABLE frames REORGANIZE PARTITION p_later INTO ({', '.join(parts)})")
    return [f"p{month:%Y%m}" for month in made]


def _make_latest(connection: Connection, months: Sequence[datetime], highest: int) -> list[str]:
    """Add partitions after the last one, which ends at `highest`, and `p_later`."""
    later = [month for month in months if _epoch(_month(month, 1)) > highest]
    parts = [f"PARTITION p{month:%Y%m} VALUES LESS THAN ({_epoch(_month(month, 1))})" for month in later]
    parts.append("PARTITION p_later VALUES LESS THAN MAXVALUE")
    connection.execute(f"ALTER TABLE frames ADD PARTITION ({', '.join(parts)})")
    return [f"p{month:%Y%m}" for month in later]


def make_earlier_partitions(connection: Connection, since: datetime) -> list[str]:
    """Make a partition for each month from `since` to the first that has one; return their names."""
    end = min(_months(_limits(connection)))
    first = max(_month(since, 0), _month(end, -LONGEST_GAP))
    made: list[str] = []
    while first < end:
        # A year at a time: each is a file, and on an SD card ten years of them take longer than a statement may.
        begin = max(first, _month(end, -12))
        months = [_month(begin, ahead) for ahead in range(12) if _month(begin, ahead) < end]
        parts = [f"PARTITION p_earlier VALUES LESS THAN ({_epoch(begin)})"]
        parts += [f"PARTITION p{month:%Y%m} VALUES LESS THAN ({_epoch(_month(month, 1))})" for month in months]
        connection.execute(f"ALTER TABLE frames REORGANIZE PARTITION p_earlier INTO ({', '.join(parts)})")
        made = [f"p{month:%Y%m}" for month in months] + made
        end = begin
    return made


def _limits(connection: Connection) -> dict[str, int | None]:
    """Return where each partition ends, in seconds since the epoch; None: it has no end."""
    rows = connection.query(
        "SELECT partition_name, partition_description FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = 'frames' AND partition_name IS NOT NULL"
    )
    return {name: None if limit == "MAXVALUE" else int(limit) for name, limit in rows}


def _months(names: Iterable[str]) -> list[datetime]:
    return [_first_of(name) for name in names if _MONTH.fullmatch(name)]


def _month(instant: datetime, ahead: int) -> datetime:
    months = instant.year * 12 + instant.month - 1 + ahead
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _first_of(name: str) -> datetime:
    match = _MONTH.fullmatch(name)
    assert match
    return datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
