"""A backup that is too old, where backups are made."""

from datetime import datetime, timedelta

from common.contract.frame import write_stamp
from monitor.alerts.facts import Installation
from monitor.alerts.signs import Holds, Sign

_OLD_AFTER = timedelta(days=8)


def backup(installation: Installation, now: datetime) -> list[Sign]:
    """Return whether the last backup is more than eight days old; nothing where none was ever made."""
    last = installation.backup
    if last is None:
        return []
    age = now - last
    holds = Holds.YES if age > _OLD_AFTER else Holds.NO
    return [Sign("backup", holds, since=last + _OLD_AFTER, figures={"days": age.days, "last": write_stamp(last)})]
