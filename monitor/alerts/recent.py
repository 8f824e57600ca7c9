"""What alerts look at: the last minutes and the last hours of a meter, as they stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.money.home import Home
from monitor.readings.curves import MinuteFacts, Series
from monitor.readings.hours import Meter
from monitor.readings.storage import Upkeep


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames of an hour that a reader counted and that are not stored."""

    hour: datetime
    frames: int


class RecentAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._series = Series(home.connection)
        self._upkeep = Upkeep(home.connection)

    def around(self, meter: Meter, moment: datetime) -> tuple[MinuteFacts, MinuteFacts] | None:
        """Return the last minute before a moment and the first one after it, within an hour, of the meter of now."""
        before = self._series.minute_before(meter.number, moment)
        after = self._series.minutes(meter.number, moment, moment + timedelta(hours=1))
        return None if before is None or not after else (before, after[0])

    def losses(self, meter: Meter, start: datetime, end: datetime) -> list[Loss]:
        """Return the hours of [start, end) of which frames are missing, in order; some may be on their way."""
        hours = [hour for part in meter.parts for hour in self._upkeep.counted(part.number, start, end)]
        found = [Loss(one.hour, one.expected - one.stored) for one in hours if one.expected > one.stored]
        return sorted(found, key=lambda loss: loss.hour)
