"""The household of a simulated meter: what it draws and feeds in, and the registers of the meter. Pure.

The power of a day is a step function: constant for ten minutes at most, in whole watts, with steps at whole seconds. So
energy is a whole number of joules, adds up exactly over any parts, and is known at each second from the sums at the
start of the day and of the step. The sums of earlier days are computed once and kept.
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import mul
from typing import NamedTuple

from reader.simulator.contract import Contract
from reader.simulator.french_calendar import DAY, HOUR, LegalDay, legal_day, legal_day_at, mix

SUPPLIER_REGISTERS, DISTRIBUTOR_REGISTERS = 10, 4
FIRST_DAY = 19_358  # 2023-01-01: the registers count from here on, starting from made-up values

_STEP = 600  # seconds
_STEPS = DAY // _STEP
_MAX_POWER = 6_000  # W; below the subscribed power, whatever is switched on
_OVERLOAD = 11_000  # W drawn from the grid during an overload, at least
_OVERLOAD_DAYS = 8  # one day of so many has an overload
_WATT_HOUR = 3_600  # joules
CAR_POWER = 3_200  # W, while it charges

# W, at each hour; linear between two hours.
# fmt: off
_WORKDAY = (
    220,  180,  180,  180,  190,  200,  350,  900,  600,  350,  320,  450,
    800,  500,  350,  320,  380,  600, 1000, 1500, 1300, 1000,  700,  400,
)
_WEEKEND = (
    300,  220,  180,  180,  180,  190,  220,  350,  700,  950,  800,  900,
   1300,  900,  600,  550,  600,  750, 1000, 1400, 1300, 1000,  800,  500,
)
_HEATING = (  # percent
     70,   70,   70,   70,   75,   90,  120,  130,  120,  105,   95,   90,
     90,   85,   85,   90,   95,  110,  125,  130,  130,  120,   95,   80,
)
# fmt: on


def _by_step(hours: tuple[int, ...]) -> list[int]:
    steps = HOUR // _STEP
    pairs = zip(hours, hours[1:] + hours[:1], strict=True)
    return [start + (end - start) * i // steps for start, end in pairs for i in range(steps)]


_HABITS = (*[_by_step(_WORKDAY)] * 5, *[_by_step(_WEEKEND)] * 2)
_HEATING_BY_STEP = _by_step(_HEATING)
# Percent; each day uses two parts of it, one to vary its habits and one for its clouds.
_VARIATIONS = [75 + mix(1, i) % 51 for i in range(1024)]

_PANELS = 4_200  # W if the sun were overhead
_SUN_OF_DAY = [math.cos(2 * math.pi * i / _STEPS - math.pi) for i in range(_STEPS)]  # highest at noon UTC


def _season(day: LegalDay, highest: int) -> float:
    """Return 1 on the day of the year that is the highest, -1 half a year later, and what is between on others."""
    return math.cos(2 * math.pi * (day.date.timetuple().tm_yday - highest) / 365.25)


def _sunshine(day: LegalDay, chance: int) -> list[int]:
    """Return the photovoltaic power of each ten minutes of UTC, on the date of this day."""
    summer = _season(day, 172)
    sky = (100, 95, 90, 75, 60, 50, 35, 20)[chance & 7] * _PANELS / 10_000
    clouds = _VARIATIONS[chance % 800 :][:_STEPS]
    # 16 hours of daylight in June, 8 in December.
    heights = (0.62 * angle + 0.3 * summer for angle in _SUN_OF_DAY)
    return [max(0, int(sky * cloud * height)) for height, cloud in zip(heights, clouds, strict=True)]


class Span(NamedTuple):
    """A time of a day: of an overload, in which the household draws more than it subscribed to, or of a charge."""

    start: int  # seconds since midnight
    end: int


@dataclass(frozen=True, slots=True)
class DayLoad:
    """The power of one day.

    Step i lasts from `starts[i]` to `starts[i + 1]`, in seconds since midnight; the last one ends with the day.
    """

    day: LegalDay
    starts: list[int]
    drawn: list[int]  # W, by all appliances
    sunshine: list[int]  # W, from the panels
    imported: list[int]  # joules from midnight to the start of the step; one more for the end of the day
    exported: list[int]
    produced: list[int]  # joules, as `imported`
    overload: Span | None
    charge: Span | None  # of the car
    outside: float  # °C, mean
    chance: int  # 64 bits of this day and household

    def step_at(self, elapsed: int) -> int:
        """Return the index of the step that this second of the day belongs to."""
        return bisect_right(self.starts, elapsed) - 1

    def joules(self, elapsed: int) -> tuple[int, int]:
        """Return the energy drawn from the grid and fed into it since midnight."""
        i = self.step_at(elapsed)
        net = (self.drawn[i] - self.sunshine[i]) * (elapsed - self.starts[i])
        return self.imported[i] + max(net, 0), self.exported[i] + max(-net, 0)


class Registers(NamedTuple):
    """The registers of the meter."""

    imported: int  # joules, in total
    exported: int
    supplier: tuple[int, ...]  # Wh; their sum is `imported`
    distributor: tuple[int, ...]


class Household:
    """Loads and registers of one contract; they do not depend on the mode and the phases of the meter.

    A `sunny` one has panels, as a producer has, and a car.
    """

    def __init__(self, contract: Contract, seed: int, *, sunny: bool = False) -> None:
        self._contract = contract
        self._has_panels = sunny or contract.name == "producer"
        self._has_car = sunny
        self._seed = mix(seed, contract.number)
        # Registers at the start of FIRST_DAY and the days after it, as far as needed.
        self._midnights = [self._history()]
        self.day_load = lru_cache(maxsize=8)(self._day_load)

    def registers(self, instant: int) -> Registers:
        """Return the registers at an instant; constant before FIRST_DAY."""
        day = legal_day_at(instant)
        if day.number < FIRST_DAY:
            return self._midnights[0]
        while len(self._midnights) <= day.number - FIRST_DAY:
            closing = legal_day(FIRST_DAY + len(self._midnights) - 1)
            self._midnights.append(self._count(self._midnights[-1], self._day_load(closing.number), closing.length))
        return self._count(self._midnights[day.number - FIRST_DAY], self.day_load(day.number), instant - day.start)

    def mean_power(self, start: int, end: int) -> tuple[int, int]:
        """Return the mean active power drawn and fed in between two instants, in W; they may be on two days."""
        seconds = end - start
        drawn = fed = 0
        while start < end:
            day = legal_day_at(start)
            load, until = self.day_load(day.number), min(end, day.start + day.length)
            before, after = load.joules(start - day.start), load.joules(until - day.start)
            drawn, fed = drawn + after[0] - before[0], fed + after[1] - before[1]
            start = until
        return drawn // seconds, fed // seconds

    def _history(self) -> Registers:
        """Return registers as after two or three years: the meter is older than the simulation."""
        imported = 21_000_000 + mix(self._seed, 1) % 9_000_000
        exported = 7_000_000 + mix(self._seed, 2) % 3_000_000
        supplier = [0] * SUPPLIER_REGISTERS
        for i, period in enumerate(self._contract.periods):
            supplier[i] = imported * period.share // 100
        supplier[0] += imported - sum(supplier)
        switches = self._contract.switches(legal_day(FIRST_DAY))
        distributor = [0] * DISTRIBUTOR_REGISTERS
        if max(switch.distributor for switch in switches) > 1:
            distributor = [imported * share // 100 for share in (19, 26, 24, 31)]
        distributor[0] += imported - sum(distributor)
        return Registers(imported * _WATT_HOUR, exported * _WATT_HOUR, tuple(supplier), tuple(distributor))

    def _count(self, start: Registers, load: DayLoad, until: int) -> Registers:
        """Add a day up to a second of it; each Wh is counted by the register that is running when it is complete."""
        supplier, distributor = list(start.supplier), list(start.distributor)
        switches = self._contract.switches(load.day)
        edges = [load.day.elapsed(switch.clock) for switch in switches[1:]]
        counted = start.imported // _WATT_HOUR
        for switch, edge in zip(switches, [*edges, until], strict=True):
            total = (start.imported + load.joules(min(edge, until))[0]) // _WATT_HOUR
            supplier[switch.supplier - 1] += total - counted
            distributor[switch.distributor - 1] += total - counted
            counted = total
            if edge >= until:
                break
        drawn, fed = load.joules(until)
        return Registers(start.imported + drawn, start.exported + fed, tuple(supplier), tuple(distributor))

    def _day_load(self, number: int) -> DayLoad:
        day = legal_day(number)
        chance = mix(self._seed, number)
        overload = _overload(day, chance)
        charge = _charge(day, chance) if self._has_car else None
        # Coldest in late January, and different each day.
        outside = 12 - 8 * _season(day, 25) + chance % 9 - 4
        starts, drawn = self._appliances(day, chance, outside, charge)
        if overload:
            _split(starts, drawn, overload.start)
            _split(starts, drawn, overload.end)
        sunshine = [0] * len(starts)
        if self._has_panels:
            panels = _sunshine(day, chance >> 40)
            sunshine = [panels[(day.start + start) % DAY // _STEP] for start in starts]
        if overload:
            for i in range(bisect_left(starts, overload.start), bisect_left(starts, overload.end)):
                drawn[i] = _OVERLOAD + (chance >> 40) % 21 * 50 + sunshine[i]
        lasts = [end - start for start, end in zip(starts, [*starts[1:], day.length], strict=True)]
        imports, exports = drawn, [0] * len(starts)
        if self._has_panels:
            net = [load - sun for load, sun in zip(drawn, sunshine, strict=True)]
            imports, exports = [max(0, power) for power in net], [max(0, -power) for power in net]
        imported, exported, produced = (
            list(accumulate(map(mul, powers, lasts), initial=0)) for powers in (imports, exports, sunshine)
        )
        return DayLoad(day, starts, drawn, sunshine, imported, exported, produced, overload, charge, outside, chance)

    def _appliances(
        self, day: LegalDay, chance: int, outside: float, charge: Span | None
    ) -> tuple[list[int], list[int]]:
        """Return the steps of the day and the power of all appliances in each, without an overload."""
        heating = max(0, int((15 - outside) * 110))  # W
        # Habits follow legal time, which skips or repeats an hour.
        edge = 3 * HOUR - max(0, day.shift)
        starts = list(range(0, day.length, _STEP))
        clocks = [(start + day.shift * (start >= edge)) // _STEP for start in starts]
        variations = _VARIATIONS[(chance >> 4) % 800 :]
        drawn = [
            (_HABITS[day.weekday][clock] * variation + heating * _HEATING_BY_STEP[clock]) // 100
            for clock, variation in zip(clocks, variations, strict=False)
        ]
        hot_water = self._contract.hot_water_at
        minute = 60
        spans = [(*charge, CAR_POWER)] if charge else []
        for clock, lasts, power in (
            (hot_water, (70 + (chance >> 8) % 48) * minute, 2_000),
            (7 * HOUR + (chance >> 14) % 40 * minute, 3 * minute, 1_900),  # kettle
            (12 * HOUR + (chance >> 20) % 50 * minute, 25 * minute, 1_500),  # oven
            (9 * HOUR + (chance >> 26) % 480 * minute, 15 * minute * ((chance >> 36) & 1), 2_000),  # washing machine
            (20 * HOUR + (chance >> 32) % 120 * minute, 20 * minute * ((chance >> 38) & 1), 1_800),  # dishwasher
        ):
            if lasts:
                spans.append((day.elapsed(clock), day.elapsed(clock) + lasts, power))
        for start, end, power in spans:
            _split(starts, drawn, start)
            _split(starts, drawn, end)
            for i in range(bisect_left(starts, start), bisect_left(starts, end)):
                drawn[i] += power
        return starts, [min(_MAX_POWER, power) for power in drawn]


def _charge(day: LegalDay, chance: int) -> Span | None:
    """Draw the time of the car's charge: long in the sun of Saturday and Sunday, short at night on most other days."""
    chance = mix(chance, 1)
    if day.weekday >= 5:
        start = day.elapsed(11 * HOUR) + chance % HOUR
        return Span(start, start + 2 * HOUR + (chance >> 12) % (2 * HOUR))
    if chance % 3 == 0:
        return None
    start = day.elapsed(22 * HOUR) + (chance >> 2) % 600
    return Span(start, start + HOUR // 2 + (chance >> 12) % HOUR)


def _overload(day: LegalDay, chance: int) -> Span | None:
    """Draw the time of the overload: in the evening, on one of eight days."""
    if (chance >> 48) % _OVERLOAD_DAYS:
        return None
    start = day.elapsed(18 * HOUR + 45 * 60) + (chance >> 45) % (90 * 60)
    return Span(start, start + 120 + (chance >> 52) % 61)


def _split(starts: list[int], powers: list[int], second: int) -> None:
    """Split a step at this second."""
    i = bisect_right(starts, second)
    if starts[i - 1] != second:
        starts.insert(i, second)
        powers.insert(i, powers[i - 1])
