"""Who may have measurements deleted: whoever knows the password, and administrators of Home Assistant."""

import json
from collections.abc import Sequence

from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.web.credentials import Caller

#: The file beside that of the app, which `deploy/app` writes: the ids of Home Assistant's users who are administrators.
ADMINISTRATORS = "administrators.json"


def check_may_delete(caller: Caller, config: MonitorConfig) -> None:
    """Refuse whoever may not have anything deleted.

    Home Assistant says who asks, and not whether that is an administrator: of whom nothing is known is none.

    Raises:
        RequestError: it is not this caller's to delete.
    """
    if caller.ingress_user is not None:
        if caller.ingress_user not in administrators(config):
            raise RequestError("no_administrator")
    elif not caller.is_guarded:
        raise RequestError("deletion_without_password")


def administrators(config: MonitorConfig) -> Sequence[str]:
    """Return the ids of those who are known to be administrators."""
    try:
        found = json.loads(config.app.with_name(ADMINISTRATORS).read_bytes()) if config.app is not None else ()
    except (OSError, ValueError):
        return ()
    return found if isinstance(found, list) else ()
