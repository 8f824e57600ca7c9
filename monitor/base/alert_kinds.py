"""The kinds of alerts: their names, how long something must hold, and when it is told."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert; its name is a key of `alerts.rules`, of the API and of MQTT."""

    name: str
    begins_after: int = 0  # seconds that it must hold without a pause
    ends_after: int = 0  # seconds that it must be over without a pause
    lasts: bool = True  # it is over at some time, and that is told; else it happened, and is told once a key
    urgent: bool = False  # quiet hours do not hold it back
    late: bool = False  # told however long ago it happened
    on: bool = True  # without a line in `alerts.rules`
    hours: int = 24  # for which its messages are news: one that cannot be sent for so long is given up


_KINDS = (
    Kind("overload", begins_after=10, ends_after=60, urgent=True, hours=1),
    Kind("silent", begins_after=300, ends_after=30),
    Kind("power_cut", lasts=False, late=True, hours=72),
    Kind("red", lasts=False, hours=9),
    Kind("white", lasts=False, on=False, hours=9),
    Kind("off_peak", lasts=False),
    Kind("forgotten"),
    Kind("talon"),
    Kind("budget"),
    Kind("feed_in"),
    Kind("backup"),
    Kind("disk"),
    Kind("loss", lasts=False, late=True, hours=72),
    Kind("voltage", begins_after=60, ends_after=600),
    Kind("prices"),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
