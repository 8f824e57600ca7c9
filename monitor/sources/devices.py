"""What single devices use: in the periods of an answer, in any interval of time, and now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from monitor.base.calendar import full_hour
from monitor.money.costs import Answer, join
from monitor.money.home import Home
from monitor.readings.days import Days, in_periods
from monitor.readings.hours import Meter
from monitor.readings.index_deltas import naming, register_at
from monitor.readings.rows import moment_of
from monitor.readings.sources import DEVICE, Source, SourceMinute, Sources
from monitor.sources.sun import SunAnswer

#: W from which on a device runs: what waits to be switched on uses less.
ON = 10
#: A device that sent nothing for longer is not known now.
_RECENT = timedelta(minutes=10)
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_ByRegister = dict[str, int]  # Wh
#: Counters are read some seconds apart, and each of them is some percent wrong.
_COUNTERS_APART, _COUNTERS_WRONG = 100, Decimal("0.02")  # Wh, share


@dataclass(frozen=True, slots=True)
class Device:
    """What a device used in each period of an answer; None: not known yet, or something of it has no price."""

    name: str
    wh: Sequence[int | None]
    cost: Sequence[Decimal | None]  # EUR

    @property
    def total_wh(self) -> int | None:
        """What it used in the periods in which that is known."""
        known = [one for one in self.wh if one is not None]
        return sum(known) if known else None

    @property
    def total_cost(self) -> Decimal | None:
        """What that cost, None if the cost of one of these periods is not known."""
        costs = [cost for wh, cost in zip(self.wh, self.cost, strict=True) if wh is not None]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(costs) else None


@dataclass(frozen=True, slots=True)
class Above:
    """Periods in which devices counted more than the home used: a counter, its unit or its meter is wrong."""

    periods: int
    devices_wh: int
    house_wh: int


def above(periods: Iterable[tuple[int, int | None]]) -> Above | None:
    """Return what cannot be, of periods with what the devices and the home used; None: all can be."""
    found = [(devices, house) for devices, house in periods if house is not None and _is_above(devices, house)]
    return Above(len(found), sum(one for one, _ in found), sum(one for _, one in found)) if found else None


def _is_above(devices: int, house: int) -> bool:
    return devices - house > _COUNTERS_APART + house * _COUNTERS_WRONG


def by_mix(wh: int, mix: Mapping[str, int]) -> dict[str, int]:
    """Return energy divided as the mix of an hour is; the register that counted most has what rounding leaves.

    >>> by_mix(1001, {"HCHP": 250, "HCHC": 750}), by_mix(10, {"BASE": 3})
    ({'HCHP': 250, 'HCHC': 751}, {'BASE': 10})
    """
    if len(mix) == 1:  # of nearly all hours
        return dict.fromkeys(mix, wh)
    most = max(mix, key=lambda name: mix[name])
    total = sum(mix.values())
    parts = {name: round(wh * counted / total) for name, counted in mix.items()}
    parts[most] += wh - sum(parts.values())
    return parts


@dataclass(frozen=True, slots=True)
class DevicesAnswer:
    """Of each device behind a meter, in the periods of an answer; None: not known."""

    devices: Sequence[Device]
    house_wh: int | None  # all that the home used
    rest_wh: int | None  # of it, what no device counted
    rest_cost: Decimal | None  # EUR; None: the home makes energy of its own, too, or something has no price
    above: Above | None


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """A device in the newest minute that came from it; None: none came for ten minutes."""

    name: str
    power: int | None  # W
    at: datetime | None  # the end of that minute, or now


class DeviceAnswers:
    """Answers over one connection; not for several threads at once.

    A device costs what its energy costs at the mean price of the hour: by the registers that counted in it, each by its
    share of what the home drew.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._hours = home.hours
        self._sources = Sources(home.connection)
        self._reader = home.reader
        self._costs = home.costs
        self._intervals = home.intervals
        self._days = Days(home.zone, home.cache)

    def devices(self, meter: Meter) -> list[Source]:
        """Return the devices behind a meter, by name."""
        return self._home.sources(meter, DEVICE)

    def remember(self, meter: Meter) -> None:
        """Look up all that the memory keeps of a meter."""
        sources = self.devices(meter)
        if sources and meter.first is not None and meter.last is not None:
            self._used(meter, sources, self._days.all(meter))

    def of(self, found: Answer, sun: SunAnswer | None, now: datetime) -> DevicesAnswer | None:
        """Return what devices used in the periods of an answer; None: there is none.

        Args:
            found: energy and cost of the home.
            sun: what was made and used in the same periods.
            now: the present.
        """
        sources = self.devices(found.meter)
        if not sources:
            return None
        limits = [
            full_hour(found.periods[0].energy.start),
            *(full_hour(period.energy.end) for period in found.periods),
        ]
        devices = self._in_periods(found, sources, limits, now)
        used = [sum(wh or 0 for wh in of_period) for of_period in zip(*(one.wh for one in devices), strict=True)]
        houses = _used_by_house(found, sun)
        house = None if None in houses else sum(one or 0 for one in houses)
        return DevicesAnswer(
            devices=devices,
            house_wh=house,
            rest_wh=None if house is None else house - sum(used),
            rest_cost=_rest_cost(found, sun, devices),
            above=self._above(found, used, houses, now),
        )

    def _above(self, found: Answer, used: Sequence[int], houses: Sequence[int | None], now: datetime) -> Above | None:
        """Return what cannot be in the periods that are over and heard; hours are too short, so they count as one."""
        over = [
            (devices, house)
            for period, devices, house in zip(found.periods, used, houses, strict=True)
            if period.energy.covered and period.energy.end + _HOUR <= now and house is not None
        ]
        if over and found.periods[0].energy.end - found.periods[0].energy.start <= _HOUR:
            over = [(sum(devices for devices, _ in over), sum(house for _, house in over))]
        return above(over)

    def of_interval(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> list[Device]:
        """Return what devices used in an interval of time, to the minute where minutes are kept, as a single period."""
        sources = self.devices(meter)
        if not sources:
            return []
        first = full_hour(start + _HOUR - timedelta.resolution)
        last = max(first, full_hour(end)) if first < end else first
        edges = [(low, high) for low, high in ((start, min(first, end)), (last, end)) if low < high]
        mixes = [self._mix_of_interval(meter, low, high, now) for low, high in edges]
        bill = self._costs.bill(self._costs.contracts(meter, start, end), now)
        starts: list[datetime] = []
        middle: list[list[_ByRegister]] = [[] for _ in sources]
        if first < last:
            starts, middle = self._used(meter, sources, [first, last], bill.cuts(first, last))
        devices = []
        for source, of_source in zip(sources, middle, strict=True):
            wh = self._sources.between(source, start, end)
            parts = list(zip(starts, of_source, strict=True))
            for (low, high), mix in zip(edges, mixes, strict=True):
                counted = self._sources.between(source, low, high)
                if counted:
                    parts.append((low, by_mix(counted, mix)))
            devices.append(Device(source.name, [wh], [None if wh is None else bill.cost_of(parts)]))
        return devices

    def _mix_of_interval(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> Mapping[str, int]:
        found = self._intervals.interval(meter, start, end, now)
        drawn = {} if found is None else {name: wh for name, wh in join(found.pieces).wh.items() if wh > 0}
        if drawn:
            return drawn
        mix_at = self._mixes(meter, full_hour(start), full_hour(start) + _HOUR)
        return mix_at(int(full_hour(start).timestamp()))

    def now(self, meter: Meter, now: datetime) -> list[DeviceNow]:
        """Return what the devices behind a meter do now, the one that uses most first."""
        found = [self._now(source, now) for source in self.devices(meter)]
        return sorted(found, key=lambda one: -1 if one.power is None else one.power, reverse=True)

    def _now(self, source: Source, now: datetime) -> DeviceNow:
        minutes = self._sources.minutes(source, now - _RECENT, now)
        if not minutes:
            return DeviceNow(source.name, None, None)
        newest = minutes[-1]
        power = _power_of_counter(minutes) if newest.power is None else newest.power
        return DeviceNow(source.name, power, min(moment_of(newest.at) + _MINUTE, now))

    def _in_periods(
        self, found: Answer, sources: Sequence[Source], limits: Sequence[datetime], now: datetime
    ) -> list[Device]:
        """Return what each device used between neighbouring limits, and what that cost."""
        bill = self._costs.bill(found.contracts, now)
        starts, used = self._used(found.meter, sources, limits, bill.cuts(limits[0], limits[-1]))
        devices = []
        for source, of_source in zip(sources, used, strict=True):
            begun = self._sources.first(source)
            wh: list[int | None] = []
            cost: list[Decimal | None] = []
            pieces = list(zip(starts, of_source, strict=True))
            for end, inside in zip(limits[1:], in_periods(limits[1:], starts, pieces), strict=True):
                known = begun is not None and begun < end
                wh.append(sum(sum(registers.values()) for _, registers in inside) if known else None)
                cost.append(bill.cost_of(inside) if known else None)
            devices.append(Device(source.name, wh, cost))
        return devices

    def _used(
        self, meter: Meter, sources: Sequence[Source], limits: Sequence[datetime], cuts: Sequence[datetime] = ()
    ) -> tuple[list[datetime], list[list[_ByRegister]]]:
        """Return when pieces of the time between limits begin, and what each device used in them."""
        keys = [("device", source.number) for source in sources]
        return self._days.of(meter, keys, limits, partial(self._by_register, meter, sources), cuts)

    def _by_register(
        self, meter: Meter, sources: Sequence[Source], limits: Sequence[datetime]
    ) -> list[list[_ByRegister]]:
        """Return Wh by register of each device between neighbouring limits, which are whole hours."""
        mix_at = self._mixes(meter, limits[0], limits[-1])
        ends = [int(limit.timestamp()) for limit in limits[1:]]
        result = []
        for source in sources:
            parts: list[_ByRegister] = [{} for _ in ends]
            place = 0
            for hour, wh, _ in self._sources.by_hour(source, limits[0], limits[-1]):
                while hour >= ends[place]:
                    place += 1
                if wh:
                    part = parts[place]
                    for register, counted in by_mix(wh, mix_at(hour)).items():
                        part[register] = part.get(register, 0) + counted
            result.append(parts)
        return result

    def _mixes(self, meter: Meter, start: datetime, end: datetime) -> Callable[[int], Mapping[str, int]]:
        """Return what gives, for an hour of [start, end), what each register counted in it.

        Of an hour of which less is known it is the register that ran at its end, or the last that is known to have run.
        """
        before = self._hours.last_read(meter, start) - _DAY
        spans = self._reader.contract_spans(meter, before, end)
        name_of = naming(spans, end)
        mixes: dict[int, Mapping[str, int]] = {}
        running: dict[int, int] = {}
        for part in meter.parts:
            rows = self._hours.injections(part.number, before, end)
            running |= {hour: supplier for hour, supplier, *_ in rows if supplier is not None}
            for hour, counted in self._hours.mixes(part.number, start, end).items():
                names = {name_of(number, hour): wh for number, wh in enumerate(counted, 1) if wh}
                mixes[hour] = {name: wh for name, wh in names.items() if name is not None}
        register = register_at(spans, running, end)
        return lambda hour: mixes.get(hour) or {register(hour) or "": 1}


def _used_by_house(found: Answer, sun: SunAnswer | None) -> list[int | None]:
    """Return what the home used in each period; None: what it made is not known."""
    drawn = [period.energy.total_wh for period in found.periods]
    if sun is None:
        return list(drawn)
    own = (
        one.self_consumed_wh if one.start == period.energy.start else None  # else of a part of the period only
        for one, period in zip(sun.periods, found.periods, strict=True)
    )
    return [None if used is None else wh + used for wh, used in zip(drawn, own, strict=True)]


def _rest_cost(found: Answer, sun: SunAnswer | None, devices: Sequence[Device]) -> Decimal | None:
    cost = found.whole.cost
    costs = [device.total_cost for device in devices if device.total_wh is not None]
    if sun is not None or any(one.what != "subscription" for one in cost.missing) or None in costs:
        return None
    return cost.energy - sum((one for one in costs if one is not None), Decimal(0))


def _power_of_counter(minutes: Sequence[SourceMinute]) -> int | None:
    """Return the mean power of a counter that tells no power, in W."""
    readings = [one for one in minutes if one.energy is not None]
    if len(readings) < 2:
        return None
    first, last = readings[0], readings[-1]
    wh = (last.energy or 0) - (first.energy or 0) - sum(one.step or 0 for one in readings[1:])
    return round(wh * 3600 / (last.at - first.at))
