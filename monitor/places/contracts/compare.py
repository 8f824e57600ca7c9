"""`compare`: what each offer would have cost on the curve that was lived."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from common.contract.offers import Window
from monitor.base.answer import Count, answer_type, one_of
from monitor.base.formats import Formats
from monitor.base.household import ContractLine
from monitor.base.ranges import check_length, year_to
from monitor.base.request_errors import RequestError
from monitor.money.amounts import PricesAnswer, prices_of
from monitor.money.contracts import Contract, contracts, subscribed_power, written_off_peak
from monitor.money.home import Home
from monitor.money.price_status import is_closed
from monitor.money.prices import Kind, PriceTable
from monitor.money.rules import Span, clock, moments
from monitor.places.contracts.comparison import Comparison, Measured, OfferCost, Question, compare
from monitor.places.contracts.texts import refusal, rule_words, verdict, withheld
from monitor.places.contracts.usage_curve import UsageCurve, Why
from monitor.readings.hours import Meter
from monitor.readings.periods import ContractSpan
from monitor.web.parameters import FROM, METER, TO, choice
from monitor.web.route import ApiRequest, Parameter, Route

_LONGEST = timedelta(days=5 * 366)  # each of its minutes is read: in a terminal one may wait for more


@answer_type
class ChoiceOfOffer:
    """What a customer may choose."""

    weekday: Annotated[Count | None, "0: Monday"]
    slot: Annotated[str | None, "such as 13:00-15:00"]
    total: Decimal


@answer_type
class ComparedOffer:
    """What an offer would have cost."""

    id: str
    supplier: Annotated[str, "empty: one of the user's own offers"]
    name: str
    kind: Annotated[Kind | None, "null: one of the user's own offers"]
    yours: bool
    rank: Annotated[Count | None, "from 1; null: see why, of the offer or of the whole"]
    energy: Decimal | None
    subscription: Decimal | None
    total: Annotated[Decimal | None, "with the best choice, if there are some"]
    wh: Annotated[Mapping[str, Count], "by period of the offer"]
    by_period: Annotated[Mapping[str, Decimal], "of the energy, by period of the offer"]
    rule: Annotated[Mapping[str, str], "when each period holds, in words"]
    choices: Annotated[Sequence[ChoiceOfOffer], "what a customer may choose, the cheapest first"]
    why: Annotated[Why | None, "why it has no rank"]
    refused: Annotated[str | None, "the same as a sentence"]
    hours_known: Count
    since: Annotated[date | None, "from which its prices hold"]
    grade: Annotated[str | None, "A: official, or two independent sources; B: one source"]
    checked: Annotated[date | None, "when the source was last looked at"]
    source: str | None
    old: Annotated[bool, "its prices should be checked"]
    closed: Annotated[bool, "it takes no new contracts at this power"]


@answer_type
class ComparedOffers:
    """The answer of `compare`."""

    meter: str
    from_: date
    last_day: date
    measured_from: Annotated[
        datetime | None, "nothing is known of what was asked for before: the comparison begins here"
    ]
    power: Annotated[Count, "subscribed, kVA: the same for all offers"]
    at: Annotated[Literal["today", "then"], "at the prices of today, or of then"]
    shift: Annotated[Count, "percent of what ran in peak hours that would have run in off-peak hours"]
    wh: Count
    recovered_wh: Annotated[Count, "part of wh, counted after an interruption, at an unknown hour"]
    hours: Annotated[int, "of the range"]
    hours_known: Annotated[int, "of these, measured or imported"]
    why: Annotated[
        Annotated[Why, one_of("hours", "recovered")] | None,
        "why no offer is ranked: fewer than nine hours in ten have readings; recovered energy could make another"
        " offer the cheapest",
    ]
    refused: Annotated[str | None, "the same as a sentence"]
    verdict: Annotated[str | None, "what is concluded; null: nothing can be"]
    colours_until: Annotated[date | None, "the last Tempo day of which the colour is known"]
    prices: PricesAnswer
    offers: Annotated[Sequence[ComparedOffer], "those with a rank first, the cheapest first"]


def answer(request: ApiRequest) -> ComparedOffers:
    """Return the offers, those with a rank first, the cheapest first."""
    meter, zone = request.meter(), request.config.time_zone
    start, end = year_to(request.now, request.range, zone)
    check_length(start, end, _LONGEST)
    prices = request.home.prices
    then, shift = request.parameters.get("prices") == "then", request.parameters.get("shift", 0)
    comparison = OfferAnswers(request.home).compare(meter, start, end, request.now, then=then, shift=shift / 100)
    question = comparison.question
    first, last = (moment.astimezone(zone) for moment in (question.start, question.end - timedelta.resolution))
    used_until = last.date() if then else question.today
    formats = Formats(request.language, zone)
    return ComparedOffers(
        meter=meter.identifier,
        from_=first.date(),
        last_day=last.date(),
        measured_from=question.start if question.start > start else None,
        power=question.power,
        at="then" if then else "today",
        shift=shift,
        wh=comparison.wh,
        recovered_wh=comparison.recovered_wh,
        hours=comparison.hours,
        hours_known=int(comparison.covered),
        why=comparison.withheld,
        refused=withheld(comparison, formats),
        verdict=verdict(comparison, formats),
        colours_until=comparison.colours_until,
        prices=prices_of(prices, question.today, comparison.old, comparison.priced_as),
        offers=[_offer(cost, comparison, prices, used_until, formats) for cost in comparison.offers],
    )


def _offer(cost: OfferCost, comparison: Comparison, prices: PriceTable, day: date, formats: Formats) -> ComparedOffer:
    offer, hours = cost.offer, int(comparison.covered)
    computed = not cost.unknown and comparison.withheld is None
    row = prices.kwh_row(offer.id, day)
    return ComparedOffer(
        id=offer.id,
        supplier=offer.supplier,
        name=offer.name or offer.id,
        kind=offer.kind,
        yours=cost.yours,
        rank=cost.rank,
        energy=cost.energy if computed else None,
        subscription=cost.subscription if computed else None,
        total=cost.total if computed else None,
        wh=cost.wh_by_period,
        by_period=cost.by_period,
        rule={"SPOT": formats.text("rule_spot")} if offer.kind is Kind.SPOT else rule_words(offer.rule, formats),
        choices=[
            ChoiceOfOffer(one.weekday, None if one.slot is None else clock(one.slot), one.total) for one in cost.choices
        ],
        why=cost.refused,
        refused=refusal(cost, comparison, formats) or None,
        hours_known=hours if computed else hours * cost.hours // max(cost.hours + sum(cost.unknown.values()), 1),
        since=None if row is None else row.start,
        grade=None if row is None else row.grade,
        checked=offer.checked,
        source=offer.source or None,
        old=any(old.offer == offer.id for old in comparison.old),
        closed=is_closed(prices, offer.id, comparison.question.power),
    )


ROUTE = Route(
    "compare",
    "What each offer would have cost for the energy that was drawn; by default of the last twelve months.",
    (
        METER,
        FROM,
        TO,
        choice("prices", "At the prices of today, or at those of then.", ("today", "then")),
        Parameter(
            "shift",
            "What if: percent of what ran in peak hours that would have run in off-peak hours of such days.",
            {"type": "integer", "minimum": 0, "maximum": 100},
        ),
    ),
    answer,
)


_QUARTERS = range(0, 24 * 60, 15)  # of a day


@dataclass(slots=True)
class _Curve:
    """What is known of a range."""

    usage: UsageCurve
    start: datetime  # of the hour of its first piece
    colours_until: date  # the last Tempo day of which the colour is known


class OfferAnswers:
    """Compares offers."""

    def __init__(self, home: Home) -> None:
        self._reader = home.reader
        self._hours = home.hours
        self._costs = home.costs
        self._periods = home.profile_billing
        self._prices = home.prices
        self._zone = home.zone
        self._memory = home.cache

    # A list of steps, each of which needs those above it.
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
            RequestError: no energy is known of the range, or the subscribed power is not.
        """
        spans = self._reader.contract_spans(meter, start, end)
        known = contracts(self._costs.lines(meter), spans, self._zone, end)
        curve = self._curve(meter, start, end, known, spans, then=then)
        if curve is None:  # the meter's contract may be unknown then, too
            raise RequestError("no_energy")
        # On the first day of a meter, only what was imported is in the range.
        held = known or self._costs.contracts(meter, end, now)
        power = subscribed_power(held)
        # Nothing is known before: no offer is charged a subscription for it.
        start, end = max(start, curve.start), min(end, now)
        yours = held[-1].offer
        whole = self._costs.energy(meter, "year", start, end, now).whole
        counted = self._hours.availability.count([part.number for part in meter.parts], start, end)
        question = Question(
            start=start,
            end=end,
            power=power,
            yours=None if yours is None else self._prices.id_of(yours),
            today=now.astimezone(self._zone).date(),
            then=then,
            shift=shift,
        )
        measured = Measured(
            Decimal(curve.usage.covered) / 3600, counted + curve.usage.imported, whole.energy.recovered_wh
        )
        # Only one contract in the whole range is "yours": its registers say exactly what it cost.
        own = whole.cost if len({one.offer for one in known}) == 1 else None
        found = compare(self._prices, curve.usage, self._costs.bill(known, now), question, measured, own)
        return replace(found, colours_until=curve.colours_until, priced_as=self._costs.priced_as(held, now))

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
        # The table of prices is a part of the key, and stays with the answer: another one has other rules.
        key = ("curve", start, end, then, id(self._prices))
        cached = self._memory.of(meter)
        kept: tuple[PriceTable, _Curve | None] | None = cached.kept(key)
        if kept is not None:
            return kept[1]
        rules = list({id(offer.rule): offer.rule for offer in self._prices.offers if offer.rule is not None}.values())
        first, last = (moment.astimezone(self._zone).date() for moment in (start, end))
        facts = self._periods.with_lived_colours(meter, start, end)
        changes = self._prices.changes(None, first, last) if then else []
        spot = self._prices.spot is not None
        written = (line.off_peak.moments for line in self._costs.lines(meter) if line.off_peak is not None)
        cuts = set(moments(rules)).union(*written, _QUARTERS if spot else ())
        pieces = self._periods.slots(meter, start, end, cuts, known)
        counted = self._reader.running(meter, [start, end])[0]
        names = self._reader.names(meter, spans, counted.keys())
        windows = functools.cache(functools.partial(_written_windows, self._costs.lines(meter)))
        usage = UsageCurve(pieces, rules, facts, self._zone, windows, names, changes, quarters=spot)
        curve = None
        if usage.first is not None and usage.wh:
            # A first slot may begin within its hour.
            curve = _Curve(usage, usage.first.replace(minute=0), facts.colours_until)
        return cached.keep(meter, key, end, (self._prices, curve))[1]


def _written_windows(lines: Sequence[ContractLine], day: date) -> list[Span] | None:
    written = written_off_peak(lines, day)
    return None if written is None else spans_of(written.at(day))


def spans_of(windows: Iterable[Window]) -> list[Span]:
    """Return off-peak windows as minutes of a day."""
    return [(one.start.hour * 60 + one.start.minute, one.end.hour * 60 + one.end.minute) for one in windows]
