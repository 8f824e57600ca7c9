"""A disk that will soon be full."""

from monitor.alerts.facts import Installation
from monitor.alerts.signs import Holds, Sign

_SOON, _LATER, _FOR_EVER = 60, 75, 36_500  # days


def disk(installation: Installation) -> list[Sign]:
    """Return whether the disk of the database is full within 60 days, at the growth of the last months."""
    if installation.free is None or installation.growth is None:
        return [Sign("disk", Holds.UNKNOWN)]
    days = int(min(installation.free / max(installation.growth, 1), _FOR_EVER))
    holds = Holds.YES if days < _SOON else Holds.NO if days >= _LATER else Holds.BETWEEN
    return [Sign("disk", holds, figures={"days": days, "free": installation.free})]
