"""Computes the energy of a meter or a house from the database: by period, hour, or part of an hour.

The energy between two boundaries is the last reading before the second minus the last reading before the first, minus
the breaks between them. So the parts of a range always add up to it, whatever is missing in between. Hours are divided
into slots where prices change within an hour.
"""

import bisect
import functools
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

from common.contract.offers import is_off_peak
from common.contract.registers import INJECTED, supplier_name
from monitor.base.calendar import full_hour
from monitor.readings.cache import Cache, ContractChanges, Shape
from monitor.readings.coverage import CoverageReader
from monitor.readings.hours import Hours, Meter, is_read
from monitor.readings.imported import ImportedHours, Imports, imported_between, imported_hours, imported_name
from monitor.readings.index_deltas import IndexDelta, SegmentReader, in_order, naming, register_name, span_at
from monitor.readings.meter_contracts import Contracts
from monitor.readings.periods import ContractSpan, Energy, HourEnergy, add_parts, add_up
from monitor.readings.power import Power, Slot
from monitor.readings.rows import moment_of

_HOUR = timedelta(hours=1)
_NEVER = datetime.max.replace(tzinfo=UTC)


def subdivide_hours(
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
        held = max(hour.covered - sum(slot.seconds for slot, _ in parts), 0)  # minutes without a reading of their own
        for slot, wh in parts:
            # What was rounded goes to the next slot, so the sum is that of the hour.
            part = remaining * wh // weight if weight else 0
            register = name(slot.supplier, int(slot.start.timestamp())) or hour.register
            late = hour.recovered and slot is parts[0][0]
            covered, held = slot.seconds + held, 0
            one = HourEnergy(slot.start, part, register, covered, recovered=late, imported=False, divided=True)
            divided.append(replace(one, slices=int(first and part > 0)))
            remaining, weight, first = remaining - part, weight - wh, first and not part
    return divided


T = TypeVar("T")
P = ParamSpec("P")
_Method = Callable[Concatenate["EnergyReader", Meter, P], T]


def of_house(combine: Callable[[list[T]], T]) -> Callable[[_Method[P, T]], _Method[P, T]]:
    """Make a method about one meter answer about a house, too, whose answers of each meter are combined.

    The energy of a house is that of each of its meters, added: what was counted by a meter that was replaced, too.
    """

    def decorate(method: _Method[P, T]) -> _Method[P, T]:
        @functools.wraps(method)
        def answer(self: "EnergyReader", meter: Meter, /, *arguments: P.args, **named: P.kwargs) -> T:
            if len(meter.parts) == 1:
                return method(self, meter.parts[0], *arguments, **named)
            return combine([method(self, part, *arguments, **named) for part in meter.parts])

        return answer

    return decorate


def together(meters: Sequence[Energy]) -> Energy:
    """Return the energy of several meters in the same time; there is at least one."""
    total = add_parts(meters, max(one.expected for one in meters))  # from the first meter's first frame on
    return replace(total, wh=in_order(total.wh))


def _by_period(meters: list[list[Energy]]) -> list[Energy]:
    return [together(period) for period in zip(*meters, strict=True)]


def _first(meters: list[datetime | None]) -> datetime | None:
    return min((hour for hour in meters if hour is not None), default=None)


def _in_order(meters: list[list[HourEnergy]]) -> list[HourEnergy]:
    return sorted(itertools.chain.from_iterable(meters), key=lambda hour: hour.start)


def _all_switches(meters: list[list[tuple[datetime, bool, int]]]) -> list[tuple[datetime, bool, int]]:
    return sorted(itertools.chain.from_iterable(meters))


def _all_names(meters: list[Mapping[str, str]]) -> Mapping[str, str]:
    return {name: text for one in meters for name, text in one.items()}


def _added(meters: list[list[Counter[str]]]) -> list[Counter[str]]:
    return [sum(period, Counter[str]()) for period in zip(*meters, strict=True)]


def _joined(meters: list[list[ContractSpan]]) -> list[ContractSpan]:
    """Return the spans of all meters; a new meter ends an old one."""
    spans: list[ContractSpan] = []
    for later in meters:
        if later:
            first = later[0].start
            spans = [replace(span, end=min(span.end, first)) for span in spans if span.start < first]
            if spans and _is_like(spans[-1], later[0]):
                later[0] = replace(later[0], start=spans.pop().start)
        spans += later
    return spans


def _is_like(one: ContractSpan, other: ContractSpan) -> bool:
    # Each mode has its own names for the calendars of the offers that both know.
    calendars = one.offer is not None or one.calendar == other.calendar
    return calendars and (one.offer, one.power) == (other.offer, other.power)


class EnergyReader:
    """Answers questions about the energy of a meter or a house; for one thread, as its connection is."""

    def __init__(
        self,
        hours: Hours,
        imported: ImportedHours,
        contracts: Contracts,
        power: Power,
        cache: Cache | None = None,
    ) -> None:
        """Read through these; `cache` may be shared with readers of the same database, in any threads."""
        self._hours = hours
        self._imported = imported
        self._power = power
        self._contracts = contracts
        self._cache = cache or Cache()
        self._changes = ContractChanges(contracts, self._cache)
        self._coverage = CoverageReader(hours, self._cache)
        self._pieces = SegmentReader(hours)

    @of_house(_by_period)
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
        spans = self._spans(meter, start, end)
        pieces = self._pieces.between(meter, boundaries, spans, self._shapes(meter))
        covered, recovered_wh = self._coverage.between(meter, boundaries)
        imported = imported_between(self._imported, meter, boundaries)
        known = self._known_since(meter, start)
        steps: list[list[IndexDelta]] = [[] for _ in boundaries[1:]]
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

    @of_house(lambda meters: set[datetime]().union(*meters))
    def turns(self, meter: Meter, start: datetime, end: datetime) -> set[datetime]:
        """Return the hours of [start, end) in which the meter went to other registers, or to the other mode."""
        return {moment for moment, _ in self._shapes(meter)[1:] if start <= moment < end}

    @of_house(_first)
    def injects_since(self, meter: Meter) -> datetime | None:
        """Return the first hour in which the meter counted what was injected; None: there is none."""
        return next((hour for hour, shape in self._shapes(meter) if is_read(INJECTED, shape)), None)

    @of_house(lambda _: None)
    def remember(self, meter: Meter) -> None:
        """Look up all that the cache keeps of a meter."""
        if meter.first is not None and meter.last is not None:
            self._spans(meter, meter.first, meter.last + _HOUR)
            self._shapes(meter)
            self._coverage.missing_hours(meter)

    @of_house(_in_order)
    def hours(self, meter: Meter, start: datetime, end: datetime) -> list[HourEnergy]:
        """Return what was drawn in each hour of [start, end) that has readings or was imported, in order."""
        return self._hours_of(meter, self._spans(meter, start, end), start, end)

    def _hours_of(
        self, meter: Meter, spans: Sequence[ContractSpan], start: datetime, end: datetime
    ) -> list[HourEnergy]:
        result: list[HourEnergy] = []
        held_until: datetime | None = None
        for row in self._hours.rows(meter.number, start - _HOUR, end):
            if row.first_at is None or row.drawn_wh is None:
                continue
            if row.hour >= start:
                register = register_name(row.supplier, span_at(spans, row.hour))
                late = row.hour != meter.first if held_until is None else row.first_at > held_until
                result.append(HourEnergy(row.hour, row.drawn_wh, register, row.seconds, recovered=late, imported=False))
            held_until = row.held_until
        return sorted([*result, *imported_hours(self._imported, meter, start, end)], key=lambda hour: hour.start)

    @of_house(_added)
    def running(self, meter: Meter, boundaries: Sequence[datetime]) -> list[Counter[str]]:
        """Return for neighbouring boundaries at whole hours how many hours ended with each register."""
        spans = self._spans(meter, boundaries[0], boundaries[-1])
        limits = sorted({*boundaries, *(span.start for span in spans if span.start > boundaries[0])})
        result = [Counter[str]() for _ in boundaries[1:]]
        for low, suppliers in zip(limits, self._hours.running(meter.number, limits), strict=False):
            found = result[bisect.bisect_right(boundaries, low) - 1]
            for supplier, hours in suppliers.items():
                if (name := register_name(supplier, span_at(spans, low))) is not None:
                    found[name] += hours
        return result

    @of_house(_all_switches)
    def off_peak_switches(self, meter: Meter, start: datetime, end: datetime) -> list[tuple[datetime, bool, int]]:
        """Return the hours of [start, end) in which off-peak time began (True) or ended, and the register after it."""
        spans = self._spans(meter, start, end)
        found = []
        for hour, before, after in self._hours.switches(meter.number, start, end):
            span = span_at(spans, hour)
            names = [register_name(supplier, span) or "" for supplier in (before, after)]
            was, now = (bool(is_off_peak(name)) for name in names)
            if was != now:
                found.append((hour, now, after))
        return found

    @of_house(_in_order)
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
        spans = self._spans(meter, start, end)
        hours = self._hours_of(meter, spans, start, end)
        several = self._hours.mixes(meter.number, start, end)
        cut: set[datetime] = {moment_of(hour) for hour in several}
        register = None
        for hour in hours:
            if hour.start.hour in hours_of_day or hour.register != register:
                cut.add(hour.start)
            register = hour.register
        slots = self._power.slots(meter.number, sorted(cut), cuts)
        name = naming(spans, end)
        parts = subdivide_hours([hour for hour in hours if hour.start in cut], slots, name)
        return sorted([*parts, *(hour for hour in hours if hour.start not in cut)], key=lambda one: one.start)

    def _spans(self, meter: Meter, start: datetime, end: datetime) -> list[ContractSpan]:
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

    contract_spans = of_house(_joined)(_spans)

    @of_house(_all_names)
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
        return self._cache.of(meter).shapes(meter, functools.partial(self._hours.shape_changes, meter.number))


def _seconds(start: datetime, end: datetime) -> int:
    return max(int((end - start).total_seconds()), 0)


def _sum(
    start: datetime,
    end: datetime,
    steps: Sequence[IndexDelta],
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
        # A decoded meter is measured until its next reading is due, which may be to come.
        covered=min(covered, expected) + imported.seconds,
        expected=expected,
    )
