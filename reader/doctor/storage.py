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
from common.plural import plural
from reader.buffer.folder import refusal
from reader.buffer.spool import FILE as SPOOL_FILE
from reader.config import ReaderConfig, is_simulated
from reader.doctor.port import PROGRAM
from reader.line.timestamper import Clock, ReaderClock

CLOCK, JOURNAL, SPOOL = "Clock", "Journal", "Spool"
_BYTES_PER_FRAME = 31  # in the spool, standard mode; measured
_FRAMES_PER_DAY = 86_400 / 0.92
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
    time_service: str = ""  # installed program that could set the clock
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
    damaged: int = 0  # files set aside, because they could not be used
    free: int | None = None  # bytes on the spool's disk


def probe_storage(config: ReaderConfig, machine: Host, user: User, clock: Clock | None = None) -> StorageFacts:
    """Collect the state of clock, journal and spool, used by `user`; nothing is written."""
    clock = clock or ReaderClock()
    folder = config.spool.path
    sizes, damaged, readable = 0, 0, True
    try:
        for file in folder.iterdir():
            if file.name.startswith(SPOOL_FILE):
                damaged += ".unusable." in file.name
                sizes += 0 if ".unusable." in file.name else file.stat().st_size
    except FileNotFoundError:
        pass
    except OSError:
        readable = False
    return StorageFacts(
        user=user.name,
        simulated=all(map(is_simulated, config.port)),
        now=clock.now(),
        synchronised=clock.synchronised(),
        time_service=_time_service(machine),
        journal=str(config.spool.journal),
        journal_in_memory=memory_backed(config.spool.journal),
        journal_free=free_space(config.spool.journal),
        journal_writable=machine.may_write(PROGRAM, config.spool.journal, user),
        journal_refused=_refused(config.spool.journal, user),
        spool=str(folder),
        spool_writable=machine.may_write(PROGRAM, folder, user),
        spool_read_only=is_read_only(folder),
        spool_size=sizes,
        spool_limit=config.spool.max_size,
        damaged=damaged,
        free=free_space(folder) if readable or folder.parent.is_dir() else None,
    )


def _refused(journal: Path, user: User) -> str:
    try:
        return "it is a symbolic link" if journal.is_symlink() else refusal(journal.stat(), user.uid)
    except OSError:  # does not exist yet, or may not be looked at
        return ""


def _time_service(machine: Host) -> str:
    for name in ("chronyd", "ntpd", "systemd-timesyncd"):
        for folder in ("usr/sbin", "usr/lib/systemd", "lib/systemd"):
            if machine.path(f"{folder}/{name}").exists():
                return name
    return ""


def diagnose_storage(facts: StorageFacts) -> list[Finding]:
    """Return the findings."""
    return [_clock(facts), _journal(facts), *_spool(facts)]


def _clock(facts: StorageFacts) -> Finding:
    time = f"{facts.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if facts.now < BUILD_DATE:
        return problem(
            CLOCK,
            f"the clock of this machine was never set: it shows {time}, before this program was built",
            _set_clock(facts),
        )
    if facts.synchronised:
        return ok(CLOCK, f"{time}, synchronised over the network")
    if facts.simulated:
        return notice(CLOCK, f"{time}, not synchronised; no problem for a simulated meter", _set_clock(facts))
    return problem(CLOCK, f"{time}, not synchronised: frames would get a wrong timestamp", _set_clock(facts))


def _set_clock(facts: StorageFacts) -> str:
    if not facts.time_service:
        return here(PROGRAM).on_host(
            "sudo apt install systemd-timesyncd, then timedatectl should show: System clock synchronized: yes"
        )
    if facts.time_service == "systemd-timesyncd":
        return here(PROGRAM).on_host(
            "sudo timedatectl set-ntp true; timedatectl should soon show: System clock synchronized: yes. If not,"
            " does a firewall block NTP (UDP port 123)?"
        )
    return f"is {facts.time_service} running, and can it reach its servers (UDP port 123)? Check with timedatectl"


