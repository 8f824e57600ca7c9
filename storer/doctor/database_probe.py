"""Collects the facts of a database as the storer would use it; nothing is written."""

import socket
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.database.mariadb import Connection, Database, DatabaseConfig
from common.database.rights import account_of, held_rights
from common.doctor.database import Refusal, address, error_code, is_local
from common.errors import DatabaseError
from common.machine.disk import free_space
from storer.database.months import month_of
from storer.database.original import NAME, is_table
from storer.database.rejected import LONGEST_PAYLOAD, MOST_BYTES, MOST_MESSAGES
from storer.database.rights import may_delete_label_sets
from storer.database.saved_months import changed_since_backup
from storer.database.schema import find_mismatch, newest_version
from storer.database.sizes import read_sizes
from storer.database.subpartitions import count_subpartitions
from storer.database.unfinished import is_unfinished
from storer.doctor.label_sets import ManyLabelSets, find_many_label_sets
from storer.rollups.state import State, count_late_hours, read_state

_GROWING = ("frames", "label_sets", "minutes", "hours", "breaks", "tallies", "late_hours")
RIGHTS = ("SELECT", "INSERT", "UPDATE", "CREATE", "ALTER", "DROP", "CREATE VIEW")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts(Refusal):
    """What a database server answered."""

    tls: bool = False  # over TLS, with the server's certificate verified
    version: str = ""
    account: str = ""  # as the server names it: 'teleinfo'@'localhost'
    missing_rights: tuple[str, ...] = ()
    original: bool = False  # it has the table of the original program
    unfinished: bool = False  # a restore was interrupted, or is going on
    schema: int | None = None  # None: no tables yet
    mismatch: tuple[str, str] | None = None  # how the tables differ from what this program makes, and what to do
    subpartitions: int = 1  # of each month of frames
    newest_schema: int = 0  # of this program
    flush: int = 1  # innodb_flush_log_at_trx_commit
    named_zones: bool = True
    read_only: bool = False
    may_delete_label_sets: bool = True
    bytes: int = 0  # of all tables
    measured: bool = True  # sizes are those on the disk, not the server's figures before page compression
    frames: int = 0  # estimated by the server
    frames_bytes: int = 0  # with all that grows with them: label sets, rollups, tallies
    per_day: float | None = None  # frames, within the last day
    last: datetime | None = None  # of the newest frame
    many_label_sets: tuple[ManyLabelSets, ...] = ()
    rejected: int = 0
    rejected_recently: int = 0  # within the last day
    rejected_full: bool = False  # no room for more
    last_rejected: tuple[datetime, str, str] | None = None  # when, topic, why
    rollups: State | None = None  # None: nothing is rolled up yet
    late_hours: int = 0  # to be rolled up again
    unsaved: tuple[datetime, ...] = ()  # months that retention keeps until the next backup
    free: int | None = None  # bytes on the server's disk; None: on another machine


def probe_databases(config: DatabaseConfig, now: datetime, months: int | None = None) -> list[DatabaseFacts]:
    """Collect the facts of each host; `months` of frames are kept, None: all."""
    return [probe_database(replace(config, host=(host,)), now, months) for host in config.host]


def probe_database(config: DatabaseConfig, now: datetime, months: int | None = None) -> DatabaseFacts:
    """Collect the facts of one host; `months` of frames are kept, None: all. Nothing is written."""
    database = Database(config)
    facts = DatabaseFacts(
        where=address(config),
        user=config.user,
        name=config.name,
        local=is_local(config),
        tls=config.tls is not None,
        newest_schema=newest_version(),
    )
    try:
        with closing(database.connect()) as connection:
            return _collect(facts, connection, now, months)
    except DatabaseError as error:
        return replace(facts, error=str(error), code=error_code(error))


