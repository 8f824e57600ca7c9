"""Looks at a database as the storer would, and says what is wrong with it, and how to mend it."""

import re
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.deployment import Deployment, here
from common.disk import free_space
from common.doctor.findings import Finding, cure, fine, format_bytes, format_days, mind
from common.errors import DatabaseError
from common.plural import plural
from storer.config import DatabaseConfig
from storer.database.connection import Connection, Database
from storer.database.rejected import LONGEST_PAYLOAD, MOST_BYTES, MOST_MESSAGES
from storer.database.schema import migrations

_PROGRAM, _READER = "teleinfo-storer", "teleinfo-reader"
SUBJECT, DISK, FRAMES, REJECTED = "Database", "Disk", "Frames", "Rejected"
RIGHTS = ("SELECT", "INSERT", "UPDATE", "CREATE", "ALTER", "DROP", "CREATE VIEW")
_OLDEST = (10, 6)  # of MariaDB, that is
_ACCOUNT = re.compile(r"'[^'@]+'@'[^']+'")
_VERSION = re.compile(r"(\d+)\.(\d+)")
_BYTES_A_FRAME = 50  # before the server compresses pages; storage.md tells
_ENOUGH_ROWS = 20_000  # to believe what the server says of their size
_FRAMES_A_DAY = 94_000.0  # of a meter in standard mode
_LITTLE, _VERY_LITTLE = 365.0, 30.0  # days
_CROWDED = 100_000_000  # bytes; a server with less room than that stops soon, whatever the frames take
_SILENT = timedelta(minutes=10)
_SHOW_REJECTED = "SELECT last_at, times, topic, reason FROM rejected_messages;"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """What a database server answered."""

    where: str
    user: str = "teleinfo"
    name: str = "teleinfodb"
    local: bool = True  # it is on this machine
    tls: bool = False  # over TLS, and the server has proved who it is
    error: str = ""
    code: int = 0  # of the error
    version: str = ""
    account: str = ""  # as the server sees us: 'teleinfo'@'localhost'
    missing_rights: tuple[str, ...] = ()
    schema: int | None = None  # None: there are no tables yet
    newest_schema: int = 0  # that this program knows
    flush: int = 1  # innodb_flush_log_at_trx_commit
    named_zones: bool = True
    read_only: bool = False
    bytes: int = 0  # of all tables
    frames: int = 0  # about
    frames_bytes: int = 0
    a_day: float | None = None  # frames of the last day
    last: datetime | None = None  # of the newest frame
    rejected: int = 0
    rejected_lately: int = 0  # within a day
    rejected_full: bool = False  # there is no room for more
    last_rejected: tuple[datetime, str, str] | None = None  # when, topic, why
    free: int | None = None  # bytes on the server's disk, where that can be seen
    total: int | None = None


def probe_databases(config: DatabaseConfig, now: datetime) -> list[DatabaseFacts]:
    """Look at each of the hosts."""
    return [probe_database(replace(config, host=(host,)), now) for host in config.host]


def probe_database(config: DatabaseConfig, now: datetime) -> DatabaseFacts:
    """Look at one; nothing is written."""
    database = Database(config)
    address = config.unix_socket or f"{config.host[0]}:{config.port}"
    facts = DatabaseFacts(
        where=address,
        user=config.user,
        name=config.name,
        local=bool(config.unix_socket) or config.host[0] in ("localhost", "127.0.0.1", "::1"),
        tls=config.tls is not None,
        newest_schema=migrations()[-1].version,
    )
    try:
        with closing(database.connect()) as connection:
            return _look(facts, connection, now)
    except DatabaseError as error:
        return replace(facts, error=str(error), code=_code(error))


