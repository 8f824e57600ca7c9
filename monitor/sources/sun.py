"""What a roof made: production, use at home and injection of a range, and what they are worth."""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from monitor.base.calendar import full_hour, midnight
from monitor.money.bill import Bill
from monitor.money.costs import Answer, join
from monitor.money.home import Home
from monitor.readings.curves import FRAMES, HOURS, Grid
from monitor.readings.days import Days, in_periods
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours, Meter
from monitor.readings.index_deltas import register_at
from monitor.readings.periods import Energy
from monitor.readings.rows import moment_of
from monitor.readings.sources import PRODUCTION, Source, SourceMinute, Sources
from monitor.sources.sun_energy import Contradiction, Sun, add_amounts, add_up, contradiction

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOUR_SECONDS = 3600
_BETWEEN = timedelta(minutes=15)  # of readings that tell a power
_FRESH = timedelta(minutes=5)  # minutes are stored when they are over
_MINUTE = 60  # seconds
_WATT_HOURS, _WATT_SECONDS = 1000, 3600  # of a kWh, of a Wh
#: How far back it is looked.
_LOOK_BACK = timedelta(days=14)
#: A minute of so much moves an index that counts it, even with a low power factor; currents are rounded to 1 A.
_LEAST = 500  # VA
_LEAST_DAYS, _LEAST_MINUTES = 2, 30  # at least: a meter that is read badly for an hour is no roof
_DAYLIGHT = range(7, 21)  # local hours
_MOST_AT_NIGHT = 10  # percent of them


@dataclass(frozen=True, slots=True)
class SunAnswer:
    """Of each period of an answer, and of the whole of it; None: of no period is known what was made or injected."""

    periods: Sequence[Sun]
    whole: Sun | None  # of the time in which production is known
    since: datetime | None  # when that time begins in the range; None: there is no source, or it is new
    earned: Decimal | None  # of all that was injected; None: a price is missing
    surplus_hours: int  # in which more was injected than drawn
    contradiction: Contradiction | None
    source: bool = False  # there is one, though nothing may be known of its production yet


@dataclass(slots=True)
class Slot:
    """A piece of time."""

    made: int = 0  # Wh
    heard: int = 0  # seconds in which a source sent something
    surplus: int = 0  # hours in which more was injected than drawn
    used: dict[str, int] = field(default_factory=dict)  # production less injection, Wh, by register at each hour's end


class SunHours:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, hours: Hours, sources: Sources, reader: EnergyReader, days: Days) -> None:
        self._hours = hours
        self._sources = sources
        self._reader = reader
        self._days = days

    def slots(
        self,
        meter: Meter,
        roofs: Sequence[Source],
        limits: Sequence[datetime],
        cuts: Iterable[datetime] = (),
    ) -> tuple[list[datetime], list[Slot]]:
        """Return when pieces of the time between limits begin, and what is known of them; see `Days.of`."""
        key = ("sun", *(roof.number for roof in roofs))
        starts, (slots,) = self._days.of(meter, [key], limits, partial(self._between, meter, roofs), cuts)
        return starts, slots

    def injects(self, meter: Meter, before: datetime) -> bool:
        """Tell whether a meter counted what it injected, in the day before a moment."""
        return any(
            injected is not None
            for part in meter.parts
            for _, _, injected, _ in self._hours.injections(part.number, before - _DAY, before)
        )

    def _between(self, meter: Meter, roofs: Sequence[Source], limits: Sequence[datetime]) -> list[list[Slot]]:
        """Return what is known between neighbouring limits, of all roofs together: a list of one, for their key."""
        start, end = limits[0], limits[-1]
        # The register that ran last is that of hours of which the meter says nothing.
        before = self._hours.last_read(meter, start) - _DAY
        rows = [row for part in meter.parts for row in self._hours.injections(part.number, before, end)]
        running = {hour: supplier for hour, supplier, *_ in rows if supplier is not None}
        register_of = register_at(self._reader.contract_spans(meter, before, end), running, end)
        begins = [int(limit.timestamp()) for limit in limits[:-1]]
        slots = [Slot() for _ in begins]

        def slot_at(hour: int) -> Slot:
            return slots[bisect.bisect_right(begins, hour) - 1]

        def use(slot: Slot, hour: int, wh: int) -> None:
            register = register_of(hour) or ""
            slot.used[register] = slot.used.get(register, 0) + wh

        heard: dict[int, int] = {}
        for roof in roofs:
            for hour, wh, seconds in self._sources.by_hour(roof, start, end):
                heard[hour] = min(heard.get(hour, 0) + seconds, _HOUR_SECONDS)
                if wh:
                    slot = slot_at(hour)
                    slot.made += wh
                    use(slot, hour, wh)
        for hour, seconds in heard.items():
            slot_at(hour).heard += seconds
        for hour, _, sold, _ in rows:
            if sold and hour >= begins[0]:
                use(slot_at(hour), hour, -sold)
        for hour in {hour for hour, *_, is_surplus in rows if is_surplus and hour >= begins[0]}:
            slot_at(hour).surplus += 1
        return [slots]


