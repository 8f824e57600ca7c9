"""What alerts look at: the last minutes and the last hours of a meter, as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.money.home import Home
from monitor.readings.curves import MINUTES, MinuteFacts, Series
from monitor.readings.hours import Meter
from monitor.readings.storage import Upkeep

_PHASES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class PhaseVoltage:
    """The voltage of a phase over some minutes, V."""

    mean: int
    low: int
    high: int


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

    def minutes(self, meter: Meter, start: datetime, end: datetime) -> list[MinuteFacts]:
        """Return the minutes that begin in [start, end), of the meter that is there now."""
        return self._series.minutes(meter.number, start, end)

    def around(self, meter: Meter, moment: datetime) -> tuple[MinuteFacts, MinuteFacts] | None:
        """Return the last minute before a moment and the first one after it, within an hour, of the meter of now."""
        before = self._series.minute_before(meter.number, moment)
        after = self._series.minutes(meter.number, moment, moment + timedelta(hours=1))
        return None if before is None or not after else (before, after[0])

    def voltages(self, meter: Meter, end: datetime, minutes: int) -> Mapping[int, PhaseVoltage]:
        """Return by phase the voltage of the minutes before a moment; none that the meter does not send."""
        start = end - timedelta(minutes=minutes)
        found = self._series.cells(MINUTES, [meter.number], start, end, 60 * minutes, {"voltage"}).columns
        voltages = {}
        for phase in _PHASES:
            for mean, low, high in zip(*(found[f"v{phase}_{name}"] for name in ("mean", "min", "max")), strict=True):
                if mean is not None and low is not None and high is not None:
                    voltages[phase] = PhaseVoltage(mean, low, high)
        return voltages

    def losses(self, meter: Meter, start: datetime, end: datetime) -> list[Loss]:
        """Return the hours of [start, end) of which frames are missing, in order; some may be on their way."""
        hours = [hour for part in meter.parts for hour in self._upkeep.counted(part.number, start, end)]
        found = [Loss(one.hour, one.expected - one.stored) for one in hours if one.expected > one.stored]
        return sorted(found, key=lambda loss: loss.hour)
