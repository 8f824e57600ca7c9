"""What happened: overloads, outages, voltage outside its limits. Minutes that follow each other make one event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.history.hours import Gap
from monitor.history.power import VOLTAGE_HIGH, VoltageMinute

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
