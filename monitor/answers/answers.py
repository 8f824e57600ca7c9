"""Brings energy, contracts and prices of one database together."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from common.contract.offers import SWITCHING_TIMES, TEMPO
from common.contract.tariff import capitalise, expand_abbreviations
from common.database.mariadb import Connection
from monitor.answers.base_load import BaseLoad
from monitor.answers.curves import CurveAnswers
from monitor.answers.event_pages import EventAnswers, Page
from monitor.answers.houses import called, gather
from monitor.answers.power_curve import SeriesAnswers
from monitor.answers.stretch import Stretch, StretchAnswers
from monitor.answers.upkeep import MeterUpkeep
from monitor.calendar import Calendar, midnight
from monitor.config import MonitorConfig
from monitor.cost.bill import Bill, Cost, add_up
from monitor.cost.clock_rules import OfferClock
from monitor.cost.comparison import Comparison, compare
from monitor.cost.contracts import Contract, UnnamedChange, contract_start, contracts, unnamed_changes
from monitor.cost.tempo_colours import learn_colours
from monitor.prices.age import OldPrice, old_price
from monitor.prices.model import PriceTable
from monitor.prices.tempo_days import bundled_colours
from monitor.readings.hours import Hours, Meter
from monitor.readings.house_energy import HouseReader
from monitor.readings.imported_energy import Whole, imported_wholes, named
from monitor.readings.imported_hours import ImportedHours
from monitor.readings.memory import Memory
from monitor.readings.meter_contracts import Contracts, MeterFacts
from monitor.readings.periods import ContractLine, Energy, HourEnergy
from monitor.readings.power import Peak, Power, Switch
from monitor.refusals import Refusal


class NothingToCompare(Refusal):
    """Offers cannot be compared: no energy is known of the range, or the subscribed power is not."""

    def __init__(self, *, power: bool) -> None:
        """Keep whether it is the power that is not known."""
        super().__init__("no_power" if power else "no_energy")
        self.power = power


@dataclass(frozen=True, slots=True)
class Period:
    """The energy of a period, and what it cost."""

    energy: Energy
    cost: Cost
    across_wh: int = 0  # imported for longer than the period that it counts in: nobody knows what is of this period


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


@dataclass(frozen=True, slots=True)
class Facts:
    """A meter and its contract, as the configuration has it, else as the meter says."""

    last: datetime  # of its last readings
    standard: bool
    phases: int
    producer: bool
    offer: str | None
    power: int | None  # kVA
    contract_start: date | None


class Answers:
    """Answers over one connection; not for several threads at once."""

    def __init__(
        self,
        connection: Connection,
        config: MonitorConfig,
        prices: PriceTable,
        colours: Mapping[date, str] | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Read over `connection`; `memory` may be shared by several of these, in any threads."""
        self._hours = Hours(connection)
        self._imported = ImportedHours(connection)
        self._power = Power(connection)
        self._contracts = Contracts(connection)
        self._reader = HouseReader(self._hours, self._imported, self._contracts, self._power, memory)
        self.curves = CurveAnswers(connection, config.time_zone)
        self._events = EventAnswers(connection, self._reader)
        self._stretches = StretchAnswers(connection, self._reader)
        self.upkeep = MeterUpkeep(connection, self._reader, config.time_zone)
        self.series = SeriesAnswers(connection, self._reader, config.time_zone)
        self._config = config
        self._colours = dict(colours or {})
        self._prices = prices
        self._zone = config.time_zone

    @property
    def prices(self) -> PriceTable:
        """The prices that costs are computed with."""
        return self._prices

    def meters(self) -> list[Meter]:
        """Return the meters of the database; a house whose meter was replaced has one."""
        return gather(self._hours.meters(), self._config.meters)

    def meter(self, identifier: str | None) -> Meter:
        """Return one meter: by its name, an address, or the last digits of one.

        Without any of these it is the only one that has readings, else imported hours.

        Raises:
            Refusal: there is no such meter, or the identifier is needed to tell them apart.
        """
        meters = self.meters()
        if identifier is not None:
            found = called(meters, identifier)
        else:
            found = [meter for meter in meters if meter.first] or [meter for meter in meters if self.first(meter)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(meter.title for meter in meters) or "none"
        if identifier is None:
            raise Refusal("several_meters", known=names) if found else Refusal("no_readings")
        if found:
            raise Refusal("ambiguous_meter", meter=identifier, known=", ".join(meter.title for meter in found))
        raise Refusal("unknown_meter", meter=identifier, known=names)

    def remember(self, meter: Meter) -> None:
        """Look up all that the memory keeps of a meter.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        self._reader.remember(meter)

    def facts(self, meter: Meter, now: datetime) -> Facts | None:
        """Return what is known of a meter now; None: it has no readings."""
        return self.facts_of([meter], now).get(meter.number)

    def facts_of(self, meters: Sequence[Meter], now: datetime) -> dict[int, Facts]:
        """Return what is known of meters now, by number; those without readings are not there."""
        read = {meter.number: part for meter in meters if (part := _last_read(meter)) is not None}
        shown = self._contracts.facts({part.number: part.last for part in read.values() if part.last is not None})
        return {
            meter.number: self._facts(meter, shown[read[meter.number].number], now)
            for meter in meters
            if meter.number in read and read[meter.number].number in shown
        }

    def _facts(self, meter: Meter, shown: MeterFacts, now: datetime) -> Facts:
        line = next((line for line in reversed(self._lines(meter)) if midnight(line.start, self._zone) <= now), None)
        contract = shown.contract
        return Facts(
            last=shown.last,
            standard=contract.standard,
            phases=shown.phases,
            producer=shown.producer,
            offer=line.offer if line else contract.offer,
            power=line.power if line else contract.power,
            contract_start=self.contract_start(meter, now),
        )

    def first(self, meter: Meter) -> datetime | None:
        """Return the hour of the first energy that is known of a meter, read or imported."""
        imported = [self._imported.first(part.number) for part in meter.parts]
        return min((hour for hour in (meter.first, *imported) if hour is not None), default=None)

    def firsts(self, meters: Sequence[Meter]) -> dict[int, datetime]:
        """Return the same of several meters, by number."""
        imported, found = self._imported.firsts(), {}
        for meter in meters:
            hours = [meter.first, *(imported.get(part.number) for part in meter.parts)]
            if known := [hour for hour in hours if hour is not None]:
                found[meter.number] = min(known)
        return found

    def energy(
        self, meter: Meter, by: str, start: datetime, end: datetime, now: datetime, calendar: Calendar | None = None
    ) -> Answer:
        """Return energy and cost of [start, end), cut by hour, day, week, month or year.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        limits = (calendar or Calendar(self._zone)).boundaries(by, start, end)
        spans = self._reader.contract_spans(meter, start, end)
        lines = self._lines(meter)
        known = contracts(lines, spans, self._zone, end)
        bill = Bill(self._prices, known, self._zone, now)
        # One look at the database serves energy and cost: cost needs it cut where a price changes, too.
        pieces = [
            named(piece, _offer_at(known, piece.start))
            for piece in self._reader.energy(meter, sorted({*limits, *bill.cuts(start, end)}), now)
        ]
        imported = any(piece.imported_wh for piece in pieces)
        wholes = [one for part in meter.parts for one in imported_wholes(self._imported, part, start, end) if imported]
        periods = []
        remaining = iter(pieces)
        for low, high in itertools.pairwise(limits):
            inside: list[Energy] = []
            while not inside or inside[-1].end < high:
                inside.append(next(remaining))
            here = [one for one in wholes if low <= one.hour < high]
            moved = [
                named(piece, _offer_at(known, piece.start))
                for one in here
                for piece in one.moved(bill.cuts(one.start, one.end))
            ]
            periods.append(Period(join(inside), bill.cost([*inside, *moved]), _across(here, low)))
        whole = Period(join(pieces), add_up(period.cost for period in periods), _across(wholes, limits[0]))
        names = {
            name: capitalise(expand_abbreviations(text))
            for span in spans
            for name, text in self._reader.names(meter, span, whole.energy.wh.keys()).items()
        }
        return Answer(
            meter=meter,
            periods=periods,
            whole=whole,
            names=names,
            changes=unnamed_changes(lines, spans, self._zone),
            contracts=known,
            old=self._old_of(known, now),
        )

    def stretch(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> Stretch | None:
        """Return energy, cost and highest power of any stretch of time; None if nothing is known of it.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        low = start.replace(minute=0, second=0, microsecond=0)
        known = contracts(self._lines(meter), self._reader.contract_spans(meter, low, end), self._zone, end)
        found = self._stretches.stretch(meter, start, end, Bill(self._prices, known, self._zone, now), now)
        return None if found is None else replace(found, old=self._old_of(known, now))

    def events_page(
        self, meter: Meter, start: datetime | None, end: datetime, kinds: frozenset[str], limit: int
    ) -> Page:
        """Return the latest events in [start, end), as `EventAnswers.page` does.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """

        def price_changes(low: datetime, high: datetime) -> list[datetime]:
            spans = self._reader.contract_spans(meter, low.replace(minute=0, second=0, microsecond=0), high)
            contract = next(reversed(contracts(self._lines(meter), spans, self._zone, high)), None)
            if contract is None or contract.offer is None:
                return []
            days = self._prices.changes(contract.offer, low.date(), high.date() + timedelta(days=1))
            return [midnight(day, self._zone) for day in days]

        return self._events.page(meter, start, end, kinds, limit, price_changes)

    def compare(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> Comparison:
        """Return what each offer would have cost for what was drawn in [start, end).

        Raises:
            NothingToCompare: no energy is known of the range, or the subscribed power is not.
            DatabaseError: the database is unavailable, or refuses a query.
        """
        spans = self._reader.contract_spans(meter, start, end)
        known = contracts(self._lines(meter), spans, self._zone, end)
        curve = self._curve(meter, start, end)
        if not any(one.wh for one in curve):  # and then, the meter need not have told its contract either
            raise NothingToCompare(power=False)
        power = next((one.power for one in reversed(known) if one.power is not None), None)
        if power is None:
            raise NothingToCompare(power=True)
        # Nothing is known before: no offer is charged a subscription for it. A first slot may begin within its hour.
        start = max(start, curve[0].start.replace(minute=0))
        yours = known[-1].offer
        colours = self._colours_of(curve)
        registers = {piece.register for piece in curve if piece.register is not None}
        names = {name: text for span in spans for name, text in self._reader.names(meter, span, registers).items()}
        clock = OfferClock(self._prices, colours, self._zone, names)
        bill = Bill(self._prices, known, self._zone, now)
        whole = self.energy(meter, "year", start, end, now).whole
        # Only one contract in the whole range is "yours": its registers say exactly what it cost.
        own = whole.cost if len({one.offer for one in known}) == 1 else None
        end = min(end, now)
        read = self._hours.count(meter.number, start, end) + sum(piece.imported for piece in curve)
        recovered_wh = whole.energy.recovered_wh
        found = compare(self._prices, clock, curve, power, yours, bill, start, end, read, own, recovered_wh)
        old = self._old_prices([(cost.offer, end) for cost in found.offers if cost.rankable], now)
        return replace(found, old=old, colours_until=max(colours))

    def _old_of(self, known: Sequence[Contract], now: datetime) -> tuple[OldPrice, ...]:
        """Return the prices of contracts that are out of date."""
        return self._old_prices([(one.offer, one.end) for one in known if one.offer is not None], now)

    def _old_prices(self, offers: Sequence[tuple[str, datetime]], now: datetime) -> tuple[OldPrice, ...]:
        """Return the prices of these that are out of date, each used until an instant."""
        found = []
        today = now.astimezone(self._zone).date()
        for offer, end in offers:
            day = min((end - timedelta.resolution).astimezone(self._zone).date(), today)
            if (old := old_price(self._prices, offer, day, today)) is not None and old not in found:
                found.append(old)
        return tuple(found)

    def _curve(self, meter: Meter, start: datetime, end: datetime) -> list[HourEnergy]:
        """Return what was drawn, as finely as offers tell it apart."""
        minutes = self._prices.off_peak_slot()
        if minutes < 60:
            return self._reader.slots(meter, start, end, minutes)
        # A year has 8,760 hours, and some 1,100 stretches that each offer bills on one register.
        moments = {time()} | SWITCHING_TIMES | self._prices.off_peak_moments()
        first, last = (moment.astimezone(self._zone).date() for moment in (start, end))
        limits = {start, end}
        for number in range((last - first).days + 1):
            day = first + timedelta(number)
            limits |= {datetime.combine(day, moment, self._zone).astimezone(UTC) for moment in moments}
        return self._reader.gathered(meter, sorted(limit for limit in limits if start <= limit <= end))

    def _colours_of(self, curve: Sequence[HourEnergy]) -> dict[date, str]:
        """Return the Tempo colours that are known: as the meter showed, else the user's file, else the bundled ones."""
        running: dict[date, Counter[str]] = {}
        for piece in curve:
            if piece.register is not None:
                day = TEMPO.day_of(piece.start.astimezone(self._zone))
                running.setdefault(day, Counter())[piece.register] += piece.slices
        return {**bundled_colours(), **self._colours, **learn_colours(running)}

    @property
    def written_colours(self) -> Mapping[date, str]:
        """The Tempo colours of the user's file."""
        return self._colours

    def lived_colours(self, meter: Meter, first: date, last: date) -> dict[date, str]:
        """Return the Tempo colours that the meter showed on the days from `first` to `last`, both included."""
        days = [first + timedelta(number) for number in range((last - first).days + 2)]
        limits = [datetime.combine(day, TEMPO.day_starts, self._zone).astimezone(UTC) for day in days]
        return learn_colours(dict(zip(days, self._reader.running(meter, limits), strict=False)))

    def peaks(self, meter: Meter, start: datetime, end: datetime, count: int = 10) -> list[Peak]:
        """Return the hours of a range with the highest power, the highest first."""
        return self.curves.peaks(meter, start, end, count)

    def base_load(self, meter: Meter, start: datetime, end: datetime) -> BaseLoad:
        """Return the base load of a range."""
        return self.curves.base_load(meter, start, end)

    def contract_start(self, meter: Meter, now: datetime) -> date | None:
        """Return the first day of the present contract, as far as a line of the configuration names it."""
        return contract_start(self._lines(meter), now.astimezone(self._zone).date())

    def last_frame(self, meter: Meter, now: datetime) -> datetime | None:
        """Return when the last frame that is stored came, or the minute in which it came: hours are minutes behind."""
        return self.last_frames([meter], self.facts_of([meter], now), now).get(meter.number)

    def last_frames(self, meters: Sequence[Meter], facts: Mapping[int, Facts], now: datetime) -> dict[int, datetime]:
        """Return the same of several meters, by number; `facts` is what is known of them."""
        minutes = self._power.last_minutes([meter.number for meter in meters], now)
        of_hours = {number: fact.last for number, fact in facts.items()}  # of a house, of the meter that was read last
        return {
            number: max(found[number] for found in (minutes, of_hours) if number in found)
            for number in minutes.keys() | of_hours.keys()
        }

    def switches(self, meter: Meter, start: datetime, end: datetime) -> list[Switch]:
        """Return when the meter went to another register in [start, end)."""
        return sorted(
            (one for part in meter.parts for one in self._power.switches(part.number, start, end)),
            key=lambda one: one.at,
        )

    def _lines(self, meter: Meter) -> list[ContractLine]:
        lines = (line for line in self._config.contracts if meter.has(line.meter))
        return sorted(lines, key=lambda line: line.start)


def _last_read(meter: Meter) -> Meter | None:
    """Return the meter of a house that was read last."""
    read = [part for part in meter.parts if part.last is not None]
    return max(read, key=lambda part: part.last.timestamp() if part.last else 0, default=None)


def _across(wholes: Sequence[Whole], start: datetime) -> int:
    return sum(one.wh for one in wholes if one.start < start)


def _offer_at(known: Sequence[Contract], moment: datetime) -> str | None:
    return next((one.offer for one in known if one.start <= moment < one.end), None)


def join(pieces: Sequence[Energy]) -> Energy:
    """Return neighbouring pieces as one; there is at least one."""
    wh: dict[str, int] = {}
    reactive: dict[str, int] = {}
    for piece in pieces:
        for name, counted in piece.wh.items():
            wh[name] = wh.get(name, 0) + counted
        for name, counted in piece.reactive_varh.items():
            reactive[name] = reactive.get(name, 0) + counted
    injected = [piece.injected_wh for piece in pieces if piece.injected_wh is not None]
    expected = sum(piece.expected for piece in pieces)
    return Energy(
        start=pieces[0].start,
        end=pieces[-1].end,
        wh=wh,
        injected_wh=sum(injected) if injected else None,
        reactive_varh=reactive,
        recovered_wh=sum(piece.recovered_wh for piece in pieces),
        imported_wh=sum(piece.imported_wh for piece in pieces),
        covered=min(sum(piece.covered for piece in pieces), expected),
        expected=expected,
    )
