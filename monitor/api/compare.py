"""`compare`: what each offer would have cost on the curve that was lived."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.compared_offers import NothingToCompare
from monitor.api import money
from monitor.api.call import Call, Parameter, Refused, Route
from monitor.api.parameters import FROM, METER, TO, check_range, hour_of, meter_of
from monitor.cost.clock_rules import Why
from monitor.cost.comparison import Comparison, OfferCost
from monitor.cost.extent import extent
from monitor.ranges import year_to
from monitor.text.formats import Formats

_LONGEST = timedelta(days=732)  # two years, one of them a leap year: each of its hours is looked at


def answer(call: Call) -> dict[str, Any]:
    """Return the offers, the rankable ones first, the cheapest first."""
    meter = meter_of(call)
    start, end = year_to(call.now, hour_of(call, "from"), hour_of(call, "to"), call.config.time_zone)
    check_range(start, end, _LONGEST)
    wanted = call.parameters.get("offers")
    names = None if wanted is None else wanted.split(",")
    if names is not None and not set(names) <= set(call.answers.prices.offers):
        raise Refused(400, f"offers : une des offres est inconnue ; connues : {', '.join(call.answers.prices.offers)}.")
    try:
        comparison = call.answers.offers.compare(meter, start, end, call.now)
    except NothingToCompare as error:
        raise Refused(
            404,
            "La puissance souscrite est inconnue : ajoutez une ligne à contracts dans la configuration du moniteur."
            if error.power
            else "Aucune énergie n'est connue pour cette période.",
        ) from error
    zone = call.config.time_zone
    formats = Formats(call.config.language or "fr", zone)
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
            "energy": money.amount(cost.energy),
            "subscription": money.amount(cost.subscription),
            "total": money.amount(cost.total),
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


_AMOUNT: Mapping[str, Any] = {"type": ["integer", "null"], "description": "1e-4 EUR, taxes included"}
_DAY: Mapping[str, Any] = {"type": "string", "format": "date"}
_COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": [
        "meter",
        "from",
        "last_day",
        "measured_from",
        "days",
        "without",
        "wh",
        "recovered_wh",
        "hours",
        "hours_known",
        "hours_read",
        "rankable",
        "why",
        "colours_until",
        "prices",
        "offers",
    ],
    "properties": {
        "meter": {"type": "string"},
        "from": _DAY,
        "last_day": _DAY,
        "measured_from": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "nothing is known of what was asked for before: the comparison begins here",
        },
        "days": {"type": "integer", "description": "from the first to the last, both included"},
        "without": {
            "type": ["string", "null"],
            "enum": [None, "winter", "summer"],
            "description": "the season of which the range has no day",
        },
        "wh": _COUNT,
        "recovered_wh": {**_COUNT, "description": "part of wh, counted after an interruption, at an unknown hour"},
        "hours": {"type": "integer", "description": "of the range"},
        "hours_known": {"type": "integer", "description": "of these, measured or imported"},
        "hours_read": {"type": "integer", "description": "of these, with any reading, or imported"},
        "rankable": {"type": "boolean", "description": "offers may be ranked on this range"},
        "why": {
            "type": ["string", "null"],
            "enum": [None, "hours", "recovered"],
            "description": "why they may not: fewer than nine hours in ten have readings; recovered energy could make"
            " another offer the cheapest",
        },
        "colours_until": {
            "type": ["string", "null"],
            "format": "date",
            "description": "the last Tempo day of which the colour is known",
        },
        "prices": money.PRICES,
        "offers": {
            "type": "array",
            "description": "the rankable ones first, the cheapest first",
            "items": {
                "type": "object",
                "required": [
                    "id",
                    "name",
                    "yours",
                    "rankable",
                    "energy",
                    "subscription",
                    "total",
                    "why",
                    "hours_known",
                ],
                "properties": {
                    "id": {"type": "string"},
                    "name": {"type": "string"},
                    "yours": {"type": "boolean"},
                    "rankable": {"type": "boolean", "description": "it was computed, of what is known"},
                    "energy": _AMOUNT,
                    "subscription": _AMOUNT,
                    "total": _AMOUNT,
                    "parts": money.PARTS,
                    "wh": {"type": "object", "description": "by its registers", "additionalProperties": _COUNT},
                    "why": {"type": ["string", "null"], "enum": [None, *(why.value for why in Why)]},
                    "hours_known": _COUNT,
                },
            },
        },
    },
}
ROUTE = Route(
    "compare",
    "Ce que chaque offre aurait coûté pour l'énergie réellement consommée ; les douze derniers mois par défaut.",
    (
        METER,
        FROM,
        TO,
        Parameter(
            "offers", "Les offres à comparer, séparées par des virgules ; toutes par défaut.", {"type": "string"}
        ),
    ),
    answer,
    SCHEMA,
)
