"""What keeps wrong frames and wrong indexes of a line out. Pure.

A single misread address must not create a meter, and a single wrong index shows as a megawatt-hour in an energy
dashboard. Parity and a checksum of six bits let a damaged group pass now and then, and some meters send a single 0. But
an index only rises, and no faster than the subscribed power allows. One that falls or jumps is dropped from its frame
until three consecutive frames agree on it, as after a change of contract or meter.

Plausibility is judged by frames and their monotonic times only, so setting the host's clock has no effect. A damaged
`DATE` widens the bound once, in its own frame (if ahead) or in the next one (if behind); an index would have to be
damaged in that same frame, and is corrected after three frames.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from common.contract.frame import Frame
from common.contract.rise import REGISTERS, SLACK, Implausible, SubscribedPower, largest_rise

MAX_METERS = 32  # on one line, until the reader restarts; bounds the memory for all that is kept of each meter
CONFIRMATIONS = 3  # consecutive frames with the label that confirm a value
METERS_KEPT = 4  # whose state is kept; a line has one at a time


class AddressFilter:
    """Passes the frames of one meter.

    The first address is accepted at once. A different one is accepted when two consecutive frames have it; the first of
    the two is released then too.
    """

    def __init__(self) -> None:
        self.meter: str | None = None
        self.address_mismatch = 0  # frames with an address that came only once
        self.refused = 0  # frames of meters above MAX_METERS
        self._held: Frame | None = None
        self._accepted: set[str] = set()

    @property
    def pending(self) -> int:
        """Number of frames that are held until the next one confirms their address: 0 or 1."""
        return int(self._held is not None)

    def feed(self, frame: Frame) -> list[Frame]:
        """Return the frames to pass on: none, this one, or the held one and this one."""
        held, self._held = self._held, None
        if frame.meter == self.meter or self.meter is None:
            self.address_mismatch += held is not None
            if self.meter is None:
                self._accept(frame.meter)
            return [frame]
        if held is not None and held.meter == frame.meter:
            if frame.meter not in self._accepted and len(self._accepted) >= MAX_METERS:
                self.refused += 2
                return []
            self._accept(frame.meter)
            return [held, frame]
        self.address_mismatch += held is not None
        self._held = frame
        return []

    def _accept(self, meter: str) -> None:
        self.meter = meter
        self._accepted.add(meter)


class PlausibilityFilter:
    """Drops implausible indexes from frames; keeps the last values of a few meters."""

    def __init__(self) -> None:
        self._meters: dict[str, _Meter] = {}  # least recently used first

    def apply(self, frame: Frame, at: float) -> tuple[Frame, list[Implausible], int]:
        """Return the frame without its implausible indexes, those that are new, and how many groups were dropped.

        `at` is the monotonic time of the frame's last byte. Frames of one meter must come in the order of the line.
        """
        meter = self._meter(frame.meter)
        stamp = frame.stamps.get("DATE") if frame.stamps else None
        date = stamp.timestamp() if stamp else None
        power = meter.power.update(frame.values)
        new: list[Implausible] = []
        dropped: set[str] = set()
        values, registers = frame.values, meter.registers
        for label, bounded in REGISTERS[frame.mode].items():
            value = values.get(label)
            if not isinstance(value, int):
                continue
            observation, register = _Observation(value, at, date), registers.get(label)
            if register is None:
                registers[label] = _Register(observation)
                continue
            was_plausible, accepted = register.candidate is None, register.accepted.value
            if not register.accepts(observation, power if bounded else None):
                dropped.add(label)
                if was_plausible:
                    new.append(Implausible(label, value, accepted))
        if not dropped:
            return frame, new, 0
        values = {label: value for label, value in frame.values.items() if label not in dropped}
        return replace(frame, values=values), new, len(dropped)

    def _meter(self, name: str) -> "_Meter":
        meter = self._meters.pop(name, None) or _Meter()
        self._meters[name] = meter
        if len(self._meters) > METERS_KEPT:
            del self._meters[next(iter(self._meters))]
        return meter


class _Observation(NamedTuple):
    """The value of a register, and when it was sent."""

    value: int
    at: float  # monotonic seconds
    date: float | None  # the meter's own time in seconds, if it sends one

    def may_follow(self, previous: "_Observation", power: int | None) -> bool:
        """Return whether this value is plausible after `previous`; without `power` (VA) there is no upper bound."""
        rise = self.value - previous.value
        if rise < 0:
            return False
        if rise <= SLACK or power is None:
            return True
        seconds = self.at - previous.at
        if self.date is not None and previous.date is not None:
            seconds = max(seconds, self.date - previous.date)
        return rise <= largest_rise(power, seconds)


@dataclass(slots=True)
class _Register:
    """The last values of one index."""

    accepted: _Observation  # the last plausible value
    candidate: _Observation | None = None  # the last implausible value, until a plausible one comes
    agreed: int = 0  # consecutive frames that agree on the candidate

    def accepts(self, observation: _Observation, power: int | None) -> bool:
        """Take the next value; return whether it is plausible, or confirmed by now."""
        if not observation.may_follow(self.accepted, power):
            follows = self.candidate is not None and observation.may_follow(self.candidate, power)
            self.candidate = observation
            self.agreed = self.agreed + 1 if follows else 1
            if self.agreed < CONFIRMATIONS:
                return False
        self.accepted, self.candidate, self.agreed = observation, None, 0
        return True


@dataclass(slots=True)
class _Meter:
    """What is known of one meter."""

    registers: dict[str, _Register] = field(default_factory=dict)
    power: SubscribedPower = field(default_factory=SubscribedPower)
