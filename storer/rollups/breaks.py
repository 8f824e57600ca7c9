"""Decides which steps of a register are energy, and which are breaks: a meter replaced, a register set back, a damage.

Energy of an hour is its last reading minus the last reading before it, minus its breaks. So the sum over any hours is
the difference of two readings minus the breaks between them, whatever hours are missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.registers import REGISTERS
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
    counted: bool = False  # what was drawn since is that of other registers, in the hours between


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an hour adds to each register."""

    steps: Mapping[int, int]  # by number of the register: what is no energy, but for 0
    drawn: int | None  # Wh; None: no register that counts it
    injected: int | None  # Wh


class Inside:
    """What is counted between the first and the last reading of an hour, from each frame to the next.

    For an hour whose ends alone do not tell: an index fell, or the meter has other registers than before.
    """

    def __init__(self, frames: Iterable[tuple[datetime, bool, Readings]]) -> None:
        """`frames`: those with an index, in order of time: when, whether in standard mode, the readings."""
        self.first: list[Before | None] = [None] * len(REGISTERS)
        self.energy = [0] * len(REGISTERS)
        self.drawn = 0
        latest: list[Before | None] = [None] * len(REGISTERS)
        # A stretch is as long as the meter keeps its mode and the kind of its contract. The total counts where there is
        # one. From one stretch to the next the total is another register: those count that both have.
        stretch, kind = 0, None
        stretch_of = [0] * len(REGISTERS)  # of the latest reading
        totals = suppliers = 0
        has_total = False
        for at, standard, values in frames:
            if kind != (kind := (standard, standard or values[TOTAL] is not None)):
                self.drawn += totals if has_total else suppliers
                stretch, totals, suppliers, has_total = stretch + 1, 0, 0, False
            has_total = has_total or values[TOTAL] is not None
            for register, value in enumerate(values):
                if value is None:
                    continue
                now, before = Before(value, at, standard), latest[register]
                step = 0 if before is None else _energy(register, before, now)
                self.energy[register] += step
                if before is None:
                    self.first[register] = now
                elif register == TOTAL:
                    totals += step if stretch_of[register] == stretch else 0
                elif register in SUPPLIER:
                    suppliers += step if stretch_of[register] == stretch else 0
                    self.drawn += step if stretch_of[register] == stretch - 1 else 0
                latest[register], stretch_of[register] = now, stretch
        self.drawn += totals if has_total else suppliers


def ends_tell(hour: HourReadings) -> bool:
    """Return whether all that an hour adds follows from its first and its last readings."""
    return hour.first_standard == hour.last_standard and all(
        (first is None) == (last is None)
        and (first is None or last is None or _is_energy(last - first, hour.last_at - hour.first_at))
        for first, last in zip(hour.first, hour.last, strict=True)
    )


def judge(
    hour: HourReadings, before: Sequence[Before | None], previous_has_total: bool, inside: Inside | None = None
) -> Judgement:
    """Divide what each register went on by into energy and breaks.

    Args:
        hour: the readings.
        before: for each register its latest reading before this hour.
        previous_has_total: the latest hour before this one with any reading has `total`, or there is none.
        inside: what is between the ends, if these do not tell and the frames are still there.
    """
    steps: dict[int, int] = {}
    # What is counted up to the first reading of the hour, and from there to the last one.
    until, within = [0] * len(REGISTERS), [0] * len(REGISTERS)
    for register, (first, last) in enumerate(zip(hour.first, hour.last, strict=True)):
        end = None if last is None else Before(last, hour.last_at, hour.last_standard)
        begin = end if first is None else Before(first, hour.first_at, hour.first_standard)
        if inside is not None:
            begin = inside.first[register]
        if begin is None:
            continue
        earlier = before[register]
        until[register] = 0 if earlier is None else _energy(register, earlier, begin)
        if end is not None:
            within[register] = _energy(register, begin, end) if inside is None else inside.energy[register]
            # Readings minus breaks are energy, also where they begin with the last one.
            start = end.value if first is None else first
            step = end.value - (start if earlier is None else earlier.value)
            if broken := step - until[register] - within[register]:
                steps[register] = broken
    injected = None if hour.last[INJECTED] is None else until[INJECTED] + within[INJECTED]
    counted = {register for register, earlier in enumerate(before) if earlier is not None and earlier.counted}
    ends = hour.last if inside is None else hour.first
    registers = [register for register in SUPPLIER if ends[register] is not None]
    # In historic mode a contract with several registers has no total: after that, the step of the total covers hours
    # that were counted by the other registers already.
    if ends[TOTAL] is not None and (previous_has_total or not registers):
        registers = [TOTAL]
    drawn = sum(until[register] for register in registers if register not in counted)
    drawn += inside.drawn if inside is not None else sum(within[register] for register in registers)
    has_drawn = any(hour.last[register] is not None for register in (TOTAL, *SUPPLIER))
    return Judgement(steps, drawn if has_drawn else None, injected)


def _energy(register: int, before: Before, now: Before) -> int:
    """Return what is energy of the step of a register: all of it, or nothing."""
    step = now.value - before.value
    # The total is BASE in historic mode and EAST in standard mode: not the same register.
    same = before.standard == now.standard or register != TOTAL
    return step if same and _is_energy(step, now.at - before.at) else 0


def _is_energy(step: int, time: timedelta) -> bool:
    return 0 <= step <= LIMIT_WH + LIMIT_WH_PER_SECOND * time.total_seconds()
