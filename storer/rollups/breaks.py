"""Decides which steps of a register are energy, and which are breaks: a meter replaced, a register set back, a damage.

Energy of an hour is its last reading minus the last reading before it, minus its breaks. So the sum over any hours is
the difference of two readings minus the breaks between them, whatever hours are missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storer.rollups.registers import INJECTED, SUPPLIER, TOTAL, Readings

# More than a house can draw (54 kW), and what may be read at once after a short gap.
LIMIT_WH_PER_SECOND, LIMIT_WH = 15, 200


@dataclass(frozen=True, slots=True)
class HourReadings:
    """The readings of a meter in an hour: those of its first and of its last frame with an index."""

    hour: datetime
    first_at: datetime
    last_at: datetime
    first_standard: bool  # the mode of the first frame
    last_standard: bool
    first: Readings
    last: Readings
    label_set_id: int = 0  # of the last frame
    supplier: int | None = None  # number of the register that ran in the last frame


@dataclass(frozen=True, slots=True)
class Before:
    """The latest reading of a register before an hour."""

    value: int
    at: datetime
    standard: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an hour adds to each register."""

    steps: Mapping[int, int]  # by number of the register: what is no energy, but for 0
    drawn: int | None  # Wh; None: no register that counts it
    injected: int | None  # Wh


def judge(hour: HourReadings, before: Sequence[Before | None], previous_has_total: bool) -> Judgement:
    """Divide what each register went on by into energy and breaks.

    Args:
        hour: the readings.
        before: for each register its latest reading before this hour.
        previous_has_total: the latest hour before this one with any reading has `total`, or there is none.
    """
    steps: dict[int, int] = {}
    energy: list[int | None] = [None] * len(hour.last)
    for register, last in enumerate(hour.last):
        if last is None:
            continue
        first, earlier = hour.first[register], before[register]
        # The total is BASE in historic mode and EAST in standard mode: not the same register.
        by_mode = register == TOTAL
        parts = []
        if first is not None:
            same = hour.first_standard == hour.last_standard
            parts.append((last - first, hour.last_at - hour.first_at, same or not by_mode))
        if earlier is not None:
            value, at, standard = (
                (last, hour.last_at, hour.last_standard)
                if first is None
                else (first, hour.first_at, hour.first_standard)
            )
            parts.append((value - earlier.value, at - earlier.at, standard == earlier.standard or not by_mode))
        energy[register] = sum(step for step, time, same in parts if same and _is_energy(step, time))
        if broken := sum(step for step, time, same in parts if not (same and _is_energy(step, time))):
            steps[register] = broken
    return Judgement(steps, _drawn(energy, previous_has_total), energy[INJECTED])


def _is_energy(step: int, time: timedelta) -> bool:
    return 0 <= step <= LIMIT_WH + LIMIT_WH_PER_SECOND * time.total_seconds()


def _drawn(energy: Sequence[int | None], previous_has_total: bool) -> int | None:
    """Return the energy drawn: that of `total`, or of the supplier registers where the hour before had no total.

    In historic mode a contract with several registers has no total: after that, the step of `total` covers hours that
    were counted by the other registers already.
    """
    supplier = [value for register in SUPPLIER if (value := energy[register]) is not None]
    if energy[TOTAL] is not None and (previous_has_total or not supplier):
        return energy[TOTAL]
    return sum(supplier) if supplier else None
