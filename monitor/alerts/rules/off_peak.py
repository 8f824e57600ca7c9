"""Off-peak hours that moved, or that are not those that the owner wrote down."""

from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.alerts.facts import MeterFacts
from monitor.alerts.signs import Figure, Holds, Sign
from monitor.base.calendar import midnight
from monitor.money.off_peak import clocks
from monitor.money.off_peak_change import OffPeakChange


def off_peak(meter: MeterFacts, zone: ZoneInfo) -> list[Sign]:
    """Return that the hours of the meter moved, and that they differ from those of the configuration."""
    found = []
    if (moved := meter.daily.off_peak_moved) is not None:
        found.append(_sign(meter, moved, moved.since.isoformat(), midnight(moved.since, zone), "meter"))
    if (other := meter.daily.off_peak_other) is not None:
        found.append(_sign(meter, other, "file", None, "file"))
    return found


def _sign(meter: MeterFacts, change: OffPeakChange, key: str, since: datetime | None, against: str) -> Sign:
    figures: dict[str, Figure] = {
        "since": change.since.isoformat(),
        "old": clocks(change.old),
        "new": clocks(change.new),
        "against": against,
    }
    return Sign("off_peak", Holds.YES, meter.meter, key, since, figures)
