"""Doubts indexes that cannot be true: one wrong index is a megawatt-hour in somebody's energy dashboard.

Parity and a checksum of six bits let a damaged group through now and then; meters themselves send a single 0. But an
index counts up for ever, and no faster than the subscribed power allows. One that falls or leaps is left out of its
frame, until three frames running agree on it: a contract or a meter does change.

Nothing but the frames and their monotonic times is looked at: a host clock that is set does not matter. A `DATE` that
is damaged widens the bound once, in the frame that carries it (ahead) or the next one (back); an index would have to be
damaged right there, and the truth is back after three frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from common.frame import Frame, Value
from common.labels import LABELS, Mode

CONFIRMATIONS = 3  # frames running that carry the label, until what they say is believed
SLACK = 2  # Wh; a register shows whole ones, and what it shows may be one frame old
MARGIN = 1.5  # times the subscribed power; a meter takes minutes to cut at 1.4 times (54E, 7)
MANY_METERS = 4  # remembered; a line has one, a new one now and then

_VOLTS = 200  # what ISOUSC is the subscribed power divided by (54E, 6.1)
_THREE_PHASES = ("IINST1", "IINST2", "IINST3")

#: By mode and label: is its rise bounded by the subscribed power? What is exported or reactive only never falls.
REGISTERS: Mapping[Mode, Mapping[str, bool]] = MappingProxyType(
    {
        mode: MappingProxyType(
            {
                label.name: label.unit == "Wh" and label.name != "EAIT"
                for label in labels.values()
                if label.cumulative and label.unit in ("Wh", "VArh")  # not GAZ and AUTRE: no rule is known for them
            }
        )
        for mode, labels in LABELS.items()
    }
)


@dataclass(frozen=True, slots=True)
class Implausible:
    """An index that cannot be true has come: the first one of an episode, so said once."""

    label: str
    value: int
    accepted: int  # the one before it


class PlausibilityFilter:
    """Takes implausible indexes out of frames; keeps what it must know of a few meters."""

    def __init__(self) -> None:
        self._meters: dict[str, _Meter] = {}  # the one heard last stands last

    def apply(self, frame: Frame, monotonic: float) -> tuple[Frame, list[Implausible], int]:
        """Return the frame without its implausible indexes, the doubts that are new, and how many groups were left out.

        `monotonic` is when the frame's last byte came in. Frames of one meter are expected in the order of the line.
        """
        meter = self._meter(frame.meter)
        power = meter.power(frame.values)
        stamp = frame.stamps.get("DATE") if frame.stamps else None
        date = stamp.timestamp() if stamp else None
        doubts: list[Implausible] = []
        left_out: set[str] = set()
        for label, bounded in REGISTERS[frame.mode].items():
            value = frame.values.get(label)
            if not isinstance(value, int):
                continue
            said = _Said(value, monotonic, date)
            register = meter.registers.get(label)
            if register is None:
                meter.registers[label] = _Register(said)
                continue
            was_sure = register.candidate is None
            if not register.take(said, power if bounded else None):
                left_out.add(label)
                if was_sure:
                    doubts.append(Implausible(label, value, register.accepted.value))
        if not left_out:
            return frame, doubts, 0
        values = {label: value for label, value in frame.values.items() if label not in left_out}
        return replace(frame, values=values), doubts, len(left_out)

    def _meter(self, name: str) -> "_Meter":
        meter = self._meters.pop(name, None) or _Meter()
        self._meters[name] = meter
        if len(self._meters) > MANY_METERS:
            del self._meters[next(iter(self._meters))]
        return meter


class _Said(NamedTuple):
    """What a register said, and when."""

    value: int
    monotonic: float  # seconds
    date: float | None  # seconds; the meter's own time, where it sends one

    def may_follow(self, before: "_Said", power: int | None) -> bool:
        """Tell whether a register can say this after that; no `power` (VA), no upper bound."""
        rise = self.value - before.value
        if rise < 0:
            return False
        if rise <= SLACK or power is None:
            return True
        seconds = self.monotonic - before.monotonic
        if self.date is not None and before.date is not None:
            seconds = max(seconds, self.date - before.date)
        return rise <= SLACK + MARGIN * power * seconds / 3600


@dataclass(slots=True)
class _Register:
    accepted: _Said
    candidate: _Said | None = None  # there is one: an episode is open
    agreed: int = 0  # frames running, the candidate's the last of them

    def take(self, said: _Said, power: int | None) -> bool:
        """Tell whether to believe what the register says now."""
        if not said.may_follow(self.accepted, power):
            follows = self.candidate is not None and said.may_follow(self.candidate, power)
            self.candidate = said
            self.agreed = self.agreed + 1 if follows else 1
            if self.agreed < CONFIRMATIONS:
                return False
        self.accepted, self.candidate, self.agreed = said, None, 0
        return True


@dataclass(slots=True)
class _Meter:
    registers: dict[str, _Register] = field(default_factory=dict)
    three_phase: bool = False
    kva: int = 0  # PREF, or
    amperes: int = 0  # ISOUSC, of each phase; whichever came last, 0: neither

    def power(self, values: Mapping[str, Value]) -> int | None:
        """Learn the subscribed power from a frame and return it in VA; None while it is not known."""
        if not self.three_phase:
            self.three_phase = any(label in values for label in _THREE_PHASES)
        # No contract is for 0: it says as little as a group that is missing.
        kva, amperes = values.get("PREF"), values.get("ISOUSC")
        if isinstance(kva, int) and kva > 0:
            self.kva, self.amperes = kva, 0
        elif isinstance(amperes, int) and amperes > 0:
            self.kva, self.amperes = 0, amperes
        return self.kva * 1000 or self.amperes * _VOLTS * (3 if self.three_phase else 1) or None
