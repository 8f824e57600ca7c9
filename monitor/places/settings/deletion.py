"""Who may have measurements deleted: whoever knows the password, and administrators of Home Assistant."""

from monitor.base.config import AppFile, MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.web.route import Caller

#: Of the file of the app, which `deploy/app` writes: the ids of Home Assistant's users who are administrators.
ADMINISTRATORS = "administrators"


def check_may_delete(caller: Caller, config: MonitorConfig) -> None:
    """Refuse whoever may not have anything deleted.

    Home Assistant says who asks, and not whether that is an administrator: of whom nothing is known is none.

    Raises:
        RequestError: it is not this caller's to delete.
    """
    if caller.ingress_user is not None:
        found = None if config.app is None else AppFile(config.app).read()
        if caller.ingress_user not in ((found or {}).get(ADMINISTRATORS) or ()):
            raise RequestError("no_administrator")
    elif not caller.is_guarded:
        raise RequestError("deletion_without_password")
