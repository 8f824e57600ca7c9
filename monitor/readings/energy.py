"""Computes energy from the database: readings at boundaries, breaks between them, coverage, what was recovered.

The energy between two boundaries is the last reading before the second minus the last reading before the first, minus
the breaks between them. So the parts of a range always add up to it, whatever is missing in between.
"""

import bisect
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.contract.offers import is_off_peak
from common.contract.registers import REGISTERS, SUPPLIER, TOTAL
from monitor.calendar import full_hour
from monitor.readings.contract_changes import ContractChanges
from monitor.readings.coverage import CoverageReader
from monitor.readings.fine import divide
from monitor.readings.hour_values import Reading, Values
from monitor.readings.hours import Break, Hours, Meter
from monitor.readings.imported_energy import Imports, imported_between, imported_hours, imported_name
from monitor.readings.imported_hours import ImportedHours
from monitor.readings.memory import Memory, Shape
from monitor.readings.meter_contracts import Contracts
from monitor.readings.periods import ContractSpan, Energy, HourEnergy, add_up
from monitor.readings.power import Power
from monitor.readings.steps import (
    ROUNDING,
    Step,
    complete,
    difference,
    in_order,
    step,
    supplier_name,
)

_HOUR = timedelta(hours=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_NOTHING: Values = (None,) * len(REGISTERS)


@dataclass(slots=True)
class _Piece:
    """A stretch without a change of registers or contract."""

    start: datetime
    end: datetime
    step: Step


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
        self._changes = ContractChanges(hours, contracts, self._memory)
        self._coverage = CoverageReader(hours, self._memory)

    def energy(self, meter: Meter, boundaries: Sequence[datetime], now: datetime) -> list[Energy]:
        """Return the energy between neighbouring boundaries.

        Args:
            meter: from `Hours.meters`.
            boundaries: instants in order, each at a whole hour.
            now: what lies after it is not expected to be covered.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        if len(boundaries) < 2:
            return []
        start, end = boundaries[0], boundaries[-1]
        spans = self.contract_spans(meter, start, end)
        begin, limit = meter.first or start, (meter.last or end) + _HOUR
        all_breaks = self._hours.breaks(meter.number, min(start, begin), max(end, limit))
        breaks = [one for one in all_breaks if start <= one.hour < end]
        # Hours whose ends do not tell all: the meter went to other registers, or some were set back.
        broken = {one.hour for one in all_breaks if one.register in (TOTAL, *SUPPLIER)}
        shapes = [moment for moment, _ in self._shapes(meter)]
        turns = {hour for hour in {*shapes[1:], *broken} if start <= hour < end}
        cuts = turns | {turn + _HOUR for turn in turns} | {span.start for span in spans}
        limits = sorted({*boundaries, *(cut for cut in cuts if start < cut < end)})
        edges = {*shapes, *broken, limit}
        outside = self._outside(meter, start, end, sorted(edges), all_breaks)
        pieces = self._pieces(meter, limits, spans, breaks, outside)
        self._complete_turns(meter, sorted(turns), pieces, spans)
        covered, recovered_wh = self._coverage.between(meter, boundaries)
        imported = imported_between(self._imported, meter, boundaries)
        known = self._known_since(meter, start)
        result, remaining = [], iter(pieces)
        piece = next(remaining, None)
        for place, (low, high) in enumerate(itertools.pairwise(boundaries)):
            inside = []
            while piece is not None and piece.start < high:
                inside.append(piece.step)
                piece = next(remaining, None)
            expected = max(int((min(high, now) - max(low, known)).total_seconds()), 0)
            result.append(_sum(low, high, inside, recovered_wh[place], imported[place], covered[place], expected))
        return result

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

    def remember(self, meter: Meter) -> None:
        """Look up all that the memory keeps of a meter.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        if meter.first is not None and meter.last is not None:
            self.contract_spans(meter, meter.first, meter.last + _HOUR)
            self._shapes(meter)
            self._coverage.holes(meter)

    def hours(self, meter: Meter, start: datetime, end: datetime) -> list[HourEnergy]:
        """Return what was drawn in each hour of [start, end) that has readings or was imported, in order."""
        spans = self.contract_spans(meter, start, end)
        result: list[HourEnergy] = []
        last_at: datetime | None = None
        for row in self._hours.rows(meter.number, start, end):
            if row.first_at is None or row.drawn_wh is None:
                continue
            span = _span_at(spans, row.hour)
            register = _register_name(row.supplier, span)
            late = last_at is not None and row.first_at - last_at > timedelta(minutes=1)
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
                if (name := _register_name(supplier, _span_at(spans, low))) is not None:
                    found[name] += hours
        return result

    def off_peak_switches(self, meter: Meter, start: datetime, end: datetime) -> list[tuple[datetime, bool, int]]:
        """Return the hours of [start, end) in which off-peak time began (True) or ended, and the register after it."""
        spans = self.contract_spans(meter, start, end)
        found = []
        for hour, before, after in self._hours.switches(meter.number, start, end):
            span = _span_at(spans, hour)
            names = [_register_name(supplier, span) or "" for supplier in (before, after)]
            was, now = (bool(is_off_peak(name)) for name in names)
            if was != now:
                found.append((hour, now, after))
        return found

    def slots(self, meter: Meter, start: datetime, end: datetime, cuts: Sequence[int]) -> list[HourEnergy]:
        """Return what was drawn in each hour of [start, end), cut at these minutes and where the register changed.

        An hour of which no minutes are kept stays whole.
        """
        hours = self.hours(meter, start, end)
        slots = self._power.slots(meter.number, start - _HOUR, end, cuts)
        return divide(hours, slots, self.naming(meter, start, end))

    def contract_spans(self, meter: Meter, start: datetime, end: datetime) -> list[ContractSpan]:
        """Return what the meter said of its contract in [start, end), in order; none before its first reading.

        A contract that came and went within a day may be missed: the hours of a year are too many to read.
        """
        if meter.first is None or meter.last is None:
            return []
        low, high = full_hour(max(start, meter.first)), min(end, meter.last + _HOUR)
        if low >= high:
            return []
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

    def naming(self, meter: Meter, start: datetime, end: datetime) -> Callable[[int | None, datetime], str | None]:
        """Return what names a supplier register that ran at a moment of [start, end)."""
        spans = self.contract_spans(meter, start, end)
        return lambda supplier, moment: _register_name(supplier, _span_at(spans, moment))

    def _shapes(self, meter: Meter) -> list[Shape]:
        return self._memory.of(meter).shapes(meter, lambda since: self._hours.shape_changes(meter.number, since))

    def _pieces(
        self,
        meter: Meter,
        limits: list[datetime],
        spans: Sequence[ContractSpan],
        breaks: Sequence[Break],
        outside: Callable[[datetime], bool],
    ) -> list[_Piece]:
        readings = self._hours.readings_at(meter, limits)
        values = self._last_known(meter, limits, readings)
        pieces = []
        for place, (low, high) in enumerate(itertools.pairwise(limits)):
            before, after = values[place], values[place + 1]
            first, last = readings[place], readings[place + 1]
            inside = _sum_breaks(breaks, low, high)
            has_total = last is not None and last.values[TOTAL] is not None
            by_total = has_total and (first is None or first.values[TOTAL] is not None)
            if before.count(None) > after.count(None):  # what was read before is in both
                before = self._begun(meter, before, after, low, high)
            if last is not None and has_total and all(last.values[place] is None for place in SUPPLIER):
                # The registers of an earlier contract have come to rest: the total alone counts.
                after = tuple(None if place in SUPPLIER else value for place, value in enumerate(after))
            span = _span_at(spans, low) or _span_at(spans, high - _HOUR)
            offer = span.offer if span else None
            counted = step(before, after, inside, by_total=by_total, offer=offer, outside=outside(low))
            pieces.append(_Piece(low, high, counted))
        return pieces

    def _outside(
        self, meter: Meter, start: datetime, end: datetime, turns: Sequence[datetime], breaks: Sequence[Break]
    ) -> Callable[[datetime], bool]:
        """Return what tells, for a moment of [start, end), whether the total shows more than the supplier's registers.

        That is decided for the whole time from one turn to the next, whatever part of it is asked for: so the parts of
        a range add up to it by register, too. `turns` are all of the meter, and the end of its readings.
        """
        # From the end of the hour of a turn to the next turn; the first one begins with the readings.
        stretches = [
            (low + _HOUR, high) for low, high in itertools.pairwise(turns) if low < end and start < high > low + _HOUR
        ]
        limits = sorted({limit for stretch in stretches for limit in stretch})
        readings = zip(limits, self._hours.readings_at(meter, limits), strict=True)
        rests = {limit: None if reading is None else difference(reading.values) for limit, reading in readings}
        found = []
        for low, high in stretches:
            before, after = rests[low], rests[high]
            if before is not None and after is not None:
                broken = _sum_breaks(breaks, low, high).get(TOTAL, 0)
                if after - before - broken > ROUNDING:
                    found.append((low - _HOUR, high))
        return lambda moment: any(low <= moment < high for low, high in found)

    def _complete_turns(
        self, meter: Meter, turns: Sequence[datetime], pieces: Sequence[_Piece], spans: Sequence[ContractSpan]
    ) -> None:
        hours = self._hours.drawn(meter.number, turns)
        for piece in pieces:
            drawn, supplier = hours.get(piece.start, (None, None))
            if drawn is not None:
                name = _register_name(supplier, _span_at(spans, piece.start) or _span_at(spans, piece.end - _HOUR))
                piece.step = complete(piece.step, drawn, name)

    def _begun(self, meter: Meter, before: Values, after: Values, start: datetime, end: datetime) -> Values:
        """Return the values at the start; of a register that was never read before, its first reading after it."""
        return tuple(
            self._hours.first_value(meter.number, register, start, end) if old is None and new is not None else old
            for register, (old, new) in enumerate(zip(before, after, strict=True))
        )

    def _last_known(self, meter: Meter, limits: Sequence[datetime], readings: Sequence[Reading | None]) -> list[Values]:
        """Return the latest value of each register at each limit, also of those that the last hour did not have."""
        result: list[Values] = []
        previous = _NOTHING
        for place, (limit, reading) in enumerate(zip(limits, readings, strict=True)):
            if reading is None:
                result.append(_NOTHING)
                continue
            values = list(reading.values)
            for register, value in enumerate(values):
                if value is not None:
                    continue
                if place == 0:
                    if any(later is not None and later.values[register] is not None for later in readings):
                        values[register] = self._hours.last_value(meter.number, register, meter.first or limit, limit)
                else:
                    values[register] = previous[register]
            previous = tuple(values)
            result.append(previous)
        return result


def _register_name(supplier: int | None, span: ContractSpan | None) -> str | None:
    if supplier is not None:
        return supplier_name(supplier, span.offer if span else None)
    return "BASE" if span is not None and span.offer == "base" else None


def _sum(
    start: datetime,
    end: datetime,
    steps: Sequence[Step],
    recovered_wh: int,
    imported: Imports,
    covered: int,
    expected: int,
) -> Energy:
    wh, reactive = add_up(one.wh for one in steps), add_up(one.reactive_varh for one in steps)
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
        reactive_varh=reactive,
        recovered_wh=recovered_wh,
        imported_wh=imported_wh,
        covered=covered + imported.seconds,
        expected=expected,
    )


def _sum_breaks(breaks: Sequence[Break], start: datetime, end: datetime) -> dict[int, int]:
    total = Counter[int]()
    for one in breaks:
        if start <= one.hour < end:
            total[one.register] += one.step
    return total


def _span_at(spans: Sequence[ContractSpan], moment: datetime) -> ContractSpan | None:
    return next((span for span in spans if span.start <= moment < span.end), None)
