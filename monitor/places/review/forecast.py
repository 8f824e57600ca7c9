"""`forecast`: what the present month, year and contract year will have used and cost."""

from datetime import datetime, timedelta
from typing import Annotated

from monitor.base.answer import Amount, Wh, answer_type, one_of
from monitor.money.amounts import Assumed
from monitor.money.forecast import Forecast
from monitor.web.parameters import METER
from monitor.web.route import ApiRequest, Route


@answer_type
class ExpectedWh:
    """The energy of a period."""

    so_far: Wh
    expected: Wh | None
    low: Wh | None
    high: Wh | None


@answer_type
class ExpectedCost:
    """The cost of a period."""

    so_far: Amount | None
    expected: Amount | None
    low: Amount | None
    high: Amount | None


@answer_type
class ForecastOfPeriod:
    """What a period will have used and cost."""

    from_: datetime
    to: datetime
    until: Annotated[datetime, "what is known ends here"]
    why_not: Annotated[
        Annotated[str, one_of("few_days", "no_year", "silent")] | None,
        "why nothing is expected: fewer than 14 days are known, or more than a month is to come and the same days"
        " of a year before are not known, or nothing was read for a week",
    ]
    wh: Annotated[
        ExpectedWh,
        "drawn: so far, expected of the whole period, and the range in which that lies four times of five",
    ]
    cost: Annotated[ExpectedCost, "the same with the subscription; null: a price is not known"]


_MaybePeriod = Annotated[ForecastOfPeriod | None, "null: nothing is known of the meter"]


@answer_type
class Forecasts:
    """The answer of `forecast`."""

    meter: str
    assumed: Assumed
    budget: Annotated[Amount | None, "of a month, 1e-4 EUR; null: there is none"]
    month: _MaybePeriod
    year: _MaybePeriod
    contract_year: Annotated[ForecastOfPeriod | None, "null, too: it is not known when the contract began"]


def answer(request: ApiRequest) -> Forecasts:
    """Return the forecasts of a meter, and the budget of a month."""
    meter, euros = request.meter(), request.config.household.budget
    month, year, contract_year = (
        _period(request.home.forecasts.of(meter, by, request.now)) for by in ("month", "year", "contract-year")
    )
    budget = None if euros is None else euros * 10_000
    assumed = request.home.costs.is_assumed(meter, request.now - timedelta(days=1), request.now, request.now)
    return Forecasts(meter.identifier, assumed, budget, month, year, contract_year)


def _period(one: Forecast | None) -> ForecastOfPeriod | None:
    if one is None:
        return None
    return ForecastOfPeriod(
        from_=one.start,
        to=one.end,
        until=one.until,
        why_not=one.why_not,
        wh=ExpectedWh(one.so_far_wh, one.expected_wh, one.low_wh, one.high_wh),
        cost=ExpectedCost(one.so_far_cost, one.expected_cost, one.low_cost, one.high_cost),
    )


ROUTE = Route(
    "forecast",
    "What the present month, year and contract year will have used and cost, from this home's own past.",
    (METER,),
    answer,
)
