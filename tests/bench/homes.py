"""Homes whose days are known in advance, to try forecasts on: the demo's simulated household, and made-up ones.

The made-up ones know nothing of the simulator: a temperature that wanders, habits with noise, holidays, people who
move. No forecast is tuned on the seeds used here.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from reader.simulator.contract import CONTRACTS
from reader.simulator.household import FIRST_DAY, Household

FIRST = date(2023, 1, 1)
LENGTH = 1280  # days, up to the middle of 2026
_JOULES = 3600  # of a Wh
_MOVED_OUT, _MOVED_IN, _EMPTY, _LARGER = 700, 760, 0.2, 1.5  # days; shares of what was drawn before

_WEEKENDS = 0.4  # of a second home, share on which somebody is there

Days = Sequence[float]  # Wh


def simulated(contract: str, seed: int) -> Days:
    """Return what the household of a simulated meter draws."""
    household = Household(CONTRACTS[contract], seed)
    return [household.day_load(FIRST_DAY + place).imported[-1] / _JOULES for place in range(LENGTH)]


def moved(days: Days) -> Days:
    """Return days of a home whose people leave it; others come two months later, who use more."""
    return [*days[:_MOVED_OUT], *_scaled(days[_MOVED_OUT:_MOVED_IN], _EMPTY), *_scaled(days[_MOVED_IN:], _LARGER)]


def away(days: Days, seed: int) -> Days:
    """Return days of a home that is nearly empty for two or three weeks each summer, and for a week each winter."""
    chance, found = random.Random(seed), list(days)
    for year in range(FIRST.year, FIRST.year + 4):
        for first, longest in ((date(year, 7, 5), 22), (date(year, 2, 8), 8)):
            start = (first - FIRST).days + chance.randrange(30)
            end = start + chance.randrange(longest // 2, longest + 1)
            found[start:end] = _scaled(found[start:end], _EMPTY)
    return found[: len(days)]


def now_and_then(days: Days, seed: int) -> Days:
    """Return days of a home that is empty but for some weekends."""
    chance, found = random.Random(seed), []
    for place, wh in enumerate(days):
        weekday = (FIRST + timedelta(place)).weekday()
        if weekday == 0 or place == 0:
            comes = chance.random() < _WEEKENDS
        found.append(wh if comes and weekday >= 5 else wh * _EMPTY)
    return found


def _scaled(days: Days, share: float) -> Days:
    return [wh * share for wh in days]


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A home that no simulator of ours knows."""

    base: float = 6000  # Wh a day
    heating: float = 0  # Wh a day and degree below 16
    cooling: float = 0  # Wh a day and degree above 22
    noise: float = 0.2  # from day to day
    habit: float = 0.0  # noise that lasts for some days
    drift: float = 0.0  # that stays: a random walk
    weekend: float = 1.15

    def days(self, seed: int) -> Days:
        """Return its days."""
        chance = random.Random(seed)
        level = lasting = 0.0
        found = []
        for place, degrees in enumerate(_weather(chance)):
            day = FIRST + timedelta(place)
            level += chance.gauss(0, self.drift)
            lasting = 0.9 * lasting + chance.gauss(0, self.habit)
            usual = self.base * math.exp(level + lasting + chance.gauss(0, self.noise))
            weekend = self.weekend if day.weekday() >= 5 else 1
            weather = self.heating * max(16 - degrees, 0) + self.cooling * max(degrees - 22, 0)
            found.append(usual * weekend + weather)
        return found


def _weather(chance: random.Random) -> Iterator[float]:
    """Yield the mean temperature of each day: a year, years that differ, and spells of some days."""
    spell, years = 0.0, [chance.gauss(0, 0.8) for _ in range(5)]
    for place in range(LENGTH):
        day = FIRST + timedelta(place)
        spell = 0.85 * spell + chance.gauss(0, 1.8)
        season = -8 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 25) / 365.25)
        yield 12.2 + season + spell + years[day.year - FIRST.year]


#: By name, what makes a home from a seed.
HOMES: Mapping[str, Callable[[int], Days]] = {
    "simulated, heating": lambda seed: simulated("base", seed),
    "simulated, producer": lambda seed: simulated("producer", seed),
    "simulated, moved out and in": lambda seed: moved(simulated("base", seed)),
    "simulated, long holidays": lambda seed: away(simulated("base", seed), seed),
    "no heating": MadeUp(base=7000, noise=0.3, habit=0.05).days,
    "no heating, long holidays": lambda seed: away(MadeUp(base=7000, noise=0.3).days(seed), seed),
    "heating": MadeUp(heating=600).days,
    "heating, much": MadeUp(base=5000, heating=1500).days,
    "heating, long holidays": lambda seed: away(MadeUp(heating=500).days(seed), seed),
    "heating, moved out and in": lambda seed: moved(MadeUp(heating=500).days(seed)),
    "heating, habits that drift": MadeUp(heating=300, drift=0.02).days,
    "cooling": MadeUp(base=8000, cooling=1200).days,
    "habits that vary much": MadeUp(base=7000, noise=0.45, habit=0.15, weekend=1.4).days,
    "second home": lambda seed: now_and_then(MadeUp(heating=200, noise=0.3).days(seed), seed),
}
