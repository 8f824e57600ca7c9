"""What energy cost: contracts, prices and the energy of periods brought together."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from common.contract.tariff import capitalise, expand_abbreviations
from monitor.base.calendar import Calendar, midnight
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine
from monitor.money.bill import Bill, Cost, add_up
from monitor.money.contracts import Contract, UnnamedChange, contract_start, contracts, unnamed_changes
from monitor.money.price_status import OldPrice, PricedAs, is_assumed, old_price, priced_as
from monitor.money.prices import PriceTable
from monitor.money.profile_billing import ProfileBilling
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Meter
from monitor.readings.imported import DayTotal, ImportedHours, imported_totals, named
from monitor.readings.periods import Energy, add_parts


@dataclass(frozen=True, slots=True)
class Period:
    """The energy of a period, and what it cost."""

    energy: Energy
    cost: Cost
    across_wh: int = 0  # imported for longer than the period that it counts in: the share of this period is unknown


@dataclass(frozen=True, slots=True)
class Answer:
    """A range cut into periods, and the whole of it."""

    meter: Meter
    periods: Sequence[Period]
    whole: Period
    names: Mapping[str, str]  # of registers, as far as the meter sent one, its abbreviations written out
    changes: Sequence[UnnamedChange]  # of the contract, that no line of the configuration names
    contracts: Sequence[Contract]  # of the range, in order
    old: Sequence[OldPrice] = ()  # prices that costs were computed with, and that are out of date
    priced_as: PricedAs | None = None  # at the end of the range; None: no price is known


class CostAnswers:
    """Answers what the energy of meters cost."""

    def __init__(
        self,
        reader: EnergyReader,
        imported: ImportedHours,
        config: MonitorConfig,
        prices: PriceTable,
        curve: ProfileBilling,
    ) -> None:
        self._reader = reader
        self._imported = imported
        self._config = config
        self._prices = prices
        self.curve = curve
        self._zone = config.time_zone

    def lines(self, meter: Meter) -> list[ContractLine]:
        """Return the contracts of a meter, the earliest first."""
        return sorted(
            (one for one in self._config.household.contracts if meter.has(one.meter)), key=lambda one: one.start
        )

    def contract_start(self, meter: Meter, now: datetime) -> date | None:
        """Return the first day of the present contract, as far as a line of the configuration names it."""
        return contract_start(self.lines(meter), now.astimezone(self._zone).date())

    def contracts(self, meter: Meter, start: datetime, end: datetime) -> list[Contract]:
        """Return the contracts of [start, end), in order."""
        return contracts(self.lines(meter), self._reader.contract_spans(meter, start, end), self._zone, end)

    def price_changes(self, meter: Meter, start: datetime, end: datetime) -> list[datetime]:
        """Return when the prices of the last contract of a range changed in it."""
        contract = next(reversed(self.contracts(meter, start, end)), None)
        if contract is None or contract.offer is None:
            return []
        days = self._prices.changes(contract.offer, start.date(), end.date() + timedelta(days=1))
        return [midnight(day, self._zone) for day in days]

    def bill(self, known: Sequence[Contract], now: datetime) -> Bill:
        """Return what computes costs with these contracts."""
        return Bill(self._prices, known, self._zone, now)

    def pieces(
        self, meter: Meter, limits: Sequence[datetime], known: Sequence[Contract], now: datetime
    ) -> list[Energy]:
        """Return the energy between neighbouring limits, with registers as these contracts name them."""
        return [self._named(piece, known) for piece in self._reader.energy(meter, limits, now)]

    def _named(self, piece: Energy, known: Sequence[Contract]) -> Energy:
        return named(piece, self.curve.structure(known, piece.start)) if piece.imported_wh else piece

    def energy(
        self, meter: Meter, by: str, start: datetime, end: datetime, now: datetime, calendar: Calendar | None = None
    ) -> Answer:
        """Return energy and cost of [start, end), cut by hour, day, week, month or year."""
        limits = (calendar or Calendar(self._zone)).boundaries(by, start, end)
        spans = self._reader.contract_spans(meter, start, end)
        lines = self.lines(meter)
        known = contracts(lines, spans, self._zone, end)
        bill = self.bill(known, now)
        # One look at the database serves energy and cost: cost needs it cut where a price changes, too.
        pieces = self.pieces(meter, sorted({*limits, *bill.cuts(start, end)}), known, now)
        pieces = self.curve.divided(meter, pieces, bill)
        imported = any(piece.imported_wh for piece in pieces)
        wholes = [one for part in meter.parts for one in imported_totals(self._imported, part, start, end) if imported]
        periods = []
        remaining = iter(pieces)
        for low, high in itertools.pairwise(limits):
            inside: list[Energy] = []
            while not inside or inside[-1].end < high:
                inside.append(next(remaining))
            here = [one for one in wholes if low <= one.hour < high]
            moved = [self._named(piece, known) for one in here for piece in one.moved(bill.cuts(one.start, one.end))]
            periods.append(Period(join(inside), bill.cost([*inside, *moved]), _across(here, low)))
        whole = Period(join(pieces), add_up(period.cost for period in periods), _across(wholes, limits[0]))
        names = self._reader.names(meter, spans, whole.energy.wh.keys())
        return Answer(
            meter=meter,
            periods=periods,
            whole=whole,
            names={name: capitalise(expand_abbreviations(text)) for name, text in names.items()},
            changes=unnamed_changes(lines, spans, self._zone),
            contracts=known,
            old=self.old_of(known, now),
            priced_as=self.priced_as(known, now),
        )

    def old_of(self, known: Sequence[Contract], now: datetime) -> tuple[OldPrice, ...]:
        """Return the prices of contracts that are out of date."""
        return self.old_prices([(one.offer, one.end) for one in known if one.offer is not None], now)

    def old_prices(self, offers: Sequence[tuple[str, datetime]], now: datetime) -> tuple[OldPrice, ...]:
        """Return the prices of these that are out of date, each used until an instant."""
        found = []
        today = now.astimezone(self._zone).date()
        for offer, end in offers:
            day = self._last_day(end, now)
            if (old := old_price(self._prices, offer, day, today)) is not None and old not in found:
                found.append(old)
        return tuple(found)

    def priced_as(self, known: Sequence[Contract], now: datetime) -> PricedAs | None:
        """Return whose prices the last of these contracts has; None: no price is known."""
        if not known:
            return None
        last = known[-1]
        return priced_as(self._prices, last.offer, self._last_day(last.end, now), stated=last.stated)

    def is_assumed(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> bool:
        """Tell whether the prices at the end of a range are of an offer that nobody said is the owner's."""
        return is_assumed(self.priced_as(self.contracts(meter, start, end), now))

    def newest_prices(self, known: Sequence[Contract], now: datetime) -> date | None:
        """Return the first day of the newest prices that contracts were billed with; None: they have none."""
        rows = (self._prices.kwh_row(one.offer, self._last_day(one.end, now)) for one in known if one.offer is not None)
        return max((row.start for row in rows if row is not None), default=None)

    def _last_day(self, end: datetime, now: datetime) -> date:
        """Return the last local day before an instant, up to today."""
        return min(end - timedelta.resolution, now).astimezone(self._zone).date()


def _across(wholes: Sequence[DayTotal], start: datetime) -> int:
    return sum(one.wh for one in wholes if one.start < start)


def join(pieces: Sequence[Energy]) -> Energy:
    """Return neighbouring pieces as one; there is at least one."""
    if len(pieces) == 1 and pieces[0].covered <= pieces[0].expected:
        return pieces[0]
    return add_parts(pieces, sum(piece.expected for piece in pieces))
