"""Writes down which of Home Assistant's users are administrators: only they have measurements deleted by the page.

The page is told who asks, not what they may do; and its program has no token with which it could find out.
"""

import json
import os
import pwd
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deploy.app.configuration import FOLDER
from deploy.app.home_assistant import CORE
from deploy.files import write
from monitor.home_assistant.access import OLDEST_TO_READ
from monitor.home_assistant.connection import HomeAssistant
from monitor.places.settings.deletion import ADMINISTRATORS

_GROUP = "system-admin"


def write_administrators() -> None:
    """Ask Home Assistant, and write the file.

    Raises:
        StatisticsError: it does not answer, or refuses.
    """
    with HomeAssistant(CORE, os.environ.get("SUPERVISOR_TOKEN", ""), OLDEST_TO_READ) as home_assistant:
        users = home_assistant.call("config/auth/list")
    group = pwd.getpwnam("teleinfo-monitor").pw_gid
    write(Path(FOLDER) / ADMINISTRATORS, json.dumps(administrators(users)), group=group)


def administrators(users: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the ids of those who may do everything.

    >>> administrators([{"id": "a", "is_active": True, "group_ids": ["system-users"]}])
    []
    """
    return [
        user["id"]
        for user in users
        if user.get("is_active") and (user.get("is_owner") or _GROUP in user.get("group_ids", ()))
    ]
