"""What is believed of the readings of one meter, one after the other. Pure: no clock, and resumable.

The way of a reading: its mode, then each value by itself (`values`), then registers by their past (`registers`). What
is left, is new and differs from what was believed makes a frame. Nothing is filled in: a value that is held back, or
that this reading does not have, is missing in its frame. Where nothing differs for a usual interval, a frame is made
all the same, so that a quiet house is no gap; not of the first reading after a silence, which a cache may repeat.

A reading of the other mode is held back, until nothing but such readings came for half an hour and they have moved on:
an adapter may misread the mode, or repeat keys of before. Another meter has another address, and a belief of its own;
so has another publisher of the same meter.

Times are monotonic, so setting the clock has no effect. Only what passed between saving and resuming is told by the
clock, at most a day, and nothing if it went back: a rise that is too large for it waits then, and is not lost.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.rise import REGISTERS, Implausible, SubscribedPower
from reader.decoded.conversion import mode_of
from reader.decoded.interval import UsualInterval
from reader.decoded.reading import Reading
from reader.decoded.registers import DAY, SETTLED, Registers
from reader.decoded.values import possible


class Believed(NamedTuple):
    """What is believed of a reading."""

    mode: Mode | None  # None: it is not known yet, and `values` is empty
    values: Mapping[str, Value]  # by label; of this reading only
    due: bool  # a frame is to be made
    implausible: Sequence[Implausible] = ()  # registers that begin to contradict


class Belief:
    """Believes or holds back what one publisher says of one meter."""

    def __init__(self) -> None:
        self.mode: Mode | None = None
        self.interval = UsualInterval()
        self._frame_at = -math.inf  # monotonic: of the last frame
        self._power = SubscribedPower()
        self._registers = Registers()
        self._values: dict[str, Value] = {}  # the last believed ones, of `mode`
        self._other: tuple[float, Mapping[str, Value]] | None = None  # the first reading of the other mode in a row

    def take(self, reading: Reading, at: float) -> Believed:
        """Take the next reading, which came at a monotonic time."""
        goes_on = self.interval.hear(at)
        mode = reading.mode or mode_of(reading.labels) or self.mode
        if mode is None or self._is_misread(mode, reading.labels, at):
            return Believed(self.mode, {}, due=False)
        values = possible(mode, reading.labels, self._values)
        sent = {label: value for label in REGISTERS[mode] if type(value := values.get(label)) is int}
        registers, implausible = self._registers.take(sent, reading.steps, self._power.update(values), at)
        values = {label: value for label, value in values.items() if label not in sent or label in registers}
        changed = any(value != self._values.get(label) for label, value in values.items() if label != "DATE")
        self._values.update(values)
        # Half of it: messages that come somewhat sooner than usual must not make frames at twice the interval.
        quiet = goes_on and at - self._frame_at >= self.interval.seconds / 2
        due = changed or (bool(values) and quiet)
        if due:
            self._frame_at = at
        return Believed(mode, values, due, tuple(implausible))

    def _is_misread(self, mode: Mode, labels: Mapping[str, Value], at: float) -> bool:
        """Return whether a reading is of a mode that the meter does not have, as far as that is known."""
        if mode is self.mode:
            self._other = None
            return False
        if self.mode is not None:
            if self._other is None:
                self._other = at, labels
            since, first = self._other
            if at - since < SETTLED or labels == first:
                return True
        self.mode, self._other, self._values = mode, None, {}
        return False

    def to_json(self, at: float, clock: float) -> dict[str, Any]:
        """Return what to save, at a monotonic time and the seconds of the clock."""
        return {
            "clock": clock,
            "mode": self.mode,
            "values": self._values,
            "registers": self._registers.to_json(at),
            "interval": self.interval.to_json(),
        }

    @classmethod
    def from_json(cls, saved: Any, at: float, clock: float) -> Self:
        """Resume what was saved; what cannot be read begins again."""
        belief = cls()
        try:
            passed = min(max(0.0, clock - float(saved["clock"])), DAY)
            mode = Mode(saved["mode"])
            values = possible(mode, saved["values"], {})
            belief._registers = Registers.from_json(saved["registers"], at - passed)
            belief.interval = UsualInterval.from_json(saved["interval"])
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
            return cls()
        belief.mode, belief._values = mode, values
        belief._power.update(values)
        return belief
