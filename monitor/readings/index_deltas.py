"""Turns index readings into energy by register: between two readings, over minutes, and over any range.

A range is cut into segments wherever the meter begins to send other registers or another contract; one rule holds
within each. The rules are pure; `SegmentReader` reads what they need.
"""

import bisect
import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from common.contract.registers import (
    INJECTED,
    NUMBERED,
    OTHER,
    SUPPLIER,
    TOTAL,
    drawn_over_change,
    supplier_name,
    supplier_names,
)
from monitor.readings.curves import MinuteFacts
from monitor.readings.hours import Break, Hours, Meter, is_decoded
from monitor.readings.periods import ContractSpan
from monitor.readings.rows import Values, moment_of
from monitor.readings.stretches import Stretch, StretchReader, decoded_at, stretch_at, sum_breaks

_MINUTE = 60
#: Wh a minute: more than any household's meter can count.
_MOST = 1000
_HOUR = timedelta(hours=1)


def in_order(wh: Mapping[str, int]) -> dict[str, int]:
    """Return energy by register, in the order of their names, and what is outside the contract last."""
    return {name: wh[name] for name in sorted(wh, key=lambda name: (name == OTHER, name))}


@dataclass(frozen=True, slots=True)
class IndexDelta:
    """What was counted: drawn by register, and injected."""

    wh: Mapping[str, int]
    injected_wh: int | None


def index_delta(
    before: Values,
    after: Values,
    breaks: Mapping[int, int],
    *,
    by_total: bool,
    offer: str | None,
    outside: bool,
    late: Mapping[str, int] = MappingProxyType({}),
) -> IndexDelta:
    """Return what was counted between two readings. Its parts by time add up to it, register by register.

    Args:
        before: the readings at the start; None: no such register was ever read.
        after: those at the end.
        breaks: steps between them that are no energy, by register.
        by_total: both readings have the total, of the same mode: it says how much was drawn in all.
        offer: names the registers.
        outside: what the total shows and no register of the supplier is more than rounding: it has no name in the
            contract. Else it is counted by the first of them: some Wh, or less than none.
        late: what registers, by name, were further behind the total at the end than at the start: they are counted so.
    """
    went_on: list[int | None] = [
        None if last is None or first is None else last - first for first, last in zip(before, after, strict=True)
    ]
    for place, broken in breaks.items():
        if (counted := went_on[place]) is not None:
            went_on[place] = counted - broken
    counted_by = {
        name: counted
        for name, place in zip(supplier_names(offer), SUPPLIER, strict=True)
        if (counted := went_on[place]) is not None
    }
    if by_total and (total := went_on[TOTAL]) is not None:
        for name, behind in late.items():
            counted_by[name] = counted_by.get(name, 0) + behind
        rest = total - sum(counted_by.values())
        name = OTHER if outside else next(iter(counted_by), "BASE")
        counted_by[name] = counted_by.get(name, 0) + rest
    wh = {name: counted for name, counted in counted_by.items() if counted}
    return IndexDelta(wh, went_on[INJECTED])


def complete(known: IndexDelta, drawn: int, register: str | None) -> IndexDelta:
    """Return the step of an hour in which the meter went to other registers, or its supplier's were set back.

    Args:
        known: what its ends tell.
        drawn: all that was drawn in it: what is not known of a register is that of the one that ran at the end.
        register: the name of that one.
    """
    counted = {name: wh for name, wh in known.wh.items() if name != OTHER}
    named = dict(counted)
    if register is not None and not register.startswith(NUMBERED):
        # A number is no name in this contract: that register is one of the contract before.
        named = {name: wh for name, wh in counted.items() if not name.startswith(NUMBERED)}
    if rest := drawn - sum(named.values()):
        name = register or OTHER
        named[name] = named.get(name, 0) + rest
    return replace(known, wh=named)


def recovered(before: Values, after: Values, breaks: Mapping[int, int], seconds: float) -> int:
    """Return the energy drawn over a gap: what the registers went on by, but for those whose step there is a break.

    Args:
        before: the readings at its beginning.
        after: those at its end.
        breaks: of the hour that the gap ends in, by register; one may also have been set back later in that hour.
        seconds: how long it is.
    """
    steps = [
        None if first is None or last is None or breaks.get(place) == last - first else last - first
        for place, (first, last) in enumerate(zip(before, after, strict=True))
    ]
    total = steps[TOTAL]
    if total is None:  # there is none, or another mode or contract hid it
        total = sum(counted for place in SUPPLIER if (counted := steps[place]) is not None)
        total = max(total, drawn_over_change(before, after, seconds) if _changed(before, after) else 0)
    return max(total, 0)


