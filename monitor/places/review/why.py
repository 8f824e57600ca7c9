"""`why`: what made a stretch of time, a day or a month different from the same days before."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.base.formats import ten_thousandths
from monitor.base.refusals import Refusal
from monitor.base.schemas import (
    AMOUNT,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    WH,
    Schema,
    described,
    maybe,
    record,
    several,
    words,
)
from monitor.money.amounts import amount
from monitor.places.review.causes import WhyAnswers
from monitor.places.review.difference import BaseLoad, Colour, HoursOfUse, KwhPrice, Level, Part, Side
from monitor.readings.rows import moment_of
from monitor.sources.equal_weather import WeatherEffect
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO

_LONGEST = timedelta(days=62)  # two months


def answer(call: Call) -> dict[str, Any]:
    """Return the parts of the difference to the same days before, as far as there is one to speak of."""
    meter = call.meter()
    start, end = call.given_range(_LONGEST)
    found = WhyAnswers(call.home).different(meter, start, end, call.now)
    if found is None:
        raise Refusal("no_data")
    difference, sides = found.difference, found.sides
    why_not = None
    if difference is None:
        why_not = "before" if found.is_covered else "coverage"
    elif not difference.matters:
        why_not = "same"
    told = () if difference is None or why_not else difference.parts
    return {
        "meter": meter.identifier,
        "from": write_stamp(found.start),
        "to": write_stamp(found.end),
        "compared": [{"from": write_stamp(low), "to": write_stamp(high)} for low, high in found.before],
        "why_not": why_not,
        "now": None if sides is None else _side(sides[0]),
        "before": None if sides is None else _side(sides[1]),
        "parts": [{**dict.fromkeys(_FIGURES), **_figures(part), **_amounts(part)} for part in told],
        "rest": None
        if difference is None or why_not
        else {**_amounts(difference.rest), "large": difference.rest_is_large},
    }


def _side(side: Side) -> dict[str, Any]:
    return {"wh": side.total_wh, "cost": amount(side.total_cost)}


def _amounts(part: Part) -> dict[str, Any]:
    return {"wh": part.wh, "cost": amount(part.cost)}


def _figures(part: Part) -> Mapping[str, Any]:
    match part.what:
        case BaseLoad(before, now):
            return {"kind": "base", "before": before, "now": now}
        case Level(start, end, watts):
            return {"kind": "step", "from": _stamp(start), "to": _stamp(end), "watts": watts}
        case HoursOfUse(first, last, every):
            return {"kind": "hours", "hours": None if every else [first, last]}
        case WeatherEffect(before, now):
            return {"kind": "weather", "before": round(before, 1), "now": round(now, 1)}
        case Colour(register, before, now):
            return {"kind": "colour", "register": register, "before": round(before, 4), "now": round(now, 4)}
        case KwhPrice(before, now):
            return {"kind": "price", "before": ten_thousandths(before), "now": ten_thousandths(now)}
        case None:
            raise ValueError("the rest has no figures")


def _stamp(seconds: int) -> str:
    return write_stamp(moment_of(seconds))


_EUR: Schema = maybe(AMOUNT, "1e-4 EUR, taxes included, without the subscription; null: some of it has no price")
_SIDE = maybe(record({"wh": WH, "cost": _EUR}), "null: see why_not")
_FIGURES: Mapping[str, Schema] = {
    "kind": described(
        "base: the base load, W; step: the power rose at once by `watts`, and stayed until `to`; hours: more or less"
        " was used in these hours of the day, null: in all; weather: the mean outside temperature of its whole days;"
        " colour: the share of `register`, the one that counts most; price: of a kWh, 1e-4 EUR",
        words("base", "step", "hours", "weather", "colour", "price"),
    ),
    "before": {"type": ["number", "null"], "description": "W, °C, share or price"},
    "now": {"type": ["number", "null"], "description": "W, °C, share or price"},
    "from": maybe(INSTANT, "of a step"),
    "to": maybe(INSTANT),
    "watts": maybe(NUMBER),
    "hours": maybe(several(NUMBER), "local hours: the first, and the one after the last"),
    "register": maybe(TEXT),
}
_PART = record({**_FIGURES, "wh": WH, "cost": _EUR})
ROUTE = Route(
    "why",
    "Why a stretch of time was different: at most three parts that explain most of the difference to the same hours of"
    " the four weeks before; of more than a week, to the same weekdays a year before, else just before.",
    (METER, FROM, TO),
    answer,
    record(
        {
            "meter": TEXT,
            "from": INSTANT,
            "to": described("at most so far as energy is stored", INSTANT),
            "compared": several(record({"from": INSTANT, "to": INSTANT}), "what it is compared with: their mean"),
            "why_not": maybe(
                words("same", "before", "coverage"),
                "why nothing is explained: less than a tenth differs, or less than 0.5 kWh and 0.10 EUR; the same days"
                " before are not known; too little was measured",
            ),
            "now": _SIDE,
            "before": _SIDE,
            "parts": several(_PART, "the greatest first; with the rest, they add up to now less before"),
            "rest": maybe(
                record({"wh": WH, "cost": _EUR, "large": described("a quarter of the difference or more", FLAG)})
            ),
        }
    ),
)
