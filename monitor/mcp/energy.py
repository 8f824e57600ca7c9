"""The tools `energy`, `cost`, `why` and `power`: what was used, what it cost, why it differs, and the highest power."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from monitor.base.answer import ABSENT, Absent, Share, answer_type
from monitor.base.calendar import BY, midnight
from monitor.base.ranges import Range
from monitor.base.request_errors import RequestError
from monitor.mcp.words import (
    FROM,
    METER,
    TO,
    Eur,
    Label,
    MaybeEur,
    Moment,
    Wh,
    asking,
    euros,
    formats,
    label,
    local,
    meter_of,
    names_of,
    of_ten_thousandths,
)
from monitor.money.costs import Answer, Period
from monitor.money.forecast import Forecast
from monitor.places.review import energy as places
from monitor.places.review import routes, why
from monitor.readings.hours import Meter
from monitor.web.parameters import choice, whole_number
from monitor.web.route import ApiRequest, Route

_MOST = 100  # rows: an answer stays small
_MOST_MONTHS = 60
_DAY, _MONTH = timedelta(days=1), timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A period: what was drawn and what it cost."""

    start: Annotated[str, "local time with its offset if by hour, else the local day"]
    wh: Wh
    by_period: Annotated[Mapping[str, int], "Wh by tariff period"]
    injected_wh: Annotated[int | Absent | None, "Wh injected; absent: the meter does not count it"] = ABSENT
    energy_eur: MaybeEur
    subscription_eur: MaybeEur
    measured: Annotated[Share, "share of the time that was measured"]
    partial: Annotated[bool | Absent, "something of it has no price, and is not in the cost"] = ABSENT
    of_longer_wh: Annotated[int | Absent, "Wh of it that were imported for a longer time than this period"] = ABSENT


@answer_type
class Energy:
    """What `energy` says."""

    meter: Label
    by: str
    from_: Moment
    to: Moment
    periods: Annotated[Mapping[str, str], "names of the tariff periods"]
    rows: Sequence[Used]
    total: Used
    prices_of: Annotated[str | None, "the offer whose prices are used; null: none is known"]
    prices_assumed: Annotated[bool, "nobody said that this is the home's offer"]


def _energy(request: ApiRequest) -> Energy:
    meter, zone, by = meter_of(request), request.config.time_zone, request.range.by
    found = _found(request, meter_of(request), _MOST)
    whole = found.whole.energy
    return Energy(
        meter=label(meter),
        by=by,
        from_=local(whole.start, zone),
        to=local(whole.end, zone),
        periods=names_of(whole.wh, found.names, formats(request)),
        rows=[_used(one, _start(one.energy.start, request)) for one in found.periods],
        total=_used(found.whole, _start(whole.start, request)),
        prices_of=None if found.priced_as is None else found.priced_as.name,
        prices_assumed=found.priced_as is not None and found.priced_as.assumed,
    )


def _found(request: ApiRequest, meter: Meter, most: int) -> Answer:
    found = places.ask(request, meter, most)
    if found is None:
        raise RequestError("no_data")
    return found


def _start(moment: datetime, request: ApiRequest) -> str:
    zone = request.config.time_zone
    return local(moment, zone) if request.range.by == "hour" else moment.astimezone(zone).date().isoformat()


def _used(one: Period, start: str) -> Used:
    energy, cost = one.energy, one.cost
    return Used(
        start=start,
        wh=energy.total_wh,
        by_period=energy.wh,
        injected_wh=ABSENT if energy.injected_wh is None else energy.injected_wh,
        energy_eur=euros(cost.energy) if cost.known else None,
        subscription_eur=euros(cost.subscription) if cost.known else None,
        measured=round(energy.coverage, 4),
        partial=True if cost.partial else ABSENT,
        of_longer_wh=one.across_wh or ABSENT,
    )


ENERGY = Route(
    "energy",
    f"Energy drawn (Wh, by tariff period) and its cost (EUR), by hour, day, week, month or year; {_MOST} rows at most.",
    (METER, FROM, TO, choice("by", "How the range is cut.", ("day", *(by for by in BY if by != "day")))),
    _energy,
)


