"""Computes what each offer would have cost for a lived curve, and which may be ranked. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from monitor.money.bill import ZERO, Bill, Cost
from monitor.money.contracts import Contract
from monitor.money.dated_files import SpotPrices
from monitor.money.price_status import OldPrice, PricedAs, is_stale, old_price, seen_before_taxes
from monitor.money.prices import Kind, PricedOffer, PriceTable
from monitor.money.rules import Span, Spot
from monitor.places.contracts.usage_curve import Amount, Billed, UsageCurve, Why, shifted

LEAST = Decimal("0.9")  # of the hours of a range, that must have readings for offers to be ranked


@dataclass(frozen=True, slots=True)
class Choice:
    """What a customer may choose of an offer, and what it would cost."""

    weekday: int | None  # 0: Monday
    slot: Span | None
    total: Decimal


@dataclass(slots=True)
class OfferCost:
    """What one offer would have cost for the hours that are known, EUR with all taxes.

    `energy` is without the hours counted in `unknown`; only an offer that lacks nothing is ranked.
    """

    offer: PricedOffer
    yours: bool
    energy: Decimal = ZERO
    subscription: Decimal = ZERO
    hours: int = 0  # with energy, that have a price
    #: Hours with energy that could not be priced, and why; SPOT: quarters of an hour.
    unknown: dict[Why, int] = field(default_factory=dict)
    unknown_days: int = 0  # of which a calendar does not tell the type
    wh_by_period: dict[str, int] = field(default_factory=dict)
    by_period: dict[str, Decimal] = field(default_factory=dict)
    swing: Decimal = ZERO  # by how much a kWh of one hour may differ from that of another one, EUR
    withheld: Why | None = None  # why it is not ranked although nothing of it lacks
    choices: tuple[Choice, ...] = ()  # of what a customer may choose, the cheapest first
    rank: int | None = None

    @property
    def total(self) -> Decimal:
        """Energy and subscription."""
        return self.energy + self.subscription

    @property
    def rankable(self) -> bool:
        """Tell whether it may be compared: it was computed for each hour, from what is known."""
        return not self.unknown and self.withheld is None

    @property
    def refused(self) -> Why | None:
        """The first reason why it has no rank."""
        return next(iter(self.unknown), self.withheld)


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared."""

    start: datetime
    end: datetime
    power: int  # subscribed, kVA; the same for all offers
    yours: str | None  # the id of the present offer
    today: date
    then: bool = False  # at the prices of then, not at those of today: as the curve was gathered
    shift: float = 0.0  # share of what ran in peak hours that runs in off-peak hours instead


@dataclass(frozen=True, slots=True)
class Comparison:
    """The offers, the rankable ones first, the cheapest first; and how much of the range was measured."""

    question: Question
    wh: int
    hours: int  # of the range
    covered: Decimal  # hours that have frames or an imported hour
    read: int  # hours that have readings, or were imported
    offers: tuple[OfferCost, ...]
    recovered_wh: int = 0  # of `wh`: counted after an interruption, in the hour of the return
    withheld: Why | None = None  # why no offer is ranked: HOURS or RECOVERED
    old: tuple[OldPrice, ...] = ()  # prices of ranked offers that should be checked
    colours_until: date | None = None  # the last Tempo day of which the colour is known
    priced_as: PricedAs | None = None  # the present offer; None: no price is known


@dataclass(frozen=True, slots=True)
class Measured:
    """How much of a range was measured."""

    covered: Decimal  # hours
    read: int  # hours
    recovered_wh: int = 0


def compare(
    prices: PriceTable,
    usage: UsageCurve,
    bill: Bill,
    question: Question,
    measured: Measured,
    own: Cost | None = None,
) -> Comparison:
    """Price a curve by each offer.

    Nothing is ranked where less than nine tenths of the hours have readings, or where recovered energy, of which the
    hour is not known, could make another offer the cheapest.

    Args:
        prices: all offers.
        usage: the curve.
        bill: counts the days of the subscription, and has the taxes.
        question: what is compared.
        measured: how much of it is known.
        own: what the present offer really cost, from its registers; at the prices of then, it says most exactly.
    """
    pricer = _Pricer(prices, usage, bill, question)
    offers = pricer.costs(own)
    hours = (question.end - question.start) // timedelta(hours=1)
    withheld = Why.HOURS if measured.read < LEAST * hours else _unsure(offers, Decimal(measured.recovered_wh) / 1000)
    _rank(offers, withheld)
    return Comparison(
        question=question,
        wh=usage.wh,
        hours=hours,
        covered=measured.covered,
        read=measured.read,
        offers=tuple(offers),
        recovered_wh=measured.recovered_wh,
        withheld=withheld,
        old=tuple(old for cost in offers if cost.rankable and (old := pricer.old(cost.offer)) is not None),
    )


