"""`forecast`: what the present month, year and contract year will have used and cost."""

from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.forecasts import Forecast
from monitor.api.call import Call, Route
from monitor.api.parameters import METER
from monitor.api.schemas import AMOUNT, INSTANT, TEXT, WH, described, maybe, record, words

_WHY_NOT = ("few_days", "no_year", "silent")


def answer(call: Call) -> dict[str, Any]:
    """Return the forecasts of a meter, and the budget of a month."""
    meter, forecasts = call.meter(), call.answers.forecasts
    alerts = call.config.alerts
    return {
        "meter": meter.identifier,
        "budget": None if alerts is None or alerts.budget is None else alerts.budget * 10_000,
        "month": _period(forecasts.month(meter, call.now)),
        "year": _period(forecasts.year(meter, call.now)),
        "contract_year": _period(forecasts.contract_year(meter, call.now)),
    }


def _period(found: Forecast | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "from": write_stamp(found.start),
        "to": write_stamp(found.end),
        "until": write_stamp(found.until),
        "why_not": found.why_not,
        "wh": {
            "so_far": found.so_far_wh,
            "expected": found.expected_wh,
            "low": found.low_wh,
            "high": found.high_wh,
        },
        "cost": {
            "so_far": found.so_far_cost,
            "expected": found.expected_cost,
            "low": found.low_cost,
            "high": found.high_cost,
        },
    }


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
            record(dict.fromkeys(("so_far", "expected", "low", "high"), _MAYBE_AMOUNT)),
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
