"""Makes the container `setup`, which begins as root, somebody with no more rights than the command needs."""

import os
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path("/project")
DEVICES = Path("/dev")
# Of mosquitto's image, and the groups of those who are given files.
_SETUP, _GROUPS = 1883, (999, 10001, 10002)
_TTY_MAJORS = (4, 166, 188, 204, 207)  # as in compose.yaml


def become(arguments: Sequence[str]) -> None:
    """Become whom the project's folder belongs to, for `meter`, which writes .env; else who hands out passwords."""
    if os.geteuid() != 0:
        return
    if arguments[:1] == ["meter"]:
        owner = PROJECT.stat()
        uid, gid, groups = owner.st_uid, owner.st_gid, port_groups(DEVICES)
    else:
        uid, gid, groups = _SETUP, _SETUP, set(_GROUPS)
    os.setgroups(sorted(groups))
    os.setgid(gid)
    os.setuid(uid)


def port_groups(devices: Path) -> set[int]:
    """Return the groups that may open the serial ports; never root's."""
    groups = set()
    for path in devices.glob("tty*"):
        status = path.stat()
        if os.major(status.st_rdev) in _TTY_MAJORS and status.st_gid:
            groups.add(status.st_gid)
    return groups