def _code(error: DatabaseError) -> int:
    arguments = error.__cause__.args if error.__cause__ else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def _look(facts: DatabaseFacts, connection: Connection, now: datetime) -> DatabaseFacts:
    ((version, account, flush, read_only, datadir, host),) = connection.query(
        "SELECT VERSION(), CURRENT_USER(), @@innodb_flush_log_at_trx_commit, @@read_only, @@datadir, @@hostname"
    )
    ((zone,),) = connection.query("SELECT CONVERT_TZ('2026-01-01', 'UTC', 'Europe/Paris')")
    tables = {name for (name,) in connection.query("SHOW TABLES")}
    facts = replace(
        facts,
        version=version,
        account="@".join(f"'{part}'" for part in account.rsplit("@", 1)),
        flush=flush,
        read_only=bool(read_only),
        named_zones=zone is not None,
        missing_rights=_missing_rights(connection),
    )
    if facts.local and host == socket.gethostname() and Path(datadir).is_dir():
        space = free_space(Path(datadir))
        facts = replace(facts, free=space[0], total=space[1]) if space else facts
    if "schema_version" not in tables or "SELECT" in facts.missing_rights:
        return facts
    ((schema,),) = connection.query("SELECT MAX(version) FROM schema_version")
    facts = replace(facts, schema=schema or 0)
    facts = _sizes(facts, connection, Path(datadir))
    if "frames" in tables:
        facts = _frames(facts, connection, now)
    return _rejected(facts, connection, now) if "rejected_messages" in tables else facts


def _missing_rights(connection: Connection) -> tuple[str, ...]:
    """Return what the storer needs and may not do here; rights of a role count."""
    rows = connection.query(
        "SELECT privilege_type FROM information_schema.user_privileges"
        " UNION SELECT privilege_type FROM information_schema.schema_privileges WHERE DATABASE() LIKE table_schema"
    )
    held = {right for (right,) in rows}
    return tuple(right for right in RIGHTS if right not in held)


def _sizes(facts: DatabaseFacts, connection: Connection, datadir: Path) -> DatabaseFacts:
    rows = connection.query(
        "SELECT table_name, SUM(table_rows), SUM(data_length + index_length) FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() GROUP BY table_name"
    )
    sizes = {name: (int(count or 0), int(size or 0)) for name, count, size in rows}
    frames, frames_bytes = sizes.get("frames", (0, 0))
    on_disk = _on_disk(datadir / facts.name, "frames") if facts.free is not None else None
    return replace(
        facts,
        bytes=sum(size for _, size in sizes.values()),
        frames=frames,
        frames_bytes=on_disk or frames_bytes,
    )


def _on_disk(folder: Path, table: str) -> int | None:
    """Return what a table really takes: of compressed pages, the server tells only how large they would be."""
    try:
        return sum(file.stat().st_blocks * 512 for file in folder.glob(f"{table}[#.]*"))
    except OSError:
        return None


def _frames(facts: DatabaseFacts, connection: Connection, now: datetime) -> DatabaseFacts:
    ((last,),) = connection.query("SELECT MAX(timestamp) FROM frames")
    if last is None:
        return facts
    ((count, first),) = connection.query(
        "SELECT COUNT(*), MIN(timestamp) FROM frames WHERE timestamp >= %s", (now - timedelta(days=1),)
    )
    days = (now - first.replace(tzinfo=UTC)) / timedelta(days=1) if first else 0.0
    # A minute of frames says little of a day.
    a_day = count / days if days > 0.01 else None
    return replace(facts, last=last.replace(tzinfo=UTC), a_day=a_day)


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
        rejected_lately=int(lately),
        rejected_full=count >= MOST_MESSAGES or size > MOST_BYTES - LONGEST_PAYLOAD,
        last_rejected=last[0] if last else None,
    )


def judge_database(facts: DatabaseFacts, now: datetime) -> list[Finding]:
    """Say what the answers mean."""
    if facts.error:
        return [_no_connection(facts)]
    findings = [*_server(facts), *_rights(facts), *_schema(facts)]
    if facts.schema:
        findings += [*_flow(facts, now), *_refused(facts)]
    return [*findings, *_disk(facts)]


