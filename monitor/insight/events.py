"""What happened: overloads, outages, voltage outside its limits. Minutes that follow each other make one event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.history.hours import Gap
from monitor.history.power import VOLTAGE_HIGH, VoltageMinute
from monitor.history.series import MinuteFacts, moment_of

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `value`: the highest power of an overload (VA), the worst voltage, the Wh counted over an outage."""

    kind: str  # overload, outage, voltage
    start: datetime
    end: datetime
    value: int | None
    phase: int | None = None


def overloads(minutes: Iterable[tuple[datetime, int | None]]) -> list[Event]:
    """Join minutes with an overload, in order, to events."""
    events: list[Event] = []
    for minute, power in minutes:
        if events and events[-1].end == minute:
            known = events[-1].value
            value = power if known is None else max(known, power or 0)
            events[-1] = Event("overload", events[-1].start, minute + _MINUTE, value)
        else:
            events.append(Event("overload", minute, minute + _MINUTE, power))
    return events


@dataclass(frozen=True, slots=True)
class Overload:
    """An overload: when its power was highest, and for how long it was told of."""

    at: datetime
    seconds: int
    power: int | None  # VA


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


def voltages(minutes: Sequence[VoltageMinute]) -> list[Event]:
    """Join minutes with a voltage outside its limits to events, a phase apart."""
    events: list[Event] = []
    for phase in sorted({one.phase for one in minutes}):
        last: Event | None = None
        for one in minutes:
            if one.phase != phase:
                continue
            worst = one.high if one.high > VOLTAGE_HIGH else one.low
            if last is not None and last.end == one.minute and last.value is not None:
                if abs(last.value - 230) > abs(worst - 230):
                    worst = last.value
                events.remove(last)
                last = Event("voltage", last.start, one.minute + _MINUTE, worst, phase)
            else:
                last = Event("voltage", one.minute, one.minute + _MINUTE, worst, phase)
            events.append(last)
    return sorted(events, key=lambda event: (event.start, event.phase or 0))


def outages(gaps: Iterable[Gap], recovered_wh: Sequence[int]) -> list[Event]:
    """Return gaps between frames as events, with the energy that was counted meanwhile."""
    return [Event("outage", gap.start, gap.end, wh) for gap, wh in zip(gaps, recovered_wh, strict=True)]
