"""Asks the Supervisor again and again, and has the files written anew when its answers change.

This process stays: it imports little, and what happens seldom is a process of its own.
"""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from deploy.app.options import Options, read_options
from deploy.app.supervisor import Answers, Supervisor, read_answers
from deploy.files import write

log = logging.getLogger(__name__)

_DATA = Path("/data")
_RUN = Path("/run/teleinfo")
_EVERY, _SLOWEST = 30.0, 300.0  # seconds between two questions; the second when all goes wrong
_STATISTICS_AFTER, _STATISTICS_EVERY = 600.0, 3600.0  # seconds
_COMMAND = (sys.executable, "-P", "-m", "deploy.app")


def watch() -> None:
    """Watch until killed."""
    options = read_options(_DATA / "options.json")
    supervisor = Supervisor()
    statistics_at, statistics = time.monotonic() + _STATISTICS_AFTER, ""
    pause = _EVERY
    while True:
        went_well = _follow(supervisor, options)
        if not options.ports:
            _listen()
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


def has_accounts(options: Options, answers: Answers) -> bool:
    """Return whether our accounts were made at the database server that the service names now."""
    return options.internal or answers.get("accounts") == answers.get("mysql")


def _listen() -> None:
    """Listen to the ports as the reader's user, and show what was received."""
    groups = (_RUN / "reader.groups").read_text()
    user = ("--reuid=teleinfo-reader", "--regid=teleinfo-reader", f"--groups={groups}")
    command = ("env", "-u", "SUPERVISOR_TOKEN", "setpriv", *user, *_COMMAND, "listen")
    heard = subprocess.run(command, capture_output=True, text=True, check=False)
    if heard.returncode:
        log.warning("Cannot listen to the ports: %s", heard.stderr.strip())
        return
    file = _RUN / "found.json"
    before = json.loads(file.read_text()) if file.exists() else None
    found = json.loads(heard.stdout)
    if found == before:
        return
    write(file, heard.stdout)
    if before is None or _meters(found) != _meters(before):
        log.warning("No port is chosen: choose that of the meter in the app's options. %s", _describe(found))
    subprocess.run((*_COMMAND, "prepare"), check=False)


def _meters(found: list[dict[str, Any]]) -> list[str]:
    return [line["port"] for line in found if line["meter"]]


def _describe(found: list[dict[str, Any]]) -> str:
    if not found:
        return "No serial port was found: plug in the adapter"
    return "; ".join(f"{line['port']}: {line['says']}" for line in found)


def _bring_statistics(before: str) -> str:
    """Bring the history into Home Assistant's statistics; log what the command says when that is new."""
    command = ("s6-setuidgid", "teleinfo-monitor", "teleinfo-monitor", "home-assistant", "--yes")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.stdout != before:
        log.log(logging.WARNING if done.returncode else logging.INFO, "Statistics: %s", done.stdout.strip())
    return done.stdout