def _changed(before: Values, after: Values) -> bool:
    return any((before[place] is None) != (after[place] is None) for place in (TOTAL, *SUPPLIER))


# One loop: a minute's step follows from the reading before it, and half of this says what the arguments are.
def drawn_by_register(
    minutes: Iterable[MinuteFacts],
    before: int,
    after: int,
    end: datetime,
    name: Callable[[int | None, int], str],
    breaks: Mapping[datetime, int],
    turns: Collection[datetime] = (),
) -> dict[str, int]:
    """Return the Wh of each register; their sum is `after - before`, less what is no energy.

    A minute's energy counts for the register that ran at its end.

    Args:
        minutes: those that lie in the interval, also in part, in order.
        before: the reading at its beginning.
        after: the reading at its end.
        end: its end.
        name: gives the name of a supplier register at a moment, in seconds since 1970.
        breaks: by hour, by how much the total changed without energy.
        turns: the hours in which the meter went to other registers: the total is another one then.
    """
    wh: dict[str, int] = {}
    left = dict(breaks)
    last, last_at, register = before, None, None
    for minute in minutes:
        value = minute.total_last if minute.at + _MINUTE <= end.timestamp() else after
        if value is None:
            continue
        register = name(minute.supplier, minute.at)
        passed = 1 if last_at is None else (minute.at - last_at) // _MINUTE
        step, most = value - last, _MOST * max(passed, 1)
        if not 0 <= step <= most:
            hour = moment_of(minute.at).replace(minute=0)
            step -= left.pop(hour, 0)
            if not 0 <= step <= most and (hour in turns or (step > 0 and last_at is not None)):
                step = 0
        wh[register] = wh.get(register, 0) + step
        last, last_at = value, minute.at
    rest = after - last
    if last_at is not None and rest > _MOST * ((int(end.timestamp()) - last_at) // _MINUTE + 1):
        rest = 0
    if rest:
        register = register or name(None, int(end.timestamp()))
        wh[register] = wh.get(register, 0) + rest
    return {register: counted for register, counted in wh.items() if counted}


@dataclass(slots=True)
class Segment:
    """An interval without a change of registers or contract."""

    start: datetime
    end: datetime
    step: IndexDelta


class SegmentReader:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, hours: Hours) -> None:
        """Read through `hours`."""
        self._hours = hours
        self._stretches = StretchReader(hours)

    def between(
        self,
        meter: Meter,
        boundaries: Sequence[datetime],
        spans: Sequence[ContractSpan],
        shapes: Sequence[tuple[datetime, int]],
    ) -> list[Segment]:
        """Return the pieces of the time between boundaries, in order; none crosses one of them.

        Args:
            meter: from `Hours.meters`.
            boundaries: whole hours, in order.
            spans: the contracts of that time.
            shapes: the first hour of the meter, and each in which it went to other registers, of all its time, and a
                number for what it had from there on.
        """
        start, end = boundaries[0], boundaries[-1]
        begin, limit = meter.first or start, (meter.last or end) + _HOUR
        all_breaks = self._hours.breaks(meter.number, min(start, begin), max(end, limit))
        breaks = [one for one in all_breaks if start <= one.hour < end]
        # Hours whose ends do not tell all: the meter went to other registers, or some were set back.
        broken = {one.hour for one in all_breaks if one.register in (TOTAL, *SUPPLIER)}
        moments = [moment for moment, _ in shapes]
        # Of an adapter the first hour as well: its total may be late at the beginning.
        turned = [moment for place, (moment, shape) in enumerate(shapes) if place or is_decoded(shape)]
        turns = {hour for hour in {*turned, *broken} if start <= hour < end}
        cuts = turns | {turn + _HOUR for turn in turns} | {span.start for span in spans}
        limits = sorted({*boundaries, *(cut for cut in cuts if start < cut < end)})
        edges = sorted({*moments, *broken, limit})
        stretches = self._stretches.between(meter, start, end, edges, shapes, all_breaks)
        completed = {turn for turn in turns if decoded_at(shapes, turn)}
        pieces = self._pieces(meter, limits, spans, breaks, stretches, completed)
        self._complete_turns(meter, sorted(turns), pieces, spans)
        return pieces

    def _pieces(
        self,
        meter: Meter,
        limits: list[datetime],
        spans: Sequence[ContractSpan],
        breaks: Sequence[Break],
        stretches: Sequence[Stretch],
        completed: Collection[datetime],
    ) -> list[Segment]:
        readings = self._hours.readings_at(meter, limits)
        values = self._stretches.last_known(meter, limits, readings)
        late = self._stretches.late(meter, limits, readings, values, stretches, naming(spans, limits[-1]))
        pieces = []
        for place, (low, high) in enumerate(itertools.pairwise(limits)):
            before, after = values[place], values[place + 1]
            first, last = readings[place], readings[place + 1]
            inside = sum_breaks(breaks, low, high)
            has_total = last is not None and last.values[TOTAL] is not None
            by_total = has_total and (first is None or first.values[TOTAL] is not None)
            if before.count(None) > after.count(None):  # what was read before is in both
                before = self._begun(meter, before, after, low, high)
            if last is not None and has_total and all(last.values[place] is None for place in SUPPLIER):
                # The registers of an earlier contract have come to rest: the total alone counts.
                after = tuple(None if place in SUPPLIER else value for place, value in enumerate(after))
            span = span_at(spans, low) or span_at(spans, high - _HOUR)
            offer = span.offer if span else None
            stretch = stretch_at(stretches, low)
            counted = index_delta(
                before,
                after,
                inside,
                by_total=by_total,
                offer=offer,
                outside=low in completed or (stretch is not None and stretch.outside),
                late=late[place],
            )
            pieces.append(Segment(low, high, counted))
        return pieces

    def _complete_turns(
        self, meter: Meter, turns: Sequence[datetime], pieces: Sequence[Segment], spans: Sequence[ContractSpan]
    ) -> None:
        hours = self._hours.drawn(meter.number, turns)
        for piece in pieces:
            drawn, supplier = hours.get(piece.start, (None, None))
            if drawn is not None:
                name = register_name(supplier, span_at(spans, piece.start) or span_at(spans, piece.end - _HOUR))
                piece.step = complete(piece.step, drawn, name)

    def _begun(self, meter: Meter, before: Values, after: Values, start: datetime, end: datetime) -> Values:
        """Return the values at the start; of a register that was never read before, its first reading after it."""
        begun = [place for place in range(len(before)) if before[place] is None and after[place] is not None]
        first = self._hours.first_values(meter.number, begun, start, end)
        return tuple(first.get(place, value) for place, value in enumerate(before))


