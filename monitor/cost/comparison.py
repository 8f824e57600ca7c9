"""Computes what each offer would have cost, and which may be ranked."""

import bisect
import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from monitor.cost.bill import ZERO, Bill, Cost, Parts
from monitor.cost.clock_rules import OfferClock, Why
from monitor.cost.contracts import Contract
from monitor.prices.age import OldPrice
from monitor.prices.model import PriceTable
from monitor.readings.periods import Energy, HourEnergy

LEAST = Decimal("0.9")  # of the hours of a range, that must have readings for offers to be ranked


@dataclass(slots=True)
class OfferCost:
    """What one offer would have cost for the hours that are known, EUR with all taxes.

    `energy` is without the hours counted in `unknown`; only an offer that lacks nothing is ranked.
    """

    offer: str
    yours: bool
    energy: Decimal = ZERO
    subscription: Decimal = ZERO
    hours: int = 0  # with energy, that have a price
    unknown: dict[Why, int] = field(default_factory=dict)  # hours with energy that could not be priced, and why
    no_subscription: bool = False  # of this power, for a part of the range
    wh_by_register: dict[str, int] = field(default_factory=dict)
    swing: Decimal = ZERO  # by how much a kWh of one hour may differ from that of another one, EUR
    withheld: Why | None = None  # why it is not ranked although nothing of it lacks
    parts: Parts | None = None  # None: the taxes of a day are not known

    @property
    def total(self) -> Decimal:
        """Energy and subscription."""
        return self.energy + self.subscription

    @property
    def rankable(self) -> bool:
        """Tell whether it may be compared: it was computed for each hour, from what is known."""
        return not self.unknown and not self.no_subscription and self.withheld is None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The offers, the rankable ones first, the cheapest first; and how much of the range was measured."""

    power: int | None  # subscribed, kVA
    start: datetime
    end: datetime
    wh: int
    hours: int  # of the range
    covered: Decimal  # hours that have frames or an imported hour
    read: int  # hours that have readings, or were imported
    offers: tuple[OfferCost, ...]
    recovered_wh: int = 0  # of `wh`: counted after an interruption, in the hour of the return
    withheld: Why | None = None  # why no offer is ranked: HOURS or RECOVERED
    old: tuple[OldPrice, ...] = ()  # prices of ranked offers that are out of date
    colours_until: date | None = None  # the last Tempo day of which the colour is known


def compare(
    prices: PriceTable,
    clock: OfferClock,
    curve: Sequence[HourEnergy],
    power: int | None,
    yours: str | None,
    bill: Bill,
    start: datetime,
    end: datetime,
    read: int,
    own: Cost | None = None,
    recovered_wh: int = 0,
) -> Comparison:
    """Price a curve by each offer.

    Nothing is ranked where less than nine tenths of the hours have readings, or where recovered energy, of which the
    hour is not known, could make another offer the cheapest.

    Args:
        prices: all offers.
        clock: finds the register of a moment.
        curve: what was drawn in each hour or half-hour from `start` to `end`; those of one kind may be gathered.
        power: the subscribed power, kVA; the same for all offers.
        yours: the present offer.
        bill: counts the days of the subscription.
        start: the beginning, an instant.
        end: the end, exclusive.
        read: how many hours have readings, or were imported.
        own: what `yours` really cost, from its registers; an hour of the curve belongs to the register at its end.
        recovered_wh: what of the curve is priced at the hour in which frames came again.
    """
    cells = _cells(clock, curve)
    offers = [
        _offer_cost(prices, clock, cells, power, offer, bill, start, end, yours=offer == yours)
        for offer in prices.offers
    ]
    for cost in offers:
        if cost.yours and own is not None and not own.partial:
            cost.energy, cost.parts, cost.unknown, cost.swing = own.energy, own.parts, {}, ZERO
    offers.sort(key=lambda cost: (not cost.rankable, cost.total if cost.rankable else 0, cost.offer))
    hours = (end - start) // timedelta(hours=1)
    withheld = Why.HOURS if read < LEAST * hours else _unsure(offers, Decimal(recovered_wh) / 1000)
    for cost in offers if withheld is not None else ():
        cost.withheld = withheld
    return Comparison(
        power=power,
        start=start,
        end=end,
        wh=sum(piece.wh for piece in curve),
        hours=hours,
        covered=Decimal(sum(piece.covered for piece in curve)) / 3600,
        read=read,
        offers=tuple(offers),
        recovered_wh=recovered_wh,
        withheld=withheld,
    )


def _unsure(offers: Sequence[OfferCost], recovered: Decimal) -> Why | None:
    """Return RECOVERED if so many kWh, in other hours, could make another offer the cheapest."""
    ranked = [cost for cost in offers if cost.rankable]
    for other in ranked[1:]:
        # At worst each recovered kWh belongs to the hours in which the first is dearest, and the other cheapest.
        if recovered and other.total - ranked[0].total <= recovered * (ranked[0].swing + other.swing) > 0:
            return Why.RECOVERED
    return None


@dataclass(slots=True)
class _Cell:
    """Slices of the curve that any offer bills on one register."""

    local: datetime  # of the first of them
    lived: str | None
    wh: int = 0
    slices: int = 0  # with energy


def _cells(clock: OfferClock, curve: Sequence[HourEnergy]) -> list[_Cell]:
    """Gather a curve: a year has 8,760 hours and about a hundred cells."""
    cells: dict[Hashable, _Cell] = {}
    for piece in curve:
        if not piece.wh:
            continue
        local = clock.local(piece.start)
        key = clock.kind(local), piece.register
        cell = cells.get(key)
        if cell is None:
            cell = cells[key] = _Cell(local, piece.register)
        cell.wh += piece.wh
        cell.slices += piece.slices
    return list(cells.values())


def _swing(prices: PriceTable, offer: str, power: int | None, day: date) -> Decimal:
    """Return by how much the prices of a kWh of an offer differ."""
    registers = {register for row in prices.rows(offer, day) for register in row.registers}
    known = [price for register in registers if (price := prices.kwh(offer, register, power, day)) is not None]
    return max(known, default=ZERO) - min(known, default=ZERO)


def _offer_cost(
    prices: PriceTable,
    clock: OfferClock,
    cells: Sequence[_Cell],
    power: int | None,
    offer: str,
    bill: Bill,
    start: datetime,
    end: datetime,
    *,
    yours: bool,
) -> OfferCost:
    cost = OfferCost(offer, yours)
    alone = bill.of_contract(Contract(start, end, offer, power))
    limits = [start, *alone.cuts(start, end), end]
    # By stretch without a change of prices, and by register: how much, and of how many slices.
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for cell in cells:
        register = clock.register(offer, cell.local, cell.lived)
        if isinstance(register, Why):
            cost.unknown[register] = cost.unknown.get(register, 0) + cell.slices
            continue
        registers = found.setdefault(bisect.bisect_right(limits, cell.local) - 1, {})
        wh, slices = registers.get(register, (0, 0))
        registers[register] = wh + cell.wh, slices + cell.slices
    if not yours and any(clock.assumes_windows(offer, limit) for limit in limits[:-1]):
        cost.withheld = Why.ASSUMED
    total = Cost()
    for place, (low, high) in enumerate(itertools.pairwise(limits)):
        day, priced = bill.local_day(low), {}
        cost.swing = max(cost.swing, _swing(prices, offer, power, day))
        for register, (wh, slices) in found.get(place, {}).items():
            if prices.kwh(offer, register, power, day) is None:
                cost.unknown[Why.PRICES] = cost.unknown.get(Why.PRICES, 0) + slices
                continue
            priced[register] = wh
            cost.hours += slices
            cost.wh_by_register[register] = cost.wh_by_register.get(register, 0) + wh
        alone.add(total, Energy(low, high, priced, None, {}, 0, 0, 0, 0))
    cost.energy, cost.subscription, cost.parts = total.energy, total.subscription, total.parts
    cost.no_subscription = bool(total.missing)  # what has no price of a kWh is not in `priced`
    return cost
