"""Findings about a database: connection, rights, schema, frames, rejected messages, disk."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from common.doctor.database import SUBJECT, Needs, diagnose_refusal, grant
from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.formatting import format_bytes, format_days
from common.machine.deployment import Deployment, here
from common.plural import plural
from storer.database.original import NAME
from storer.database.schema import LAST_BEFORE, is_of_before
from storer.database.subpartitions import differs, divide
from storer.doctor.database_probe import RIGHTS, DatabaseFacts

_PROGRAM, _READER = "teleinfo-storer", "teleinfo-reader"
_NEEDS = Needs(program=_PROGRAM, account="teleinfo", rights=RIGHTS)
DISK, FRAMES, REJECTED, ROLLUPS = "Disk", "Frames", "Rejected", "Rollups"
_OLDEST = (10, 6)  # MariaDB
_VERSION = re.compile(r"(\d+)\.(\d+)")
_BYTES_PER_FRAME = 50  # before the server compresses pages, see storage.md
_ENOUGH_ROWS = 20_000  # for the server's size of the table to mean something
_FRAMES_PER_DAY = 94_000.0  # of a meter in standard mode
_NOTICE_DAYS, _PROBLEM_DAYS = 365.0, 30.0  # until the disk is full
_MIN_FREE = 100_000_000  # bytes; a server needs as much for itself
_NO_FRAMES = timedelta(minutes=10)
_CLOCKS_APART = timedelta(minutes=5)
_ROLLUPS_BEHIND = timedelta(hours=1)
_SHOW_REJECTED = "SELECT last_at, times, topic, reason FROM rejected_messages;"


def diagnose_database(facts: DatabaseFacts, now: datetime) -> list[Finding]:
    """Return the findings."""
    if facts.error:
        return [diagnose_refusal(facts, _NEEDS)]
    findings = [*_server(facts), *_rights(facts), *_unfinished(facts), *_schema(facts)]
    if facts.schema and not facts.mismatch:
        findings += [*_flow(facts, now), *_label_sets(facts), *_rollups(facts, now)]
        findings += [*_unsaved(facts), *_rejections(facts)]
    return [*findings, *_disk(facts)]


def diagnose_subpartitions(facts: DatabaseFacts, wanted: int | None) -> list[Finding]:
    """Return a finding if the months are not divided as configured."""
    if not facts.schema or wanted in (None, facts.subpartitions):
        return []
    return [notice(SUBJECT, differs(wanted, facts.subpartitions), divide())]


def _server(facts: DatabaseFacts) -> Iterator[Finding]:
    over = ", over TLS" if facts.tls else ""
    match = _VERSION.match(facts.version)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    plain = facts.version.partition("-")[0]
    if "mariadb" not in facts.version.lower():
        yield notice(
            SUBJECT,
            f"the server at {facts.where} is not MariaDB: {facts.version}",
            "it may work, but is not tested",
        )
    elif version < _OLDEST:
        yield problem(SUBJECT, f"MariaDB {plain} at {facts.where} is too old: 10.6 is needed", "update the server")
    else:
        yield ok(SUBJECT, f"MariaDB {plain} at {facts.where} accepts the connection as {facts.account}{over}")
    if facts.read_only:
        yield problem(
            SUBJECT,
            "the server is read-only",
            "set database.host to the node that accepts writes; or SET GLOBAL read_only = 0",
        )
    if facts.flush != 1:
        yield problem(
            SUBJECT,
            f"innodb_flush_log_at_trx_commit is {facts.flush}: a power cut may lose frames after they were confirmed",
            "set it to 1 in the server's configuration, and restart the server",
        )
    if not facts.named_zones:
        yield notice(
            SUBJECT,
            "the server has no time zone names, such as Europe/Paris; only queries that use them need these",
            _load_zones(),
        )


def _load_zones() -> str:
    if here(_PROGRAM).deployment is Deployment.APP:
        return "in the app's container: mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql"
    if here(_PROGRAM).deployment is Deployment.COMPOSE:
        return "docker compose exec mariadb sh -c 'mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql'"
    return "mariadb-tzinfo-to-sql /usr/share/zoneinfo | sudo mariadb mysql"


def _state() -> str:
    match here(_PROGRAM).deployment:
        case Deployment.APP:
            return here(_PROGRAM).log(_PROGRAM)
        case Deployment.COMPOSE:
            return "docker compose ps storer"
        case Deployment.SYSTEMD:
            return "systemctl status teleinfo-storer"
        case Deployment.SHELL:
            return here(_PROGRAM).run(_PROGRAM, "run")


def _rights(facts: DatabaseFacts) -> Iterator[Finding]:
    if facts.missing_rights:
        yield problem(
            SUBJECT,
            f"{facts.account} lacks rights on {facts.name}: {', '.join(facts.missing_rights)}",
            f"as administrator ({here(_PROGRAM).sql()}): {grant(facts.name, facts.account, facts.missing_rights)}",
        )
    elif not facts.may_delete_label_sets:
        yield notice(
            SUBJECT,
            f"{facts.account} may not delete label sets: those that no frame has any more stay, once frames are"
            " dropped",
            f"as administrator ({here(_PROGRAM).sql()}): GRANT CREATE, DELETE ON {facts.name}.label_sets TO"
            f" {facts.account};",
        )


def _unfinished(facts: DatabaseFacts) -> Iterator[Finding]:
    if facts.unfinished:
        yield problem(
            SUBJECT,
            f"{facts.name} has only part of a backup, its restore is not finished: the storer does not start",
            f"run it again, it starts from the beginning: {here(_PROGRAM).run_alone(_PROGRAM, 'restore')} FOLDER",
        )


def _schema(facts: DatabaseFacts) -> Iterator[Finding]:
    if "SELECT" in facts.missing_rights:
        return
    if facts.original:
        yield problem(
            SUBJECT,
            f"{facts.name} has the table of the original program, {NAME}: the storer does not start",
            f"make its rows frames: {here(_PROGRAM).run_alone(_PROGRAM, 'adopt')}",
        )
    elif facts.schema is None:
        yield notice(SUBJECT, f"{facts.name} has no tables yet", "the storer creates them when it starts")
    elif facts.schema > facts.newest_schema:
        yield problem(
            SUBJECT,
            f"the tables have version {facts.schema}, but this storer only knows {facts.newest_schema}",
            "update the storer",
        )
    elif is_of_before(facts.schema):
        yield problem(
            SUBJECT,
            f"the tables have version {facts.schema}, from before the first release: the storer does not start",
            f"choose another database, or use commit {LAST_BEFORE}, the last that reads them",
        )
    elif facts.mismatch:
        what, remedy = facts.mismatch
        yield problem(SUBJECT, f"{what}: the storer does not start", remedy)
    elif facts.schema < facts.newest_schema:
        yield notice(
            SUBJECT,
            f"the tables have version {facts.schema}; this storer will migrate them to {facts.newest_schema}",
            f"make a backup, then: {here(_PROGRAM).run(_PROGRAM, 'migrate')}; otherwise it does so at its next start",
        )
    else:
        yield ok(SUBJECT, f"the tables of {facts.name} are up to date (version {facts.schema})")


def _flow(facts: DatabaseFacts, now: datetime) -> Iterator[Finding]:
    if facts.last is None:
        yield notice(FRAMES, "no frame is stored yet", "check that the storer and a reader are running")
        return
    ago = now - facts.last
    stored = f"about {facts.frames} are stored in {format_bytes(facts.bytes)}"
    if ago > _NO_FRAMES:
        yield problem(
            FRAMES,
            f"{stored}, the last of {facts.last:%Y-%m-%d %H:%M} UTC, {format_days(ago / timedelta(days=1))} ago",
            f"is the storer running ({_state()}), and the reader ({here(_READER).run(_READER, 'check')})?",
        )
    elif ago < -_CLOCKS_APART:
        yield notice(
            FRAMES,
            f"{stored}, the last of {facts.last:%Y-%m-%d %H:%M} UTC, in the future: it does not show"
            " whether frames arrive now",
            "compare the clocks of this machine and of the reader's: timedatectl",
        )
    else:
        per_day = f", {facts.per_day:.0f} per day" if facts.per_day else ""
        yield ok(FRAMES, f"{stored}{per_day}; the last {max(0, round(ago.total_seconds()))} s ago")


def _label_sets(facts: DatabaseFacts) -> Iterator[Finding]:
    for many in facts.many_label_sets:
        labels = ", ".join(many.differing)
        yield notice(
            FRAMES,
            f"{many.meter} has a new label set in {many.share:.0%} of its frames: these take several times the"
            " usual space",
            f"{labels} changes all the time; if nobody needs it, in reader.yaml: hide: [{labels}]"
            if labels
            else "see docs/storage.md, How a frame is stored",
        )


def _rollups(facts: DatabaseFacts, now: datetime) -> Iterator[Finding]:
    if facts.last is None or facts.schema != facts.newest_schema:
        return
    if facts.rollups is None:
        yield notice(ROLLUPS, "minutes and hours are not made yet", f"the storer makes them ({_state()})")
        return
    up_to, remaining = facts.rollups.up_to, facts.rollups.remaining
    what = f"minutes and hours are made up to {up_to:%Y-%m-%d %H:%M} UTC"
    if now - up_to > _ROLLUPS_BEHIND:
        yield problem(
            ROLLUPS,
            f"{what}, {format_days((now - up_to) / timedelta(days=1))} ago",
            f"is the storer running ({_state()})? Its log says what goes wrong: {here(_PROGRAM).log(_PROGRAM)}",
        )
        return
    if remaining:
        what += f"; {plural(-(-remaining // timedelta(hours=1)), 'older hour')} being rebuilt in the background"
    if facts.late_hours:
        what += f"; {plural(facts.late_hours, 'hour')} with late frames waiting"
    yield ok(ROLLUPS, what)


def _unsaved(facts: DatabaseFacts) -> Iterator[Finding]:
    if facts.unsaved:
        months = ", ".join(f"{month:%Y-%m}" for month in facts.unsaved)
        yield notice(
            FRAMES,
            f"retention keeps {months}: changed since the last backup",
            f"the next one saves it: {here(_PROGRAM).run(_PROGRAM, 'backup')} FOLDER",
        )


def _rejections(facts: DatabaseFacts) -> Iterator[Finding]:
    if not facts.last_rejected:
        return
    at, topic, reason = facts.last_rejected
    if facts.rejected_full:
        yield problem(
            REJECTED,
            f"rejected_messages is full ({facts.rejected} messages): further ones are only counted",
            "find out who publishes them, then empty the table: TRUNCATE rejected_messages;",
        )
        return
    count = plural(facts.rejected, "message")
    what = f"{count} could not be stored; the last on {at:%Y-%m-%d %H:%M} UTC, {topic}: {reason}"
    if facts.rejected_recently:
        yield notice(REJECTED, what, f"find out who publishes them: {_SHOW_REJECTED}")
    else:
        yield ok(REJECTED, f"{what}. None within the last day")


def _disk(facts: DatabaseFacts) -> Iterator[Finding]:
    if facts.free is None:
        if facts.local:
            return
        yield ok(DISK, f"the disk of {facts.where} is on another machine and cannot be checked from here")
        return
    measured = facts.frames >= _ENOUGH_ROWS and facts.frames_bytes
    size = facts.frames_bytes / facts.frames if measured else _BYTES_PER_FRAME
    per_day = facts.per_day or _FRAMES_PER_DAY
    days = facts.free / (size * per_day)
    guess = "" if facts.per_day else ", for one meter with a frame per second"
    if measured and not facts.measured:
        guess += "; probably longer: the size before page compression, see docs/storage.md"
    what = f"{format_bytes(facts.free)} free: {format_days(days)} at {size:.0f} bytes per frame{guess}"
    fix = "free space, or move the database to a larger disk (for the backup see docs/database.md)"
    if days < _PROBLEM_DAYS or facts.free < _MIN_FREE:
        yield problem(DISK, f"only {what}", fix)
    elif days < _NOTICE_DAYS:
        yield notice(DISK, what, fix)
    else:
        yield ok(DISK, what)
