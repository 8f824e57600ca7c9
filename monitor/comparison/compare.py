"""Computes what each offer would have cost, and which may be ranked."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from monitor.comparison.clock import OfferClock, Why
from monitor.cost.bill import ZERO, Bill, Cost
from monitor.cost.contracts import Contract
from monitor.model import Energy, HourEnergy
from monitor.prices.model import PriceTable


@dataclass(slots=True)
class OfferCost:
    """What one offer would have cost for the hours that are known, EUR with all taxes.

    `energy` is without the hours counted in `unknown`; only an offer that lacks nothing is ranked.
    """

    offer: str
    yours: bool
    energy: Decimal = ZERO
    subscription: Decimal = ZERO
    hours: int = 0  # slices with energy that have a price
    unknown: dict[Why, int] = field(default_factory=dict)  # slices with energy that could not be priced, and why
    wh_by_register: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """Energy and subscription."""
        return self.energy + self.subscription

    @property
    def rankable(self) -> bool:
        """Tell whether it may be compared: it was computed for each hour."""
        return not self.unknown

    @property
    def refused(self) -> Why | None:
        """Why nothing of it could be computed, or None."""
        return next(iter(self.unknown)) if self.unknown and not self.hours else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The offers, the rankable ones first, the cheapest first; and how much of the range was measured."""

    start: datetime
    end: datetime
    wh: int
    hours: int  # of the range
    covered: Decimal  # hours that have frames or an imported hour
    offers: tuple[OfferCost, ...]


def compare(
    prices: PriceTable,
    clock: OfferClock,
    curve: Sequence[HourEnergy],
    power: int | None,
    yours: str | None,
    bill: Bill,
    start: datetime,
    end: datetime,
    own: Cost | None = None,
) -> Comparison:
    """Price a curve by each offer.

    Args:
        prices: all offers.
        clock: finds the register of a moment.
        curve: what was drawn in each hour, or half-hour, from `start` to `end`.
        power: the subscribed power, kVA; the same for all offers.
        yours: the present offer.
        bill: counts the days of the subscription.
        start: the beginning, an instant.
        end: the end, exclusive.
        own: what `yours` really cost, from its registers; an hour of the curve belongs to the register at its end.
    """
    offers = [
        _offer_cost(prices, clock, curve, power, offer, bill, start, end, yours=offer == yours)
        for offer in prices.offers
    ]
    for cost in offers:
        if cost.yours and own is not None and not own.partial:
            cost.energy, cost.unknown = own.energy, {}
    offers.sort(key=lambda cost: (not cost.rankable, cost.total if cost.rankable else 0, cost.offer))
    return Comparison(
        start=start,
        end=end,
        wh=sum(piece.wh for piece in curve),
        hours=(end - start) // timedelta(hours=1),
        covered=Decimal(sum(piece.covered for piece in curve)) / 3600,
        offers=tuple(offers),
    )


def _offer_cost(
    prices: PriceTable,
    clock: OfferClock,
    curve: Sequence[HourEnergy],
    power: int | None,
    offer: str,
    bill: Bill,
    start: datetime,
    end: datetime,
    *,
    yours: bool,
) -> OfferCost:
    cost = OfferCost(offer, yours)
    for piece in curve:
        if not piece.wh:
            continue
        register = clock.register(offer, piece.start, piece.register)
        price = None
        if isinstance(register, str):
            price = prices.kwh(offer, register, power, bill.local_day(piece.start))
            if price is None:
                register = Why.PRICES
        if isinstance(register, Why) or price is None:
            why = register if isinstance(register, Why) else Why.PRICES
            cost.unknown[why] = cost.unknown.get(why, 0) + 1
            continue
        cost.hours += 1
        cost.wh_by_register[register] = cost.wh_by_register.get(register, 0) + piece.wh
        cost.energy += Decimal(piece.wh) / 1000 * price
    _add_subscription(cost, prices, power, offer, bill, start, end)
    return cost


def _add_subscription(
    cost: OfferCost, prices: PriceTable, power: int | None, offer: str, bill: Bill, start: datetime, end: datetime
) -> None:
    alone = bill.of_contract(Contract(start, end, offer, power, configured=True))
    cuts = [start, *alone.cuts(start, end), end]
    total = alone.cost(_nothing(low, high) for low, high in itertools.pairwise(cuts))
    cost.subscription = total.subscription
    if total.missing:
        cost.unknown[Why.PRICES] = cost.unknown.get(Why.PRICES, 0) + len(total.missing)


def _nothing(start: datetime, end: datetime) -> Energy:
    return Energy(start, end, {}, None, {}, 0, 0, 0, 0)
