"""Makes minutes of what a source sends: readings and means, never differences. Pure.

A value holds until the next, but not for longer than `HOLD`: unseen time is not counted, and is not in `seconds`.
"""

from dataclasses import dataclass

from common.contract.sources import Quantity, Source
from storer.sources.reading import Refusal

MINUTE = 60
HOLD = 120.0  # seconds
HOLD_TEMPERATURE = 3600.0  # thermometers run on batteries, and the weather changes slowly
CONFIRMATIONS = 3  # readings that agree with each other but not with those before

MOST_POWER = 100_000.0  # W: what a counter may have run with, if nothing more is known
_COARSEST = 1000  # Wh: some counters are in whole kWh
_JITTER = 1  # Wh by which rounding may set a counter back


@dataclass(slots=True)
class Minute:
    """A minute of a source."""

    minute: int  # its start, in seconds since the epoch
    seconds: float = 0.0  # covered
    first: int | None = None  # Wh: the first reading of a counter
    energy: int | None = None  # Wh: the last one
    entry_step: int = 0  # Wh without energy, between the reading before this minute and the first one
    step: int = 0  # Wh without energy, after that
    made: float | None = None  # Wh, where power is integrated: energy of this minute
    total: float = 0.0  # of the value times seconds
    power_max: float | None = None

    def absorb(self, earlier: "Minute") -> None:
        """Take over what must not be lost of the minute before, which is given up."""
        if self.first is None:
            self.first, self.energy = earlier.first, earlier.energy
            self.entry_step, self.step = earlier.entry_step, earlier.step
        else:
            self.entry_step += earlier.entry_step + earlier.step
        if earlier.made is not None:
            self.made = earlier.made + (self.made or 0.0)

    @property
    def mean(self) -> float | None:
        """The mean of the value while it was covered."""
        return self.total / self.seconds if self.seconds else None


def entry_step(before: int, before_at: float, reading: int, at: float, most_power: float = MOST_POWER) -> int:
    """Return by how much a counter changed without energy between two readings without any in between.

    `most_power`: what it may have run with, in W.

    >>> entry_step(5000, 0, 5100, 60), entry_step(5000, 0, 20, 60), entry_step(5000, 0, 90_000, 60)
    (0, -4980, 85000)
    """
    plausible = reading - before >= 0 and _plausible(before, before_at, reading, at, most_power)
    return 0 if plausible else reading - before


def _plausible(before: int, before_at: float, reading: int, at: float, most_power: float) -> bool:
    # Inverters and wallboxes also send 0 while they have no value: what follows a gap was not made in it.
    hours = max(0.0, at - before_at) / 3600 if before else 0.0
    return -_JITTER <= reading - before <= _COARSEST + most_power * hours


@dataclass(slots=True)
class _Candidate:
    """Readings that do not follow the others: an error, or a counter that was reset or replaced."""

    first: int
    latest: int
    at: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class _Left:
    """What a counter had that went back, until it rises again."""

    reading: int
    at: float


