"""Asks the Supervisor again and again, and has the files written anew when its answers change.

This process stays: it imports little, and what happens seldom is a process of its own.
"""

import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from common.machine.host import Host
from deploy.app.options import Options, read_options
from deploy.app.supervisor import Answers, Supervisor, read_answers
from reader.line.port_list import ports

log = logging.getLogger(__name__)

_DATA = Path("/data")
_EVERY, _SLOWEST = 30.0, 300.0  # seconds between two questions; the second when all goes wrong
_STATISTICS_AFTER, _STATISTICS_EVERY = 600.0, 3600.0  # seconds
_ADMINISTRATORS_EVERY = 600.0  # seconds
_COMMAND = (sys.executable, "-P", "-m", "deploy.app")


def watch() -> None:
    """Watch until killed."""
    options = read_options(_DATA / "options.json")
    supervisor = Supervisor()
    statistics_at, statistics = time.monotonic() + _STATISTICS_AFTER, ""
    administrators_at = 0.0
    pause = _EVERY
    found: Sequence[str] | None = None
    while True:
        went_well = _follow(supervisor, options)
        if not options.ports:
            found = _follow_ports(found)
        if time.monotonic() >= administrators_at and _note_administrators():
            administrators_at = time.monotonic() + _ADMINISTRATORS_EVERY
        if options.statistics and time.monotonic() >= statistics_at:
            statistics_at, statistics = time.monotonic() + _STATISTICS_EVERY, _bring_statistics(statistics)
        pause = _EVERY if went_well else min(2 * pause, _SLOWEST)
        time.sleep(pause)


def _follow(supervisor: Supervisor, options: Options) -> bool:
    """Ask once, and do what the answers need; return whether all of it went well."""
    shown = _DATA / "shown"  # once: the owner may take the page out of the sidebar
    if not shown.exists() and supervisor.show():
        shown.touch()
    kept = read_answers(_DATA / "answers.json")
    answers = supervisor.answers(kept, database=not options.internal)
    if answers == kept and has_accounts(options, kept):
        return supervisor.reached
    subprocess.run((*_COMMAND, "prepare"), check=False)
    return has_accounts(options, read_answers(_DATA / "answers.json"))


def _note_administrators() -> bool:
    """Write down who may have measurements deleted; return whether Home Assistant has answered."""
    done = subprocess.run(
        (*_COMMAND, "administrators"), capture_output=True, check=False
    )  # Core starts later than we do
    return done.returncode == 0


def has_accounts(options: Options, answers: Answers) -> bool:
    """Return whether our accounts were made at the database server that the service names now."""
    return options.internal or answers.get("accounts") == answers.get("mysql")


def _follow_ports(before: Sequence[str] | None) -> Sequence[str]:
    """Write for the page which serial ports the machine has; none is opened: one may be another app's radio stick."""
    found = ports(Host())
    if before is not None and found != before:  # else the start has just written them
        subprocess.run((*_COMMAND, "prepare"), check=False)
    return found


def _bring_statistics(before: str) -> str:
    """Bring the history into Home Assistant's statistics; log what the command says when that is new."""
    user = ("env", "-u", "SUPERVISOR_TOKEN", "s6-setuidgid", "teleinfo-monitor")
    command = (*user, "teleinfo-monitor", "home-assistant", "--yes")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.stdout != before:
        log.log(logging.WARNING if done.returncode else logging.INFO, "Statistics: %s", done.stdout.strip())
    return done.stdout
