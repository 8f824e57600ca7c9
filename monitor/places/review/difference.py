"""Why a stretch of time was different from others: at most three parts that explain most of it, and the rest. Pure.

The parts and the rest add up to the difference, to the Wh and to the ten-thousandth of a euro. Energy that differs is
worth the mean price of the time before; what is left of the difference in euros is that a kWh had another price.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from monitor.sources.weather import WeatherEffect

_MOST = 3  # parts
_LEAST_WH, _LEAST_EUR = Decimal(500), Decimal("0.10")  # what is less is no difference
_SHARE = 10  # nor is what is less than a tenth; nor is such a part one
_LARGE = 4  # the rest is named from a quarter on; and so much of the energy is a part, whatever it costs
_EDGE = 20  # an hour at the edge of a run that has less than a twentieth of it is not of it
_STEP = Decimal("0.0001")
_HOUR = 3600


class Slot(NamedTuple):
    """What was drawn in one hour of the clock, of one day or of several."""

    wh: int
    seconds: int  # how long that hour was, in all


@dataclass(frozen=True, slots=True)
class Side:
    """One of two stretches of time that are compared, or the mean of several."""

    wh: Mapping[str, int]  # drawn, by register
    cost: Mapping[str, Decimal] | None  # of the energy, EUR, by register; None: some of it has no price
    hours: Mapping[int, Slot]  # by local hour, in the order of time, as far as they are known
    base: int | None  # the base load of its nights, W
    injects: bool = False  # a roof covers some of its hours

    @property
    def total_wh(self) -> int:
        """All that was drawn."""
        return sum(self.wh.values())

    @property
    def total_cost(self) -> Decimal | None:
        """The cost of the energy, EUR."""
        return None if self.cost is None else sum(self.cost.values(), Decimal(0)).quantize(_STEP, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """The base load was another one, W; no more than the least mean of an hour, but where a roof covers hours."""

    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Level:
    """The power rose at once, and stayed: seconds since 1970."""

    start: int
    end: int
    watts: int
    hours: Mapping[int, int] = field(default_factory=dict)  # its seconds by local hour


@dataclass(frozen=True, slots=True)
class HoursOfUse:
    """More or less was used in some hours of the day, from the first to before the last."""

    first: int
    last: int
    all: bool  # these are all hours


@dataclass(frozen=True, slots=True)
class Colour:
    """Energy had another share of a register, at prices of before."""

    register: str  # that counts most
    before: float  # its share
    now: float


@dataclass(frozen=True, slots=True)
class KwhPrice:
    """The kWh had another price, EUR: of the same registers, or of all where those of before have no price."""

    before: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a difference; without `what` the rest."""

    what: BaseLoad | Level | HoursOfUse | WeatherEffect | Colour | KwhPrice | None
    wh: int
    cost: Decimal | None  # EUR, whole ten-thousandths; None: some energy has no price


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference and its parts, the greatest first."""

    matters: bool
    parts: Sequence[Part]
    rest: Part
    rest_is_large: bool  # a quarter or more is not explained, of the euros or of an energy that matters


def mean_of(sides: Sequence[Side]) -> Side:
    """Return the mean of several stretches of time; there is one."""
    count = len(sides)
    registers = dict.fromkeys(name for side in sides for name in side.wh)
    costs = [side.cost for side in sides if side.cost is not None]
    bases = [side.base for side in sides if side.base is not None]
    hours = dict.fromkeys(hour for side in sides for hour in side.hours)
    return Side(
        wh={name: round(sum(side.wh.get(name, 0) for side in sides) / count) for name in registers},
        cost={name: sum((cost.get(name, Decimal(0)) for cost in costs), Decimal(0)) / count for name in registers}
        if len(costs) == count
        else None,
        hours={hour: _mean_slot([side.hours[hour] for side in sides if hour in side.hours]) for hour in hours},
        base=round(sum(bases) / len(bases)) if bases else None,
        injects=any(side.injects for side in sides),
    )


def _mean_slot(slots: Sequence[Slot]) -> Slot:
    wh, seconds = (round(sum(column) / len(slots)) for column in zip(*slots, strict=True))
    return Slot(wh, seconds)


# One judgement: which parts are named and what the rest is follows from the same two sums.
def explain(
    now: Side,
    before: Side,
    levels: Collection[Level],
    kwh_before: Mapping[str, Decimal],
    weather: WeatherEffect | None = None,
) -> Difference:
    """Return what makes the difference.

    Args:
        now: what is to be explained.
        before: what it is compared with.
        levels: found in what is to be explained.
        kwh_before: what a kWh of each register cost before, EUR, as far as it is known.
        weather: what it changed; None: that is not known.
    """
    wh, cost = now.total_wh - before.total_wh, _minus(now.total_cost, before.total_cost)
    worth = _Worth(now, before)
    if weather is not None and abs(weather.wh) * _SHARE < abs(wh):
        weather = None
    found = [
        Part(what, part_wh, None if cost is None else worth.of(part_wh))
        for what, part_wh in _of_energy(now, before, levels, weather, wh)
    ]
    if cost is not None:
        found += _of_prices(now, before, kwh_before, worth)
    found.sort(key=_size, reverse=True)
    size = max(_size(part) for part in [Part(None, wh, cost), *found])
    energy_matters = _matters(Decimal(wh), Decimal(before.total_wh), _LEAST_WH)

    def is_large(part: Part) -> bool:
        return energy_matters and abs(part.wh) * _LARGE >= abs(wh)

    parts = [part for part in found if size and (_size(part) * _SHARE >= size or is_large(part))][:_MOST]
    rest_cost = None if cost is None else cost - sum((part.cost or Decimal(0) for part in parts), Decimal(0))
    rest = Part(None, wh - sum(part.wh for part in parts), rest_cost)
    return Difference(
        matters=energy_matters or _matters(cost, before.total_cost, _LEAST_EUR),
        parts=parts,
        rest=rest,
        rest_is_large=is_large(rest) or _size(rest) * _LARGE >= _size(Part(None, wh, cost)),
    )


def _size(part: Part) -> Decimal:
    return abs(Decimal(part.wh) if part.cost is None else part.cost)


def _minus(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if now is None or before is None else now - before


def _matters(change: Decimal | None, before: Decimal | None, least: Decimal) -> bool:
    return change is not None and before is not None and abs(change) >= least and abs(change) * _SHARE >= before


class _Worth:
    """What energy cost on average before; where there was none, what it cost now."""

    def __init__(self, now: Side, before: Side) -> None:
        side = before if before.total_wh else now
        cost = Decimal(0) if side.cost is None else sum(side.cost.values(), Decimal(0))
        self.kwh = cost * 1000 / side.total_wh if side.total_wh else Decimal(0)

    def of(self, wh: int) -> Decimal:
        return (Decimal(wh) / 1000 * self.kwh).quantize(_STEP, ROUND_HALF_UP)


def _of_energy(
    now: Side, before: Side, levels: Collection[Level], weather: WeatherEffect | None, wh: int
) -> list[tuple[BaseLoad | Level | HoursOfUse | WeatherEffect, int]]:
    hours = [hour for hour in now.hours if hour in before.hours]
    found: list[tuple[BaseLoad | Level | HoursOfUse | WeatherEffect, int]] = []
    left = {hour: now.hours[hour].wh - before.hours[hour].wh for hour in hours}
    if weather is not None:
        found.append((weather, weather.wh))
        left = _without(left, weather.wh)
    if not hours:
        return found
    sign = 1 if wh >= sum(part for _, part in found) else -1  # of what is left
    base = BaseLoad(_base(before), _base(now))
    of_base = {hour: _within(base.now, now.hours[hour]) - _within(base.before, before.hours[hour]) for hour in hours}
    # Where the weather counts, nights differ by their heating.
    if weather is None and base.now != base.before and None not in (now.base, before.base):
        found.append((base, sum(of_base.values())))
        left = {hour: left[hour] - of_base[hour] for hour in hours}
    remaining = list(levels) if sign > 0 else []
    while remaining:
        taken = {place: _taken(level, left) for place, level in enumerate(remaining)}
        place = max(taken, key=lambda place: sum(taken[place].values()))
        level, part = remaining.pop(place), taken[place]
        used = sum(part.values())
        # What is there on other days as well, or is small, explains nothing.
        if used and used * _SHARE >= abs(wh) and used * 2 >= _energy(level.watts, sum(level.hours.values())):
            found.append((level, used))
            left |= {hour: left[hour] - taken_wh for hour, taken_wh in part.items()}
    first, last = _run([left[hour] * sign for hour in hours])
    if used := sum(left[hour] for hour in hours[first:last]):
        found.append((HoursOfUse(hours[first], hours[last - 1] + 1, all=last - first == len(hours)), used))
    return found


def _energy(watts: int, seconds: int) -> int:
    return round(watts * seconds / _HOUR)


def _within(watts: int, slot: Slot) -> int:
    """Return the energy of a power in an hour, as far as it was drawn."""
    return min(_energy(watts, slot.seconds), slot.wh)


def _without(left: Mapping[int, int], wh: int) -> dict[int, int]:
    """Return what is left of hours without so much, which they share as they differ."""
    size = sum(map(abs, left.values()))
    return {hour: one - round(wh * abs(one) / size) if size else one for hour, one in left.items()}


def _base(side: Side) -> int:
    """Return the base load: in a night something may have run all the time that did not run by day."""
    least = min((slot.wh * _HOUR // slot.seconds for slot in side.hours.values() if slot.seconds), default=0)
    return least if side.base is None else side.base if side.injects else min(side.base, least)


def _taken(level: Level, left: Mapping[int, int]) -> dict[int, int]:
    """Return what a level drew in each hour, as far as that hour had more than before."""
    return {
        hour: max(min(_energy(level.watts, seconds), left[hour]), 0)
        for hour, seconds in level.hours.items()
        if hour in left
    }


def _run(values: Sequence[int]) -> tuple[int, int]:
    """Return the neighbouring values with the highest sum, without edges that add nearly nothing."""
    best, first, last = 0, 0, 0
    total, begin = 0, 0
    for place, value in enumerate(values):
        if total <= 0:
            total, begin = 0, place
        total += value
        if total > best:
            best, first, last = total, begin, place + 1
    while last - first > 1 and values[first] * _EDGE < best:
        first += 1
    while last - first > 1 and values[last - 1] * _EDGE < best:
        last -= 1
    return first, last


def _of_prices(now: Side, before: Side, kwh_before: Mapping[str, Decimal], worth: _Worth) -> list[Part]:
    total, was = now.total_wh, before.total_wh
    if not total or not was or now.total_cost is None or before.total_cost is None:
        return []
    # What the change in energy explains is taken off as it was rounded, so that the parts add up.
    prices = now.total_cost - before.total_cost - worth.of(total - was)
    mean = now.total_cost * 1000 / total
    used = {name: wh for name, wh in now.wh.items() if wh}
    if not used.keys() <= kwh_before.keys():
        return [Part(KwhPrice(worth.kwh, mean), 0, prices)]
    at_before = sum((Decimal(wh) / 1000 * kwh_before[name] for name, wh in used.items()), Decimal(0))
    colours = (at_before - Decimal(total) / 1000 * worth.kwh).quantize(_STEP, ROUND_HALF_UP)
    shares = {name: (before.wh.get(name, 0) / was, now.wh.get(name, 0) / total) for name in kwh_before}
    sign = 1 if colours >= 0 else -1

    def effect(name: str) -> float:
        share_before, share = shares[name]
        return sign * (share - share_before) * float(kwh_before[name] - worth.kwh)

    parts = [Part(KwhPrice(at_before * 1000 / total, mean), 0, prices - colours)]
    if shares and colours:
        register = max(shares, key=effect)
        parts.append(Part(Colour(register, *shares[register]), 0, colours))
    return parts
