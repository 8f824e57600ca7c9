"""Rows of prices, and which of them is in force on a day.

Amounts are Decimal, EUR with all taxes unless a name says `ht`; subscriptions are EUR a year. Days are local.
"""

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from common.contract.offers import Window

#: A price of a kWh by register, by the power (kVA) from which it holds; 0: for all.
Bands = Mapping[int, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class OffPeak:
    """The off-peak hours from a day on; they may differ in summer (April to October)."""

    start: date
    winter: tuple[Window, ...]
    summer: tuple[Window, ...]

    def at(self, day: date) -> tuple[Window, ...]:
        """Return the windows of a day."""
        return self.summer if 4 <= day.month <= 10 else self.winter


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The prices of one offer from `start` to `end` (exclusive; None: until the next row)."""

    offer: str
    start: date
    kwh: Bands
    subscription: Mapping[int, Decimal]  # by subscribed power, kVA
    end: date | None = None
    kwh_ht: Bands = field(default_factory=dict)
    weekend: str | None = None  # the register billed on Saturdays and Sundays, if the offer has one
    grade: str | None = None  # A: official, or two independent sources; B: one source
    registers: frozenset[str] = field(init=False, compare=False)  # those that have a price

    def __post_init__(self) -> None:
        """Gather the registers."""
        names = frozenset(register for band in self.kwh.values() for register in band)
        object.__setattr__(self, "registers", names)  # the class is frozen

    def kwh_price(self, register: str, power: int | None) -> Decimal | None:
        """Return the price of a kWh; a row with BASE alone prices each register alike."""
        return _of_band(self.kwh, register, power)


def _of_band(bands: Bands, register: str, power: int | None) -> Decimal | None:
    if power is None:
        if len(bands) > 1:
            return None  # the price depends on the power, which is not known
        band: Mapping[str, Decimal] = next(iter(bands.values()), {})
    else:
        band = {name: price for limit in sorted(bands) if limit <= power for name, price in bands[limit].items()}
    if register not in band and set(band) == {"BASE"}:
        register = "BASE"
    return band.get(register)


@dataclass(frozen=True, slots=True)
class Tax:
    """Taxes from a day on."""

    start: date
    value: Decimal


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What one file says."""

    origin: str
    rows: tuple[PriceRow, ...] = ()
    off_peak: tuple[OffPeak, ...] = ()
    accise: tuple[Tax, ...] = ()  # EUR per MWh
    vat: tuple[Tax, ...] = ()  # share, of a kWh
    vat_subscription: tuple[Tax, ...] = ()  # share
    checked: date | None = None  # when its prices were last compared with their sources


class PriceTable:
    """All prices; the rows of the first file that has one for a day hold, so the user's file stands first.

    Price of the kWh and subscription are looked up apart: a row may give one of them only.
    """

    def __init__(self, files: Sequence[PriceFile]) -> None:
        self.files = tuple(files)
        self._rows = [_by_offer(file.rows) for file in self.files]
        self._cache: dict[tuple[str, date], list[PriceRow]] = {}
        self._off_peak = next((file.off_peak for file in self.files if file.off_peak), ())
        self._accise = next((file.accise for file in self.files if file.accise), ())
        self._vat = next((file.vat for file in self.files if file.vat), ())
        self._vat_subscription = next((file.vat_subscription for file in self.files if file.vat_subscription), ())

    @property
    def offers(self) -> tuple[str, ...]:
        """The names of all offers that have prices, in the order of the files."""
        return tuple(dict.fromkeys(offer for rows in self._rows for offer in rows))

    def rows(self, offer: str, day: date) -> list[PriceRow]:
        """Return the rows of an offer that hold on a day, the first file's first."""
        key = offer, day
        if key not in self._cache:
            found = (_in_force(rows.get(offer, ()), day) for rows in self._rows)
            self._cache[key] = [row for row in found if row is not None]
        return self._cache[key]

    def kwh(self, offer: str, register: str, power: int | None, day: date) -> Decimal | None:
        """Return the price of a kWh, or None where no row has it."""
        prices = (row.kwh_price(register, power) for row in self.rows(offer, day))
        return next((price for price in prices if price is not None), None)

    def subscription(self, offer: str, power: int | None, day: date) -> Decimal | None:
        """Return the subscription in EUR a year, or None where no row has it."""
        amounts = (row.subscription.get(power) for row in self.rows(offer, day) if power is not None)
        return next((amount for amount in amounts if amount is not None), None)

    def accise(self, day: date) -> Decimal | None:
        """Return the excise duty in EUR per kWh, without VAT."""
        value = _tax(self._accise, day)
        return None if value is None else value / 1000

    def vat(self, day: date) -> Decimal | None:
        """Return the VAT on a kWh, as a share."""
        return _tax(self._vat, day)

    def vat_subscription(self, day: date) -> Decimal | None:
        """Return the VAT on the subscription, as a share."""
        return _tax(self._vat_subscription, day)

    def off_peak(self, day: date) -> tuple[Window, ...] | None:
        """Return the off-peak windows that the user wrote down for a day; None: unknown."""
        found = [windows for windows in self._off_peak if windows.start <= day]
        return found[-1].at(day) if found else None

    def off_peak_moments(self) -> set[time]:
        """Return the times of day at which an off-peak window that the user wrote down begins or ends."""
        windows = [window for period in self._off_peak for window in (*period.winter, *period.summer)]
        return {moment for window in windows for moment in (window.start, window.end)}

    def off_peak_slot(self) -> int:
        """Return how many minutes a slot has so that no off-peak window begins or ends within one: 60 ... 5."""
        return max(math.gcd(60, *(moment.minute for moment in self.off_peak_moments())), 5)

    def changes(self, offer: str, start: date, end: date) -> list[date]:
        """Return the days after `start` and before `end` on which something of an offer's bill may change."""
        days = {tax.start for tax in (*self._accise, *self._vat, *self._vat_subscription)}
        for rows in self._rows:
            for row in rows.get(offer, ()):
                days.add(row.start)
                if row.end is not None:
                    days.add(row.end)
        return sorted(day for day in days if start < day < end)

    @property
    def checked(self) -> date | None:
        """The day on which the prices were last compared with their sources, of the file that was so last."""
        return max((file.checked for file in self.files if file.checked is not None), default=None)

    def newest_before(self, day: date) -> date | None:
        """Return the first day of the newest row that holds already: how recent the table is."""
        return max((row.start for file in self.files for row in file.rows if row.start <= day), default=None)


def _by_offer(rows: Iterable[PriceRow]) -> dict[str, list[PriceRow]]:
    offers: dict[str, list[PriceRow]] = {}
    for row in sorted(rows, key=lambda row: row.start):
        offers.setdefault(row.offer, []).append(row)
    return offers


def _in_force(rows: Sequence[PriceRow], day: date) -> PriceRow | None:
    place = bisect.bisect_right([row.start for row in rows], day)
    row = rows[place - 1] if place else None
    return row if row is not None and (row.end is None or day < row.end) else None


def _tax(taxes: Sequence[Tax], day: date) -> Decimal | None:
    return next((tax.value for tax in reversed(taxes) if tax.start <= day), None)
