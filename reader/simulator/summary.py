"""What a simulated meter says in a minute, without its frames: to make years of history in little time. Pure.

Indexes are exactly those of the frames. Measurements are those of the load, with a voltage and a noise of the same
size as in the frames, so minima and maxima are close to theirs.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from common.contract.power import GRID_VOLTS
from reader.simulator.contract import Contract
from reader.simulator.french_calendar import LegalDay, legal_day_at, mix
from reader.simulator.household import Household
from reader.simulator.measurements import Measurements

MINUTE = 60
_NOISE_OF_VOLTAGE = 0.95  # V, nearly always reached within a minute


class PhaseSummary(NamedTuple):
    """A phase in a minute."""

    power_max: int  # VA, drawn
    current_max: int  # A
    voltage_min: int
    voltage_mean: int
    voltage_max: int


class MinuteSummary(NamedTuple):
    """A minute with a frame each second."""

    start: int  # seconds since 1970, UTC
    supplier: int  # number of the register that runs at its end
    total: tuple[int, int]  # Wh: first and last
    exported: tuple[int, int]
    power: tuple[int, int, int]  # VA, drawn: least, mean, most
    power_max_second: int
    exported_power: tuple[int, int]  # VA: mean, most
    phases: tuple[PhaseSummary, ...]
    overloads: int  # seconds


def minutes(
    contract: Contract, household: Household, measurements: Measurements, start: int, end: int
) -> Iterator[MinuteSummary]:
    """Yield each minute of [start, end), which are instants at a whole minute, after `household.FIRST_DAY`."""
    while start < end:
        day = legal_day_at(start)
        until = min(end, day.start + day.length)
        yield from _minutes_of_day(contract, household, measurements, day, range(start, until, MINUTE))
        start = until


def _minutes_of_day(
    contract: Contract, household: Household, measurements: Measurements, day: LegalDay, instants: range
) -> Iterator[MinuteSummary]:
    load = household.day_load(day.number)
    powers = measurements.powers(load)
    midnight = household.registers(day.start)
    limit = measurements.subscribed_amperes * GRID_VOLTS
    for instant in instants:
        begin = instant - day.start
        end = begin + MINUTE
        (drawn, fed), (drawn_last, fed_last) = load.joules(begin), load.joules(end - 1)
        first, last = load.step_at(begin), load.step_at(end - 1) + 1  # nearly always a single step
        steps, edges = powers[first:last], [begin, *load.starts[first + 1 : last], end]
        seconds = [until - since for since, until in pairwise(edges)]
        totals = list(map(sum, steps))
        imports, exports = [max(0, total) for total in totals], [max(0, -total) for total in totals]
        highest = totals.index(max(totals))
        noise = 0.02 - mix(instant) % 14 / 10_000  # the largest of thirty seconds
        yield MinuteSummary(
            start=instant,
            supplier=contract.running(day, end - 1).supplier,
            total=((midnight.imported + drawn) // 3600, (midnight.imported + drawn_last) // 3600),
            exported=((midnight.exported + fed) // 3600, (midnight.exported + fed_last) // 3600),
            power=(round(min(imports) * (1 - noise)), _mean(seconds, imports), round(max(imports) * (1 + noise))),
            power_max_second=edges[highest] - begin + mix(instant, 1) % seconds[highest],
            exported_power=(_mean(seconds, exports), round(max(exports))),
            phases=tuple(
                _phase(measurements.steady_volts(instant + MINUTE // 2, number), of_phase, 1 + noise)
                for number, of_phase in enumerate(zip(*steps, strict=True))
            ),
            overloads=sum(lasts for lasts, phases in zip(seconds, steps, strict=True) if max(phases) > limit),
        )


def _mean(seconds: list[int], values: list[float]) -> int:
    return round(sum(lasts * value for lasts, value in zip(seconds, values, strict=True)) / MINUTE)


def _phase(volts: float, powers: tuple[float, ...], highest: float) -> PhaseSummary:
    return PhaseSummary(
        power_max=round(max(0, *powers) * highest),
        current_max=round(max(map(abs, powers)) / volts * highest),
        voltage_min=round(volts - _NOISE_OF_VOLTAGE),
        voltage_mean=round(volts),
        voltage_max=round(volts + _NOISE_OF_VOLTAGE),
    )
