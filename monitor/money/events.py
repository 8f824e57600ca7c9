"""What happened to a meter, the latest first, page by page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.money.home import Home
from monitor.readings.curves import Series
from monitor.readings.events import Around, Events, Gap, bad_voltages, is_outage, joined_overloads
from monitor.readings.hours import Meter
from monitor.readings.rows import moment_of

KINDS = ("overload", "outage", "gap", "voltage", "epoch", "tariff")
#: How far one page looks back, and how many hours with an overload or a bad voltage it reads.
_WINDOW, _MOST_HOURS = timedelta(days=400), 50
#: Minutes without a frame that are an event.
_LEAST = 5
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Event:
    """One event. What a kind does not have is None."""

    kind: str
    at: datetime
    until: datetime | None = None
    seconds: int | None = None
    power: int | None = None  # VA, of an overload
    volts: int | None = None
    phase: int | None = None
    why: str | None = None  # of a gap: meter or unknown
    wh: int | None = None  # counted over a gap
    text: str | None = None  # of an epoch or a tariff: first, registers, contract or prices
    offer: str | None = None  # of a contract
    subscribed: int | None = None  # VA, of a contract


@dataclass(frozen=True, slots=True)
class Page:
    """Events, the latest first, and before which moment the next page looks (None: there is nothing before)."""

    events: Sequence[Event]
    next: datetime | None


class EventAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._hours = home.hours
        self._events = Events(home.connection)
        self._series = Series(home.connection)
        self._reader = home.reader
        self._costs = home.costs

    def page(
        self,
        meter: Meter,
        start: datetime | None,
        end: datetime,
        kinds: frozenset[str],
        limit: int,
    ) -> Page:
        """Return the latest events in [start, end), at most `limit` and those of the same moment, of all its meters.

        Args:
            meter: the meter.
            start: the beginning, or None.
            end: the end, exclusive.
            kinds: which events, of `KINDS`.
            limit: how many.
        """
        pages = [self._page(part, meter, start, end, kinds, limit) for part in meter.parts]
        # What lies before the end of one page, and is in another, comes again on the next.
        following = max((page.next for page in pages if page.next is not None), default=None)
        found = (
            Event("epoch", event.at, text="registers") if event.text == "first" and event.at != meter.first else event
            for page in pages
            for event in page.events
            if following is None or event.at >= following
        )
        # Each page has the changes of prices.
        events = sorted(dict.fromkeys(found), key=lambda event: event.at, reverse=True)
        if len(events) > limit:
            last = events[limit - 1].at
            return Page([event for event in events if event.at >= last], last)
        return Page(events, following)

    def _page(
        self,
        meter: Meter,
        house: Meter,
        start: datetime | None,
        end: datetime,
        kinds: frozenset[str],
        limit: int,
    ) -> Page:
        if meter.first is None:
            return Page([], None)
        least = max(start, meter.first) if start else meter.first
        if least >= end:
            return Page([], None)
        low = max(end - _WINDOW, least)
        marked = self._events.marked(meter.number, low, end, _MOST_HOURS) if kinds & {"overload", "voltage"} else []
        if len(marked) == _MOST_HOURS:
            low = max(low, moment_of(marked[-1]))
        if low > least:
            # A page begins where a frame came, so no gap lies across its beginning.
            low = max(self._events.minute_before(meter.number, low) or least, least)
        found = [
            *(self._overloads(meter, marked) if "overload" in kinds else ()),
            *(self._voltages(meter, marked) if "voltage" in kinds else ()),
            *(self._gaps(meter, low, end, kinds) if kinds & {"gap", "outage"} else ()),
            *(self._epochs(meter, low, end) if "epoch" in kinds else ()),
            *(self._tariffs(meter, house, low, end) if "tariff" in kinds else ()),
        ]
        inside = sorted((event for event in found if low <= event.at < end), key=lambda event: event.at, reverse=True)
        if len(inside) > limit:
            last = inside[limit - 1].at
            return Page([event for event in inside if event.at >= last], last)
        return Page(inside, low if low > least else None)

    def _overloads(self, meter: Meter, hours: Sequence[int]) -> list[Event]:
        minutes = self._events.overloaded(meter.number, hours)
        return [Event("overload", one.at, seconds=one.seconds, power=one.power) for one in joined_overloads(minutes)]

    def _voltages(self, meter: Meter, hours: Sequence[int]) -> list[Event]:
        minutes = self._events.voltages(meter.number, hours)
        return [Event("voltage", one.start, one.end, volts=one.volts, phase=one.phase) for one in bad_voltages(minutes)]

    def _gaps(self, meter: Meter, start: datetime, end: datetime, kinds: frozenset[str]) -> list[Event]:
        # A gap that begins before `end` may end after it, and one that ends after `start` may begin before it.
        before = self._events.minute_before(meter.number, start) or start
        after = self._events.hour_after(meter.number, end)
        gaps = [
            gap
            for gap in self._events.gaps(meter.number, before, end if after is None else after + _HOUR)
            if gap.end - gap.start >= _LEAST * 60 and start <= moment_of(gap.start) < end
        ]
        # Before its first frame a meter was not known, and of its last hour the end may be to come.
        edges = {meter.first, None if meter.last is None else meter.last + _HOUR}
        gaps = [gap for gap in gaps if not {moment_of(gap.start), moment_of(gap.end)} & edges]
        around = self._events.around(meter.number, gaps)
        broken = {one.hour for one in self._hours.breaks(meter.number, start, end + _HOUR)}
        events = [self._gap(gap, around[gap], broken) for gap in gaps]
        silent = {event.at: _middle(event) for event in events if event.kind == "gap"}
        heard = self._series.siblings_heard(meter.number, list(silent.values())) if silent else set()
        return [
            event if event.kind == "outage" else replace(event, why="meter" if silent[event.at] in heard else "unknown")
            for event in events
            if event.kind in kinds
        ]

    def _gap(self, gap: Gap, around: Around, broken: Collection[datetime]) -> Event:
        start, end = moment_of(gap.start), moment_of(gap.end)
        wh = None
        if around.before is not None and around.after is not None and end.replace(minute=0) not in broken:
            wh = around.after - around.before if around.after >= around.before else None
        outage = is_outage(wh, around.injected, around.power, (gap.end - gap.start) // 60)
        return Event("outage" if outage else "gap", start, end, wh=wh, why="outage" if outage else None)

    def _epochs(self, meter: Meter, start: datetime, end: datetime) -> list[Event]:
        hours = {one.hour for one in self._hours.breaks(meter.number, start, end)}
        events = [Event("epoch", hour, text="registers") for hour in sorted(hours)]
        if meter.first is not None and start <= meter.first < end:
            events.append(Event("epoch", meter.first, text="first"))
        return events

    def _tariffs(self, meter: Meter, house: Meter, start: datetime, end: datetime) -> list[Event]:
        spans = self._reader.contract_spans(meter, start, end)
        contracts = [
            Event(
                "tariff",
                span.start,
                text="contract",
                offer=span.offer or span.calendar,
                subscribed=None if span.power is None else span.power * 1000,
            )
            for span in spans[1:]
        ]
        # The lines of the configuration may name another meter of the house.
        prices = self._costs.price_changes(house, start, end)
        return contracts + [Event("tariff", moment, text="prices") for moment in prices]


def _middle(event: Event) -> datetime:
    length = (event.until or event.at) - event.at
    return (event.at + length / 2).replace(second=0, microsecond=0)
