"""Drops the rights of the container `setup`, which starts as root, to those that the command needs."""

import os
from collections.abc import Sequence
from pathlib import Path

from deploy.serial_ports import port_groups

PROJECT = Path("/project")
DEVICES = Path("/dev")
# The user of mosquitto's image, and the groups of the containers that get files.
_SETUP, GROUPS = 1883, (472, 999, 10001, 10002, 10003)


def become(arguments: Sequence[str]) -> None:
    """Become the owner of the project's folder for `meter`, which writes .env; else the user of the secrets."""
    if os.geteuid() != 0:
        return
    if arguments[:1] == ["meter"]:
        owner = PROJECT.stat()
        uid, gid, groups = owner.st_uid, owner.st_gid, port_groups(DEVICES)
    else:
        uid, gid, groups = _SETUP, _SETUP, set(GROUPS)
    os.setgroups(sorted(groups))
    os.setgid(gid)
    os.setuid(uid)
