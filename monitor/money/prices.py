"""Rows of prices, and which of them is in force on a day.

Amounts are Decimal, EUR with all taxes unless a name says `ht`; subscriptions are EUR a year. Days are local.
"""

import bisect
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from common.contract.offers import is_off_peak
from monitor.money.dated_files import SpotPrices
from monitor.money.rules import Rule, Spot

#: A price of a kWh by period, by the power (kVA) from which it holds; 0: for all.
Bands = Mapping[int, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The prices of one offer from `start` to `end` (exclusive; None: until the next row)."""

    offer: str
    start: date
    kwh: Bands  # by period of the offer's rule
    subscription: Mapping[int, Decimal]  # by subscribed power, kVA
    end: date | None = None
    kwh_ht: Bands = field(default_factory=dict)
    spot: Spot | None = None  # instead of `kwh`
    grade: str | None = None  # A: official, or two independent sources; B: one source

    @property
    def has_kwh(self) -> bool:
        """Tell whether it has a price of the kWh, not of the subscription alone."""
        return bool(self.kwh) or self.spot is not None

    def kwh_price(self, period: str, power: int | None) -> Decimal | None:
        """Return the price of a kWh of a period."""
        return self.band(power).get(period)

    def band(self, power: int | None) -> Mapping[str, Decimal]:
        """Return the prices of a kWh by period for a power; None: it is not known, and they may depend on it."""
        if power is None:
            return {} if len(self.kwh) > 1 else next(iter(self.kwh.values()), {})
        return {name: price for limit in sorted(self.kwh) if limit <= power for name, price in self.kwh[limit].items()}


class Kind(Enum):
    """How the prices of an offer change."""

    REGULATED = "regulated"  # on 1 February and 1 August
    INDEXED = "indexed"
    FIXED = "fixed"
    SPOT = "spot"


@dataclass(frozen=True, slots=True)
class PricedOffer:
    """An offer that has prices, but for its rows."""

    id: str
    supplier: str = ""
    name: str = ""
    kind: Kind | None = None
    rule: Rule | None = None  # None: when its prices hold is not told, so it cannot be compared
    meter: str | None = None  # the id of the structure whose registers are its periods, if meters name it
    checked: date | None = None  # when its prices were last compared with their source
    source: str = ""
    refused: str | None = None  # why it cannot be computed by any meter: a key of the sentences

    @property
    def title(self) -> str:
        """The name for people; the user's own offers may have none but their id."""
        return " · ".join(part for part in (self.supplier, self.name) if part) or self.id


@dataclass(frozen=True, slots=True)
class DatedAmount:
    """An amount from a day on: a tax, or what a kWh earns that is injected."""

    start: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class Cta:
    """What the CTA takes of a subscription from a day on: a share of the network's fixed charge, EUR a year."""

    start: date
    share: Decimal | None  # None: it is not known from then on
    fixed: Decimal = Decimal(0)
    per_kva: Decimal = Decimal(0)  # of the formula that the regulated tariff takes
    per_kva_off_peak: Decimal = Decimal(0)  # of that with off-peak hours


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What one file says."""

    origin: str
    rows: tuple[PriceRow, ...] = ()
    offers: tuple[PricedOffer, ...] = ()
    feed_in: tuple[DatedAmount, ...] = ()  # EUR per kWh
    accise: tuple[DatedAmount, ...] = ()  # EUR per MWh
    vat: tuple[DatedAmount, ...] = ()  # share, of a kWh
    vat_subscription: tuple[DatedAmount, ...] = ()  # share
    cta: tuple[Cta, ...] = ()
    checked: date | None = None  # when its prices were last compared with their sources
    own: bool = False  # the user wrote it


T = TypeVar("T", PriceRow, DatedAmount, Cta)


class PriceTable:
    """All prices; the rows of the first file that has one for a day hold, so the user's file stands first.

    Price of the kWh and subscription are looked up apart: a row may give one of them only. An offer is named by its id,
    or as the meter names its structure: `tempo` is the regulated offer with these registers.
    """

    def __init__(self, files: Sequence[PriceFile], spot: SpotPrices | None = None) -> None:
        self.spot = spot  # prices of the market
        self.error: str | None = None  # of a file that has become wrong since: these are the prices from before
        self.files = tuple(files)
        self._structures = {
            offer.meter: offer.id for file in self.files for offer in reversed(file.offers) if offer.meter
        }
        self._offers: dict[str, PricedOffer] = {}
        for file in self.files:
            for offer in file.offers:
                identifier = self.id_of(offer.id)
                known = self._offers.get(identifier, PricedOffer(identifier))
                self._offers[identifier] = _completed(known, offer)
        self._rows = [self._by_offer(file.rows) for file in self.files]
        self._cache: dict[tuple[str, date], list[PriceRow]] = {}
        self.feed_in = next((file.feed_in for file in self.files if file.feed_in), ())
        self._accise = next((file.accise for file in self.files if file.accise), ())
        self._cta = next((file.cta for file in self.files if file.cta), ())
        self._vat = next((file.vat for file in self.files if file.vat), ())
        self._vat_subscription = next((file.vat_subscription for file in self.files if file.vat_subscription), ())

    @property
    def offers(self) -> tuple[PricedOffer, ...]:
        """All offers, in the order of the files."""
        return tuple(self._offers.values())

    def day_kinds(self, calendar: str) -> frozenset[str]:
        """Return the kinds of days of a calendar that rules ask for."""
        tests = (test for offer in self.offers if offer.rule is not None for test in offer.rule.days)
        return frozenset(test.kind for test in tests if test.calendar == calendar and test.kind is not None)

    def id_of(self, name: str) -> str:
        """Return the id of an offer that a meter, or a line of the configuration, names."""
        return self._structures.get(name, name)

    def _by_offer(self, rows: Iterable[PriceRow]) -> dict[str, list[PriceRow]]:
        offers: dict[str, list[PriceRow]] = {}
        for row in sorted(rows, key=lambda row: row.start):
            offers.setdefault(self.id_of(row.offer), []).append(row)
        return offers

    def offer(self, name: str) -> PricedOffer | None:
        """Return an offer by its id, or as a meter names it."""
        return self._offers.get(self.id_of(name))

    def structure(self, name: str) -> str:
        """Return the name that meters give an offer; the id of one that they do not know."""
        known = self.offer(name)
        return name if known is None or known.meter is None else known.meter

    def near(self, name: str) -> list[str]:
        """Return some ids that are like a name, else those of offers that meters name and of the user's own."""
        likely = difflib.get_close_matches(name, self._offers, n=3)
        return likely or [offer.id for offer in self.offers if offer.meter or offer.kind is None]

    def rows(self, offer: str, day: date) -> list[PriceRow]:
        """Return the rows of an offer that hold on a day, the first file's first."""
        key = self.id_of(offer), day
        if key not in self._cache:
            found = (_in_force(rows.get(key[0], ()), day) for rows in self._rows)
            self._cache[key] = [row for row in found if row is not None and (row.end is None or day < row.end)]
        return self._cache[key]

    def all_rows(self, offer: str) -> list[PriceRow]:
        """Return the rows of an offer of any day, the first file's first."""
        return [row for rows in self._rows for row in rows.get(self.id_of(offer), ())]

    def kwh_row(self, offer: str, day: date) -> PriceRow | None:
        """Return the row of an offer that has the prices of the kWh on a day."""
        return next((row for row in self.rows(offer, day) if row.has_kwh), None)

    def is_own(self, offer: str, day: date) -> bool:
        """Tell whether the prices of the kWh on a day are the user's own."""
        row = self.kwh_row(offer, day)
        return any(row in file.rows for file in self.files if file.own)

    def kwh(self, offer: str, register: str, power: int | None, day: date) -> Decimal | None:
        """Return the price of a kWh of a period, or of a register of the meter; None where no row has it.

        A register is billed as a period of its name, else as the period that its hours tell; with an offer whose
        periods the meter does not count, nobody can tell.
        """
        rows = self.rows(offer, day)
        period = register
        if not any(register in row.band(power) for row in rows):
            period = self._period_of(offer, register) or register
        prices = (row.kwh_price(period, power) for row in rows)
        return next((price for price in prices if price is not None), None)

    def _period_of(self, offer: str, register: str) -> str | None:
        known = self.offer(offer)
        return None if known is None or known.rule is None else known.rule.period_of_register(is_off_peak(register))

    def subscription(self, offer: str, power: int | None, day: date) -> Decimal | None:
        """Return the subscription in EUR a year, or None where no row has it."""
        amounts = (row.subscription.get(power) for row in self.rows(offer, day) if power is not None)
        return next((amount for amount in amounts if amount is not None), None)

    def near_powers(self, offer: str, power: int | None, day: date) -> tuple[int, ...]:
        """Return the next lower and higher subscribed power (kVA) of an offer, as far as it has any."""
        known = {one for row in self.rows(offer, day) for one in row.subscription}
        if power is None:
            return ()
        lower, higher = [one for one in known if one < power], [one for one in known if one > power]
        return (*([max(lower)] if lower else []), *([min(higher)] if higher else []))

    def accise(self, day: date) -> Decimal | None:
        """Return the excise duty in EUR per kWh, without VAT."""
        value = _amount(self._accise, day)
        return None if value is None else value / 1000

    def cta(self, offer: str, power: int | None, day: date) -> Decimal | None:
        """Return the CTA of a regulated offer in EUR a year, without VAT; None: it is not known."""
        known, cta = self.offer(offer), _in_force(self._cta, day)
        if known is None or known.kind is not Kind.REGULATED or power is None or cta is None or cta.share is None:
            return None
        off_peak = known.rule is not None and known.rule.follows_meter
        return cta.share * (cta.fixed + (cta.per_kva_off_peak if off_peak else cta.per_kva) * power)

    def vat(self, day: date) -> Decimal | None:
        """Return the VAT on a kWh, as a share."""
        return _amount(self._vat, day)

    def vat_subscription(self, day: date) -> Decimal | None:
        """Return the VAT on the subscription, as a share."""
        return _amount(self._vat_subscription, day)

    def feed_in_price(self, day: date) -> Decimal | None:
        """Return what a kWh earns that is injected; None: no price holds that day."""
        return _amount(self.feed_in, day)

    def changes(self, offer: str | None, start: date, end: date) -> list[date]:
        """Return the days after `start` and before `end` on which something of an offer's bill may change.

        Without an offer: of any.
        """
        days = {tax.start for tax in (*self._accise, *self._vat, *self._vat_subscription)}
        days |= {cta.start for cta in self._cta}
        for row in (row for file in self.files for row in file.rows) if offer is None else self.all_rows(offer):
            days.add(row.start)
            if row.end is not None:
                days.add(row.end)
        return sorted(day for day in days if start < day < end)

    def taxes_changed(self, day: date) -> date | None:
        """Return the last day, up to one, on which a tax changed."""
        taxes = (*self._accise, *self._vat, *self._vat_subscription)
        return max((tax.start for tax in taxes if tax.start <= day), default=None)

    @property
    def checked(self) -> date | None:
        """The day on which the prices were last compared with their sources, of the file that was so last."""
        return max((file.checked for file in self.files if file.checked is not None), default=None)

    def newest_before(self, day: date) -> date | None:
        """Return the first day of the newest row that holds already: how recent the table is."""
        return max((row.start for file in self.files for row in file.rows if row.start <= day), default=None)


def _completed(first: PricedOffer, later: PricedOffer) -> PricedOffer:
    """Return an offer as the first file describes it, and a later one where that says nothing."""
    missing = {
        item.name: getattr(later, item.name)
        for item in fields(PricedOffer)
        if getattr(first, item.name) in (None, "") and item.name != "id"
    }
    return replace(first, **missing)


def _in_force(dated: Sequence[T], day: date) -> T | None:
    """Return the last one that began, up to a day."""
    place = bisect.bisect_right(dated, day, key=lambda one: one.start)
    return dated[place - 1] if place else None


def _amount(dated: Sequence[DatedAmount], day: date) -> Decimal | None:
    found = _in_force(dated, day)
    return None if found is None else found.value
