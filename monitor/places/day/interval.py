"""`interval`: the energy of any interval as one, with its cost and its highest power."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from monitor.base.answer import INLINE, Share, Wh, answer_type
from monitor.base.request_errors import RequestError
from monitor.money.amounts import PricesAnswer, prices_of
from monitor.money.costs import join
from monitor.sources.sources import SourcesOfInterval, of_interval
from monitor.web.parameters import FROM, METER, TO
from monitor.web.route import ApiRequest, Route

_LONGEST = timedelta(days=400)


@answer_type
class HighestPower:
    """The highest power of an interval."""

    power: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The answer of `interval`."""

    meter: str
    by: Literal["range"] = "range"
    zone: str
    from_: Annotated[
        datetime,
        "from and to are those asked for, at most now: rounded down to a minute or an hour where no more is kept",
    ]
    to: datetime
    wh: Annotated[Wh, "drawn: from the readings at both ends"]
    registers: Annotated[Mapping[str, int], "wh by register"]
    injected_wh: Wh | None
    coverage: Share
    mean: Annotated[int | None, "W, from wh"]
    max: HighestPower | None
    decoded: Annotated[bool, "another device decoded the meter in some of it: max is not measurable then"]
    unit: Annotated[str, "of max"] = "VA"
    cost: Annotated[Decimal | None, "of the energy, without the subscription, 1e-4 EUR; null: no price is known"]
    subscription: Annotated[Decimal | None, "1e-4 EUR, taxes included; null: no price is known"]
    partial_cost: Annotated[bool, "something of it has no price"]
    prices: PricesAnswer
    beside: Annotated[SourcesOfInterval, INLINE]


def answer(request: ApiRequest) -> Interval:
    """Return energy, cost, mean and highest power between the readings at two instants."""
    meter = request.meter()
    start, end = request.given_range(_LONGEST)
    interval = request.home.intervals.interval(meter, start, end, request.now)
    if interval is None:
        raise RequestError("no_data")
    energy, cost = join(interval.pieces), interval.cost
    seconds = (min(interval.end, request.now) - interval.start).total_seconds()
    zone = request.config.time_zone
    today = request.now.astimezone(zone).date()
    return Interval(
        meter=meter.identifier,
        zone=zone.key,
        from_=interval.start,
        to=interval.end,
        wh=energy.total_wh,
        registers=energy.wh,
        injected_wh=energy.injected_wh,
        coverage=round(energy.coverage, 4),
        mean=round(energy.total_wh * 3600 / seconds) if seconds > 0 else None,
        max=None if interval.peak is None else HighestPower(interval.peak.power, interval.peak.at),
        decoded=request.home.hours.is_decoded(meter, interval.start, interval.end),
        cost=cost.energy if cost.known else None,
        subscription=cost.subscription if cost.known else None,
        partial_cost=cost.partial,
        prices=prices_of(request.home.prices, today, interval.old, interval.priced_as),
        beside=of_interval(request.home, meter, interval.start, interval.end, energy.injected_wh, request.now),
    )


ROUTE = Route(
    "interval",
    "Energy, cost, mean and highest power from `from` to `to`, to the second.",
    (METER, FROM, TO),
    answer,
)
