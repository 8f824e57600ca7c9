"""What a simulated meter measures: voltage, current and power of each phase, and the maxima of a day. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from common.contract.power import GRID_VOLTS, VA_PER_AMPERE
from reader.simulator.french_calendar import legal_day_at, mix
from reader.simulator.household import DayLoad, Household

_SHARES = (0.46, 0.31, 0.23)  # of the load, by phase
_OVERLOAD_SHARES = (0.44, 0.40, 0.16)  # rotated by one phase from day to day
_POWER_FACTOR_DRAWN, _POWER_FACTOR_FED = 0.95, 0.98


class Phase(NamedTuple):
    """Measurements of one phase in one second."""

    volts: int
    amperes: int
    drawn: int  # VA; negative when the phase exports


class Maximum(NamedTuple):
    """The highest power of a day, and when it was reached."""

    power: int  # VA
    instant: int


class Measurements:
    """Measurements of one household by a meter of one or three phases."""

    def __init__(self, household: Household, *, phases: int, kva: int, seed: int) -> None:
        self.subscribed_amperes = kva * 1000 // VA_PER_AMPERE // phases  # on each phase
        self._household = household
        self._phases = phases
        self._seed = seed
        self.mean_volts_at = lru_cache(maxsize=16)(self._mean_volts_at)
        self._maxima_of = lru_cache(maxsize=4)(self._maxima_of_day)

    def _volts(self, instant: int, phase: int) -> float:
        """Return the voltage: interpolated between random values ten minutes apart, plus noise."""
        return self.steady_volts(instant, phase) + (mix(self._seed, instant, phase) % 1001 - 500) / 500

    def steady_volts(self, instant: int, phase: int) -> float:
        """Return the voltage without noise."""
        slot, within = divmod(instant, 600)
        before, after = self.mean_volts_at(slot, phase), self.mean_volts_at(slot + 1, phase)
        return before + (after - before) * within / 600

    def _mean_volts_at(self, slot: int, phase: int) -> float:
        """Return the voltage at the start of a ten-minute slot, without noise."""
        return GRID_VOLTS + (mix(self._seed, slot, phase + 10) % 1001 - 500) / 100

    def _active(self, load: DayLoad, step: int, factor: float = 1.0) -> list[float]:
        """W on each phase, negative if it exports; the panels feed all phases equally."""
        drawn, sun = load.drawn[step] * factor, load.sunshine[step]
        if self._phases == 1:
            return [drawn - sun]
        shares: Sequence[float] = _SHARES
        if load.overload and load.overload.start <= load.starts[step] < load.overload.end:
            first = load.chance % 3
            shares = (*_OVERLOAD_SHARES[first:], *_OVERLOAD_SHARES[:first])
        return [drawn * share - sun / 3 for share in shares]

    def measure(self, instant: int) -> list[Phase]:
        """Return the measurements of each phase."""
        day = legal_day_at(instant)
        load = self._household.day_load(day.number)
        # The noise of two consecutive seconds adds up to zero, so that the energy stays right.
        noise = (mix(self._seed, instant // 2) % 401 - 200) / 10_000 * (1 if instant % 2 else -1)
        active = self._active(load, load.step_at(instant - day.start), 1 + noise)
        return [_phase(self._volts(instant, phase), power) for phase, power in enumerate(active)]

    def powers(self, load: DayLoad) -> list[list[float]]:
        """Return the power on each phase in each step of a day's load, in VA and without noise; negative if fed in."""
        return [[_apparent(power) for power in self._active(load, step)] for step in range(len(load.starts))]

    def maxima(self, day: int, until: int) -> tuple[list[Maximum], Maximum]:
        """Return the maxima of a day up to a second of it.

        Those of the power drawn (the total, then each phase), and that of the power fed in.
        """
        step = self._household.day_load(day).step_at(until)
        *drawn, fed = (maxima[step] for maxima in self._maxima_of(day))
        return drawn, fed

    def _maxima_of_day(self, day: int) -> list[list[Maximum]]:
        """Return what `maxima` returns, for each step of the day: a load without noise is highest when it begins."""
        load = self._household.day_load(day)
        phases = self.powers(load)
        total = [sum(step) for step in phases]
        drawn = [total, *zip(*phases, strict=True)] if self._phases > 1 else [total]
        return [_running_maxima(load, powers) for powers in (*drawn, [-power for power in total])]

    def exceeded(self, phases: Sequence[Phase]) -> list[bool]:
        """Return for each phase whether it draws more than is subscribed to."""
        return [phase.drawn > 0 and phase.amperes > self.subscribed_amperes for phase in phases]


def _running_maxima(load: DayLoad, powers: Sequence[float]) -> list[Maximum]:
    """Return the highest of the powers so far in each step, 0 at least, and the start of its step."""
    best, maxima = Maximum(0, load.day.start), []
    for start, power in zip(load.starts, powers, strict=True):
        if int(power) > best.power:
            best = Maximum(int(power), load.day.start + start)
        maxima.append(best)
    return maxima


def _phase(volts: float, active: float) -> Phase:
    apparent = _apparent(active)
    return Phase(round(volts), round(abs(apparent) / volts), round(apparent))


def _apparent(active: float) -> float:
    """Convert W to VA; negative when it is fed in."""
    return active / (_POWER_FACTOR_DRAWN if active >= 0 else _POWER_FACTOR_FED)


def total_power(phases: Sequence[Phase]) -> int:
    """Return the power of all phases in VA; negative when they feed in."""
    return sum(phase.drawn for phase in phases)