def _rank(offers: Sequence[OfferCost], withheld: Why | None) -> None:
    for place, cost in enumerate(offers, 1):
        if withheld is not None:
            cost.withheld = cost.withheld or withheld
        elif cost.rankable:
            cost.rank = place


def _unsure(offers: Sequence[OfferCost], recovered: Decimal) -> Why | None:
    """Return RECOVERED if so many kWh, in other hours, could make another offer the cheapest."""
    ranked = [cost for cost in offers if cost.rankable]
    for other in ranked[1:]:
        # At worst each recovered kWh belongs to the hours in which the first is dearest, and the other cheapest.
        if recovered and other.total - ranked[0].total <= recovered * (ranked[0].swing + other.swing) > 0:
            return Why.RECOVERED
    return None


class _Pricer:
    """Prices one curve."""

    def __init__(self, prices: PriceTable, usage: UsageCurve, bill: Bill, question: Question) -> None:
        self._prices = prices
        self._hours = (question.end - question.start) // timedelta(hours=1)
        self._usage = usage
        self._bill = bill
        self._question = question
        self._first = bill.local_day(question.start) if question.then else question.today
        self._intervals = bill.price_intervals(question.start, question.end, usage.changes, self._first)

    def old(self, offer: PricedOffer) -> OldPrice | None:
        """Return the prices of an offer, if they should be checked."""
        if self._question.then and offer.checked is not None and offer.kind is not Kind.REGULATED:
            return None  # it is about those of today
        today = self._question.today
        return old_price(self._prices, offer.id, min(self._intervals[-1].day, today), today)

    def costs(self, own: Cost | None) -> list[OfferCost]:
        """Return what each offer would have cost, the cheapest first; `own` is what the present one really cost."""
        question = self._question
        offers = [self.cost(offer) for offer in self._prices.offers]
        for cost in offers:
            if cost.yours and question.then and own is not None and not own.partial and not question.shift:
                cost.energy, cost.unknown, cost.swing = own.energy, {}, ZERO
        offers.sort(key=lambda cost: (not cost.rankable, cost.total if cost.rankable else 0, cost.offer.id))
        return offers

    def cost(self, offer: PricedOffer) -> OfferCost:
        """Return what an offer would have cost, with the best of what a customer may choose."""
        question = self._question
        cost = OfferCost(offer, yours=offer.id == question.yours)
        if offer.refused is not None:
            cost.unknown = {Why(offer.refused): 0}
            return cost
        if offer.rule is None:
            if offer.kind is Kind.SPOT:
                return self._of_market(cost)
            cost.unknown = {Why.RULE: 0}
            return cost
        own = frozenset(offer.rule.periods) if cost.yours else frozenset[str]()
        found = []
        for choice in offer.rule.choices:
            usage = self._usage.billed(offer.rule, choice, own)
            billed = replace(usage, periods=shifted(usage.periods, question.shift))
            found.append((self._priced(cost.offer, billed, yours=cost.yours), choice))
        found.sort(key=lambda pair: pair[0].total)
        best, _ = found[0]
        if len(found) > 1 and best.rankable:
            best.choices = tuple(
                Choice(
                    weekday=choice if isinstance(choice, int) else None,
                    slot=choice if isinstance(choice, tuple) else None,
                    total=one.total,
                )
                for one, choice in found
            )
        return self._if_recent(best)

    def _if_recent(self, cost: OfferCost) -> OfferCost:
        """Return a cost, not to be ranked if its prices may be others by now."""
        question, offer = self._question, cost.offer
        if offer.kind is not None and not cost.yours and not question.then:
            if is_stale(offer, question.today):
                cost.withheld = Why.OLD
            elif seen_before_taxes(self._prices, offer, question.today):
                cost.withheld = Why.TAXES
        return cost

    def _of_market(self, cost: OfferCost) -> OfferCost:
        """Return the cost of an offer whose price of the kWh is another one each quarter of an hour."""
        question, total = self._question, Cost()
        day = self._first
        row = self._prices.kwh_row(cost.offer.id, day)
        if self._prices.spot is None or row is None or row.spot is None:
            cost.unknown = {Why.SPOT: 4 * self._hours} if self._prices.spot is None else {Why.PRICES: self._hours}
            return cost
        accise = (lambda day: self._prices.accise(day)) if question.then else (lambda _: self._prices.accise(day))
        cost.energy, wh, cost.unknown = self._usage.spot_energy(self._prices.spot, row.spot, accise, question.shift)
        cost.wh_by_period, cost.swing = {"SPOT": wh}, self._swing(self._prices.spot, row.spot, accise)
        rates = self._bill.rates(Contract(question.start, question.end, cost.offer.id, question.power), day)
        self._bill.add_subscription(total, question.start, question.end, rates, day)
        cost.subscription = total.subscription
        if total.missing:
            cost.unknown[Why.SUBSCRIPTION] = 0
        return self._if_recent(cost)

    def _swing(self, prices: SpotPrices, spot: Spot, accise: Callable[[date], Decimal | None]) -> Decimal:
        start, end = self._question.start, self._question.end
        extremes = prices.extremes(int(start.timestamp()), int(end.timestamp()))
        first = self._bill.local_day(start)
        days = [first + timedelta(number) for number in range((self._bill.local_day(end) - first).days + 1)]
        found = [spot.price(one, tax, day) for day in days if (tax := accise(day)) is not None for one in extremes]
        return max(found, default=ZERO) - min(found, default=ZERO)

    def _priced(self, offer: PricedOffer, billed: Billed, *, yours: bool) -> OfferCost:
        cost, power = OfferCost(offer, yours, unknown=dict(billed.unknown)), self._question.power
        cost.unknown_days = billed.unknown_days
        by_interval: dict[int, dict[str, Amount]] = {}
        for ((_, _, number), period), amount in billed.periods.items():
            by_interval.setdefault(number, {}).setdefault(period, Amount()).add(amount.wh, amount.slices)
        total = Cost()
        for place, interval in enumerate(self._intervals):
            contract = Contract(interval.start, interval.end, offer.id, power)
            rates = self._bill.rates(contract, interval.day)
            priced = {}
            for period, amount in by_interval.get(place, {}).items():
                if rates.kwh(period) is None:
                    cost.unknown[Why.PRICES] = cost.unknown.get(Why.PRICES, 0) + amount.slices
                    continue
                priced[period] = amount.wh
                cost.hours += amount.slices
                cost.wh_by_period[period] = cost.wh_by_period.get(period, 0) + amount.wh
            known = [price for period in set(offer.rule.periods if offer.rule else ()) if (price := rates.kwh(period))]
            cost.swing = max(cost.swing, max(known, default=ZERO) - min(known, default=ZERO))
            self._bill.add_energy(total, priced, rates, interval.day)
            self._bill.add_subscription(total, interval.start, interval.end, rates, interval.day)
        cost.energy, cost.subscription = total.energy, total.subscription
        cost.by_period = dict(total.by_register)
        if total.missing and Why.PRICES not in cost.unknown:  # what has no price of a kWh is not in `priced`
            cost.unknown[Why.SUBSCRIPTION] = 0
        return cost


_YEAR = 360  # days: so many are told as a year
_SEASONS = {"winter": (12, 1, 2), "summer": (6, 7, 8)}  # months


@dataclass(frozen=True, slots=True)
class Extent:
    """The days of a range, and the season of which it has none."""

    days: int
    without: str | None  # winter or summer

    @property
    def whole_year(self) -> bool:
        """Tell whether it is a year, or more."""
        return self.days >= _YEAR


def extent(first: date, last: date) -> Extent:
    """Return that of the local days from `first` to `last`, both included."""
    days = (last - first).days + 1
    months = {(first + timedelta(number)).month for number in range(min(days, 366))}
    missing = [season for season, its in _SEASONS.items() if not months.intersection(its)]
    return Extent(days, missing[0] if missing else None)
