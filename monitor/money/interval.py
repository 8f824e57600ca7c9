"""The energy of any interval of time, to the second where frames are kept, and its highest power."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.contract.registers import SUPPLIER, TOTAL
from common.database.mariadb import Connection
from monitor.base.calendar import full_hour
from monitor.money.bill import Bill, Cost
from monitor.money.costs import CostAnswers
from monitor.money.price_status import OldPrice, PricedAs
from monitor.readings.curves import MinuteFacts, Second, Series, Total, covered
from monitor.readings.energy import EnergyReader, together
from monitor.readings.hours import Hours, Meter
from monitor.readings.index_deltas import drawn_by_register, naming
from monitor.readings.periods import Energy
from monitor.readings.power import Power
from monitor.readings.rows import moment_of

SECONDS, MINUTES, HOURS = "seconds", "minutes", "hours"
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_NEAR = timedelta(minutes=5)
BEHIND = timedelta(minutes=20)  # hours are made each ten minutes
#: Up to here all is read from minutes; a longer interval from hours, and its two ends from minutes.
_SHORT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of time: its ends as far as they are known, its energy in pieces, its cost, its highest power."""

    start: datetime
    end: datetime
    precision: str  # seconds, minutes or hours: to what the ends were rounded down
    pieces: Sequence[Energy]
    cost: Cost
    peak: Second | None
    old: Sequence[OldPrice] = ()  # prices that the cost was computed with, and that are out of date
    priced_as: PricedAs | None = None  # at its end; None: no price is known


@dataclass(frozen=True, slots=True)
class _End:
    """An end of an interval, and the reading there; None: there is none before it."""

    at: datetime
    precision: str
    total: Total | None


class IntervalAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, connection: Connection, reader: EnergyReader, costs: CostAnswers) -> None:
        self._hours = Hours(connection)
        self._power = Power(connection)
        self._series = Series(connection)
        self._reader = reader
        self._costs = costs

    def interval(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> Interval | None:
        """Return what was drawn in [start, end) up to now and its cost, None if nothing is known of that time."""
        known = self._costs.contracts(meter, start, end)
        bill = self._costs.bill(known, now)
        found = self._known(meter, start, min(end, now.replace(microsecond=0)), bill, now)
        if found is None:
            return None
        if found.cost.partial:
            found = replace(found, cost=bill.cost(self._costs.curve.divided(meter, found.pieces, bill)))
        return replace(found, old=self._costs.old_of(known, now), priced_as=self._costs.priced_as(known, now))

    def _known(self, meter: Meter, start: datetime, end: datetime, bill: Bill, now: datetime) -> Interval | None:
        if start >= end:
            return None
        if start == full_hour(start) and end == full_hour(end) and end <= now - BEHIND:
            # Hours know each register; minutes only which one ran.
            return self._of_hours(meter, start, end, bill, now, SECONDS)
        parts, asked = _counting(meter, start, end), (start, end)
        if len(parts) > 1:  # each of them is known to the minute, at least
            start, end = (moment.replace(second=0, microsecond=0) for moment in asked)
        ends = [(self._end(part, start), self._end(part, end)) for part in parts]
        if any(HOURS in (low.precision, high.precision) for low, high in ends):
            return self._of_hours(meter, full_hour(start), full_hour(end), bill, now, HOURS)
        by_time: dict[tuple[datetime, datetime], list[Energy]] = {}
        for part, (low, high) in zip(parts, ends, strict=True):
            for piece in self._pieces(part, low, high, bill, now):
                by_time.setdefault((piece.start, piece.end), []).append(piece)
        if not by_time:
            return None
        pieces = [together(by_time[time]) for time in sorted(by_time)]
        found = {end.precision for pair in ends for end in pair}
        precision = MINUTES if MINUTES in found or asked != (start, end) else SECONDS
        low_at, high_at = ends[-1][0].at, ends[-1][1].at
        peaks = (peak for part in parts if (peak := self._peak(part, low_at, high_at)) is not None)
        peak = max(peaks, key=lambda one: (one.power, -one.at.timestamp()), default=None)
        return Interval(low_at, high_at, precision, pieces, bill.cost(pieces), peak)

    def _pieces(self, meter: Meter, low: _End, high: _End, bill: Bill, now: datetime) -> list[Energy]:
        """Return what one meter counted between two ends, cut where a price changes."""
        if low.at >= high.at:
            return []
        cuts = bill.cuts(low.at, high.at)
        if high.at - low.at <= _SHORT:
            limits = [low, *(self._end(meter, cut) for cut in cuts), high]
            return [piece for pair in itertools.pairwise(limits) if (piece := self._piece(meter, *pair, now))]
        first, last = self._end(meter, full_hour(low.at + _HOUR)), self._end(meter, full_hour(high.at))
        inside = [cut for cut in cuts if first.at < cut < last.at]
        return [
            *filter(None, [self._piece(meter, low, first, now)]),
            *self._reader.energy(meter, [first.at, *inside, last.at], now),
            *filter(None, [self._piece(meter, last, high, now)]),
        ]

    def _of_hours(
        self, meter: Meter, start: datetime, end: datetime, bill: Bill, now: datetime, precision: str
    ) -> Interval | None:
        if start >= end:
            return None
        pieces = self._reader.energy(meter, [start, *bill.cuts(start, end), end], now)
        if not any(piece.covered or piece.wh for piece in pieces):
            return None
        peaks = [one for part in meter.parts for one in self._power.peaks(part.number, start, end, 1)]
        peak = max((Second(one.at, one.power) for one in peaks), key=lambda one: one.power, default=None)
        return Interval(start, end, precision, pieces, bill.cost(pieces), peak)

    def _end(self, meter: Meter, moment: datetime) -> _End:
        """Return the reading at a moment, or at the minute or hour before it if no more is kept."""
        found = self._series.total_of_frames(meter.number, moment - _NEAR, moment)
        if found is not None:
            return _End(moment, SECONDS, found)
        minute = moment.replace(second=0, microsecond=0)
        if self._series.minutes(meter.number, minute - _NEAR, minute + _MINUTE):
            return _End(minute, SECONDS if minute == moment else MINUTES, self._total(meter, minute))
        hour = full_hour(moment)
        if moment > hour and self._hours.rows(meter.number, hour, hour + _HOUR):
            if not self._series.minutes(meter.number, hour, hour + _HOUR):
                return _End(hour, HOURS, None)
        elif self._hours.rows(meter.number, hour - _HOUR, hour) and not self._series.minutes(
            meter.number, hour - _HOUR, hour
        ):
            return _End(hour, HOURS, None)
        # Nothing came at that time: the reading before holds.
        return _End(moment, SECONDS, self._total(meter, minute))

    def _total(self, meter: Meter, moment: datetime) -> Total | None:
        was_there = meter.first is not None and meter.first < moment
        return self._series.total_of_minutes(meter.number, moment) if was_there else None

    def _piece(self, meter: Meter, low: _End, high: _End, now: datetime) -> Energy | None:
        """Return the energy between two ends with readings; None if they are one, or nothing was read yet."""
        if low.at >= high.at or high.total is None:
            return None
        first = low.at.replace(second=0, microsecond=0)
        minutes = self._series.minutes(meter.number, first, high.at)
        earlier = self._series.minute_before(meter.number, first)  # it may reach into this time
        before = low.total or _first(minutes)
        if before is None:
            return None
        end = full_hour(high.at) + _HOUR
        name = naming(self._reader.contract_spans(meter, low.at, end), end)
        injected = None
        if before.injected is not None and high.total.injected is not None:
            injected = max(high.total.injected - before.injected, 0)
        expected = max(int((min(high.at, now) - low.at).total_seconds()), 0)
        return Energy(
            start=low.at,
            end=high.at,
            wh=drawn_by_register(
                minutes,
                before.drawn,
                high.total.drawn,
                high.at,
                lambda supplier, moment: name(supplier, moment) or "BASE",
                self._breaks(meter, low.at, high.at),
                self._reader.turns(meter, full_hour(low.at), high.at),
            ),
            injected_wh=injected,
            recovered_wh=0,
            imported_wh=0,
            covered=min(covered(minutes if earlier is None else [earlier, *minutes], low.at, high.at), expected),
            expected=expected,
        )

    def _breaks(self, meter: Meter, start: datetime, end: datetime) -> dict[datetime, int]:
        """Return by hour by how much the total changed without energy; historic mode has it as a sum of registers."""
        found = self._hours.breaks(meter.number, full_hour(start), end)
        totals = {one.hour: one.step for one in found if one.register == TOTAL}
        sums: dict[datetime, int] = {}
        for one in found:
            if one.register in SUPPLIER:
                sums[one.hour] = sums.get(one.hour, 0) + one.step
        return sums | totals

    def _peak(self, meter: Meter, start: datetime, end: datetime) -> Second | None:
        found = []
        first, last = _ceil_minute(start), end.replace(second=0, microsecond=0)
        low, high = start.replace(second=0, microsecond=0), end
        if end - start > _SHORT:
            first_hour, last_hour = full_hour(start + _HOUR), full_hour(end)
            of_hours = self._power.peaks(meter.number, first_hour, last_hour, 1)
            found += [Second(one.at, one.power) for one in of_hours]
            intervals = [(low, first_hour), (last_hour, high)]
        else:
            intervals = [(low, high)]
        for minute in (one for pair in intervals for one in self._series.minutes(meter.number, *pair)):
            at = moment_of(minute.at + (minute.power_max_second or 0))
            if minute.power_max is not None and start <= at < end:
                found.append(Second(at, minute.power_max))
        # Of a minute that lies in it only in part, the highest power may lie outside.
        for part in {(start, min(first, end)), (max(last, start), end)}:
            if part[0] < part[1] and (one := self._series.highest_of_frames(meter.number, *part)):
                found.append(Second(one.at.replace(microsecond=0), one.power))
        return max(found, key=lambda one: (one.power, -one.at.timestamp()), default=None)


def _counting(meter: Meter, start: datetime, end: datetime) -> Sequence[Meter]:
    """Return the meters of a house that may have counted in a range; the newest may have only just begun."""
    *earlier, newest = meter.parts
    there = [
        part
        for part in earlier
        if part.first is not None and part.last is not None and part.first < end and start < part.last + _HOUR
    ]
    begun = not there or newest.first is None or newest.first < end
    return [*there, newest] if begun else there


def _first(minutes: Sequence[MinuteFacts]) -> Total | None:
    return next((Total(one.total_first, None) for one in minutes if one.total_first is not None), None)


def _ceil_minute(moment: datetime) -> datetime:
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + _MINUTE