def _collect(facts: DatabaseFacts, connection: Connection, now: datetime, months: int | None) -> DatabaseFacts:
    ((version, flush, read_only, datadir, host),) = connection.query(
        "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@read_only, @@datadir, @@hostname"
    )
    held = held_rights(connection)
    ((zone,),) = connection.query("SELECT CONVERT_TZ('2026-01-01', 'UTC', 'Europe/Paris')")
    tables = {name for (name,) in connection.query("SHOW TABLES")}
    facts = replace(
        facts,
        version=version,
        account=account_of(connection),
        flush=flush,
        read_only=bool(read_only),
        named_zones=zone is not None,
        missing_rights=tuple(right for right in RIGHTS if right not in held),
        may_delete_label_sets=may_delete_label_sets(connection),
        original=is_table(connection, NAME),
        unfinished=is_unfinished(connection),
    )
    if facts.local and host == socket.gethostname() and Path(datadir).is_dir():
        facts = replace(facts, free=free_space(Path(datadir)))
    if "schema_version" not in tables or "SELECT" in facts.missing_rights:
        return facts
    ((schema,),) = connection.query("SELECT MAX(version) FROM schema_version")
    facts = replace(facts, schema=schema or 0, mismatch=find_mismatch(connection))
    if facts.mismatch:
        return facts
    facts = _sizes(facts, connection)
    if "frames" in tables:
        facts = replace(_frames(facts, connection, now), subpartitions=count_subpartitions(connection))
    if facts.schema == facts.newest_schema:
        facts = replace(facts, rollups=read_state(connection), late_hours=count_late_hours(connection))
        if facts.last is not None:
            facts = replace(facts, many_label_sets=find_many_label_sets(connection, facts.last))
        if months is not None:
            facts = replace(facts, unsaved=tuple(changed_since_backup(connection, month_of(now, -months))))
    return _rejected(facts, connection, now) if "rejected_messages" in tables else facts


def _sizes(facts: DatabaseFacts, connection: Connection) -> DatabaseFacts:
    ((frames,),) = connection.query(
        "SELECT COALESCE(SUM(table_rows), 0) FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = 'frames'"
    )
    sizes = read_sizes(connection, local=facts.free is not None)
    return replace(
        facts,
        bytes=sum(sizes.files.values()),
        measured=sizes.measured,
        frames=int(frames),
        frames_bytes=sum(map(sizes.of, _GROWING)),
    )


def _frames(facts: DatabaseFacts, connection: Connection, now: datetime) -> DatabaseFacts:
    ((last,),) = connection.query("SELECT MAX(timestamp) FROM frames")
    if last is None:
        return facts
    ((count, first),) = connection.query(
        "SELECT COUNT(*), MIN(timestamp) FROM frames WHERE timestamp >= %s", (now - timedelta(days=1),)
    )
    days = (now - first.replace(tzinfo=UTC)) / timedelta(days=1) if first else 0.0
    # A few minutes of frames are no measure of a day.
    per_day = count / days if days > 0.01 else None
    return replace(facts, last=last.replace(tzinfo=UTC), per_day=per_day)


def _rejected(facts: DatabaseFacts, connection: Connection, now: datetime) -> DatabaseFacts:
    ((count, lately, size),) = connection.query(
        "SELECT COUNT(*), COALESCE(SUM(last_at >= %s), 0), COALESCE(SUM(LEAST(size, %s)), 0) FROM rejected_messages",
        (now - timedelta(days=1), LONGEST_PAYLOAD),
    )
    newest = connection.query("SELECT last_at, topic, reason FROM rejected_messages ORDER BY last_at DESC LIMIT 1")
    last = [(at.replace(tzinfo=UTC), topic, reason) for at, topic, reason in newest]
    return replace(
        facts,
        rejected=count,
        rejected_recently=int(lately),
        rejected_full=count >= MOST_MESSAGES or size > MOST_BYTES - LONGEST_PAYLOAD,
        last_rejected=last[0] if last else None,
    )
