"""Divides the hours of a curve into shorter slots, for prices that change within an hour. Pure.

Computes energy from the database: readings at boundaries, breaks between them, coverage, what was recovered.

The energy between two boundaries is the last reading before the second minus the last reading before the first, minus
the breaks between them. So the parts of a range always add up to it, whatever is missing in between.

The energy of a house is that of each of its meters, added: what was counted by a meter that was replaced, too.
"""

import bisect
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.contract.offers import is_off_peak
from common.contract.registers import INJECTED, supplier_name
from monitor.base.calendar import full_hour
from monitor.readings.cache import ContractChanges, Memory, Shape
from monitor.readings.coverage import CoverageReader
from monitor.readings.hours import Hours, Meter, is_read
from monitor.readings.imported import ImportedHours, Imports, imported_between, imported_hours, imported_name
from monitor.readings.index_deltas import PieceReader, Step, in_order, naming, register_name, span_at
from monitor.readings.meter_contracts import Contracts
from monitor.readings.periods import ContractSpan, Energy, HourEnergy, add_parts, add_up
from monitor.readings.power import Power, Slot
from monitor.readings.rows import moment_of

_HOUR = timedelta(hours=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


def divide(
    hours: Sequence[HourEnergy], slots: Sequence[Slot], name: Callable[[int | None, int], str | None]
) -> list[HourEnergy]:
    """Return each hour in slots, in the shares that minutes show; an hour that minutes do not show stays whole.

    The slots of an hour add up to it exactly: what an hour was drawn is known from its registers. What was recovered
    after an interruption is in the slot that it was seen in, the first one of its hour.

    Args:
        hours: in order.
        slots: in order, from before the first hour, or from the first reading on.
        name: gives the name of a supplier register at a moment, in seconds since 1970.
    """
    shares: dict[datetime, list[tuple[Slot, int]]] = {}
    before = slots[0].first if slots else 0
    for slot in slots:
        shares.setdefault(slot.start.replace(minute=0), []).append((slot, max(slot.total - before, 0)))
        before = slot.total
    divided: list[HourEnergy] = []
    for hour in hours:
        parts = shares.get(hour.start, [])
        if hour.recovered and parts:  # the slot before may be of another day: only those after the first one tell
            parts[0] = parts[0][0], max(hour.wh - sum(wh for _, wh in parts[1:]), 0)
        weight = sum(wh for _, wh in parts)
        if hour.imported or not weight:
            divided.append(hour)
            continue
        remaining, first = hour.wh, True  # the first slot with energy counts as the hour
        for slot, wh in parts:
            # What was rounded goes to the next slot, so the sum is that of the hour.
            part = remaining * wh // weight if weight else 0
            register = name(slot.supplier, int(slot.start.timestamp())) or hour.register
            late = hour.recovered and slot is parts[0][0]
            one = HourEnergy(slot.start, part, register, slot.seconds, recovered=late, imported=False, divided=True)
            divided.append(replace(one, slices=int(first and part > 0)))
            remaining, weight, first = remaining - part, weight - wh, first and not part
    return divided


class EnergyReader:
    """Answers questions about the energy of meters; for one thread, as its connection is."""

    def __init__(
        self,
        hours: Hours,
        imported: ImportedHours,
        contracts: Contracts,
        power: Power,
        memory: Memory | None = None,
    ) -> None:
        """Read through these; `memory` may be shared with readers of the same database, in any threads."""
        self._hours = hours
        self._imported = imported
        self._power = power
        self._contracts = contracts
        self._memory = memory or Memory()
        self._changes = ContractChanges(contracts, self._memory)
        self._coverage = CoverageReader(hours, self._memory)
        self._pieces = PieceReader(hours)

    def energy(self, meter: Meter, boundaries: Sequence[datetime], now: datetime) -> list[Energy]:
        """Return the energy between neighbouring boundaries.

        Args:
            meter: from `Hours.meters`.
            boundaries: instants in order, each at a whole hour.
            now: what lies after it is not expected to be covered.
        """
        if len(boundaries) < 2:
            return []
        start, end = boundaries[0], boundaries[-1]
        spans = self.contract_spans(meter, start, end)
        shapes = [moment for moment, _ in self._shapes(meter)]
        pieces = self._pieces.between(meter, boundaries, spans, shapes)
        covered, recovered_wh = self._coverage.between(meter, boundaries)
        imported = imported_between(self._imported, meter, boundaries)
        known = self._known_since(meter, start)
        steps: list[list[Step]] = [[] for _ in boundaries[1:]]
        for piece in pieces:
            steps[bisect.bisect_right(boundaries, piece.start) - 1].append(piece.step)
        periods = zip(itertools.pairwise(boundaries), steps, recovered_wh, imported, covered, strict=True)
        return [
            _sum(low, high, counted, late, brought, seconds, _seconds(max(low, known), min(high, now)))
            for (low, high), counted, late, brought, seconds in periods
        ]

    def _known_since(self, meter: Meter, start: datetime) -> datetime:
        """Return `start`, or when the first frame or imported hour came after it: before that nothing is missing."""
        if meter.first is not None and meter.first + _HOUR <= start:
            return start
        known = [self._imported.firsts().get(meter.number, _NEVER)]
        if meter.first is not None:
            known += [
                row.first_at or row.hour for row in self._hours.rows(meter.number, meter.first, meter.first + _HOUR)
            ]
        return max(start, min(known))

    def turns(self, meter: Meter, start: datetime, end: datetime) -> set[datetime]:
        """Return the hours of [start, end) in which the meter went to other registers, or to the other mode."""
        return {moment for moment, _ in self._shapes(meter)[1:] if start <= moment < end}

    def injects_since(self, meter: Meter) -> datetime | None:
        """Return the first hour in which the meter counted what was injected; None: there is none."""
        return next((hour for hour, shape in self._shapes(meter) if is_read(INJECTED, shape)), None)

    def remember(self, meter: Meter) -> None:
        """Look up all that the memory keeps of a meter."""
        if meter.first is not None and meter.last is not None:
            self.contract_spans(meter, meter.first, meter.last + _HOUR)
            self._shapes(meter)
            self._coverage.holes(meter)

    def hours(self, meter: Meter, start: datetime, end: datetime) -> list[HourEnergy]:
        """Return what was drawn in each hour of [start, end) that has readings or was imported, in order."""
        spans = self.contract_spans(meter, start, end)
        result: list[HourEnergy] = []
        last_at: datetime | None = None
        for row in self._hours.rows(meter.number, start - _HOUR, end):
            if row.first_at is None or row.drawn_wh is None:
                continue
            if row.hour >= start:
                register = register_name(row.supplier, span_at(spans, row.hour))
                late = row.hour != meter.first if last_at is None else row.first_at - last_at > timedelta(minutes=1)
                result.append(HourEnergy(row.hour, row.drawn_wh, register, row.seconds, recovered=late, imported=False))
            last_at = row.last_at
        return sorted([*result, *imported_hours(self._imported, meter, start, end)], key=lambda hour: hour.start)

    def running(self, meter: Meter, boundaries: Sequence[datetime]) -> list[Counter[str]]:
        """Return for neighbouring boundaries at whole hours how many hours ended with each register."""
        spans = self.contract_spans(meter, boundaries[0], boundaries[-1])
        limits = sorted({*boundaries, *(span.start for span in spans if span.start > boundaries[0])})
        result = [Counter[str]() for _ in boundaries[1:]]
        for low, suppliers in zip(limits, self._hours.running(meter.number, limits), strict=False):
            found = result[bisect.bisect_right(boundaries, low) - 1]
            for supplier, hours in suppliers.items():
                if (name := register_name(supplier, span_at(spans, low))) is not None:
                    found[name] += hours
        return result

    def off_peak_switches(self, meter: Meter, start: datetime, end: datetime) -> list[tuple[datetime, bool, int]]:
        """Return the hours of [start, end) in which off-peak time began (True) or ended, and the register after it."""
        spans = self.contract_spans(meter, start, end)
        found = []
        for hour, before, after in self._hours.switches(meter.number, start, end):
            span = span_at(spans, hour)
            names = [register_name(supplier, span) or "" for supplier in (before, after)]
            was, now = (bool(is_off_peak(name)) for name in names)
            if was != now:
                found.append((hour, now, after))
        return found

    def slots(
        self, meter: Meter, start: datetime, end: datetime, cuts: Sequence[int], hours_of_day: Collection[int]
    ) -> list[HourEnergy]:
        """Return what was drawn in each hour of [start, end), cut at these minutes and where the register changed.

        An hour of which no minutes are kept stays whole, and so does one to which nothing of both applies: to read
        all minutes takes long.

        Args:
            meter: from `Hours.meters`.
            start: the beginning.
            end: the end, exclusive.
            cuts: minutes of an hour.
            hours_of_day: in UTC, those to which `cuts` apply.
        """
        hours = self.hours(meter, start, end)
        several = self._hours.mixes(meter.number, start, end)
        cut: set[datetime] = {moment_of(hour) for hour in several}
        register = None
        for hour in hours:
            if hour.start.hour in hours_of_day or hour.register != register:
                cut.add(hour.start)
            register = hour.register
        slots = self._power.slots(meter.number, sorted(cut), cuts)
        name = naming(self.contract_spans(meter, start, end), end)
        parts = divide([hour for hour in hours if hour.start in cut], slots, name)
        return sorted([*parts, *(hour for hour in hours if hour.start not in cut)], key=lambda one: one.start)

    def contract_spans(self, meter: Meter, start: datetime, end: datetime) -> list[ContractSpan]:
        """Return what the meter said of its contract in [start, end), in order; none before its first reading.

        A contract that came and went within a day may be missed: the hours of a year are too many to read.
        """
        if meter.first is None or meter.last is None:
            return []
        low = full_hour(max(start, meter.first))
        if low >= end:
            return []
        high = max(min(end, meter.last + _HOUR), low + _HOUR)  # after its last reading, the last contract holds
        changes = self._changes.between(meter, low, high)
        limits = [moment for moment, _ in changes[1:]] + [end]
        return [
            ContractSpan(moment, limit, contract.offer, contract.calendar, contract.power)
            for (moment, contract), limit in zip(changes, limits, strict=True)
        ]

    def names(self, meter: Meter, spans: Sequence[ContractSpan], registers: Collection[str]) -> Mapping[str, str]:
        """Return the names that the meter gave registers of calendars that are not known."""
        # Only of those that counted: for a name that was never sent, all hours would be searched.
        return {
            supplier_name(number, None): name
            for span in spans
            if span.offer is None
            for number in range(1, 11)
            if supplier_name(number, None) in registers
            and (name := self._contracts.name_of(meter.number, number, span.start, span.end)) is not None
        }

    def _shapes(self, meter: Meter) -> list[Shape]:
        return self._memory.of(meter).shapes(meter, lambda since: self._hours.shape_changes(meter.number, since))


def _seconds(start: datetime, end: datetime) -> int:
    return max(int((end - start).total_seconds()), 0)


def _sum(
    start: datetime,
    end: datetime,
    steps: Sequence[Step],
    recovered_wh: int,
    imported: Imports,
    covered: int,
    expected: int,
) -> Energy:
    wh = add_up(one.wh for one in steps)
    injected = [one.injected_wh for one in steps if one.injected_wh is not None]
    imported_wh = 0
    for name, counted in imported.wh.items():
        if name == "injected":
            injected.append(counted)
        elif (label := imported_name(name)) is not None:
            wh[label] = wh.get(label, 0) + counted
            imported_wh += counted
    return Energy(
        start=start,
        end=end,
        wh=in_order(wh),
        injected_wh=sum(injected) if injected else None,
        recovered_wh=recovered_wh,
        imported_wh=imported_wh,
        covered=covered + imported.seconds,
        expected=expected,
    )


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
