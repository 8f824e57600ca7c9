"""Checks the clock that timestamps frames, and the journal and spool that keep them safe."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.check.findings import Finding, Status
from common.machine.deployment import Deployment, here
from common.machine.disk import free_space, is_read_only, memory_backed
from common.machine.host import Host, User
from common.machine.version import BUILD_DATE
from common.settings.language import format_bytes, format_days
from reader.buffer.spool import Spool
from reader.buffer.store import refusal
from reader.check.texts import PROGRAM, TEXTS
from reader.config import ReaderConfig, is_simulated
from reader.line.timestamps import Clock, ReaderClock

_BYTES_PER_DAY = 31 * 86_400 / 0.92  # of frames in the spool, standard mode; measured
_NEARLY_FULL = 0.8
_LEAST_DAYS = 2.0
_LEAST_JOURNAL = 1_000_000  # bytes; frames wait there for a minute or two


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFacts:
    """State of clock, journal and spool."""

    user: str
    simulated: bool = False  # all ports are simulated
    now: datetime
    synchronised: bool = True
    journal: str = "/run/teleinfo"
    journal_in_memory: bool = True
    journal_free: int | None = None  # bytes there
    journal_writable: bool = True
    journal_refused: str = ""  # why `run` refuses it
    spool: str = "/var/lib/teleinfo"
    spool_writable: bool = True
    spool_read_only: bool = False  # its file system is
    spool_size: int = 0  # bytes in use
    spool_limit: int = 64_000_000
    free: int | None = None  # bytes on the spool's disk


def probe_storage(config: ReaderConfig, machine: Host, user: User, clock: Clock | None = None) -> StorageFacts:
    """Collect the state of clock, journal and spool, used by `user`; nothing is written."""
    clock, journal, spool = clock or ReaderClock(), config.spool.journal, config.spool.path
    return StorageFacts(
        user=user.name,
        simulated=bool(config.port) and all(map(is_simulated, config.port)),
        now=clock.now(),
        synchronised=clock.synchronised(),
        journal=str(journal),
        journal_in_memory=memory_backed(journal),
        journal_free=free_space(journal),
        journal_writable=machine.may_write(PROGRAM, journal, user),
        journal_refused=_refused(journal, user),
        spool=str(spool),
        spool_writable=machine.may_write(PROGRAM, spool, user),
        spool_read_only=is_read_only(spool),
        spool_size=_size(spool / Spool.FILE),
        spool_limit=config.spool.max_size,
        free=free_space(spool),
    )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # there is none yet, or it may not be looked at
        return 0


def _refused(journal: Path, user: User) -> str:
    try:
        return refusal(journal, user.uid, private=True)
    except OSError:  # does not exist yet, or may not be looked at
        return ""


def diagnose_storage(facts: StorageFacts) -> list[Finding]:
    """Return the findings."""
    return [_clock(facts), _journal(facts), _spool(facts)]


def _clock(facts: StorageFacts) -> Finding:
    if facts.now < BUILD_DATE:
        key = "clock_never_set"
    elif facts.synchronised:
        key = "clock_synchronised"
    else:
        key = "clock_of_simulated_meter" if facts.simulated else "clock_not_synchronised"
    synchronise = here(PROGRAM).on_host(TEXTS.text("synchronise"))
    return TEXTS.finding(key, time=f"{facts.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC", synchronise=synchronise)


def _journal(facts: StorageFacts) -> Finding:
    folder, user = facts.journal, facts.user
    if facts.journal_refused:
        return TEXTS.finding("journal_refused", folder=folder, user=user, why=TEXTS.translated(facts.journal_refused))
    if not facts.journal_writable:
        return TEXTS.finding("journal_not_writable", on_host=True, folder=folder, user=user)
    if facts.journal_free is not None and facts.journal_free < _LEAST_JOURNAL:
        free, parent = format_bytes(facts.journal_free), Path(folder).parent
        return TEXTS.finding("journal_full", on_host=True, folder=folder, free=free, parent=parent)
    if not facts.journal_in_memory:
        return TEXTS.finding("journal_on_disk", folder=folder, setting=here(PROGRAM).setting("spool.journal"))
    return TEXTS.finding("journal_in_memory", folder=folder)


def _spool(facts: StorageFacts) -> Finding:
    folder, room = facts.spool, facts.spool_limit - facts.spool_size
    if facts.spool_read_only or not facts.spool_writable:
        return TEXTS.finding("spool_not_writable", folder=folder, user=facts.user, repair=_repair(facts))
    if facts.free is not None and facts.free < room and facts.spool_size <= _NEARLY_FULL * facts.spool_limit:
        days = facts.free / _BYTES_PER_DAY
        level = Status.PROBLEM if days < _LEAST_DAYS else Status.NOTICE
        free = format_bytes(facts.free)
        return TEXTS.finding("disk_full", level=level, on_host=True, folder=folder, free=free, days=format_days(days))
    key = "spool_full" if facts.spool_size > _NEARLY_FULL * facts.spool_limit else "spool_ok"
    size, limit = format_bytes(facts.spool_size), format_bytes(facts.spool_limit)
    return TEXTS.finding(key, folder=folder, size=size, limit=limit, days=format_days(room / _BYTES_PER_DAY))


def _repair(facts: StorageFacts) -> str:
    """Return how the folder becomes writable."""
    commands = here(PROGRAM)
    if facts.spool_read_only:
        return TEXTS.text("replace_card")
    if commands.deployment in (Deployment.APP, Deployment.IMAGE):  # they give it to this user at each start
        return commands.restart(PROGRAM)
    if commands.deployment is Deployment.COMPOSE:
        return TEXTS.text("other_volume")
    return f"sudo install -d -o {facts.user} -m 0700 {facts.spool}"
