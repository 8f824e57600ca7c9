"""`compare`: what each offer would have cost on the curve that was lived."""

from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.api import money
from monitor.api.call import Call, Parameter, Route
from monitor.api.parameters import FROM, METER, TO
from monitor.api.schemas import (
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
from monitor.cost.clock_rules import Why
from monitor.cost.comparison import Comparison, OfferCost
from monitor.cost.extent import extent
from monitor.ranges import check_length, year_to
from monitor.refusals import Refusal
from monitor.text.formats import Formats, ten_thousandths

_LONGEST = timedelta(days=732)  # two years, one of them a leap year: each of its hours is looked at


def answer(call: Call) -> dict[str, Any]:
    """Return the offers, the rankable ones first, the cheapest first."""
    meter, zone = call.meter(), call.config.time_zone
    start, end = year_to(call.now, call.range, zone)
    check_length(start, end, _LONGEST)
    names = call.parameters.get("offers")
    if names is not None and not set(names) <= set(call.answers.prices.offers):
        raise Refusal("unknown_offer", known=", ".join(call.answers.prices.offers))
    comparison = call.answers.compare(meter, start, end, call.now)
    formats = Formats(call.language, zone)
    first, last = (moment.astimezone(zone) for moment in (comparison.start, comparison.end - timedelta.resolution))
    about = extent(first.date(), last.date())
    return {
        "meter": meter.identifier,
        "from": first.date().isoformat(),
        "last_day": last.date().isoformat(),
        "measured_from": write_stamp(comparison.start) if comparison.start > start else None,
        "days": about.days,
        "without": about.without,
        "wh": comparison.wh,
        "recovered_wh": comparison.recovered_wh,
        "hours": comparison.hours,
        "hours_known": int(comparison.covered),
        "hours_read": comparison.read,
        "rankable": comparison.withheld is None,
        "why": None if comparison.withheld is None else comparison.withheld.value,
        "colours_until": None if comparison.colours_until is None else comparison.colours_until.isoformat(),
        "prices": money.prices_object(call.answers.prices, call.now.astimezone(zone).date(), comparison.old),
        "offers": [
            _offer(cost, comparison, formats)
            for cost in comparison.offers
            if names is None or cost.yours or cost.offer in names
        ],
    }


def _offer(cost: OfferCost, comparison: Comparison, formats: Formats) -> dict[str, Any]:
    unknown = sum(cost.unknown.values())
    head = {"id": cost.offer, "name": formats.offer(cost.offer), "yours": cost.yours, "rankable": cost.rankable}
    if cost.rankable:
        return {
            **head,
            "energy": ten_thousandths(cost.energy),
            "subscription": ten_thousandths(cost.subscription),
            "total": ten_thousandths(cost.total),
            "parts": None if cost.parts is None else money.parts_object(cost.parts),
            "wh": dict(cost.wh_by_register),
            "why": None,
            "hours_known": int(comparison.covered),
        }
    return {
        **head,
        **dict.fromkeys(("energy", "subscription", "total", "parts")),
        "wh": dict(cost.wh_by_register),
        "why": next(iter(cost.unknown), cost.withheld or Why.PRICES).value,
        "hours_known": int(comparison.covered) * cost.hours // max(cost.hours + unknown, 1),
    }


_OFFER = record(
    {
        "id": TEXT,
        "name": TEXT,
        "yours": FLAG,
        "rankable": described("it was computed, of what is known", FLAG),
        "energy": maybe(AMOUNT),
        "subscription": maybe(AMOUNT),
        "total": maybe(AMOUNT),
        "parts": money.PARTS,
        "wh": by_name(COUNT, "by its registers"),
        "why": maybe(words(*(why.value for why in Why))),
        "hours_known": COUNT,
    }
)
_SCHEMA = record(
    {
        "meter": TEXT,
        "from": DAY,
        "last_day": DAY,
        "measured_from": maybe(INSTANT, "nothing is known of what was asked for before: the comparison begins here"),
        "days": described("from the first to the last, both included", NUMBER),
        "without": maybe(words("winter", "summer"), "the season of which the range has no day"),
        "wh": COUNT,
        "recovered_wh": described("part of wh, counted after an interruption, at an unknown hour", COUNT),
        "hours": described("of the range", NUMBER),
        "hours_known": described("of these, measured or imported", NUMBER),
        "hours_read": described("of these, with any reading, or imported", NUMBER),
        "rankable": described("offers may be ranked on this range", FLAG),
        "why": maybe(
            words("hours", "recovered"),
            "why they may not: fewer than nine hours in ten have readings; recovered energy could make another offer"
            " the cheapest",
        ),
        "colours_until": maybe(DAY, "the last Tempo day of which the colour is known"),
        "prices": money.PRICES,
        "offers": several(_OFFER, "the rankable ones first, the cheapest first"),
    }
)
ROUTE = Route(
    "compare",
    "What each offer would have cost for the energy that was drawn; by default of the last twelve months.",
    (
        METER,
        FROM,
        TO,
        Parameter(
            "offers",
            "The offers to compare, with commas between; by default all.",
            {"type": "array", "items": {"type": "string"}},
        ),
    ),
    answer,
    _SCHEMA,
)
