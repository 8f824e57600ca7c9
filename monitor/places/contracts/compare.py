"""`compare`: what each offer would have cost on the curve that was lived."""

from datetime import date, timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.base.formats import Formats, ten_thousandths
from monitor.base.ranges import check_length, year_to
from monitor.base.schemas import (
    AMOUNT,
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    by_name,
    described,
    maybe,
    record,
    several,
    words,
)
from monitor.money import amounts as money
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


def answer(call: Call) -> dict[str, Any]:
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
    return {
        "meter": meter.identifier,
        "from": first.date().isoformat(),
        "last_day": last.date().isoformat(),
        "measured_from": write_stamp(question.start) if question.start > start else None,
        "power": question.power,
        "at": "then" if then else "today",
        "shift": shift,
        "wh": comparison.wh,
        "recovered_wh": comparison.recovered_wh,
        "hours": comparison.hours,
        "hours_known": int(comparison.covered),
        "why": None if comparison.withheld is None else comparison.withheld.value,
        "refused": withheld(comparison, formats),
        "verdict": verdict(comparison, formats),
        "colours_until": None if comparison.colours_until is None else comparison.colours_until.isoformat(),
        "prices": money.prices_object(prices, question.today, comparison.old, comparison.priced_as),
        "offers": [_offer(cost, comparison, prices, used_until, formats) for cost in comparison.offers],
    }


def _offer(cost: OfferCost, comparison: Comparison, prices: PriceTable, day: date, formats: Formats) -> dict[str, Any]:
    offer, known = cost.offer, int(comparison.covered)
    computed = not cost.unknown and comparison.withheld is None
    row = prices.kwh_row(offer.id, day)
    return {
        "id": offer.id,
        "supplier": offer.supplier,
        "name": offer.name or offer.id,
        "kind": None if offer.kind is None else offer.kind.value,
        "yours": cost.yours,
        "rank": cost.rank,
        "energy": ten_thousandths(cost.energy) if computed else None,
        "subscription": ten_thousandths(cost.subscription) if computed else None,
        "total": ten_thousandths(cost.total) if computed else None,
        "wh": dict(cost.wh_by_period),
        "by_period": {name: ten_thousandths(amount) for name, amount in cost.by_period.items()},
        "rule": {"SPOT": formats.text("rule_spot")} if offer.kind is Kind.SPOT else rule_words(offer.rule, formats),
        "choices": [
            {
                "weekday": one.weekday,
                "slot": None if one.slot is None else clock(one.slot),
                "total": ten_thousandths(one.total),
            }
            for one in cost.choices
        ],
        "why": None if cost.refused is None else cost.refused.value,
        "refused": refusal(cost, comparison, formats) or None,
        "hours_known": known if computed else known * cost.hours // max(cost.hours + sum(cost.unknown.values()), 1),
        "since": None if row is None else row.start.isoformat(),
        "grade": None if row is None else row.grade,
        "checked": None if offer.checked is None else offer.checked.isoformat(),
        "source": offer.source or None,
        "old": any(old.offer == offer.id for old in comparison.old),
        "closed": is_closed(prices, offer.id, comparison.question.power),
    }


_OFFER = record(
    {
        "id": TEXT,
        "supplier": described("empty: one of the user's own offers", TEXT),
        "name": TEXT,
        "kind": maybe(words(*(kind.value for kind in Kind)), "null: one of the user's own offers"),
        "yours": FLAG,
        "rank": maybe(COUNT, "from 1; null: see why, of the offer or of the whole"),
        "energy": maybe(AMOUNT),
        "subscription": maybe(AMOUNT),
        "total": maybe(AMOUNT, "with the best choice, if there are some"),
        "wh": by_name(COUNT, "by period of the offer"),
        "by_period": by_name(AMOUNT, "of the energy, by period of the offer"),
        "rule": by_name(TEXT, "when each period holds, in words"),
        "choices": several(
            record({"weekday": maybe(COUNT, "0: Monday"), "slot": maybe(TEXT, "such as 13:00-15:00"), "total": AMOUNT}),
            "what a customer may choose, the cheapest first",
        ),
        "why": maybe(words(*(why.value for why in Why)), "why it has no rank"),
        "refused": maybe(TEXT, "the same as a sentence"),
        "hours_known": COUNT,
        "since": maybe(DAY, "from which its prices hold"),
        "grade": maybe(TEXT, "A: official, or two independent sources; B: one source"),
        "checked": maybe(DAY, "when the source was last looked at"),
        "source": maybe(TEXT),
        "old": described("its prices should be checked", FLAG),
        "closed": described("it takes no new contracts at this power", FLAG),
    }
)
_SCHEMA = record(
    {
        "meter": TEXT,
        "from": DAY,
        "last_day": DAY,
        "measured_from": maybe(INSTANT, "nothing is known of what was asked for before: the comparison begins here"),
        "power": described("subscribed, kVA: the same for all offers", COUNT),
        "at": described("at the prices of today, or of then", words("today", "then")),
        "shift": described("percent of what ran in peak hours that would have run in off-peak hours", COUNT),
        "wh": COUNT,
        "recovered_wh": described("part of wh, counted after an interruption, at an unknown hour", COUNT),
        "hours": described("of the range", NUMBER),
        "hours_known": described("of these, measured or imported", NUMBER),
        "why": maybe(
            words("hours", "recovered"),
            "why no offer is ranked: fewer than nine hours in ten have readings; recovered energy could make another"
            " offer the cheapest",
        ),
        "refused": maybe(TEXT, "the same as a sentence"),
        "verdict": maybe(TEXT, "what is concluded; null: nothing can be"),
        "colours_until": maybe(DAY, "the last Tempo day of which the colour is known"),
        "prices": money.PRICES,
        "offers": several(_OFFER, "those with a rank first, the cheapest first"),
    }
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
    _SCHEMA,
)
