"""Checks a database as the storer would use it; nothing is written."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from common.check.database import Needs, Refusal, address, diagnose_refusal, error_code, grant, is_local
from common.check.findings import Finding
from common.database.mariadb import Connection, Database, DatabaseConfig
from common.database.schema import account_of, held_rights, schema_version
from common.errors import DatabaseError, PermanentError
from common.machine.deployment import here
from common.machine.disk import free_space
from common.settings.language import format_bytes, format_days
from storer.check.texts import PROGRAM, TEXTS
from storer.database.original import refuse_original
from storer.database.schema import newest_version, refuse_mismatch
from storer.database.unfinished import refuse_unfinished

RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "CREATE VIEW")
_NEEDS = Needs(program=PROGRAM, account="teleinfo", rights=RIGHTS)
_OLDEST = (10, 6)  # MariaDB
_VERSION = re.compile(r"(\d+)\.(\d+)")
_BYTES_PER_DAY = 94_000 * 50  # of a meter in standard mode, before the server compresses pages; see docs/storage.md
_NOTICE_DAYS, _PROBLEM_DAYS = 365, 30  # until the disk is full
_MIN_FREE = 100_000_000  # bytes; a server needs as much for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts(Refusal):
    """What a database server answered."""

    tls: bool = False  # over TLS, with the server's certificate verified
    version: str = ""
    account: str = ""  # as the server names it: 'teleinfo'@'localhost'
    read_only: bool = False
    flush: int = 1  # innodb_flush_log_at_trx_commit
    missing_rights: tuple[str, ...] = ()
    refused: str = ""  # why the storer does not start with these tables, and what to do
    schema: int | None = None  # None: no tables yet
    newest_schema: int = 0  # of this program
    free: int | None = None  # bytes on the server's disk; None: on another machine


def probe_database(config: DatabaseConfig) -> DatabaseFacts:
    """Collect the facts of one host."""
    facts = DatabaseFacts(
        where=address(config),
        user=config.user,
        name=config.name,
        local=is_local(config),
        tls=config.tls is not None,
        newest_schema=newest_version(),
    )
    try:
        with closing(Database(config).connect()) as connection:
            return _collect(facts, connection)
    except DatabaseError as error:
        return replace(facts, error=str(error), code=error_code(error))


def _collect(facts: DatabaseFacts, connection: Connection) -> DatabaseFacts:
    ((version, flush, read_only, datadir, host),) = connection.query(
        "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@read_only, @@datadir, @@hostname"
    )
    held = held_rights(connection)
    facts = replace(
        facts,
        version=version,
        account=account_of(connection),
        flush=flush,
        read_only=bool(read_only),
        missing_rights=tuple(right for right in RIGHTS if right not in held),
    )
    if facts.local and host == socket.gethostname() and Path(datadir).is_dir():
        facts = replace(facts, free=free_space(Path(datadir)))
    if "SELECT" in facts.missing_rights:
        return facts
    try:
        refuse_original(connection, facts.where)
        refuse_unfinished(connection, facts.where)
        refuse_mismatch(connection)
    except PermanentError as error:
        return replace(facts, refused=str(error).removeprefix(f"database {facts.where}: "))
    return replace(facts, schema=schema_version(connection))


def diagnose_database(facts: DatabaseFacts) -> list[Finding]:
    """Turn the facts into findings."""
    if facts.error:
        return [diagnose_refusal(facts, _NEEDS)]
    findings = [*_server(facts), *_rights(facts)]
    if "SELECT" not in facts.missing_rights:
        findings.append(_tables(facts))
    return [*findings, *_disk(facts)]


def _server(facts: DatabaseFacts) -> Iterator[Finding]:
    match = _VERSION.match(facts.version)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    plain = facts.version.partition("-")[0]
    if "mariadb" not in facts.version.lower():
        yield TEXTS.finding("database_other", where=facts.where, version=facts.version)
    elif version < _OLDEST:
        yield TEXTS.finding("database_old", where=facts.where, version=plain)
    else:
        key = "database_ok_tls" if facts.tls else "database_ok"
        yield TEXTS.finding(key, where=facts.where, version=plain, account=facts.account)
    if facts.read_only:
        yield TEXTS.finding("database_read_only")
    if facts.flush != 1:
        yield TEXTS.finding("database_flush", flush=facts.flush)


def _rights(facts: DatabaseFacts) -> Iterator[Finding]:
    account, missing = facts.account, facts.missing_rights
    if missing:
        admin, given = here(PROGRAM).sql(), grant(facts.name, account, missing)
        rights = ", ".join(missing)
        yield TEXTS.finding(
            "database_rights", account=account, name=facts.name, rights=rights, admin=admin, grant=given
        )


def _tables(facts: DatabaseFacts) -> Finding:
    if facts.refused:
        why, _, fix = facts.refused.partition(": ")
        return TEXTS.finding("tables_refused", why=TEXTS.translated(why), fix=TEXTS.translated(fix))
    if facts.schema is None:
        key = "tables_missing"
    else:
        key = "tables_old" if facts.schema < facts.newest_schema else "tables_ok"
    migrate = here(PROGRAM).run(PROGRAM, "migrate")
    return TEXTS.finding(key, name=facts.name, schema=facts.schema, newest=facts.newest_schema, migrate=migrate)


def _disk(facts: DatabaseFacts) -> Iterator[Finding]:
    if facts.free is None:
        if not facts.local:
            yield TEXTS.finding("disk_elsewhere", where=facts.where)
        return
    days = facts.free / _BYTES_PER_DAY
    if days < _PROBLEM_DAYS or facts.free < _MIN_FREE:
        key = "disk_full"
    else:
        key = "disk_fills" if days < _NOTICE_DAYS else "disk_ok"
    yield TEXTS.finding(key, free=format_bytes(facts.free), days=format_days(days))
