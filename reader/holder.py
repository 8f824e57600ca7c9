"""Finds out which program has a device open, as far as this user may know."""

import os
from pathlib import Path

_PROCESSES = Path("/proc")


def holder_of(device: str) -> str | None:
    """Return a program that has the device open, such as `teleinfo-reader (process 812)`; None if none is seen."""
    wanted = os.path.realpath(device)
    for process in sorted(_PROCESSES.glob("[0-9]*")):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(os.path.realpath(link) == wanted for link in (process / "fd").iterdir()):
                return f"{_name(process)} (process {process.name})"
        except OSError:
            continue  # it is somebody else's, or has ended
    return None


def _name(process: Path) -> str:
    name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    words = (process / "cmdline").read_bytes().split(b"\0")
    # A Python program is called python; what it runs says more.
    script = os.path.basename(words[1]).decode(errors="replace") if len(words) > 2 else ""
    return script if name.startswith("python") and script.startswith("teleinfo") else name