def _no_connection(facts: DatabaseFacts) -> Finding:
    user, name, where = facts.user, facts.name, facts.where
    admin, setting = here(_PROGRAM).sql(), here(_PROGRAM).setting
    seen = _ACCOUNT.search(facts.error)  # as the server says it: it knows us by an address that we do not know
    account = seen[0] if seen else f"'{user}'@'{'localhost' if facts.local else 'ADDRESS OF THIS MACHINE'}'"
    if "[SSL" in facts.error:
        return cure(
            SUBJECT,
            f"the server at {where} has not proved over TLS who it is: {_after_ssl(facts.error)}",
            "database.tls.ca must be the authority that signed its certificate, database.host a name in it;"
            " see docs/database.md",
        )
    causes: dict[int, Callable[[], tuple[str, str]]] = {
        1045: lambda: (
            f"the server at {where} does not accept the user {user} with this password",
            f"correct {setting('database.user')} and its password{_given_to_setup()}; or as administrator ({admin}):"
            f" ALTER USER {account} IDENTIFIED BY 'the password'; see docs/database.md if it does not exist",
        ),
        1698: lambda: (
            f"the server at {where} does not accept the user {user} with a password",
            "database.user: an account of its own, see docs/database.md",
        ),
        1044: lambda: (
            f"the user {user} has no right on the database {name}",
            f"correct {setting('database.name')}; or as administrator ({admin}): {_grant(name, account, RIGHTS)}",
        ),
        1049: lambda: (
            f"there is no database {name} at {where}",
            f"as administrator ({admin}): CREATE DATABASE {name} CHARACTER SET utf8mb4;",
        ),
        1130: lambda: (
            f"the server at {where} lets nobody in from this machine",
            "make an account for its address, see docs/database.md",
        ),
        2013: lambda: (
            f"what listens at {where} does not answer as a database does",
            f"is that the port of MariaDB, usually 3306 ({setting('database.port')})? If it is, the server hangs:"
            f" {here(_PROGRAM).restart('mariadb')}",
        ),
        2003: lambda: _unreachable(facts),
        2002: lambda: _unreachable(facts),
    }
    what, remedy = causes.get(facts.code, lambda: (facts.error, "see docs/database.md"))()
    return cure(SUBJECT, what, remedy)


def _unreachable(facts: DatabaseFacts) -> tuple[str, str]:
    reason = "nothing listens there" if "refused" in facts.error else _between_brackets(facts.error)
    commands = here(_PROGRAM)
    bundled = commands.deployment is Deployment.COMPOSE and facts.where.startswith("mariadb:")
    if facts.local or bundled:
        return (
            f"no server at {facts.where}: {reason}",
            f"{commands.start('mariadb')}; if it is elsewhere, set {commands.setting('database.host')}",
        )
    return (
        f"no server at {facts.where}: {reason}",
        "is it running, does it listen to other machines (bind-address), is a firewall between? docs/database.md",
    )


def _after_ssl(text: str) -> str:
    match = re.search(r"\[SSL[^]]*\] ?([^()]+)", text)
    return match[1].strip() if match else text


def _between_brackets(text: str) -> str:
    match = re.search(r"\(\[?(?:Errno -?\d+\]?)? ?([^()]+)\)", text)
    return match[1] if match else text


def _grant(name: str, account: str, rights: tuple[str, ...]) -> str:
    return f"GRANT {', '.join(rights)} ON {name}.* TO {account};"


def _server(facts: DatabaseFacts) -> list[Finding]:
    findings = []
    over = ", over TLS" if facts.tls else ""
    match = _VERSION.match(facts.version)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    plain = facts.version.partition("-")[0]
    if "mariadb" not in facts.version.lower():
        findings.append(
            mind(
                SUBJECT,
                f"the server at {facts.where} is no MariaDB: {facts.version}",
                "it may work all the same; it is not tested",
            )
        )
    elif version < _OLDEST:
        findings.append(
            cure(SUBJECT, f"MariaDB {plain} at {facts.where} is too old: 10.6 is needed", "update the server")
        )
    else:
        findings.append(fine(SUBJECT, f"MariaDB {plain} at {facts.where} lets us in as {facts.account}{over}"))
    if facts.read_only:
        findings.append(
            cure(
                SUBJECT, "the server only lets us read", "name the node that takes writes; or SET GLOBAL read_only = 0"
            )
        )
    if facts.flush != 1:
        findings.append(
            cure(
                SUBJECT,
                f"innodb_flush_log_at_trx_commit is {facts.flush}: a power cut loses frames that are said to be stored",
                "set it to 1 in the server's configuration",
            )
        )
    if not facts.named_zones:
        findings.append(
            mind(
                SUBJECT,
                "the server does not know names of time zones, such as Europe/Paris; only people who ask for them mind",
                _load_zones(),
            )
        )
    return findings


def _load_zones() -> str:
    if here(_PROGRAM).deployment is Deployment.COMPOSE:
        return "docker compose exec mariadb sh -c 'mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql'"
    return "mariadb-tzinfo-to-sql /usr/share/zoneinfo | sudo mariadb mysql"


