"""What a simulated meter says in a minute, without its frames: to make years of history in little time. Pure.

Indexes are exactly those of the frames. Measurements are those of the load, with a voltage and a noise of the same
size as in the frames, so minima and maxima are close to theirs.
"""

from collections.abc import Iterator
from typing import NamedTuple

from reader.simulator.contract import Contract
from reader.simulator.french_calendar import LegalDay, legal_day_at, mix
from reader.simulator.household import DayLoad, Household
from reader.simulator.measurements import Measurements, Phase, total_power

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
    injected: tuple[int, int]
    power: tuple[int, int, int]  # VA, drawn: least, mean, most
    power_max_second: int
    injected_power: tuple[int, int]  # VA: mean, most
    phases: tuple[PhaseSummary, ...]
    overloads: int  # seconds


class _Piece(NamedTuple):
    """A stretch of constant load, within a minute."""

    start: int  # second of the minute
    seconds: int
    phases: list[Phase]  # without noise


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
    midnight = household.registers(day.start)
    for instant in instants:
        elapsed = instant - day.start
        ends = [load.joules(elapsed), load.joules(elapsed + MINUTE - 1)]
        total, injected = (
            tuple((before + joules[way]) // 3600 for joules in ends)
            for way, before in enumerate((midnight.imported, midnight.exported))
        )
        pieces = list(_pieces(measurements, load, instant))
        totals = [total_power(piece.phases) for piece in pieces]
        drawn, fed = [max(0, total) for total in totals], [max(0, -total) for total in totals]
        peak = pieces[totals.index(max(totals))]
        noise = 0.02 - mix(instant) % 14 / 10_000  # the largest of thirty seconds
        yield MinuteSummary(
            start=instant,
            supplier=contract.running(day, elapsed + MINUTE - 1).supplier,
            total=(total[0], total[1]),
            injected=(injected[0], injected[1]),
            power=(round(min(drawn) * (1 - noise)), _mean(pieces, drawn), round(max(drawn) * (1 + noise))),
            power_max_second=peak.start + mix(instant, 1) % peak.seconds,
            injected_power=(_mean(pieces, fed), max(fed)),
            phases=tuple(
                _phase(measurements, instant, number, [piece.phases[number] for piece in pieces], 1 + noise)
                for number in range(len(peak.phases))
            ),
            overloads=sum(piece.seconds for piece in pieces if any(measurements.exceeded(piece.phases))),
        )


def _pieces(measurements: Measurements, load: DayLoad, instant: int) -> Iterator[_Piece]:
    begin = at = instant - load.day.start
    step = load.step_at(begin)
    while at < begin + MINUTE:
        until = min(load.starts[step + 1] if step + 1 < len(load.starts) else load.day.length, begin + MINUTE)
        yield _Piece(at - begin, until - at, measurements.steady(load, step, instant + MINUTE // 2))
        at, step = until, step + 1


def _mean(pieces: list[_Piece], values: list[int]) -> int:
    return round(sum(piece.seconds * value for piece, value in zip(pieces, values, strict=True)) / MINUTE)


def _phase(measurements: Measurements, instant: int, number: int, values: list[Phase], highest: float) -> PhaseSummary:
    volts = [measurements.steady_volts(moment, number) for moment in (instant, instant + MINUTE - 1)]
    return PhaseSummary(
        power_max=round(max(0, max(value.drawn for value in values)) * highest),
        current_max=round(max(value.amperes for value in values) * highest),
        voltage_min=round(min(volts) - _NOISE_OF_VOLTAGE),
        voltage_mean=round(sum(volts) / 2),
        voltage_max=round(max(volts) + _NOISE_OF_VOLTAGE),
    )
