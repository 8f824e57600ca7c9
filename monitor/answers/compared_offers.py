"""What other offers would have cost for the energy that was drawn, and the Tempo colours that this needs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.contract.offers import SWITCHING_TIMES, TEMPO
from monitor.answers.costs import CostAnswers
from monitor.cost.clock_rules import OfferClock
from monitor.cost.comparison import Comparison, compare
from monitor.cost.contracts import contracts
from monitor.cost.tempo_colours import learn_colours
from monitor.prices.model import PriceTable
from monitor.prices.tempo_days import bundled_colours
from monitor.readings.hours import Hours, Meter
from monitor.readings.house_energy import HouseReader
from monitor.readings.periods import HourEnergy
from monitor.refusals import Refusal


class OfferAnswers:
    """Compares offers; `colours` are the Tempo colours of the user's file."""

    def __init__(
        self,
        reader: HouseReader,
        hours: Hours,
        costs: CostAnswers,
        prices: PriceTable,
        zone: ZoneInfo,
        colours: Mapping[date, str],
    ) -> None:
        self.colours = colours
        self._reader = reader
        self._hours = hours
        self._costs = costs
        self._prices = prices
        self._zone = zone

    def compare(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> Comparison:
        """Return what each offer would have cost for what was drawn in [start, end).

        Raises:
            Refusal: no energy is known of the range, or the subscribed power is not.
            DatabaseError: the database is unavailable, or refuses a query.
        """
        spans = self._reader.contract_spans(meter, start, end)
        known = contracts(self._costs.lines(meter), spans, self._zone, end)
        curve = self._curve(meter, start, end)
        if not any(one.wh for one in curve):  # the meter's contract may be unknown then, too
            raise Refusal("no_energy")
        power = next((one.power for one in reversed(known) if one.power is not None), None)
        if power is None:
            raise Refusal("no_power")
        # Nothing is known before: no offer is charged a subscription for it. A first slot may begin within its hour.
        start = max(start, curve[0].start.replace(minute=0))
        yours = known[-1].offer
        colours = self._colours_of(curve)
        registers = {piece.register for piece in curve if piece.register is not None}
        clock = OfferClock(self._prices, colours, self._zone, self._reader.names(meter, spans, registers))
        bill = self._costs.bill(known, now)
        whole = self._costs.energy(meter, "year", start, end, now).whole
        # Only one contract in the whole range is "yours": its registers say exactly what it cost.
        own = whole.cost if len({one.offer for one in known}) == 1 else None
        end = min(end, now)
        counted = self._hours.presence.count([part.number for part in meter.parts], start, end)
        read = counted + sum(piece.imported for piece in curve)
        recovered_wh = whole.energy.recovered_wh
        found = compare(self._prices, clock, curve, power, yours, bill, start, end, read, own, recovered_wh)
        old = self._costs.old_prices([(cost.offer, end) for cost in found.offers if cost.rankable], now)
        return replace(found, old=old, colours_until=max(colours))

    def _curve(self, meter: Meter, start: datetime, end: datetime) -> list[HourEnergy]:
        """Return what was drawn, as finely as offers tell it apart."""
        minutes = self._prices.off_peak_slot()
        if minutes < 60:
            return self._reader.slots(meter, start, end, minutes)
        # A year has 8,760 hours, and some 1,100 stretches that each offer bills on one register.
        moments = {time()} | SWITCHING_TIMES | self._prices.off_peak_moments()
        first, last = (moment.astimezone(self._zone).date() for moment in (start, end))
        limits = {start, end}
        for number in range((last - first).days + 1):
            day = first + timedelta(number)
            limits |= {datetime.combine(day, moment, self._zone).astimezone(UTC) for moment in moments}
        return self._reader.gathered(meter, sorted(limit for limit in limits if start <= limit <= end))

    def _colours_of(self, curve: Sequence[HourEnergy]) -> dict[date, str]:
        """Return the Tempo colours that are known: as the meter showed, else the user's file, else the bundled ones."""
        running: dict[date, Counter[str]] = {}
        for piece in curve:
            if piece.register is not None:
                day = TEMPO.day_of(piece.start.astimezone(self._zone))
                running.setdefault(day, Counter())[piece.register] += piece.slices
        return {**bundled_colours(), **self.colours, **learn_colours(running)}

    def lived_colours(self, meter: Meter, first: date, last: date) -> dict[date, str]:
        """Return the Tempo colours that the meter showed on the days from `first` to `last`, both included."""
        days = [first + timedelta(number) for number in range((last - first).days + 2)]
        limits = [datetime.combine(day, TEMPO.day_starts, self._zone).astimezone(UTC) for day in days]
        return learn_colours(dict(zip(days, self._reader.running(meter, limits), strict=False)))
