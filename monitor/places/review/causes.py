"""Why an interval of time, a day or a month was different from the same days before."""

import bisect
import itertools
import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

from monitor.base.calendar import Calendar, full_hour, one_day, whole_days
from monitor.money.bill import Bill, Cost
from monitor.money.costs import join
from monitor.money.home import Home
from monitor.money.interval import BEHIND, HOURS, Interval
from monitor.money.profile import CurveAnswers
from monitor.places.review.difference import Difference, Level, Side, Slot, explain, mean_of
from monitor.readings.curves import MinuteFacts, Series
from monitor.readings.hours import Meter
from monitor.readings.imported import imported_totals
from monitor.readings.periods import COMPARABLE, Energy
from monitor.sources.weather import WeatherAnswers

_MINUTE, _HOUR, _WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(weeks=1)
_DAY = timedelta(hours=25)  # a local day at most
_YEAR = 364  # days: the same weekdays
_LEVEL = timedelta(minutes=15)  # before a day, for a level that its first minutes rise from
_MOST_WH = 60_000  # in an hour: more than any household's meter can count
_LEAST = 300  # W
_EDGE = 3  # values that must be beyond an edge: a single one may be noise
_SECONDS = 60  # of a minute

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Different:
    """An interval of time, what it is compared with, and why they differ."""

    start: datetime
    end: datetime
    before: Sequence[Span]  # of several the mean counts; empty: nothing is known of such days
    is_covered: bool  # so much of it was measured that it can be compared
    sides: tuple[Side, Side] | None = None  # now and before
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    span: Span
    energy: Energy
    cost: Cost

    def is_covered(self) -> bool:
        """Tell whether it was measured when it was drawn, also where the meter was not known yet at its beginning."""
        length = (self.span[1] - self.span[0]).total_seconds()
        return self.energy.covered >= COMPARABLE * length and self.energy.is_of_its_time


class WhyAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._series = Series(home.connection)
        self._imported = home.imported
        self._costs = home.costs
        self._intervals = home.intervals
        self._curves = CurveAnswers(home)
        self._weather = WeatherAnswers(home)
        self._zone = home.zone

    def different(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> Different | None:
        """Return why [start, end), up to now, was different; None if nothing is known of it.

        Up to a week is compared with the mean of the same hours of the four weeks before, as far as they are known, two
        of them at least; more with the same weekdays a year before, else with those just before it.
        """
        span = _up_to_now(start, end, now)
        if span is None:
            return None
        if not _has_whole_hours(span):
            found = self._intervals.interval(meter, *span, now)
            if found is None:
                return None
            span = found.start, found.end
            if found.precision != HOURS:
                return self._explained(meter, span, self._of_minutes(meter, found, now), now)
        return self._explained(meter, span, self._of_hours(meter, span, now), now)

    def _explained(
        self,
        meter: Meter,
        span: Span,
        known: tuple[_Known | None, Sequence[_Known]],
        now: datetime,
    ) -> Different | None:
        this, others = known
        if this is None:
            return None
        before = [one for one in others if one.is_covered()]
        if not _is_short(span):
            before = before[:1]
        elif len(before) < 2:
            before = []
        spans = [one.span for one in before]
        if not before or not this.is_covered():
            return Different(*span, spans, this.is_covered())
        side, mean = self._side(meter, this), mean_of([self._side(meter, one) for one in before])
        levels = self._levels(meter, span, now)
        kwh_before = self._kwh_before(meter, side, mean, before[0].span, now)
        weather = self._weather.effect(meter, span, spans, now)
        difference = explain(side, mean, levels, kwh_before, weather)
        return Different(*span, spans, is_covered=True, sides=(side, mean), difference=difference)

    # What is known of the intervals.

    def _others(self, span: Span) -> list[Span]:
        """Return what an interval may be compared with, the best first: nothing that a clock change made longer."""
        length = span[1] - span[0]
        weeks = -(-length // _WEEK) * 7
        days = [7, 14, 21, 28] if _is_short(span) else [max(_YEAR, weeks), weeks]
        found = [(self._moved(span[0], by), self._moved(span[1], by)) for by in days]
        return [(low, high) for low, high in found if abs((high - low) / length - 1) <= 1 - COMPARABLE]

    def _moved(self, moment: datetime, days: int) -> datetime:
        """Return the same local time some days before."""
        local = moment.astimezone(self._zone)
        return datetime.combine(local.date() - timedelta(days), local.time(), self._zone).astimezone(UTC)

    def _of_hours(self, meter: Meter, span: Span, now: datetime) -> tuple[_Known | None, list[_Known]]:
        spans = [span, *self._others(span)]
        start, end = min(low for low, _ in spans), span[1]
        contracts = self._costs.contracts(meter, start, end)
        bill = self._costs.bill(contracts, now)
        limits = sorted({limit for pair in spans for limit in pair}.union(bill.cuts(start, end)))
        pieces = self._costs.pieces(meter, limits, contracts, now)
        found = [self._of_pieces(meter, one, pieces, bill) for one in spans]
        return found[0], [one for one in found[1:] if one is not None]

    def _of_pieces(self, meter: Meter, span: Span, pieces: Sequence[Energy], bill: Bill) -> _Known | None:
        inside = [piece for piece in pieces if span[0] <= piece.start and piece.end <= span[1]]
        energy = join(inside)
        if not energy.is_known:
            return None
        if energy.imported_wh:
            wholes = [one for part in meter.parts for one in imported_totals(self._imported, part, *span)]
            if any(one.start < span[0] for one in wholes):
                return None  # nobody knows how much of it is of this time
        return _Known(span, energy, bill.cost(inside))

    def _of_minutes(self, meter: Meter, this: Interval, now: datetime) -> tuple[_Known, list[_Known]]:
        known = [_of_interval(this)]
        for span in self._others((this.start, this.end)):
            found = self._intervals.interval(meter, *span, now)
            if found is not None and (found.start, found.end) == span:  # as exact as asked for
                known.append(_of_interval(found))
        return known[0], known[1:]

    def _side(self, meter: Meter, known: _Known) -> Side:
        whole = _has_whole_hours(known.span)
        return Side(
            wh=known.energy.wh,
            cost=None if known.cost.partial else known.cost.by_register,
            hours=self._by_hour(meter, known.span) if whole else self._by_minutes(meter, known.span),
            base=self._curves.base_load(meter, *whole_days(*known.span, self._zone)).watts,
            injects=bool(known.energy.injected_wh),
        )

    def _by_hour(self, meter: Meter, span: Span) -> dict[int, Slot]:
        hours = sorted(self._curves.hours(meter, *span).items())
        found = self._added([(datetime.fromtimestamp(at, UTC), Slot(wh, 3600)) for at, wh in hours])
        return found if span[1] - span[0] <= _DAY else dict(sorted(found.items()))

    def _by_minutes(self, meter: Meter, span: Span) -> dict[int, Slot]:
        limits = Calendar(self._zone).boundaries("hour", *span)
        readings = [self._series.minutes(part.number, span[0] - 5 * _MINUTE, span[1]) for part in meter.parts]
        slots = []
        for low, high in itertools.pairwise(limits):
            known = [wh for minutes in readings if (wh := _between(minutes, low, high)) is not None]
            if known:
                slots.append((low, Slot(sum(known), int((high - low).total_seconds()))))
        return self._added(slots)

    def _added(self, slots: Sequence[tuple[datetime, Slot]]) -> dict[int, Slot]:
        """Return slots by their local hour."""
        found: dict[int, Slot] = {}
        for at, slot in slots:
            hour = at.astimezone(self._zone).hour
            wh, seconds = found.get(hour, (0, 0))
            found[hour] = Slot(wh + slot.wh, seconds + slot.seconds)
        return found

    # What explains them.

    def _levels(self, meter: Meter, span: Span, now: datetime) -> list[Level]:
        """Return where the power rose at once: in minutes up to a day, else in hours, and it lasted two days."""
        start, end = span
        if end - start > _DAY:
            hours = self._curves.hours(meter, start, end)
            first = int(start.timestamp())
            watts: list[float | None] = [hours.get(at) for at in range(first, int(end.timestamp()), 3600)]
            return self._in_span([(first, 3600, watts)], span, wide=24, stays=48)
        begin = one_day(start, self._zone)[0] - _LEVEL  # it may have risen before an interval
        first, count = int(begin.timestamp()), (end - begin) // _MINUTE
        curves = [
            (first, 60, watts_of(minutes, first, count))
            for part in meter.parts
            if (minutes := self._series.minutes(part.number, begin - _MINUTE, end))
        ]
        return self._in_span(curves, span, wide=10, stays=20)

    def _in_span(
        self, curves: Sequence[tuple[int, int, Sequence[float | None]]], span: Span, wide: int, stays: int
    ) -> list[Level]:
        found = []
        for first, step, watts in curves:
            for rise in rises(watts, wide, stays):
                low, high = (datetime.fromtimestamp(first + place * step, UTC) for place in (rise.first, rise.last))
                start, end = max(low, span[0]), min(high, span[1])
                if start < end:
                    pieces = itertools.pairwise(Calendar(self._zone).boundaries("hour", start, end))
                    slots = [(piece, Slot(0, int((until - piece).total_seconds()))) for piece, until in pieces]
                    hours = {hour: slot.seconds for hour, slot in self._added(slots).items()}
                    found.append(Level(int(low.timestamp()), int(end.timestamp()), rise.watts, hours))
        return found

    def _kwh_before(self, meter: Meter, side: Side, mean: Side, span: Span, now: datetime) -> Mapping[str, Decimal]:
        """Return what a kWh of each register cost before; of one that did not run then, by its price of that day."""
        known = {name: cost * 1000 / mean.wh[name] for name, cost in (mean.cost or {}).items() if mean.wh.get(name)}
        contracts = self._costs.contracts(meter, *span)
        if contracts:
            bill = self._costs.bill(contracts, now)
            rates = bill.rates(contracts[-1], bill.local_day(span[1] - _MINUTE))
            for name in side.wh.keys() - known.keys():
                if (price := rates.kwh(name)) is not None:
                    known[name] = price
        return known


def _of_interval(found: Interval) -> _Known:
    return _Known((found.start, found.end), join(found.pieces), found.cost)


def _up_to_now(start: datetime, end: datetime, now: datetime) -> Span | None:
    """Return a range as far as it is stored; hours follow some minutes behind."""
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if _has_whole_hours((start, end)):
        end = min(end, full_hour(now - BEHIND))
    else:
        end = min(end, (now - 2 * _MINUTE).replace(second=0, microsecond=0))
    return (start, end) if start < end else None


def _has_whole_hours(span: Span) -> bool:
    return all(moment == full_hour(moment) for moment in span)


def _is_short(span: Span) -> bool:
    return span[1] - span[0] <= _WEEK + _HOUR


def _between(minutes: Sequence[MinuteFacts], low: datetime, high: datetime) -> int | None:
    """Return the Wh between the readings at two instants; None: it is not known."""
    first, last = (bisect.bisect_left(minutes, limit.timestamp(), key=lambda one: one.at) for limit in (low, high))
    if first == last or minutes[last - 1].total_last is None:
        return None
    before = minutes[first - 1].total_last if first else minutes[first].total_first
    wh = (minutes[last - 1].total_last or 0) - before if before is not None else -1
    return wh if 0 <= wh <= _MOST_WH else None


@dataclass(frozen=True, slots=True)
class Rise:
    """The power rose by so much at a place of a curve, and was down again at another one; its length: it stayed."""

    first: int
    last: int  # exclusive
    watts: int


def watts_of(minutes: Sequence[MinuteFacts], start: int, count: int) -> list[float | None]:
    """Return the mean power of each minute from `start` on, from energy; None where frames are missing.

    And None of a meter that another device decodes: its register may go up once in minutes.

    Args:
        minutes: of one meter, in order.
        start: seconds since 1970.
        count: of minutes.
    """
    found: list[float | None] = [None] * count
    for before, minute in itertools.pairwise(minutes):
        place = (minute.at - start) // _SECONDS
        if minute.at - before.at == _SECONDS and 0 <= place < count and minute.usual_interval is None:
            first, last = before.total_last, minute.total_last
            found[place] = None if first is None or last is None or last < first else (last - first) * 60.0
    return found


def rises(watts: Sequence[float | None], wide: int, stays: int) -> list[Rise]:
    """Return where the power rose by 300 W or more and stayed so, in order.

    Args:
        watts: at regular times; None: not known.
        wide: how many values tell a level; what lasts for less than half of it is none.
        stays: how many values it must last.
    """
    levels = [_median(watts[place : place + wide], wide) for place in range(len(watts))]
    found: list[Rise] = []
    for group in _groups(watts, levels, wide):
        before, after = max(group.values(), key=lambda pair: pair[1] - pair[0])
        middle = (before + after) / 2
        first = _edge(watts, min(group), partial(operator.le, middle))
        fallen = (
            place for place in range(first, len(watts)) if (level := levels[place]) is not None and level < middle
        )
        last = _edge(watts, next(fallen, len(watts)), partial(operator.gt, middle))
        if last - first >= stays:
            known = [value for value in watts[first:last] if value is not None]
            found.append(Rise(first, last, round(statistics.median(known) - before)))
    return [one for one in found if one.watts >= _LEAST]


def _median(values: Sequence[float | None], wide: int) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if len(known) * 2 >= wide else None


def _groups(
    watts: Sequence[float | None], levels: Sequence[float | None], wide: int
) -> list[dict[int, tuple[float, float]]]:
    """Return neighbouring places after each of which the level is higher than before it, with both levels."""
    found: list[dict[int, tuple[float, float]]] = []
    for place in range(wide // 2, len(levels)):
        before = levels[place - wide] if place >= wide else _median(watts[:place], wide)
        after = levels[place]
        if before is not None and after is not None and after - before >= _LEAST:
            if not found or place - 1 not in found[-1]:
                found.append({})
            found[-1][place] = before, after
    return found


def _edge(watts: Sequence[float | None], start: int, is_beyond: Callable[[float], bool]) -> int:
    """Return the first place from `start` on after which some values are beyond an edge; the end, if there is none."""
    for place in range(start, len(watts)):
        known = [value for value in watts[place : place + _EDGE] if value is not None]
        if known and all(map(is_beyond, known)):
            return place
    return len(watts)
