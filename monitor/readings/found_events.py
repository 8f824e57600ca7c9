"""What happened: overloads, outages, voltage outside its limits. Minutes that follow each other make one event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.readings.grid_curves import MinuteFacts
from monitor.readings.power import VOLTAGE_HIGH, VoltageMinute
from monitor.readings.rows import moment_of

_MINUTE = timedelta(minutes=1)
#: Of a gap in which nothing was counted: so long, and with so much power before, that the house had no current.
_OUTAGE_MINUTES, _OUTAGE_POWER = 10, 60  # VA


@dataclass(frozen=True, slots=True)
class Overload:
    """An overload: when its power was highest, and for how long it was told of."""

    at: datetime
    seconds: int
    power: int | None  # VA


@dataclass(frozen=True, slots=True)
class BadVoltage:
    """A voltage outside its limits on one phase, and the worst of it."""

    start: datetime
    end: datetime
    volts: int
    phase: int


def joined_overloads(minutes: Iterable[MinuteFacts]) -> list[Overload]:
    """Join minutes with an overload, in order, that follow each other."""
    found: list[Overload] = []
    end = 0
    for minute in minutes:
        if not minute.overload:
            continue
        # Frames that told of it, in the time that the minute's frames cover.
        seconds = max(round(minute.overload * minute.seconds / max(minute.frames, 1)), 1)
        one = Overload(moment_of(minute.at + (minute.power_max_second or 0)), seconds, minute.power_max)
        if found and minute.at == end:
            higher = max(found[-1], one, key=lambda overload: overload.power or 0)
            found[-1] = Overload(higher.at, found[-1].seconds + seconds, higher.power)
        else:
            found.append(one)
        end = minute.at + 60
    return found


def bad_voltages(minutes: Sequence[VoltageMinute]) -> list[BadVoltage]:
    """Join minutes with a voltage outside its limits, a phase apart."""
    found: list[BadVoltage] = []
    for phase in sorted({one.phase for one in minutes}):
        of_phase: list[BadVoltage] = []
        for one in minutes:
            if one.phase != phase:
                continue
            worst = one.high if one.high > VOLTAGE_HIGH else one.low
            if of_phase and of_phase[-1].end == one.minute:
                last = of_phase.pop()
                worst = max(last.volts, worst, key=lambda volts: abs(volts - 230))
                of_phase.append(BadVoltage(last.start, one.minute + _MINUTE, worst, phase))
            else:
                of_phase.append(BadVoltage(one.minute, one.minute + _MINUTE, worst, phase))
        found += of_phase
    return sorted(found, key=lambda event: (event.start, event.phase))


def is_outage(wh: int | None, injected: int, power_before: int | None, minutes: int) -> bool:
    """Tell whether the house had no current in a gap: the meter counted nothing though power was drawn before it."""
    return wh == 0 and injected == 0 and (power_before or 0) >= _OUTAGE_POWER and minutes >= _OUTAGE_MINUTES
