"""Decides which steps of a register are energy, and which are breaks: a meter replaced, a register set back, a damage.

Energy of an hour is its last reading minus the last reading before it, minus its breaks. So the sum over any hours is
the difference of two readings minus the breaks between them, whatever hours are missing.

A register that was hidden by another mode or contract starts afresh where it is shown again: what was drawn meanwhile
is counted where it was seen, by the registers of that time. So its step over its absence is a break. What was drawn
between the last frame of a mode or contract and the first of another one is the step of the meter's total, if there is
one before and after.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.contract.registers import INJECTED, REGISTERS, SUPPLIER, TOTAL, Readings, can_be_drawn, drawn_over_change

_DRAWN = (TOTAL, *SUPPLIER)


@dataclass(frozen=True, slots=True)
class HourReadings:
    """The readings of a meter in an hour, from its first and its last frame with an index."""

    hour: datetime
    first_at: datetime
    last_at: datetime
    first_standard: bool  # the mode of the first frame
    last_standard: bool
    first: Readings
    last: Readings
    label_set_id: int = 0  # of the last frame
    supplier: int | None = None  # number of the register that ran in the last frame
    usual_interval: int | None = None  # seconds, the usual one of a decoded meter, at the last frame


@dataclass(frozen=True, slots=True)
class Before:
    """The latest reading of a register before an hour."""

    value: int
    at: datetime
    standard: bool
    hidden: bool = False  # by another mode or contract, in the hours between


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an hour adds to each register."""

    steps: Mapping[int, int]  # by number of the register: what is no energy, but for 0
    drawn: int | None  # Wh; None: no register that counts it
    injected: int | None  # Wh


class _Counter:
    """One register from frame to frame: what of its steps is energy."""

    def __init__(self) -> None:
        self.energy = 0
        self.latest: Before | None = None
        self.segment = 0  # of `latest`
        self._falls: list[tuple[Before, int]] = []  # from where it fell, and the energy up to there

    def step(self, register: int, now: Before, passed: int) -> int:
        """Go on to the next reading; return what is energy, less what was counted too much before.

        `passed`: how often mode or contract changed in between.
        """
        before, self.latest = self.latest, now
        if passed:
            self._falls.clear()
        if before is None or _is_hidden(register, passed):
            return 0
        energy = self.energy + _energy(register, before, now)
        if now.value < before.value:
            self._falls.append((before, energy))
        for place, (high, until) in enumerate(self._falls):
            if now.value >= high.value and _energy(register, high, now) == now.value - high.value:
                # Not set back, or it would not be there again: the reader's clock went back, so the frames in between
                # are from before and after the fall.
                energy = until + now.value - high.value
                del self._falls[place:]
                break
        step, self.energy = energy - self.energy, energy
        return step


class Inside:
    """What is counted between the first and the last reading of an hour, from each frame to the next.

    For an hour whose ends are not enough: an index fell, or the meter has other registers than before.
    """

    def __init__(self, frames: Iterable[tuple[datetime, bool, Readings]]) -> None:
        """`frames`: those with an index, in order of time: when, whether in standard mode, the readings."""
        self.first: list[Before | None] = [None] * len(REGISTERS)
        self.first_segment = [0] * len(REGISTERS)  # how often mode or contract changed before `first`
        self.drawn = 0
        counters = [_Counter() for _ in REGISTERS]
        # A segment is as long as the meter keeps its mode and the kind of its contract. The total counts where there is
        # one, and the others before its first reading and after its last one: an adapter may send it wrong for minutes.
        # From one segment to the next the total is another register: those count that both have.
        segment, kind = -1, None
        counted = untold = 0  # in the segment; by others since its beginning or since its last total
        total_at: datetime | None = None
        before: tuple[datetime, Readings] | None = None
        for at, standard, values in frames:
            over = 0  # Wh, from the segment before to this one, that no register tells which both have
            if kind != (kind := kind_of(standard, values)):
                self.drawn += counted + untold
                segment, counted, untold, total_at = segment + 1, 0, 0, None
                over = 0 if before is None else drawn_over_change(before[1], values, (at - before[0]).total_seconds())
            before = at, values
            for register, value in enumerate(values):
                if value is None:
                    continue
                now, counter = Before(value, at, standard), counters[register]
                last = counter.latest
                if last is None:
                    self.first[register], self.first_segment[register] = now, segment
                passed = segment - counter.segment
                counter.segment = segment
                step = counter.step(register, now, passed)
                if register == TOTAL:
                    counted += step
                elif register in SUPPLIER and passed:
                    self.drawn += step
                    over -= step
                elif register in SUPPLIER and last is not None and (total_at is None or last.at >= total_at):
                    untold += step
            if values[TOTAL] is not None:
                counted += untold if total_at is None else 0
                total_at, untold = at, 0
            self.drawn += max(over, 0)
        self.drawn += counted + untold
        self.energy = [counter.energy for counter in counters]


