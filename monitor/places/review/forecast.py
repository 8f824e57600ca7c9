"""`forecast`: what the present month, year and contract year will have used and cost."""

from typing import Any

from common.contract.frame import write_stamp
from monitor.base.schemas import AMOUNT, INSTANT, TEXT, WH, described, maybe, record, words
from monitor.money.forecast import Forecast
from monitor.web.call import Call, Route
from monitor.web.parameters import METER

_WHY_NOT = ("few_days", "no_year", "silent")
_PARTS = ("so_far", "expected", "low", "high")


def answer(call: Call) -> dict[str, Any]:
    """Return the forecasts of a meter, and the budget of a month."""
    meter, alerts = call.meter(), call.config.alerts
    periods = {
        name: _period(call.home.forecasts.of(meter, name.replace("_", "-"), call.now))
        for name in ("month", "year", "contract_year")
    }
    budget = None if alerts is None or alerts.budget is None else alerts.budget * 10_000
    return {"meter": meter.identifier, "budget": budget} | periods


def _period(found: Forecast | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "from": write_stamp(found.start),
        "to": write_stamp(found.end),
        "until": write_stamp(found.until),
        "why_not": found.why_not,
    } | {what: {part: getattr(found, f"{part}_{what}") for part in _PARTS} for what in ("wh", "cost")}


_MAYBE_WH, _MAYBE_AMOUNT = maybe(WH), maybe(AMOUNT)
_PERIOD = record(
    {
        "from": INSTANT,
        "to": INSTANT,
        "until": described("what is known ends here", INSTANT),
        "why_not": maybe(
            words(*_WHY_NOT),
            "why nothing is expected: fewer than 14 days are known, or more than a month is to come and the same days"
            " of a year before are not known, or nothing was read for a week",
        ),
        "wh": described(
            "drawn: so far, expected of the whole period, and the range in which that lies four times of five",
            record({"so_far": WH, "expected": _MAYBE_WH, "low": _MAYBE_WH, "high": _MAYBE_WH}),
        ),
        "cost": described(
            "the same with the subscription; null: a price is not known",
            record(dict.fromkeys(_PARTS, _MAYBE_AMOUNT)),
        ),
    }
)
_MAYBE_PERIOD = maybe(_PERIOD, "null: nothing is known of the meter")
ROUTE = Route(
    "forecast",
    "What the present month, year and contract year will have used and cost, from this home's own past.",
    (METER,),
    answer,
    record(
        {
            "meter": TEXT,
            "budget": maybe(AMOUNT, "of a month, as in `alerts`, 1e-4 EUR; null: there is none"),
            "month": _MAYBE_PERIOD,
            "year": _MAYBE_PERIOD,
            "contract_year": maybe(_PERIOD, "null, too: it is not known when the contract began"),
        }
    ),
)
