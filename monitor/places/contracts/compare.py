"""`compare`: what each offer would have cost on the curve that was lived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from monitor.base.answer import Count, one_of
from monitor.base.formats import Formats
from monitor.base.ranges import check_length, year_to
from monitor.money.amounts import PricesAnswer, prices_of
from monitor.money.price_status import is_closed
from monitor.money.prices import Kind, PriceTable
from monitor.money.rules import clock
from monitor.places.contracts.compared_offers import OfferAnswers
from monitor.places.contracts.comparison import Comparison, OfferCost
from monitor.places.contracts.comparison_texts import refusal, verdict, withheld
from monitor.places.contracts.reasons import Why
from monitor.places.contracts.rule_texts import rule_words
from monitor.web.call import Call, Parameter, Route
from monitor.web.parameters import FROM, METER, TO, choice

_LONGEST = timedelta(days=5 * 366)  # each of its minutes is read: in a terminal one may wait for more


@dataclass(frozen=True, slots=True)
class ChoiceOfOffer:
    """What a customer may choose."""

    weekday: Annotated[Count | None, "0: Monday"]
    slot: Annotated[str | None, "such as 13:00-15:00"]
    total: Decimal


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


def answer(call: Call) -> ComparedOffers:
    """Return the offers, those with a rank first, the cheapest first."""
    meter, zone = call.meter(), call.config.time_zone
    start, end = year_to(call.now, call.range, zone)
    check_length(start, end, _LONGEST)
    prices = call.home.prices
    then, shift = call.parameters.get("prices") == "then", call.parameters.get("shift", 0)
    comparison = OfferAnswers(call.home).compare(meter, start, end, call.now, then=then, shift=shift / 100)
    question = comparison.question
    first, last = (moment.astimezone(zone) for moment in (question.start, question.end - timedelta.resolution))
    used_until = last.date() if then else question.today
    formats = Formats(call.language, zone)
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
