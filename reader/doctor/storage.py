"""Checks the clock that timestamps frames, and the journal and spool that keep them safe."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.doctor.findings import Finding, notice, ok, problem
from common.doctor.formatting import format_bytes, format_days
from common.machine.deployment import Deployment, here
from common.machine.disk import free_space, is_read_only, memory_backed
from common.machine.host import Host, User
from common.machine.version import BUILD_DATE
from reader.buffer.folder import refusal
from reader.buffer.spool import FILE as SPOOL_FILE
from reader.config import ReaderConfig, is_simulated
from reader.doctor.port import PROGRAM
from reader.line.timestamper import Clock, ReaderClock

CLOCK, JOURNAL, SPOOL = "Clock", "Journal", "Spool"
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
        simulated=all(map(is_simulated, config.port)),
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
        spool_size=_size(spool / SPOOL_FILE),
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
        return "it is a symbolic link" if journal.is_symlink() else refusal(journal.stat(), user.uid)
    except OSError:  # does not exist yet, or may not be looked at
        return ""


def diagnose_storage(facts: StorageFacts) -> list[Finding]:
    """Return the findings."""
    return [_clock(facts), _journal(facts), *_spool(facts)]


def _clock(facts: StorageFacts) -> Finding:
    time = f"{facts.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    fix = here(PROGRAM).on_host(
        "sudo timedatectl set-ntp true; timedatectl should soon show: System clock synchronized: yes. If not: sudo apt"
        " install systemd-timesyncd; a firewall must let NTP pass (UDP port 123)"
    )
    if facts.now < BUILD_DATE:
        what = f"the clock of this machine was never set: it shows {time}, before this program was built"
        return problem(CLOCK, what, fix)
    if facts.synchronised:
        return ok(CLOCK, f"{time}, synchronised over the network")
    if facts.simulated:
        return notice(CLOCK, f"{time}, not synchronised; no problem for a simulated meter", fix)
    return problem(CLOCK, f"{time}, not synchronised: frames would get a wrong timestamp", fix)


def _journal(facts: StorageFacts) -> Finding:
    commands, folder = here(PROGRAM), facts.journal
    if facts.journal_refused:
        command = f"sudo install -d -o {facts.user} -m 0700 /dev/shm/teleinfo"
        fix = f"set spool.journal to a folder of its own, such as: {command}"
        return problem(JOURNAL, f"{folder} cannot be used: {facts.journal_refused}", fix)
    if not facts.journal_writable:
        fix = f"sudo install -d -o {facts.user} -m 0700 {folder}; in a systemd unit: RuntimeDirectory="
        return problem(JOURNAL, f"the user {facts.user} may not write into {folder}", commands.on_host(fix))
    if facts.journal_free is not None and facts.journal_free < _LEAST_JOURNAL:
        return problem(
            JOURNAL,
            f"only {format_bytes(facts.journal_free)} free in {folder}: frames that cannot be written there are lost if"
            " the reader is killed",
            commands.on_host(f"find what fills it: du -sh {Path(folder).parent}/* | sort -h"),
        )
    if not facts.journal_in_memory:
        return notice(
            JOURNAL,
            f"{folder} is not in memory: every frame is written to the disk, which wears out an SD card",
            f"set {commands.setting('spool.journal')} to a folder on tmpfs, such as /run/teleinfo",
        )
    return ok(JOURNAL, f"{folder} is in memory")


def _not_writable(facts: StorageFacts) -> str:
    """Return the fix."""
    commands = here(PROGRAM)
    if facts.spool_read_only:
        return (
            "an SD card that fails becomes read-only (see sudo dmesg): replace it; sudo reboot may help once more. In a"
            " container: mount a volume there"
        )
    if commands.deployment is Deployment.APP:  # it gives the folder to this user at each start
        return commands.restart(PROGRAM)
    if commands.deployment is Deployment.COMPOSE:
        return "the volume spool belongs to another installation: docker compose down, then look at docker volume ls"
    return f"sudo install -d -o {facts.user} -m 0700 {facts.spool}"


def _spool(facts: StorageFacts) -> Iterator[Finding]:
    if facts.spool_read_only or not facts.spool_writable:
        what = f"the user {facts.user} may not write into {facts.spool}: a power cut would lose unconfirmed frames"
        yield problem(SPOOL, what, _not_writable(facts))
        return
    room = facts.spool_limit - facts.spool_size
    text = f"{facts.spool} holds {format_bytes(facts.spool_size)} of {format_bytes(facts.spool_limit)}"
    if facts.spool_size > _NEARLY_FULL * facts.spool_limit:
        yield problem(
            SPOOL,
            f"{text}: nearly full; soon every second of the oldest frames will be discarded",
            "find out why frames are not confirmed: are storer and broker running? Meanwhile set spool.max_size: 256MB",
        )
    elif facts.free is not None and facts.free < room:
        lasts = facts.free / _BYTES_PER_DAY
        what = f"only {format_bytes(facts.free)} free on the disk of {facts.spool}: frames of {format_days(lasts)}"
        fix = here(PROGRAM).on_host("free space on that disk: sudo apt clean, sudo journalctl --vacuum-size=50M")
        yield problem(SPOOL, what, fix) if lasts < _LEAST_DAYS else notice(SPOOL, what, fix)
    else:
        yield ok(SPOOL, f"{text}: room for {format_days(room / _BYTES_PER_DAY)} of unconfirmed frames")
