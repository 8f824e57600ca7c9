"""Finds out which program has a device open, as far as this user may know."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_PROCESSES = Path("/proc")
_LOCK = re.compile(r"\d+: (?:FLOCK|POSIX|OFDLCK) .* (\d+) ([0-9a-f]+:[0-9a-f]+:\d+) ")


def holder_of(device: str) -> str | None:
    """Return a program that has the device open, such as `teleinfo-reader (process 812)`; None if none is seen."""
    return _first_named([*_lockers(device), *_openers(device)])


def locker_of(path: str) -> str | None:
    """Return the program that has locked a file or folder, as the reader does its journal; None if none has."""
    return _first_named(_lockers(path))


def _first_named(processes: Iterable[str]) -> str | None:
    for process in processes:
        try:
            return f"{_name(_PROCESSES / process)} (process {process})"
        except OSError:
            continue  # it has ended
    return None


def _lockers(path: str) -> Iterator[str]:
    """Yield the processes that have locked it, as whoever reads a port should: anybody may see them."""
    try:
        status = os.stat(path)
        locks = (_PROCESSES / "locks").read_text(encoding="ascii", errors="replace")
    except OSError:
        return
    wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    yield from (match[1] for match in map(_LOCK.match, locks.splitlines()) if match and match[2] == wanted)


def _openers(device: str) -> Iterator[str]:
    wanted = os.path.realpath(device)
    for process in sorted(_PROCESSES.glob("[0-9]*")):
        try:
            if process.name != str(os.getpid()) and any(
                os.path.realpath(link) == wanted for link in (process / "fd").iterdir()
            ):
                yield process.name
        except OSError:
            continue  # it is somebody else's, or has ended


def _name(process: Path) -> str:
    name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    words = (process / "cmdline").read_bytes().split(b"\0")
    # A Python program is called python; what it runs says more.
    script = os.path.basename(words[1]).decode(errors="replace") if len(words) > 2 else ""
    return script if name.startswith("python") and script.startswith("teleinfo") else name
