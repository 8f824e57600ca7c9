"""Asks the Supervisor again and again, and has the configurations written anew when its answers change.

This process stays: it imports little, and what happens seldom is a process of its own.
"""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path

from deploy.app.options import Options, read_options
from deploy.app.supervisor import Supervisor, read_answers

log = logging.getLogger(__name__)

DATA = Path("/data")
RUN = Path("/run/teleinfo")
_EVERY, _SLOWEST = 30.0, 300.0  # seconds between two questions: the second while nothing changes
_LISTEN_EVERY = 60.0  # seconds
_STATISTICS_AFTER, _STATISTICS_EVERY = 600.0, 3600.0  # seconds
_COMMAND = (sys.executable, "-P", "-m", "deploy.app")


def watch() -> None:
    """Watch until killed."""
    options = read_options(DATA / "options.json")
    supervisor = Supervisor()
    shown = DATA / "shown"  # in the side bar: once, the owner may remove it
    listen_at, statistics_at = 0.0, time.monotonic() + _STATISTICS_AFTER
    said = ""
    while True:
        if not shown.exists() and supervisor.show():
            shown.touch()
        kept = read_answers(DATA / "answers.json")
        if supervisor.answers(kept, database=not options.internal) != kept:
            subprocess.run((*_COMMAND, "prepare"), check=False)
        now = time.monotonic()
        if not options.ports and now >= listen_at:
            _listen()
            listen_at = now + _LISTEN_EVERY
        if options.statistics and now >= statistics_at:
            said = _statistics(said)
            statistics_at = now + _STATISTICS_EVERY
        time.sleep(_EVERY)


def _listen() -> None:
    """Listen to the ports as the reader's user."""
    groups = (RUN / "reader.groups").read_text()
    command = ("s6-applyuidgid", "-u", "10001", "-g", "10001", "-G", groups, *_COMMAND, "listen")
    heard = subprocess.run(command, capture_output=True, text=True, check=False)
    if heard.returncode:
        log.warning("The ports could not be listened to: %s", heard.stderr.strip())
        return
    file = RUN / "found.json"
    if not file.exists() or file.read_text() != heard.stdout:
        file.write_text(heard.stdout)
        for line in json.loads(heard.stdout):
            log.info("No port is chosen. %s: %s", line["port"], line["says"])
        subprocess.run((*_COMMAND, "prepare"), check=False)


def _statistics(said: str) -> str:
    """Bring the history into Home Assistant's statistics; log what the command says when that is new."""
    command = ("s6-setuidgid", "teleinfo-monitor", "teleinfo-monitor", "home-assistant", "--yes")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.stdout != said:
        log.log(logging.WARNING if done.returncode else logging.INFO, "Statistics: %s", done.stdout.strip())
    return done.stdout
