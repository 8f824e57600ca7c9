"""Drops the rights of the container `setup`, which starts as root, to those that the command needs."""

import os
from collections.abc import Sequence
from pathlib import Path

from deploy.compose.accounts import GROUPS
from deploy.serial_ports import port_groups

PROJECT = Path("/project")
_SETUP = 1883  # the user of mosquitto's image


def become(arguments: Sequence[str]) -> None:
    """Become the owner of the project's folder for `meter`, which writes .env; else the user of the secrets."""
    if os.geteuid() != 0:
        return
    if arguments[:1] == ["meter"]:
        owner = PROJECT.stat()
        uid, gid, groups = owner.st_uid, owner.st_gid, port_groups(Path("/dev"))
    else:
        uid, gid, groups = _SETUP, _SETUP, set(GROUPS.values())
    os.setgroups(sorted(groups))
    os.setgid(gid)
    os.setuid(uid)
