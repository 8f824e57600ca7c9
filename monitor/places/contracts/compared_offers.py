"""What other offers would have cost for the energy that was drawn, and the Tempo colours that this needs."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from common.contract.offers import Window
from monitor.base.household import ContractLine
from monitor.base.refusals import Refusal
from monitor.money.contracts import Contract, contracts, written_off_peak
from monitor.money.home import Home
from monitor.money.rules import Span, moments
from monitor.places.contracts.comparison import Comparison, Measured, Question, compare
from monitor.places.contracts.usage_curve import Lived
from monitor.readings.hours import Meter
from monitor.readings.periods import ContractSpan, HourEnergy

_QUARTERS = range(0, 24 * 60, 15)  # of a day


@dataclass(slots=True)
class _Curve:
    """What is known of a range: the curve, and how much of it was measured."""

    lived: Lived
    start: datetime  # of the first piece
    covered: int  # seconds
    imported: int  # hours
    colours_until: date  # the last Tempo day of which the colour is known


class OfferAnswers:
    """Compares offers."""

    def __init__(self, home: Home) -> None:
        self._reader = home.reader
        self._hours = home.hours
        self._costs = home.costs
        self._periods = home.curve_periods
        self._prices = home.prices
        self._zone = home.zone
        self._memory = home.memory

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
        """
        spans = self._reader.contract_spans(meter, start, end)
        known = contracts(self._costs.lines(meter), spans, self._zone, end)
        # The table of prices is a part of the key, and stays with the answer: another one has other rules.
        key = ("curve", start, end, then, id(self._prices))
        _, curve = self._memory.of(meter).kept(
            meter, key, end, lambda: (self._prices, self._curve(meter, start, end, known, spans, then=then))
        )
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
        return replace(found, colours_until=curve.colours_until, priced_as=self._costs.priced_as(known, now))

    def _curve(
        self,
        meter: Meter,
        start: datetime,
        end: datetime,
        known: Sequence[Contract],
        spans: Sequence[ContractSpan],
        *,
        then: bool,
    ) -> _Curve | None:
        rules = list({id(offer.rule): offer.rule for offer in self._prices.offers if offer.rule is not None}.values())
        first, last = (moment.astimezone(self._zone).date() for moment in (start, end))
        facts = self._periods.with_lived_colours(meter, start, end)
        changes = self._prices.changes(None, first, last) if then else []
        spot = self._prices.spot is not None
        written = (line.off_peak.moments for line in self._costs.lines(meter) if line.off_peak is not None)
        cuts = set(moments(rules)).union(*written, _QUARTERS if spot else ())
        seen = _Seen(self._periods.slots(meter, start, end, cuts, known))
        counted = self._reader.running(meter, [start, end])[0]
        names = self._reader.names(meter, spans, counted.keys())
        windows = functools.cache(functools.partial(_written_windows, self._costs.lines(meter)))
        lived = Lived(seen, rules, facts, self._zone, windows, names, changes, quarters=spot)
        if seen.first is None or not lived.wh:
            return None
        # A first slot may begin within its hour.
        return _Curve(lived, seen.first.replace(minute=0), seen.covered, seen.imported, facts.colours_until)


def _written_windows(lines: Sequence[ContractLine], day: date) -> list[Span] | None:
    written = written_off_peak(lines, day)
    return None if written is None else spans_of(written.at(day))


def spans_of(windows: Iterable[Window]) -> list[Span]:
    """Return off-peak windows as minutes of a day."""
    return [(one.start.hour * 60 + one.start.minute, one.end.hour * 60 + one.end.minute) for one in windows]


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
            self.imported += piece.slices if piece.imported else 0
            yield piece