@answer_type
class BillLine:
    """A tariff period of a bill."""

    name: str
    wh: Wh
    eur: MaybeEur


@answer_type
class Expected:
    """What the present month will have cost in all, and the range in which that lies four times of five."""

    eur: Eur
    low: Eur
    high: Eur


@answer_type
class Bill:
    """What `cost` says."""

    meter: Label
    from_: Moment
    to: Moment
    offer: Annotated[str | None, "whose prices are used; null: no price is known"]
    offer_assumed: Annotated[bool, "nobody said that this is the home's offer"]
    lines: Sequence[BillLine]
    energy_eur: MaybeEur
    subscription_eur: MaybeEur
    total_eur: MaybeEur
    vat_eur: Annotated[float | None, "EUR of VAT in the total; null: not known"]
    measured: Annotated[Share, "share of the time that was measured"]
    without_price: Annotated[Sequence[str], "what has no price or no contract, and is not in the cost"]
    old_prices: Annotated[bool, "prices that it was computed with are out of date"]
    month_expected: Annotated[Expected | None, "of the present month; null: not asked for, or not known"]
    budget_eur: Annotated[int | None, "EUR a month that the home wants to spend; null: there is none"]


def _cost(request: ApiRequest) -> Bill:
    meter, zone, now = meter_of(request), request.config.time_zone, request.now
    present = request.range.low is None and request.range.high is None
    first = midnight(now.astimezone(zone).date().replace(day=1), zone)
    asked = Range(first, None, "month") if present else replace(request.range, by="month")
    found = _found(replace(request, range=asked), meter, _MOST_MONTHS)
    energy, cost, f = found.whole.energy, found.whole.cost, formats(request)
    return Bill(
        meter=label(meter),
        from_=local(energy.start, zone),
        to=local(energy.end, zone),
        offer=None if found.priced_as is None else found.priced_as.name,
        offer_assumed=found.priced_as is not None and found.priced_as.assumed,
        lines=[
            BillLine(f.register(name, found.names), wh, euros(cost.by_register.get(name)))
            for name, wh in energy.wh.items()
        ],
        energy_eur=euros(cost.energy) if cost.known else None,
        subscription_eur=euros(cost.subscription) if cost.known else None,
        total_eur=euros(cost.total) if cost.known else None,
        vat_eur=euros(cost.parts.vat) if cost.known and cost.parts is not None else None,
        measured=round(energy.coverage, 4),
        without_price=[f"{one.day.isoformat()}: {one.what}" for one in cost.missing],
        old_prices=bool(found.old),
        month_expected=_expected(request.home.forecasts.of(meter, "month", now)) if present else None,
        budget_eur=request.config.household.budget,
    )


def _expected(found: Forecast | None) -> Expected | None:
    if found is None or found.expected_cost is None or found.low_cost is None or found.high_cost is None:
        return None
    return Expected(*(round(one / 10_000, 2) for one in (found.expected_cost, found.low_cost, found.high_cost)))