def register_name(supplier: int | None, span: ContractSpan | None) -> str | None:
    """Return the name of a supplier register under a contract; None: it is not known which one runs, or ran."""
    if supplier is not None:
        return supplier_name(supplier, span.offer if span else None)
    return "BASE" if span is not None and span.offer == "base" else None


def span_at(spans: Sequence[ContractSpan], moment: datetime) -> ContractSpan | None:
    """Return the contract that held at a moment."""
    return next((span for span in spans if span.start <= moment < span.end), None)


def naming(spans: Sequence[ContractSpan], end: datetime) -> Callable[[int | None, int], str | None]:
    """Return what names a supplier register that ran at a moment, in seconds since 1970.

    Args:
        spans: the contracts of a time, in order.
        end: the end of that time.
    """
    starts, limit = [int(span.start.timestamp()) for span in spans], end.timestamp()

    @functools.cache
    def name_in(supplier: int | None, place: int) -> str | None:
        return register_name(supplier, spans[place] if place >= 0 else None)

    def name(supplier: int | None, moment: int) -> str | None:
        place = bisect.bisect_right(starts, moment) - 1
        return name_in(supplier, place if moment < limit else -1)

    return name


def register_at(
    spans: Sequence[ContractSpan], running: Mapping[int, int], end: datetime
) -> Callable[[int], str | None]:
    """Return what names the register of an hour, in seconds since 1970.

    Args:
        spans: the contracts of a time, in order.
        running: the supplier register at the end of hours; of one that is not there, the one before tells it.
        end: the end of that time.
    """
    name_of = naming(spans, end)
    hours = sorted(running)

    def register(hour: int) -> str | None:
        name = name_of(running.get(hour), hour)
        if name is None and (place := bisect.bisect_right(hours, hour)):
            last = hours[place - 1]
            name = name_of(running[last], last)
        return name

    return register
