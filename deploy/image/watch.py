"""Has the files written anew when the page has made an account or named a broker.

This process stays: it imports little, and what happens seldom is a process of its own.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

_FOLDER = Path("/data/monitor")
FILES = (_FOLDER / "accounts", _FOLDER / "broker.json")
_EVERY = 2.0  # seconds
_COMMAND = (sys.executable, "-P", "-m", "deploy.image", "prepare")

_Version = tuple[int, int, int] | None


def watch() -> None:
    """Watch until killed. The first time, in case something was written since the start of the container."""
    applied: list[_Version] = []
    while True:
        found = [version(file) for file in FILES]
        if found != applied and subprocess.run(_COMMAND, check=False).returncode == 0:
            applied = found
        time.sleep(_EVERY)


def version(file: Path) -> _Version:
    """Return what changes when a file does; None: there is none."""
    try:
        status = os.lstat(file)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