COST = Route(
    "cost",
    "The bill of a range (by default the present month) in EUR: by tariff period, subscription, total, forecast.",
    (METER, FROM, TO),
    _cost,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A part of the difference."""

    kind: Annotated[
        Literal["base", "step", "hours", "weather", "colour", "price"],
        "base: the power that is drawn all the time, W; step: the power rose at once, and stayed; hours: more or less"
        " was used in these hours of the day; weather: mean outside temperature, °C; colour: share of a tariff period;"
        " price: EUR a kWh",
    ]
    wh: Annotated[int, "Wh more, or less than 0: fewer"]
    eur: MaybeEur
    before: Annotated[float | Absent, "W, °C, share or EUR a kWh"] = ABSENT
    now: Annotated[float | Absent, "W, °C, share or EUR a kWh"] = ABSENT
    from_: Annotated[Moment | Absent, "of a step"] = ABSENT
    to: Annotated[Moment | Absent, "of a step"] = ABSENT
    watts: Annotated[int | Absent, "of a step"] = ABSENT
    hours: Annotated[Sequence[int] | Absent, "local hours: the first, and the one after the last"] = ABSENT
    period: Annotated[str | Absent, "name of a tariff period"] = ABSENT


@answer_type
class Side:
    """What a time drew, and what that cost without the subscription."""

    wh: Wh
    eur: MaybeEur


@answer_type
class Why:
    """What `why` says."""

    meter: Label
    from_: Moment
    to: Moment
    compared_from: Annotated[Sequence[Moment], "when each stretch begins with whose mean it is compared"]
    unexplained: Annotated[
        Literal["same", "before", "coverage"] | None,
        "why there are no causes: same: hardly anything differs; before: the same days before are not known; coverage:"
        " too little was measured",
    ]
    now: Side | None
    usual: Annotated[Side | None, "the mean of the stretches before"]
    causes: Annotated[Sequence[Cause], "the greatest first"]
    rest_wh: Annotated[int | None, "Wh of the difference that no cause explains"]


def _why(request: ApiRequest) -> Why:
    meter, zone = meter_of(request), request.config.time_zone
    if request.range.low is None and request.range.high is None:
        day = request.now.astimezone(zone).date()
        request = replace(request, range=Range(midnight(day - _DAY, zone), midnight(day, zone)))
    found = why.answer(asking(request, meter))
    return Why(
        meter=label(meter),
        from_=local(found.from_, zone),
        to=local(found.to, zone),
        compared_from=[local(one.from_, zone) for one in found.compared],
        unexplained=found.why_not,
        now=None if found.now is None else Side(found.now.wh, euros(found.now.cost)),
        usual=None if found.before is None else Side(found.before.wh, euros(found.before.cost)),
        causes=[_cause(one, request) for one in found.parts],
        rest_wh=None if found.rest is None else found.rest.wh,
    )


def _cause(one: why.Cause, request: ApiRequest) -> Cause:
    zone = request.config.time_zone
    before, now = one.before, one.now
    if one.kind == "price":
        before, now = of_ten_thousandths(_whole(before)), of_ten_thousandths(_whole(now))
    return Cause(
        kind=one.kind,
        wh=one.wh,
        eur=euros(one.cost),
        before=ABSENT if before is None else before,
        now=ABSENT if now is None else now,
        from_=ABSENT if one.from_ is None else local(one.from_, zone),
        to=ABSENT if one.to is None else local(one.to, zone),
        watts=ABSENT if one.watts is None else one.watts,
        hours=ABSENT if one.hours is None else one.hours,
        period=ABSENT if one.register is None else formats(request).register(one.register, {}),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


WHY = Route(
    "why",
    "Why a day or another range (by default yesterday) used more or less than usual: at most three causes.",
    (METER, FROM, TO),
    _why,
)


@answer_type
class PeakOfDay:
    """The highest power of a local day."""

    at: Moment
    va: Annotated[int, "VA"]


@answer_type
class Power:
    """What `power` says."""

    meter: Label
    from_: Moment
    to: Moment
    subscribed_va: Annotated[int | None, "subscribed power, VA; null: not known"]
    peaks: Annotated[Sequence[PeakOfDay], "the highest apparent powers, one a day, the highest first"]
    peaks_measurable: Annotated[bool, "false: the meter arrives decoded by another device, which shows no peaks"]
    base_load_w: Annotated[int | None, "W that are drawn all the time: the median of the nights; null: not known"]


def _power(request: ApiRequest) -> Power:
    meter, zone, now = meter_of(request), request.config.time_zone, request.now
    high = request.range.high or now
    low = request.range.low or high - _MONTH
    asked = asking(replace(request, range=Range(low, high)), meter)
    peaks, facts = routes.peaks(asked), request.home.facts([meter], now).get(meter.number)
    return Power(
        meter=label(meter),
        from_=local(low, zone),
        to=local(high, zone),
        subscribed_va=None if facts is None or facts.power is None else facts.power * 1000,
        peaks=[PeakOfDay(local(one.at, zone), one.power) for one in peaks.peaks],
        peaks_measurable=not peaks.decoded,
        base_load_w=routes.baseload(asked).median,
    )


POWER = Route(
    "power",
    "The highest powers (VA) of a range, by default of the last 30 days, the subscribed power, and the base load (W).",
    (METER, FROM, TO, whole_number("n", "How many peaks.", most=20, default=5)),
    _power,
)
