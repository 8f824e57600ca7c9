"""What other offers would have cost for the energy that was drawn, and the Tempo colours that this needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.contract.offers import TEMPO
from monitor.answers.costs import CostAnswers
from monitor.cost.comparison import Comparison, Measured, Question, compare
from monitor.cost.contracts import contracts
from monitor.cost.lived import Lived
from monitor.cost.tempo_colours import learn_colours
from monitor.prices.calendars import Calendars
from monitor.prices.model import PriceTable
from monitor.prices.rules import Rule, Span, moments
from monitor.readings.hours import Hours, Meter
from monitor.readings.house_energy import HouseReader
from monitor.readings.memory import Memory
from monitor.readings.periods import ContractSpan, HourEnergy
from monitor.refusals import Refusal

_AT_ONCE = timedelta(days=31)  # of a curve, which are read at once


@dataclass(slots=True)
class _Curve:
    """What is known of a range: the curve, and how much of it was measured."""

    lived: Lived
    start: datetime  # of the first piece
    covered: int  # seconds
    imported: int  # hours
    colours_until: date  # the last Tempo day of which the colour is known


class OfferAnswers:
    """Compares offers; `calendars` are those that everybody knows and those of the user's files."""

    def __init__(
        self,
        reader: HouseReader,
        hours: Hours,
        costs: CostAnswers,
        prices: PriceTable,
        zone: ZoneInfo,
        calendars: Calendars,
        memory: Memory,
    ) -> None:
        self.calendars = calendars
        self._reader = reader
        self._hours = hours
        self._costs = costs
        self._prices = prices
        self._zone = zone
        self._memory = memory

    def compare(
        self, meter: Meter, start: datetime, end: datetime, now: datetime, *, then: bool = False, shift: float = 0.0
    ) -> Comparison:
        """Return what each offer would have cost for what was drawn in [start, end).

        Args:
            meter: whose curve it is.
            start: the beginning, an instant.
            end: the end, exclusive.
            now: what lies after it has not been drawn yet.
            then: at the prices of then, not at those of today.
            shift: the share of what ran in peak hours that would have run in off-peak hours.

        Raises:
            Refusal: no energy is known of the range, or the subscribed power is not.
            DatabaseError: the database is unavailable, or refuses a query.
        """
        spans = self._reader.contract_spans(meter, start, end)
        known = contracts(self._costs.lines(meter), spans, self._zone, end)
        curve = self._curve(meter, start, end, spans, then=then)
        if curve is None:  # the meter's contract may be unknown then, too
            raise Refusal("no_energy")
        power = next((one.power for one in reversed(known) if one.power is not None), None)
        if power is None:
            raise Refusal("no_power")
        # Nothing is known before: no offer is charged a subscription for it.
        start, end = max(start, curve.start), min(end, now)
        yours = known[-1].offer
        whole = self._costs.energy(meter, "year", start, end, now).whole
        counted = self._hours.presence.count([part.number for part in meter.parts], start, end)
        question = Question(
            start=start,
            end=end,
            power=power,
            yours=None if yours is None else self._prices.id_of(yours),
            today=now.astimezone(self._zone).date(),
            then=then,
            shift=shift,
        )
        measured = Measured(Decimal(curve.covered) / 3600, counted + curve.imported, whole.energy.recovered_wh)
        # Only one contract in the whole range is "yours": its registers say exactly what it cost.
        own = whole.cost if len({one.offer for one in known}) == 1 else None
        found = compare(self._prices, curve.lived, self._costs.bill(known, now), question, measured, own)
        return replace(found, colours_until=curve.colours_until)

    def _curve(
        self, meter: Meter, start: datetime, end: datetime, spans: Sequence[ContractSpan], *, then: bool
    ) -> _Curve | None:
        # The table of prices is a part of the key, and stays with the answer: another one has other rules.
        key = ("curve", start, end, then, id(self._prices))
        prices, curve = self._memory.of(meter).kept(
            meter, key, end, lambda: (self._prices, self._read_curve(meter, start, end, spans, then=then))
        )
        assert prices is self._prices
        return curve

    def _read_curve(
        self, meter: Meter, start: datetime, end: datetime, spans: Sequence[ContractSpan], *, then: bool
    ) -> _Curve | None:
        rules = list({id(offer.rule): offer.rule for offer in self._prices.offers if offer.rule is not None}.values())
        first, last = (moment.astimezone(self._zone).date() for moment in (start, end))
        facts = replace(self.calendars, shown=self.lived_colours(meter, first, last))
        changes = self._prices.changes(None, first, last) if then else []
        spot = self._prices.spot is not None
        seen = _Seen(self._pieces(meter, start, end, rules))
        counted = self._reader.running(meter, [start, end])[0]
        names = self._reader.names(meter, spans, counted.keys())
        lived = Lived(seen, rules, facts, self._zone, self._windows, names, changes, quarters=spot)
        if seen.first is None or not lived.wh:
            return None
        # A first slot may begin within its hour.
        return _Curve(lived, seen.first.replace(minute=0), seen.covered, seen.imported, facts.colours_until)

    def _pieces(self, meter: Meter, start: datetime, end: datetime, rules: Sequence[Rule]) -> Iterator[HourEnergy]:
        """Return what was drawn, as finely as offers tell it apart."""
        minutes = {minute % 60 for minute in (*moments(rules), *self._prices.off_peak_moments())} - {0}
        minutes |= {15, 30, 45} if self._prices.spot is not None else set()
        while start < end:
            until = min(start + _AT_ONCE, end)
            yield from self._reader.slots(meter, start, until, sorted(minutes))
            start = until

    def _windows(self, day: date) -> list[Span] | None:
        windows = self._prices.off_peak(day)
        if windows is None:
            return None
        return [(one.start.hour * 60 + one.start.minute, one.end.hour * 60 + one.end.minute) for one in windows]

    def lived_colours(self, meter: Meter, first: date, last: date) -> dict[date, str]:
        """Return the Tempo colours that the meter showed on the days from `first` to `last`, both included."""
        days = [first + timedelta(number) for number in range((last - first).days + 2)]
        limits = [datetime.combine(day, TEMPO.day_starts, self._zone).astimezone(UTC) for day in days]
        return learn_colours(dict(zip(days, self._reader.running(meter, limits), strict=False)))


class _Seen:
    """Passes pieces on, and remembers what they were like."""

    def __init__(self, pieces: Iterator[HourEnergy]) -> None:
        self._pieces = pieces
        self.first: datetime | None = None
        self.covered = self.imported = 0

    def __iter__(self) -> Iterator[HourEnergy]:
        for piece in self._pieces:
            self.first = self.first or piece.start
            self.covered += piece.covered
            self.imported += piece.imported
            yield piece
