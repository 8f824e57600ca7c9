"""The cost of energy: price of each register on its day, and the subscription day by day. Nothing is rounded here.

A subscription is a price a year. A day costs a 365th of it, in a leap year a 366th, and an hour its share of the local
day: so hours, days and months add up, as exactly as Decimal divides (28 digits).
"""

import bisect
import itertools
from calendar import isleap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from monitor.base.calendar import midnight
from monitor.money.contracts import Contract, contract_at
from monitor.money.prices import PriceTable
from monitor.readings.periods import Energy
from monitor.readings.periods import add_up as sum_by_name

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a cost is incomplete: no contract (`offer` None), or no price of a register or subscription on that day."""

    day: date
    offer: str | None
    what: str  # a register, `subscription` or `contract`
    untold: bool = False  # the offer has prices, but which of them held is not known
    offers: tuple[str, ...] = ()  # ids that are like `offer`, of which nothing is known
    power: int | None = None  # kVA, for which the offer has no subscription, although it has some for `powers`
    powers: tuple[int, ...] = ()  # the next lower and higher one


@dataclass(slots=True)
class Parts:
    """The parts of a bill, EUR, as far as taxes are known."""

    energy: Decimal = ZERO  # without tax
    accise: Decimal = ZERO
    subscription: Decimal = ZERO  # without VAT, and without `cta`
    vat: Decimal = ZERO
    cta: Decimal = ZERO  # the share of the network's fixed charge that pays pensions
    cta_known: bool = True  # False: some of it is in `subscription`, since its rate is not known

    def __add__(self, other: "Parts") -> "Parts":
        """Return the parts of two bills together."""
        return Parts(
            self.energy + other.energy,
            self.accise + other.accise,
            self.subscription + other.subscription,
            self.vat + other.vat,
            self.cta + other.cta,
            self.cta_known and other.cta_known,
        )


@dataclass(slots=True)
class Cost:
    """What a period cost, EUR with all taxes; `missing` says what is not in it."""

    energy: Decimal = ZERO
    subscription: Decimal = ZERO
    by_register: dict[str, Decimal] = field(default_factory=dict)
    parts: Parts | None = field(default_factory=Parts)  # None: the taxes of a day are not known
    missing: list[Missing] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """Energy and subscription."""
        return self.energy + self.subscription

    @property
    def partial(self) -> bool:
        """Tell whether something has no price."""
        return bool(self.missing)

    @property
    def known(self) -> bool:
        """Tell whether anything of it is known: without a contract or any price it is not zero, but unknown."""
        return bool(self.total or not self.missing)


def add_up(costs: Iterable[Cost]) -> Cost:
    """Return the cost of several periods together."""
    total = Cost()
    for cost in costs:
        total.energy += cost.energy
        total.subscription += cost.subscription
        for register, amount in cost.by_register.items():
            total.by_register[register] = total.by_register.get(register, ZERO) + amount
        total.parts = None if total.parts is None or cost.parts is None else total.parts + cost.parts
        for missing in cost.missing:
            _miss(total, missing)
    return total


@dataclass(frozen=True, slots=True)
class PriceInterval:
    """From `start` to `end` the prices of one day hold."""

    start: datetime
    end: datetime
    day: date


class Rates:
    """The prices of a contract on a day."""

    def __init__(self, prices: PriceTable, contract: Contract, day: date) -> None:
        offer = contract.offer or ""
        self.contract = contract
        self.accise, self.vat, self.vat_subscription = prices.accise(day), prices.vat(day), prices.vat_subscription(day)
        self.subscription = prices.subscription(offer, contract.power, day)
        self.cta = prices.cta(offer, contract.power, day)
        self._prices, self._day = prices, day
        self._kwh: dict[str, Decimal | None] = {}

    def kwh(self, register: str) -> Decimal | None:
        """Return the price of a kWh."""
        if register not in self._kwh:
            contract = self.contract
            self._kwh[register] = self._prices.kwh(contract.offer or "", register, contract.power, self._day)
        return self._kwh[register]


class Bill:
    """Computes costs of one meter."""

    def __init__(self, prices: PriceTable, contracts: Sequence[Contract], zone: ZoneInfo, now: datetime) -> None:
        self._prices = prices
        self.contracts = contracts
        self._zone = zone
        self._now = now
        # Of the last piece, and when they hold: nearly always those of the next one, too.
        self._rates: Rates | None = None
        self._hold = (now, now)

    def local_day(self, moment: datetime) -> date:
        """Return the local day of an instant."""
        return moment.astimezone(self._zone).date()

    def cuts(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the instants inside (start, end) at which a price or the contract changes."""
        found = set()
        for contract in self.contracts:
            low, high = max(contract.start, start), min(contract.end, end)
            if low >= high:
                continue
            found |= {contract.start, contract.end}
            if contract.offer is not None:
                # A day more at both ends: the local day of an instant is another one than that of UTC.
                days = self._prices.changes(contract.offer, low.date() - timedelta(2), high.date() + timedelta(2))
                found |= {midnight(day, self._zone) for day in days}
        return sorted(cut for cut in found if start < cut < end)

    def cost(self, pieces: Iterable[Energy]) -> Cost:
        """Return the cost of pieces of energy, none of which crosses a cut."""
        total = Cost()
        for piece in pieces:
            self.add(total, piece)
        return total

    def add(self, cost: Cost, piece: Energy) -> None:
        """Add a piece of energy, and the subscription of its time, to a cost."""
        day, rates = self.local_day(piece.start), self.rates_at(piece.start)
        if rates is None:
            if piece.total_wh:
                _miss(cost, Missing(day, None, "contract"))
            return
        if piece.periods is None:
            self.add_energy(cost, piece.wh, rates, day)
        else:
            self._add(cost, ((*names, wh) for names, wh in piece.periods.items()), rates, day)
            for register in piece.wh:  # one that differs by rounding only has its cost with another one
                cost.by_register.setdefault(register, ZERO)
        self.add_subscription(cost, piece.start, piece.end, rates, day)

    def cost_of(self, used: Iterable[tuple[datetime, Mapping[str, int]]]) -> Decimal | None:
        """Return what energy would have cost if it had been drawn; None: some of it has no price.

        That is what devices used, or the home of its own production: Wh by register from moments on, in order.
        """
        total = ZERO
        for rates, part in itertools.groupby(used, lambda one: self.rates_at(self._with_contract(one[0]))):
            for register, wh in sum_by_name(wh for _, wh in part).items():
                price = None if rates is None else rates.kwh(register)
                if price is not None:
                    total += price * wh / 1000
                elif wh:
                    return None
        return total

    def _with_contract(self, moment: datetime) -> datetime:
        """Return a moment, or when the first contract begins on its day: a meter has one from its first frame on."""
        first = self.contracts[0].start if self.contracts else moment
        return first if moment < first and self.local_day(moment) == self.local_day(first) else moment

    def rates_at(self, moment: datetime) -> Rates | None:
        """Return the prices that hold at a moment; None: no contract is known."""
        start, end = self._hold
        if not start <= moment < end:
            contract = contract_at(self.contracts, moment)
            if contract is None:
                return None
            limits = [contract.start, *self.cuts(contract.start, contract.end), contract.end]
            place = bisect.bisect_right(limits, moment)
            self._hold = limits[place - 1], limits[place]
            self._rates = None if contract.offer is None else self.rates(contract, self.local_day(moment))
        return self._rates

    def rates(self, contract: Contract, day: date) -> Rates:
        """Return the prices of a contract on a day."""
        return Rates(self._prices, contract, day)

    def price_intervals(
        self, start: datetime, end: datetime, changes: Sequence[date], first: date
    ) -> list[PriceInterval]:
        """Return [start, end) cut at local days on which prices change; up to the first, those of `first` hold."""
        limits = [start, *(min(max(midnight(day, self._zone), start), end) for day in changes), end]
        days = [first, *changes]
        return [
            PriceInterval(low, high, day) for (low, high), day in zip(itertools.pairwise(limits), days, strict=True)
        ]

    def add_energy(self, cost: Cost, energy: Mapping[str, int], rates: Rates, day: date) -> None:
        """Add energy in Wh by register, or by period of the offer."""
        self._add(cost, ((register, register, wh) for register, wh in energy.items()), rates, day)

    def _add(self, cost: Cost, counted: Iterable[tuple[str, str | None, int]], rates: Rates, day: date) -> None:
        """Add energy by register and period."""
        priced, total = 0, ZERO  # Wh, EUR
        for register, period, wh in counted:
            if not wh:
                continue
            price = None if period is None else rates.kwh(period)
            if price is None:
                self._miss(cost, rates, period or register, day)
                continue
            amount = price * wh / 1000
            cost.by_register[register] = cost.by_register.get(register, ZERO) + amount
            priced += wh
            total += amount
        cost.energy += total
        if not priced and not total:
            return
        if cost.parts is None or rates.accise is None or rates.vat is None:
            cost.parts = None
            return
        without_vat, accise = total / (1 + rates.vat), rates.accise * priced / 1000
        cost.parts.accise += accise
        cost.parts.energy += without_vat - accise
        cost.parts.vat += total - without_vat

    def _miss(self, cost: Cost, rates: Rates, what: str, day: date) -> None:
        """Note that there is no price of a register or subscription."""
        offer, power = rates.contract.offer, rates.contract.power
        if any(one.offer == offer and one.what == what for one in cost.missing):
            return
        missing = Missing(day, offer, what)
        if offer is not None and self._prices.offer(offer) is None:
            missing = replace(missing, offers=tuple(self._prices.near(offer)))
        elif what == "subscription":
            missing = replace(missing, power=power, powers=self._prices.near_powers(offer or "", power, day))
        else:
            missing = replace(missing, untold=self._is_untold(offer or "", what, day))
        cost.missing.append(missing)

    def _is_untold(self, offer: str, what: str, day: date) -> bool:
        known = self._prices.offer(offer)
        if known is None or self._prices.kwh_row(offer, day) is None:
            return False
        return known.rule is None or what not in known.rule.periods

    def add_subscription(self, cost: Cost, start: datetime, end: datetime, rates: Rates, day: date) -> None:
        """Add the subscription of a time; that of the time to come is not owed yet."""
        days = self.days(start, min(end, self._now))
        if not days:
            return
        yearly = rates.subscription
        if yearly is None:
            self._miss(cost, rates, "subscription", day)
            return
        amount = _of_days(yearly, days)
        cost.subscription += amount
        vat = rates.vat_subscription
        if cost.parts is None or vat is None:
            cost.parts = None
        else:
            without_vat = amount / (1 + vat)
            cta = ZERO if rates.cta is None else _of_days(rates.cta, days)
            cost.parts.cta += cta
            cost.parts.cta_known &= rates.cta is not None
            cost.parts.subscription += without_vat - cta
            cost.parts.vat += amount - without_vat

    def days(self, start: datetime, end: datetime) -> list[tuple[int, Decimal]]:
        """Return how many local days lie between two instants, by year; a day that is cut counts as its share."""
        shares: list[tuple[int, Decimal]] = []
        while start < end:
            day = self.local_day(start)
            if start == midnight(day, self._zone):
                last = min(self.local_day(end), date(day.year + 1, 1, 1))
                if last > day:
                    shares.append((day.year, Decimal((last - day).days)))
                    start = midnight(last, self._zone)
                    continue
            first, following = midnight(day, self._zone), midnight(day + timedelta(1), self._zone)
            until = min(end, following)
            share = Decimal((until - start) // timedelta.resolution) / ((following - first) // timedelta.resolution)
            shares.append((day.year, share))
            start = until.astimezone(UTC)
        return shares


def _miss(cost: Cost, missing: Missing) -> None:
    if not any(one.offer == missing.offer and one.what == missing.what for one in cost.missing):
        cost.missing.append(missing)


def _of_days(yearly: Decimal, days: Iterable[tuple[int, Decimal]]) -> Decimal:
    """Return what is owed for days, as `Bill.days` has them, of a price a year."""
    return sum((yearly * share / (365 + isleap(year)) for year, share in days), ZERO)
