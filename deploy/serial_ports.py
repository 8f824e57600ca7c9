"""The serial ports of the machine, and who may open them."""

import os
from pathlib import Path

_TTY_MAJORS = (4, 166, 188, 204, 207)  # as in compose.yaml


def port_groups(devices: Path) -> set[int]:
    """Return the groups that may open the serial ports, without root's."""
    groups = set()
    for path in devices.glob("tty*"):
        status = path.stat()
        if os.major(status.st_rdev) in _TTY_MAJORS and status.st_gid:
            groups.add(status.st_gid)
    return groups
