"""Looks at what keeps frames safe on this machine: the clock that dates them, the journal, the spool."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common.deployment import Deployment, here
from common.disk import free_space, is_read_only, memory_backed, nearest_existing
from common.doctor.findings import Finding, cure, fine, format_bytes, format_days, mind
from common.host import Host, User
from common.version import BUILD_DATE
from reader.buffer.folder import refusal
from reader.config import ReaderConfig, is_simulated
from reader.doctor.port import PROGRAM
from reader.line.clock import Clock, ReaderClock

CLOCK, JOURNAL, SPOOL = "Clock", "Journal", "Spool"
_BYTES_A_FRAME = 31  # in the spool, of a standard meter; measured
_FRAMES_A_DAY = 86_400 / 0.92
_NEARLY_FULL = 0.8
_LEAST_DAYS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFacts:
    """What this machine offers."""

    user: str
    simulated: bool = False  # there is no real meter
    now: datetime
    synchronised: bool = True
    time_service: str = ""  # what could set the clock, and is installed
    journal: str = "/run/teleinfo"
    journal_in_memory: bool = True
    journal_writable: bool = True
    journal_refused: str = ""  # why `run` will not use it
    spool: str = "/var/lib/teleinfo"
    spool_writable: bool = True
    spool_read_only: bool = False  # all of its disk is
    spool_size: int = 0  # bytes that wait in it
    spool_limit: int = 64_000_000
    damaged: int = 0  # files that were put aside
    free: int | None = None  # bytes on the spool's disk
    total: int | None = None


def probe_storage(config: ReaderConfig, machine: Host, user: User, clock: Clock | None = None) -> StorageFacts:
    """Look at clock, journal and spool, which `user` shall use; nothing is written."""
    clock = clock or ReaderClock()
    folder = config.spool.path
    sizes, damaged, readable = 0, 0, True
    try:
        for file in folder.iterdir():
            if file.suffix == ".spool":
                sizes += file.stat().st_size
            damaged += file.suffix == ".damaged"
    except FileNotFoundError:
        pass
    except OSError:
        readable = False
    space = free_space(folder) if readable or folder.parent.is_dir() else None
    return StorageFacts(
        user=user.name,
        simulated=all(map(is_simulated, config.port)),
        now=clock.now(),
        synchronised=clock.synchronised(),
        time_service=_time_service(machine),
        journal=str(config.spool.journal),
        journal_in_memory=memory_backed(config.spool.journal),
        journal_writable=_may_write(config.spool.journal, user, machine),
        journal_refused=_refused(config.spool.journal, user),
        spool=str(folder),
        spool_writable=_may_write(folder, user, machine),
        spool_read_only=is_read_only(folder),
        spool_size=sizes,
        spool_limit=config.spool.max_size,
        damaged=damaged,
        free=space[0] if space else None,
        total=space[1] if space else None,
    )


def _may_write(folder: Path, user: User, machine: Host) -> bool:
    """Say whether a user may write into a folder that is there, or that he or systemd will make."""
    if machine.unit_creates(PROGRAM, folder) and not machine.path(str(folder)).exists():
        return True
    place = nearest_existing(folder)
    return place.is_dir() and user.may(place, os.W_OK | os.X_OK)


def _refused(journal: Path, user: User) -> str:
    try:
        return "it is a symbolic link" if journal.is_symlink() else refusal(journal.stat(), user.uid)
    except OSError:  # there is none yet, or it cannot be looked at
        return ""


def _time_service(machine: Host) -> str:
    for name in ("chronyd", "ntpd", "systemd-timesyncd"):
        for folder in ("usr/sbin", "usr/lib/systemd", "lib/systemd"):
            if machine.path(f"{folder}/{name}").exists():
                return name
    return ""


def diagnose_storage(facts: StorageFacts) -> list[Finding]:
    """Say what is wrong with them."""
    return [_clock(facts), _journal(facts), *_spool(facts)]


def _clock(facts: StorageFacts) -> Finding:
    time = f"{facts.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if facts.now < BUILD_DATE:
        return cure(
            CLOCK,
            f"it is {time}, says this machine, and this program is newer: its clock was never set",
            _set_clock(facts),
        )
    if facts.synchronised:
        return fine(CLOCK, f"{time}, kept right by the network")
    if facts.simulated:
        return mind(CLOCK, f"{time}, and nothing keeps it right; a simulated meter does not mind", _set_clock(facts))
    return cure(CLOCK, f"{time}, and nothing keeps it right: frames would get a wrong time", _set_clock(facts))


def _set_clock(facts: StorageFacts) -> str:
    if not facts.time_service:
        return here(PROGRAM).on_host(
            "sudo apt install systemd-timesyncd, then timedatectl should say: System clock synchronized: yes"
        )
    if facts.time_service == "systemd-timesyncd":
        return here(PROGRAM).on_host(
            "sudo timedatectl set-ntp true; timedatectl should soon say: System clock synchronized: yes. If not, does"
            " the network let NTP out (UDP port 123)?"
        )
    return f"is {facts.time_service} running, and can it reach its servers (UDP port 123)? timedatectl shows the state"


def _journal(facts: StorageFacts) -> Finding:
    if facts.journal_refused:
        return cure(
            JOURNAL,
            f"{facts.journal}: run will not use it: {facts.journal_refused}",
            f"spool.journal: a folder of its own: sudo install -d -o {facts.user} -m 0700 /dev/shm/teleinfo",
        )
    if not facts.journal_writable:
        return cure(
            JOURNAL,
            f"the user {facts.user} may not write into {facts.journal}",
            here(PROGRAM).on_host(
                f"sudo install -d -o {facts.user} -m 0700 {facts.journal}; for a service, RuntimeDirectory= does it"
            ),
        )
    if not facts.journal_in_memory:
        return mind(
            JOURNAL,
            f"{facts.journal} is not in memory: each frame is written to the disk, which wears an SD card out",
            f"{here(PROGRAM).setting('spool.journal')}: a folder on tmpfs, such as /run/teleinfo; in a container a"
            " tmpfs volume on it",
        )
    return fine(JOURNAL, f"{facts.journal} is in memory")


def _spool(facts: StorageFacts) -> list[Finding]:
    if facts.spool_read_only:
        return [
            cure(
                SPOOL,
                f"the disk of {facts.spool} is read-only: a power cut would lose frames that wait",
                "a card that fails ends so: sudo dmesg tells. To try it once more: sudo reboot; better a new card. In a"
                " container: a volume there",
            )
        ]
    if not facts.spool_writable:
        return [
            cure(
                SPOOL,
                f"the user {facts.user} may not write into {facts.spool}: a power cut would lose frames that wait",
                "the volume spool is of another installation: docker compose down, and docker volume ls"
                if here(PROGRAM).deployment is Deployment.COMPOSE
                else f"sudo install -d -o {facts.user} -m 0700 {facts.spool}",
            )
        ]
    room = facts.spool_limit - facts.spool_size
    days = _days(room)
    text = f"{facts.spool} holds {format_bytes(facts.spool_size)} of {format_bytes(facts.spool_limit)}"
    if facts.spool_size > _NEARLY_FULL * facts.spool_limit:
        return [
            cure(
                SPOOL,
                f"{text}: nearly full, soon only every other of its frames will be kept",
                "find out why nobody confirms them: are storer and broker running? Meanwhile: spool.max_size: 256MB",
            )
        ]
    findings = []
    if facts.free is not None and facts.free < room:
        held = _days(facts.free)
        what = f"only {format_bytes(facts.free)} are free on the disk of {facts.spool}: frames of {format_days(held)}"
        remedy = here(PROGRAM).on_host("make room on that disk: sudo apt clean, sudo journalctl --vacuum-size=50M")
        findings.append(cure(SPOOL, what, remedy) if held < _LEAST_DAYS else mind(SPOOL, what, remedy))
    else:
        free = f"; {format_bytes(facts.free)} are free on its disk" if facts.free is not None else ""
        findings.append(fine(SPOOL, f"{text}: room for {format_days(days)} of frames that nobody takes{free}"))
    if facts.damaged:
        findings.append(
            mind(
                SPOOL,
                f"{facts.damaged} damaged pieces were put aside in {facts.spool}: a power cut, or a disk that fails",
                "is the supply strong enough? Is the card old? The files *.damaged may be deleted",
            )
        )
    return findings


def _days(room: float) -> float:
    return room / _BYTES_A_FRAME / _FRAMES_A_DAY