@dataclass(frozen=True, slots=True)
class UnseenInjection:
    """What was probably injected in the last days, and not counted."""

    days: int
    minutes: int
    power: int  # VA: the mean, from a current that is rounded to 1 A


def judge(minutes: Sequence[tuple[int, int]], zone: ZoneInfo) -> UnseenInjection | None:
    """Return what minutes tell in which power flows and no index moves, each with its start and VA; None: nothing.

    By night there is no sun: then it is something else.
    """
    local = [moment_of(at).astimezone(zone) for at, _ in minutes]
    days = {at.date() for at in local}
    by_night = sum(at.hour not in _DAYLIGHT for at in local)
    if len(days) < _LEAST_DAYS or len(local) < _LEAST_MINUTES or by_night * 100 > _MOST_AT_NIGHT * len(local):
        return None
    return UnseenInjection(len(days), len(local), round(sum(power for _, power in minutes) / len(minutes)))


class SunAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._power = home.power
        self._sources = Sources(home.connection)
        self._days = Days(home.zone, home.cache)
        self._sun_hours = SunHours(home.hours, self._sources, home.reader, self._days)
        self._reader = home.reader
        self._prices = home.prices
        self._zone = home.zone

    def roofs(self, meter: Meter) -> list[Source]:
        """Return the sources of production behind a meter."""
        return self._home.sources(meter, PRODUCTION)

    def of(self, found: Answer, by: str, now: datetime) -> SunAnswer | None:
        """Return what the sun did in the periods of an answer; None: there is no source, and nothing was injected."""
        roofs = self.roofs(found.meter)
        whole = found.whole.energy
        if not roofs and not whole.injected_wh:
            return None
        firsts = [first for roof in roofs if (first := self._sources.first(roof)) is not None and first < whole.end]
        since = _since(firsts, whole.end, now)
        bill = Bill(self._prices, found.contracts, self._zone, now)
        injects = None if since is None else self._reader.injects_since(found.meter)
        slots = self._slots(found, roofs, [one for one in (since, injects) if one is not None], bill)
        periods = self._periods(found, since, injects, slots, bill, now)
        total = add_up(periods)
        return SunAnswer(
            periods=periods,
            whole=total,
            since=None if total is None else total.start,
            earned=add_amounts(
                one.earned
                for one, period in zip(periods, found.periods, strict=True)
                if period.energy.injected_wh is not None
            ),
            surplus_hours=sum(slot.surplus for of_period in slots for _, slot in of_period),
            contradiction=contradiction([total] if by == "hour" and total is not None else periods),
            source=bool(firsts),
        )

    def remember(self, meter: Meter) -> None:
        """Look up all that the memory keeps of a meter."""
        roofs = self.roofs(meter)
        if meter.first is None or meter.last is None:
            return
        if roofs or self._sun_hours.injects(meter, meter.last):
            self._sun_hours.slots(meter, roofs, self._days.all(meter))

    def unseen(self, meter: Meter, now: datetime) -> UnseenInjection | None:
        """Return what a meter that does not count injection shows of it; None: nothing."""
        parts = [part.number for part in meter.parts]
        return judge(self._power.minutes_at_rest(parts, now - _LOOK_BACK, now, _LEAST), self._zone)

    def made(self, roofs: Sequence[Source], start: datetime, end: datetime) -> int | None:
        """Return the production of an interval, to the minute; None: that of no source is known at its start."""
        firsts = [first for roof in roofs if (first := self._sources.first(roof)) is not None]
        known = min(firsts, default=start) < start
        return sum(self._sources.between(roof, start, end) or 0 for roof in roofs) if known else None

    def power(self, roofs: Iterable[Source], now: datetime) -> tuple[datetime, int] | None:
        """Return the present production: the end of the minute that it is the mean of, and W; None: none is new."""
        newest = []
        for roof in roofs:
            powers = powers_of(self._sources.minutes(roof, now - _FRESH - _BETWEEN, now))
            newest += [one for one in list(powers.items())[-1:] if one[0] + _MINUTE >= (now - _FRESH).timestamp()]
        if not newest:
            return None
        return moment_of(max(at for at, _ in newest) + _MINUTE), sum(power for _, power in newest)

    def curve(self, meter: Meter, grid: Grid) -> list[int | None] | None:
        """Return the mean power of production in each cell of a grid, W; None: no source, or nothing is known."""
        column: list[int | None] = [None] * grid.count
        for roof in self.roofs(meter):
            for place, power in self._cells(roof, grid).items():
                column[place] = (column[place] or 0) + power
        return column if any(power is not None for power in column) else None

    def _cells(self, roof: Source, grid: Grid) -> dict[int, int]:
        first = int(grid.start.timestamp())
        if grid.source == HOURS:
            of_hours = self._sources.by_hour(roof, grid.start, grid.end)
            powers = {at: wh for at, wh, _ in of_hours}  # Wh of an hour are its mean power
        else:
            powers = powers_of(self._sources.minutes(roof, grid.start - _BETWEEN, grid.end))
        if grid.source == FRAMES:  # a cell of seconds has the power of its minute
            minutes = ((place, (first + place * grid.step) // _MINUTE * _MINUTE) for place in range(grid.count))
            return {place: powers[minute] for place, minute in minutes if minute in powers}
        found: dict[int, list[int]] = {}
        for at, power in powers.items():
            if at >= first:
                found.setdefault((at - first) // grid.step, []).append(power)
        return {place: round(sum(of_cell) / len(of_cell)) for place, of_cell in found.items()}

    def _slots(
        self, found: Answer, roofs: Sequence[Source], begins: Iterable[datetime], bill: Bill
    ) -> list[list[tuple[datetime, Slot]]]:
        """Return the pieces of each period, with when they begin."""
        ends = [period.energy.end for period in found.periods]
        limits = [full_hour(found.whole.energy.start), *map(full_hour, ends)]
        inside = (begin for begin in begins if limits[0] < begin < limits[-1])
        cuts = [*inside, *bill.cuts(limits[0], limits[-1])]
        starts, slots = self._sun_hours.slots(found.meter, roofs, limits, cuts)
        return list(in_periods(ends, starts, list(zip(starts, slots, strict=True))))

    def _periods(
        self,
        found: Answer,
        since: datetime | None,
        injects: datetime | None,
        slots: Sequence[Sequence[tuple[datetime, Slot]]],
        bill: Bill,
        now: datetime,
    ) -> list[Sun]:
        """Return the periods; one in which production or injection becomes known only of the time after that."""
        result = []
        for period, of_period in zip(found.periods, slots, strict=True):
            earned = self._earned(found.meter, period.energy, now)
            if since is None or since >= period.energy.end:
                result.append(Sun(None, period.energy.injected_wh, period.energy.total_wh, 0, earned=earned))
                continue
            energy = self._known(found.meter, period.energy, since, injects or since, now)
            inside = [one for one in of_period if one[0] >= full_hour(energy.start)]
            result.append(
                Sun(
                    production_wh=sum(slot.made for _, slot in inside),
                    injected_wh=energy.injected_wh,
                    drawn_wh=energy.total_wh,
                    heard=sum(slot.heard for _, slot in inside),
                    saved=None if energy.injected_wh is None else bill.cost_of((at, slot.used) for at, slot in inside),
                    earned=earned,
                    start=energy.start,
                )
            )
        return result

    def _known(self, meter: Meter, energy: Energy, since: datetime, injects: datetime, now: datetime) -> Energy:
        """Return the part of a period in which production is known, and injection, if it is in some of it."""
        start = max(since, energy.start)
        cuts = [injects] if start < injects < energy.end else []
        if start == energy.start and not cuts:
            return energy
        first, *later = self._reader.energy(meter, [start, *cuts, energy.end], now)
        return join(later if later and first.injected_wh is None else [first, *later])

    def _earned(self, meter: Meter, energy: Energy, now: datetime) -> Decimal | None:
        """Return what the injection of a period brought, as far as it is counted; None: it is not, or has no price."""
        turns = [midnight(row.start, self._zone) for row in self._prices.feed_in]
        inside = [turn for turn in turns if energy.start < turn < energy.end]
        parts = self._reader.energy(meter, [energy.start, *inside, energy.end], now) if inside else [energy]
        paid = [self._paid(part.injected_wh, part.start) for part in parts if part.injected_wh is not None]
        return add_amounts(paid) if paid else None

    def _paid(self, wh: int, moment: datetime) -> Decimal | None:
        price = self._prices.feed_in_price(moment.astimezone(self._zone).date())
        if price is None:
            return None if wh else Decimal(0)
        return price * wh / _WATT_HOURS


def _since(firsts: Iterable[datetime], end: datetime, now: datetime) -> datetime | None:
    """Return from which whole hour on production is known; None: not before `end`, or that hour is not over yet."""
    since = min(firsts, default=end) + _HOUR
    return since if since < end and since + _HOUR <= now else None


def powers_of(minutes: Iterable[SourceMinute]) -> dict[int, int]:
    """Return the mean power of each minute, W; of a counter that tells no power, from its steps."""
    found: dict[int, int] = {}
    before: SourceMinute | None = None
    for minute in minutes:
        if minute.power is not None:
            found[minute.at] = minute.power
        elif minute.energy is not None:
            if before is not None and before.energy is not None and minute.at - before.at <= _BETWEEN.seconds:
                wh = minute.energy - before.energy - (minute.step or 0)
                found[minute.at] = round(wh * _WATT_SECONDS / (minute.at - before.at))
            before = minute
    return found
