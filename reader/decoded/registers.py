"""What is believed of the registers of one meter. Pure.

A register only rises, and no faster than the subscribed power allows in the time since its believed value came. What is
sent may be wrong for minutes, and the cache of the sender repeats it with each message, so a value that comes often is
not confirmed by that. A value is believed

- if it rises plausibly from the believed one. The time is that since it was last sent, or at most half an hour since it
  changed, as a cache repeats it meanwhile. So a register that rests for months cannot take the value of another. And it
  is no more than the storer counts from one frame to the next: what an adapter has kept back for hours waits, as long
  as it takes, and is in no frame until then;
- if it contradicts, a fall or a jump, once it has moved on plausibly: three values in at least half an hour, as after a
  reset of the register or a change of the meter behind the same name. While it looks like a known fault, the value of
  another register or the believed one with its decimal point elsewhere, this takes a day;
- as the first one, if the registers add up to the total, or if it is not 0 and not what another register shows. As long
  as neither the total nor a plausible rise nor half an hour has borne it out, it gives way to another value sooner:
  after two plausible steps, or half an hour. The storer counts no energy over such a step.

All else is held back. What is counted goes from one believed value to the next, so nothing is counted twice, and what
was held back is counted when the next true value comes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from common.contract.labels import Mode
from common.contract.registers import SUPPLIER_LABELS, can_be_drawn
from common.contract.rise import MAX_POWER, REGISTERS, Implausible, largest_rise

SETTLED = 1800.0  # seconds; twice what the slowest adapter takes to report a register that counts
DAY = 86_400.0
MOVES = 2  # of a value that contradicts: the line, too, asks for three values that agree
#: Wh by which registers and total may differ that are reported one after the other: a ZLinky reports each 100 Wh.
_REPORTED_LATE = 200

#: Owners and converters take Wh for kWh; a digit gets lost.
_SCALES = (10, 1000)

_BOUNDED: Mapping[str, bool] = {**REGISTERS[Mode.HISTORIC], **REGISTERS[Mode.STANDARD]}
_TOTAL = "EAST"
#: What may be taken for each other. Not the distributor's: where its calendar is flat, one of them equals the total.
_DRAWN = frozenset((_TOTAL, *SUPPLIER_LABELS, *REGISTERS[Mode.HISTORIC]))


@dataclass(slots=True)
class _Candidate:
    """A value that is not believed yet, and how it moved on."""

    value: int
    at: float  # when this value came first
    since: float  # when the first of the values came that led to it
    moves: int = 0


@dataclass(slots=True)
class _Register:
    """One register."""

    label: str
    value: int | None = None  # believed
    changed_at: float = 0.0  # when it came first
    seen_at: float = 0.0  # when it came last
    step: int = 1  # with which it came, in Wh
    proven: bool = False  # it moved on plausibly, or rested for long, or added up to the total
    candidate: _Candidate | None = None


class _Now(NamedTuple):
    """A reading, as far as a register is judged by it."""

    sent: Mapping[str, int]
    steps: Mapping[str, int]
    power: int | None  # VA
    at: float  # monotonic
    adds_up: bool


class Registers:
    """The registers of one meter, of both modes: their labels differ."""

    def __init__(self) -> None:
        self._registers: dict[str, _Register] = {}

    def take(
        self, sent: Mapping[str, int], steps: Mapping[str, int], power: int | None, at: float
    ) -> tuple[dict[str, int], list[Implausible]]:
        """Take the registers of a reading; return those to believe, and contradictions that are new.

        Args:
            sent: registers of one mode, by label, in Wh and VArh.
            steps: the resolution of a register, where it is not 1.
            power: the subscribed power in VA, if it is known.
            at: monotonic time.
        """
        now = _Now(sent, steps, power, at, _adds_up(sent, steps))
        believed: dict[str, int] = {}
        new: list[Implausible] = []
        for label, value in sent.items():
            register = self._registers.setdefault(label, _Register(label))
            before, contradicted = register.value, register.candidate is not None
            if self._is_believed(register, value, now):
                register.proven = register.proven or self._is_proof(register, value, now)
                _believe(register, value, now)
                believed[label] = value
            elif before is not None and register.candidate is not None and not contradicted:
                new.append(Implausible(label, value, before))
        return believed, new

    def _is_believed(self, register: _Register, value: int, now: _Now) -> bool:
        if register.value is None:
            return self._is_first(register, value, now)
        rise = value - register.value
        if -_step(register, now) <= rise < 0:
            return False  # of another rounding
        if rise == 0 or self._follows(register, value, now):
            return can_be_drawn(rise, now.at - register.seen_at)
        return self._is_confirmed(register, value, now)

    def _is_first(self, register: _Register, value: int, now: _Now) -> bool:
        """Return whether to believe a register of which nothing was known."""
        if register.label in _DRAWN and now.adds_up:
            return True
        if value == 0:
            return False
        if register.label in _DRAWN and list(now.sent.values()).count(value) > 1:
            return now.at - _moved_on(register, value, now).since >= SETTLED  # one of them shows another's
        return True

    def _is_proof(self, register: _Register, value: int, now: _Now) -> bool:
        """Return whether a value that is believed bears out what was believed before."""
        if now.adds_up and register.label in _DRAWN:
            return True
        if register.value is None:
            return False
        if value == register.value:
            return now.at - register.changed_at >= SETTLED
        return value > register.value and register.candidate is None

    def _follows(self, register: _Register, value: int, now: _Now) -> bool:
        """Return whether a value is plausible after the believed one."""
        assert register.value is not None
        rise = value - register.value
        seconds = max(now.at - register.seen_at, min(now.at - register.changed_at, SETTLED))
        if not _may_follow(register, rise, seconds, now):
            return False
        return rise <= _step(register, now) + _REPORTED_LATE or not self._is_of_another(register, value, now)

    def _is_confirmed(self, register: _Register, value: int, now: _Now) -> bool:
        """Take a value that contradicts; return whether it has moved on for long enough."""
        if register.proven and register.candidate is not None and register.candidate.value == value:
            return False  # a cache can repeat it for ever
        candidate = _moved_on(register, value, now)
        if not register.proven:
            return candidate.moves >= MOVES or (value > 0 and now.at - candidate.since >= SETTLED)
        fault = self._is_of_another(register, value, now) or _is_scaled(register, value, now)
        return candidate.moves >= MOVES and now.at - candidate.since >= (DAY if fault else SETTLED)

    def _is_of_another(self, register: _Register, value: int, now: _Now) -> bool:
        """Return whether this is what another register shows, and cannot be what both show."""
        if not value or now.adds_up or register.label not in _DRAWN:
            return False
        return any(
            other is not register and other.label in _DRAWN and other.value
            and abs(value - other.value) <= _step(register, now)
            for other in self._registers.values()
        )  # fmt: skip

    def to_json(self, at: float) -> dict[str, list[float]]:
        """Return what is believed, with the seconds since it came first and last; what is held back is left out."""
        return {
            label: [register.value, register.step, at - register.changed_at, at - register.seen_at]
            for label, register in self._registers.items()
            if register.value is not None
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Sequence[float]], at: float) -> Self:
        """Resume what was saved; `at`: the monotonic time of that moment."""
        registers = cls()
        for label, numbers in saved.items():
            value, step, changed, seen = numbers
            if label not in _BOUNDED or not all(0 <= number < math.inf for number in numbers):
                raise ValueError(f"{label}: not the numbers of a register")
            registers._registers[label] = _Register(label, int(value), at - changed, at - seen, int(step), proven=True)
        return registers


def _believe(register: _Register, value: int, now: _Now) -> None:
    if value != register.value:
        register.value, register.changed_at = value, now.at
    register.step, register.seen_at, register.candidate = now.steps.get(register.label, 1), now.at, None


def _step(register: _Register, now: _Now) -> int:
    """Return the coarser resolution of the believed value and of what is sent now."""
    return max(register.step, now.steps.get(register.label, 1))


def _may_follow(register: _Register, rise: int, seconds: float, now: _Now) -> bool:
    """Return whether a register can rise so much in a time that is not longer than a day."""
    power = now.power if _BOUNDED[register.label] else None
    return 0 <= rise <= _step(register, now) + largest_rise(power or MAX_POWER, min(seconds, DAY))


def _moved_on(register: _Register, value: int, now: _Now) -> _Candidate:
    """Return the candidate that a value goes on, or begins."""
    candidate = register.candidate
    if candidate is None or not _may_follow(register, value - candidate.value, now.at - candidate.at, now):
        candidate = register.candidate = _Candidate(value, now.at, now.at)
    elif value != candidate.value:
        candidate.value, candidate.at, candidate.moves = value, now.at, candidate.moves + 1
    return candidate


def _is_scaled(register: _Register, value: int, now: _Now) -> bool:
    """Return whether a value is the true one with its decimal point elsewhere."""
    assert register.value is not None
    seconds = now.at - register.changed_at
    for factor in _SCALES:
        for scaled in (value * factor, value // factor):
            rise, rounding = scaled - register.value, factor * _step(register, now)
            if rise >= -rounding and _may_follow(register, max(rise - rounding, 0), seconds, now):
                return True
    return False


def _adds_up(sent: Mapping[str, int], steps: Mapping[str, int]) -> bool:
    """Return whether the supplier's registers of standard mode add up to the total."""
    total, suppliers = sent.get(_TOTAL), [label for label in SUPPLIER_LABELS if label in sent]
    if not total or not suppliers:
        return False
    late = _REPORTED_LATE + sum(steps.get(label, 1) for label in (_TOTAL, *suppliers))
    return abs(total - sum(sent[label] for label in suppliers)) <= late
