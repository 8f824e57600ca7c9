"""The energy of a house is that of each of its meters, added: what was counted by a meter that was replaced, too."""

import bisect
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Meter
from monitor.readings.index_deltas import in_order, naming
from monitor.readings.periods import ContractSpan, Energy, HourEnergy, add_parts


class HouseReader:
    """Answers questions about the energy of a house; a single meter is a house of one."""

    def __init__(self, meters: EnergyReader) -> None:
        """Ask `meters` about each meter of a house."""
        self._meters = meters

    def energy(self, meter: Meter, boundaries: Sequence[datetime], now: datetime) -> list[Energy]:
        """Return the energy between neighbouring boundaries; the arguments are those of `EnergyReader.energy`."""
        found = [self._meters.energy(part, boundaries, now) for part in meter.parts]
        return found[0] if len(found) == 1 else [together(of_time) for of_time in zip(*found, strict=True)]

    def turns(self, meter: Meter, start: datetime, end: datetime) -> set[datetime]:
        """Return the hours of [start, end) in which a meter went to other registers, or to the other mode."""
        return set().union(*(self._meters.turns(part, start, end) for part in meter.parts))

    def injects_since(self, meter: Meter) -> datetime | None:
        """Return the first hour in which a meter counted what was injected; None: there is none."""
        hours = (self._meters.injects_since(part) for part in meter.parts)
        return min((hour for hour in hours if hour is not None), default=None)

    def remember(self, meter: Meter) -> None:
        """Look up all that the memory keeps of the meters."""
        for part in meter.parts:
            self._meters.remember(part)

    def hours(self, meter: Meter, start: datetime, end: datetime) -> list[HourEnergy]:
        """Return what was drawn in each hour of [start, end), by meter, in order."""
        return _in_order(self._meters.hours(part, start, end) for part in meter.parts)

    def slots(
        self, meter: Meter, start: datetime, end: datetime, cuts: Sequence[int], hours_of_day: Collection[int]
    ) -> list[HourEnergy]:
        """Return what was drawn in each hour, cut at these minutes and where the register changed."""
        return _in_order(self._meters.slots(part, start, end, cuts, hours_of_day) for part in meter.parts)

    def running(self, meter: Meter, boundaries: Sequence[datetime]) -> list[Counter[str]]:
        """Return for neighbouring boundaries at whole hours how many hours ended with each register."""
        found = [self._meters.running(part, boundaries) for part in meter.parts]
        return [sum(of_time, Counter[str]()) for of_time in zip(*found, strict=True)]

    def off_peak_switches(self, meter: Meter, start: datetime, end: datetime) -> list[tuple[datetime, bool, int]]:
        """Return the hours of [start, end) in which off-peak time began (True) or ended, and the register after it."""
        parts = (self._meters.off_peak_switches(part, start, end) for part in meter.parts)
        return sorted(itertools.chain.from_iterable(parts))

    def contract_spans(self, meter: Meter, start: datetime, end: datetime) -> list[ContractSpan]:
        """Return what the meters said of their contract in [start, end), in order; a new meter ends an old one."""
        spans: list[ContractSpan] = []
        for part in meter.parts:
            later = self._meters.contract_spans(part, start, end)
            if later:
                first = later[0].start
                spans = [replace(span, end=min(span.end, first)) for span in spans if span.start < first]
                if spans and _is_like(spans[-1], later[0]):
                    later[0] = replace(later[0], start=spans.pop().start)
            spans += later
        return spans

    def names(self, meter: Meter, spans: Sequence[ContractSpan], registers: Collection[str]) -> Mapping[str, str]:
        """Return the names that the meters gave registers of calendars that are not known."""
        found: dict[str, str] = {}
        for part in meter.parts:
            found |= self._meters.names(part, spans, registers)
        return found

    def naming(self, meter: Meter, start: datetime, end: datetime) -> Callable[[int | None, int], str | None]:
        """Return what names a supplier register that ran at a moment of [start, end), in seconds since 1970."""
        return naming(self.contract_spans(meter, start, end), end)

    def register_at(
        self, meter: Meter, running: Mapping[int, int], start: datetime, end: datetime
    ) -> Callable[[int], str | None]:
        """Return what names the register of an hour of [start, end), in seconds since 1970.

        `running` has the supplier register at the end of hours; of one that is not there, the one before tells it.
        """
        name_of = self.naming(meter, start, end)
        hours = sorted(running)

        def register(hour: int) -> str | None:
            name = name_of(running.get(hour), hour)
            if name is None and (place := bisect.bisect_right(hours, hour)):
                last = hours[place - 1]
                name = name_of(running[last], last)
            return name

        return register


def together(parts: Sequence[Energy]) -> Energy:
    """Return the energy of several meters in the same time; there is at least one."""
    total = add_parts(parts, max(part.expected for part in parts))  # from the first meter's first frame on
    return replace(total, wh=in_order(total.wh))


def _in_order(parts: Iterable[list[HourEnergy]]) -> list[HourEnergy]:
    return sorted(itertools.chain.from_iterable(parts), key=lambda hour: hour.start)


def _is_like(one: ContractSpan, other: ContractSpan) -> bool:
    # Each mode has its own names for the calendars of the offers that both know.
    calendars = one.offer is not None or one.calendar == other.calendar
    return calendars and (one.offer, one.power) == (other.offer, other.power)