def _journal(facts: StorageFacts) -> Finding:
    if facts.journal_refused:
        return problem(
            JOURNAL,
            f"{facts.journal} cannot be used: {facts.journal_refused}",
            f"set spool.journal to a folder of its own, such as: sudo install -d -o {facts.user} -m 0700"
            " /dev/shm/teleinfo",
        )
    if not facts.journal_writable:
        return problem(
            JOURNAL,
            f"the user {facts.user} may not write into {facts.journal}",
            here(PROGRAM).on_host(
                f"sudo install -d -o {facts.user} -m 0700 {facts.journal}; in a systemd unit: RuntimeDirectory="
            ),
        )
    if facts.journal_free is not None and facts.journal_free < _LEAST_JOURNAL:
        return problem(
            JOURNAL,
            f"only {format_bytes(facts.journal_free)} free in {facts.journal}: frames that cannot be written there are"
            " lost if the reader is killed",
            here(PROGRAM).on_host(f"find what fills it: du -sh {Path(facts.journal).parent}/* | sort -h"),
        )
    if not facts.journal_in_memory:
        return notice(
            JOURNAL,
            f"{facts.journal} is not in memory: every frame is written to the disk, which wears out an SD card",
            f"set {here(PROGRAM).setting('spool.journal')} to a folder on tmpfs, such as /run/teleinfo; in a"
            " container, to a tmpfs volume",
        )
    return ok(JOURNAL, f"{facts.journal} is in memory")


def _make_writable(facts: StorageFacts) -> str:
    match here(PROGRAM).deployment:
        case Deployment.APP:  # it gives the folder to this user at each start
            return here(PROGRAM).restart(PROGRAM)
        case Deployment.COMPOSE:
            return (
                "the volume spool belongs to another installation: docker compose down, then look at docker volume ls"
            )
        case _:
            return f"sudo install -d -o {facts.user} -m 0700 {facts.spool}"


def _spool(facts: StorageFacts) -> Iterator[Finding]:
    if facts.spool_read_only:
        yield problem(
            SPOOL,
            f"the disk of {facts.spool} is read-only: a power cut would lose unconfirmed frames",
            "an SD card that fails becomes read-only (see sudo dmesg): replace it; sudo reboot may help once"
            " more. In a container: mount a volume there",
        )
        return
    if not facts.spool_writable:
        yield problem(
            SPOOL,
            f"the user {facts.user} may not write into {facts.spool}: a power cut would lose unconfirmed frames",
            _make_writable(facts),
        )
        return
    room = facts.spool_limit - facts.spool_size
    days = _days(room)
    text = f"{facts.spool} holds {format_bytes(facts.spool_size)} of {format_bytes(facts.spool_limit)}"
    if facts.spool_size > _NEARLY_FULL * facts.spool_limit:
        yield problem(
            SPOOL,
            f"{text}: nearly full; soon every second of the oldest frames will be discarded",
            "find out why frames are not confirmed: are storer and broker running? Meanwhile set spool.max_size: 256MB",
        )
        return
    if facts.free is not None and facts.free < room:
        lasts = _days(facts.free)
        what = f"only {format_bytes(facts.free)} free on the disk of {facts.spool}: frames of {format_days(lasts)}"
        fix = here(PROGRAM).on_host("free space on that disk: sudo apt clean, sudo journalctl --vacuum-size=50M")
        yield problem(SPOOL, what, fix) if lasts < _LEAST_DAYS else notice(SPOOL, what, fix)
    else:
        free = f"; {format_bytes(facts.free)} free on its disk" if facts.free is not None else ""
        yield ok(SPOOL, f"{text}: room for {format_days(days)} of unconfirmed frames{free}")
    if facts.damaged:
        yield notice(
            SPOOL,
            f"{plural(facts.damaged, 'unusable file')} set aside in {facts.spool}: a power cut, or a failing disk",
            "is the power supply strong enough, is the SD card old? The files *.unusable.* may be deleted",
        )


def _days(room: float) -> float:
    return room / _BYTES_PER_FRAME / _FRAMES_PER_DAY