def ends_suffice(hour: HourReadings) -> bool:
    """Return whether all that an hour adds follows from its first and its last readings."""
    return hour.first_standard == hour.last_standard and all(
        (first is None) == (last is None)
        and (first is None or last is None or _is_energy(last - first, hour.last_at - hour.first_at))
        for first, last in zip(hour.first, hour.last, strict=True)
    )


def kind_of(standard: bool, values: Readings) -> int:
    """Return a number for what a frame shows; where it changes, registers are hidden or shown again.

    Standard mode; in historic mode BASE, a contract of two registers, and one of more. Damage does not change it.
    """
    if standard:
        return 0
    if values[TOTAL] is not None:
        return 1
    return 2 if all(values[register] is None for register in SUPPLIER[2:]) else 3


def kind_at_end(hour: HourReadings) -> int:
    """Return the kind of an hour's last readings."""
    return kind_of(hour.last_standard, hour.last)


# One judgement: what is counted up to the first reading and from there on decides about breaks and about energy.
def judge(
    hour: HourReadings, before: Sequence[Before | None], previous: HourReadings | None, inside: Inside | None = None
) -> Judgement:
    """Divide what each register went on by into energy and breaks.

    Args:
        hour: the readings.
        before: for each register its latest reading before this hour.
        previous: the latest hour before this one with any reading; None: there is none.
        inside: what is between the ends, if these are not enough and the frames are still there.
    """
    steps: dict[int, int] = {}
    changed = previous is not None and (kind_at_end(previous) != kind_of(hour.first_standard, hour.first))
    # What is counted up to the first reading of the hour, and from there to the last one.
    until, within = [0] * len(REGISTERS), [0] * len(REGISTERS)
    for register, (first, last) in enumerate(zip(hour.first, hour.last, strict=True)):
        end = None if last is None else Before(last, hour.last_at, hour.last_standard)
        begin = end if first is None else Before(first, hour.first_at, hour.first_standard)
        passed = int(changed)
        if inside is not None:
            begin, passed = inside.first[register], passed + inside.first_segment[register]
        if begin is None:
            continue
        if end is not None:
            within[register] = _energy(register, begin, end) if inside is None else inside.energy[register]
        earlier = before[register]
        if earlier is not None and not (register in _DRAWN and (earlier.hidden or _is_hidden(register, passed))):
            until[register] = _energy(register, earlier, begin)
            if 0 < earlier.value - begin.value <= within[register]:
                # It fell, and the hour makes that good: the reader's clock went back. Only what is above is new.
                until[register] = begin.value - earlier.value
        if end is not None:
            # Readings minus breaks are energy, also where they begin with the last one.
            start = end.value if first is None else first
            step = end.value - (start if earlier is None else earlier.value)
            if broken := step - until[register] - within[register]:
                steps[register] = broken
    injected = None if hour.last[INJECTED] is None else until[INJECTED] + within[INJECTED]
    ends = hour.last if inside is None else hour.first
    registers = [register for register in SUPPLIER if ends[register] is not None]
    # In historic mode a contract with several registers has no total: after that, the step of the total covers hours
    # that were counted by the other registers already.
    if ends[TOTAL] is not None and (previous is None or previous.last[TOTAL] is not None or not registers):
        registers = [TOTAL]
    drawn = sum(until[register] for register in registers)
    if changed and previous is not None:
        away = (hour.first_at - previous.last_at).total_seconds()
        drawn = max(drawn, drawn_over_change(previous.last, hour.first, away))
    if inside is not None:
        drawn += inside.drawn
    else:
        by_total = hour.first[TOTAL] is not None and hour.first_standard == hour.last_standard
        drawn += within[TOTAL] if by_total else sum(within[register] for register in registers)
    has_drawn = any(hour.last[register] is not None for register in _DRAWN)
    return Judgement(steps, drawn if has_drawn else None, injected)


def _is_hidden(register: int, changes: int) -> bool:
    """Return whether others counted in the time between two readings with so many changes of mode or contract."""
    # The total is BASE in historic mode and EAST in standard mode. A supplier register that both have goes on.
    return changes > 0 if register == TOTAL else register in SUPPLIER and changes > 1


def _energy(register: int, before: Before, now: Before) -> int:
    """Return what is energy of the step of a register: all of it, or nothing."""
    step = now.value - before.value
    same = before.standard == now.standard or register != TOTAL
    return step if same and _is_energy(step, now.at - before.at) else 0


def _is_energy(step: int, time: timedelta) -> bool:
    return can_be_drawn(step, time.total_seconds())
