"""`why`: what made a stretch of time, a day or a month different from the same days before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from monitor.base.answer import Wh, answer_type
from monitor.base.formats import ten_thousandths
from monitor.base.request_errors import RequestError
from monitor.money.amounts import Assumed
from monitor.places.review.causes import WhyAnswers
from monitor.places.review.difference import BaseLoad, Colour, HoursOfUse, KwhPrice, Level, Part
from monitor.readings.rows import moment_of
from monitor.sources.weather import WeatherEffect
from monitor.web.parameters import FROM, METER, TO
from monitor.web.route import ApiRequest, Route

_LONGEST = timedelta(days=62)  # two months


_Eur = Annotated[Decimal | None, "1e-4 EUR, taxes included, without the subscription; null: some of it has no price"]


@answer_type
class SideFigures:
    """What a time drew and cost."""

    wh: Wh
    cost: _Eur


@answer_type
class Limits:
    """A stretch of time."""

    from_: datetime
    to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A part of the difference: what it is, and what it comes to."""

    kind: Annotated[
        Literal["base", "step", "hours", "weather", "colour", "price"],
        "base: the base load, W; step: the power rose at once by `watts`, and stayed until `to`; hours: more or less"
        " was used in these hours of the day, null: in all; weather: the mean outside temperature of its whole days;"
        " colour: the share of `register`, the one that counts most; price: of a kWh, 1e-4 EUR",
    ]
    before: Annotated[float | None, "W, °C, share or price"] = None
    now: Annotated[float | None, "W, °C, share or price"] = None
    from_: Annotated[datetime | None, "of a step"] = None
    to: datetime | None = None
    watts: int | None = None
    hours: Annotated[Sequence[int] | None, "local hours: the first, and the one after the last"] = None
    register: str | None = None
    wh: Wh
    cost: _Eur


@answer_type
class Rest:
    """What no cause explains."""

    wh: Wh
    cost: _Eur
    large: Annotated[bool, "a quarter of the difference or more"]


@answer_type
class Why:
    """The answer of `why`."""

    meter: str
    from_: datetime
    to: Annotated[datetime, "at most so far as energy is stored"]
    compared: Annotated[Sequence[Limits], "what it is compared with: their mean"]
    assumed: Assumed
    why_not: Annotated[
        Literal["same", "before", "coverage"] | None,
        "why nothing is explained: less than a tenth differs, or less than 0.5 kWh and 0.10 EUR; the same days"
        " before are not known; too little was measured",
    ]
    now: Annotated[SideFigures | None, "null: see why_not"]
    before: Annotated[SideFigures | None, "null: see why_not"]
    parts: Annotated[Sequence[Cause], "the greatest first; with the rest, they add up to now less before"]
    rest: Rest | None


def answer(request: ApiRequest) -> Why:
    """Return the parts of the difference to the same days before, as far as there is one to speak of."""
    meter = request.meter()
    start, end = request.given_range(_LONGEST)
    result = WhyAnswers(request.home).different(meter, start, end, request.now)
    if result is None:
        raise RequestError("no_data")
    difference, (now, before) = result.difference, result.sides or (None, None)
    explained = difference if difference is not None and difference.matters else None
    why_not: Literal["same", "before", "coverage"] | None = None
    if difference is None:
        why_not = "before" if result.is_covered else "coverage"
    elif explained is None:
        why_not = "same"
    return Why(
        meter=meter.identifier,
        from_=result.start,
        to=result.end,
        compared=[Limits(low, high) for low, high in result.before],
        assumed=request.home.costs.is_assumed(meter, result.start, result.end, request.now),
        why_not=why_not,
        now=None if now is None else SideFigures(now.total_wh, now.total_cost),
        before=None if before is None else SideFigures(before.total_wh, before.total_cost),
        parts=[] if explained is None else [_cause(part) for part in explained.parts],
        rest=None if explained is None else Rest(explained.rest.wh, explained.rest.cost, explained.rest_is_large),
    )


def _cause(part: Part) -> Cause:
    wh, cost = part.wh, part.cost
    match part.what:
        case BaseLoad(before, now):
            return Cause(kind="base", before=before, now=now, wh=wh, cost=cost)
        case Level(start, end, watts):
            return Cause(kind="step", from_=moment_of(start), to=moment_of(end), watts=watts, wh=wh, cost=cost)
        case HoursOfUse(first, last, every):
            return Cause(kind="hours", hours=None if every else (first, last), wh=wh, cost=cost)
        case WeatherEffect(before, now):
            return Cause(kind="weather", before=round(before, 1), now=round(now, 1), wh=wh, cost=cost)
        case Colour(register, before, now):
            before, now = round(before, 4), round(now, 4)
            return Cause(kind="colour", register=register, before=before, now=now, wh=wh, cost=cost)
        case KwhPrice(price_before, price_now):
            before, now = ten_thousandths(price_before), ten_thousandths(price_now)
            return Cause(kind="price", before=before, now=now, wh=wh, cost=cost)
        case None:
            raise ValueError("the rest has no figures")


ROUTE = Route(
    "why",
    "Why a stretch of time was different: at most three parts that explain most of the difference to the same hours of"
    " the four weeks before; of more than a week, to the same weekdays a year before, else just before.",
    (METER, FROM, TO),
    answer,
)