def _state() -> str:
    match here(_PROGRAM).deployment:
        case Deployment.COMPOSE:
            return "docker compose ps storer"
        case Deployment.SYSTEMD:
            return "systemctl status teleinfo-storer"
        case Deployment.SHELL:
            return "teleinfo-storer run"


def _given_to_setup() -> str:
    """Say how a container is given a password."""
    if here(_PROGRAM).deployment is Deployment.COMPOSE:
        return " (docker compose run --rm setup password teleinfo)"
    return " (database.password_file)"


def _rights(facts: DatabaseFacts) -> list[Finding]:
    if not facts.missing_rights:
        return []
    return [
        cure(
            SUBJECT,
            f"{facts.account} lacks rights on {facts.name}: {', '.join(facts.missing_rights)}",
            f"as administrator ({here(_PROGRAM).sql()}): {_grant(facts.name, facts.account, facts.missing_rights)}",
        )
    ]


def _schema(facts: DatabaseFacts) -> list[Finding]:
    if "SELECT" in facts.missing_rights:
        return []
    if facts.schema is None:
        return [mind(SUBJECT, f"{facts.name} has no tables yet", "the storer makes them when it starts")]
    if facts.schema > facts.newest_schema:
        return [
            cure(
                SUBJECT,
                f"the tables have version {facts.schema}, this storer knows {facts.newest_schema}",
                "update the storer",
            )
        ]
    if facts.schema < facts.newest_schema:
        return [
            mind(
                SUBJECT,
                f"the tables have version {facts.schema}, this storer brings them to {facts.newest_schema}",
                f"it does so when it starts; after a backup: {here(_PROGRAM).run(_PROGRAM, 'migrate')}",
            )
        ]
    return [fine(SUBJECT, f"the tables of {facts.name} are up to date (version {facts.schema})")]


def _flow(facts: DatabaseFacts, now: datetime) -> list[Finding]:
    if facts.last is None:
        return [mind(FRAMES, "not one frame is stored yet", "is the storer running, and a reader?")]
    ago = now - facts.last
    held = f"about {facts.frames} are stored in {format_bytes(facts.bytes)}"
    if ago > _SILENT:
        return [
            cure(
                FRAMES,
                f"{held}, the last of {facts.last:%Y-%m-%d %H:%M} UTC, {format_days(ago / timedelta(days=1))} ago",
                f"is the storer running ({_state()}), and the reader ({here(_READER).run(_READER, 'check')})?",
            )
        ]
    a_day = f", {facts.a_day:.0f} a day" if facts.a_day else ""
    return [fine(FRAMES, f"{held}{a_day}; the last {max(0, round(ago.total_seconds()))} s ago")]


def _refused(facts: DatabaseFacts) -> list[Finding]:
    if not facts.last_rejected:
        return []
    at, topic, reason = facts.last_rejected
    if facts.rejected_full:
        return [
            cure(
                REJECTED,
                f"rejected_messages is full ({facts.rejected} messages): what is rejected now is only counted",
                "look who publishes it, then empty the table: TRUNCATE rejected_messages;",
            )
        ]
    refused = plural(facts.rejected, "message")
    what = f"{refused} could not be stored; the last on {at:%Y-%m-%d %H:%M} UTC, {topic}: {reason}"
    if not facts.rejected_lately:
        return [fine(REJECTED, f"{what}. None within the last day")]
    return [
        mind(
            REJECTED,
            what,
            f"who publishes them? {_SHOW_REJECTED} tells more",
        )
    ]


def _disk(facts: DatabaseFacts) -> list[Finding]:
    if facts.free is None:
        if facts.local:
            return []
        return [fine(DISK, f"that of {facts.where} is on another machine, and cannot be seen from here")]
    believed = facts.frames >= _ENOUGH_ROWS and facts.frames_bytes
    size = facts.frames_bytes / facts.frames if believed else _BYTES_A_FRAME
    a_day = facts.a_day or _FRAMES_A_DAY
    days = facts.free / (size * a_day)
    guess = "" if facts.a_day else ", if one meter sends a frame a second"
    what = f"{format_bytes(facts.free)} free: {format_days(days)} at {size:.0f} bytes a frame{guess}"
    remedy = "make room, or move the database to a larger disk; docs/database.md tells how to back it up"
    if days < _VERY_LITTLE or facts.free < _CROWDED:
        return [cure(DISK, f"only {what}", remedy)]
    if days < _LITTLE:
        return [mind(DISK, what, remedy)]
    return [fine(DISK, what)]