class Aggregator:
    """One source. Times are seconds since the epoch; one that goes back counts as no time.

    After a clock that was ahead, nothing is written over: until that time comes again, power is refused, and what a
    counter counts belongs to the minute that was the last.
    """

    def __init__(self, source: Source) -> None:
        self.breaks = 0  # steps that were confirmed
        self.most_power = MOST_POWER  # W
        quantities = {value.quantity for value in source.values}
        self._counts = Quantity.ENERGY in quantities
        # What is held, covered and averaged: power, if there is any.
        self._held = next(one for one in (Quantity.POWER, *Quantity) if one in quantities)
        self._hold = HOLD_TEMPERATURE if self._held is Quantity.TEMPERATURE else HOLD
        self._value = 0.0
        self._until = float("-inf")
        self._at: float | None = None
        self._reading: tuple[int, float] | None = None  # the last one of the counter, and when
        self._candidate: _Candidate | None = None
        self._left: _Left | None = None
        self._running: Minute | None = None
        self._finished: list[Minute] = []

    def resume(self, minute: int, reading: int | None, at: float) -> None:
        """Go on after the last minute of a run before, and judge the first reading of the counter by its last."""
        self._at = minute
        if reading is not None:
            self._reading = reading, at

    def feed(self, quantity: Quantity, number: float, at: float) -> Refusal | None:
        """Count a value that has just come; return why not."""
        behind = self._at is not None and at < self._at - HOLD
        at = self._pass(at)
        refusal = self._count(round(number), at) if quantity is Quantity.ENERGY else None
        if refusal is None and behind:
            return Refusal.BEHIND
        if refusal is None and quantity is self._held:
            self._value, self._until = number, at + self._hold
        return refusal

    def advance(self, at: float) -> list[Minute]:
        """Return the minutes that have ended by now, once each."""
        self._pass(at)
        finished, self._finished = self._finished, []
        return finished

    def stop(self, at: float) -> list[Minute]:
        """Return all that is there, with a minute that has not ended."""
        self._pass(at)
        self._close()
        return self.advance(at)

    def _pass(self, to: float) -> float:
        """Let the time pass; return the time that it is then."""
        if self._at is None:
            self._at = to
        while self._at < to:
            end = min(to, (self._at // MINUTE + 1) * MINUTE)
            held = min(end, self._until) - self._at
            if held > 0:
                self._cover(held)
            if end % MINUTE == 0:
                self._close()
            # Not minute by minute through a silence of days.
            self._at = end if self._until > end else to
            if self._at > end:
                self._close()
        return self._at

    def _cover(self, seconds: float) -> None:
        minute = self._minute()
        minute.seconds += seconds
        minute.total += self._value * seconds
        if self._held is Quantity.POWER:
            minute.power_max = self._value if minute.power_max is None else max(minute.power_max, self._value)
            if not self._counts:
                # A consumption of the inverter at night is no negative production.
                minute.made = (minute.made or 0.0) + max(self._value, 0.0) * seconds / 3600

    def _minute(self) -> Minute:
        assert self._at is not None
        if self._running is None:
            self._running = Minute(int(self._at // MINUTE) * MINUTE)
        return self._running

    def _close(self) -> None:
        if self._running is not None:
            self._finished.append(self._running)
            self._running = None

    def _count(self, reading: int, at: float) -> Refusal | None:
        """Take a reading of the counter, if it follows the one before, or if others confirm it."""
        first, step = reading, 0
        if self._reading is not None:
            before, before_at = self._reading
            if self._left is not None and self._follows(self._left.reading, self._left.at, reading, at):
                # It only went back because an old reading was sent again, as zigbee2mqtt does when it starts.
                first = reading = max(reading, self._left.reading)
                step, self._left = self._left.reading - before, None
            elif self._follows(before, before_at, reading, at):
                if reading > before + _JITTER:
                    self._left = None
                first = reading = max(reading, before)
            else:
                candidate = self._confirm(reading, at)
                if candidate.count < CONFIRMATIONS:
                    return Refusal.JUMP
                first, step = candidate.first, candidate.first - before
                self.breaks += 1
                if step > 0 or candidate.latest > candidate.first + _JITTER:
                    self._left = None
                elif self._left is None:
                    self._left = _Left(before, before_at)
        self._candidate = None
        self._reading = reading, at
        minute = self._minute()
        if minute.first is None:
            minute.first, minute.entry_step = first, step
        else:
            minute.step += step
        minute.energy = reading
        return None

    def _follows(self, before: int, before_at: float, reading: int, at: float) -> bool:
        return _plausible(before, before_at, reading, at, self.most_power)

    def _confirm(self, reading: int, at: float) -> _Candidate:
        candidate = self._candidate
        if candidate is not None and self._follows(candidate.latest, candidate.at, reading, at):
            candidate.latest, candidate.at, candidate.count = max(reading, candidate.latest), at, candidate.count + 1
            return candidate
        self._candidate = _Candidate(reading, reading, at)
        return self._candidate
