"""What a measurement returns: figures of several rounds, their ratio to something else, and a target."""

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal


class Disturbed(Exception):
    """The machine is too busy or too slow for a measurement; the text says what was seen, in one line."""


_CALIBRATION = 300_000  # additions: some 20 ms
_VARIES = 1.2


def check_calm() -> None:
    """Check that the same work takes the same CPU time, ten times.

    Raises:
        Disturbed: it varies by more than a fifth: figures of this machine would say more about its other guests.
    """
    check_even([_calibrate() for _ in range(10)])


def check_even(times: Sequence[float]) -> None:
    """Check the times of a calibration; the slowest of ten may be an accident, the second slowest is none.

    Raises:
        Disturbed: they differ by more than a fifth.
    """
    least, *_, most, _ = sorted(times)
    if most > least * _VARIES:
        raise Disturbed(f"the same work takes {least * 1000:.0f} to {most * 1000:.0f} ms of CPU time on this machine")


def _calibrate() -> float:
    begun = time.process_time()
    total = 0
    for number in range(_CALIBRATION):
        total += number
    return time.process_time() - begun


@dataclass(frozen=True, slots=True)
class Figures:
    """Smallest, middle and largest figure of some rounds."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Figures":
        """Summarise figures; there must be at least one."""
        values = sorted(values)
        return cls(values[0], statistics.median(values), values[-1])


@dataclass(frozen=True, slots=True)
class Target:
    """What a row must reach: at most or at least a number."""

    limit: Literal["≤", "≥"]
    value: float

    def met(self, figure: float) -> bool:
        """Return whether a figure reaches it."""
        return figure <= self.value if self.limit == "≤" else figure >= self.value


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of the table.

    With `theirs`, the ratio is computed round by round, since both ran at the same time; the target is one of the
    ratio. A row without figures says in `note` why it was not measured.
    """

    what: str
    unit: str = ""
    ours: Sequence[float] = ()
    against: str = ""
    theirs: Sequence[float] = ()
    target: Target | None = None
    decides: Literal["min", "median"] = "median"  # CPU times: min, other work only makes them larger
    note: str = ""

    @property
    def ratio(self) -> Figures | None:
        """The ratio of each round, summarised."""
        if not self.ours or not self.theirs:
            return None
        return Figures.of(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))

    @property
    def decisive(self) -> float | None:
        """The figure that the target is compared with; None if it was not measured.

        With `min`, the ratio is that of the two smallest figures: each is what the work costs without disturbance.
        """
        if not self.ours:
            return None
        if self.decides == "min":
            return min(self.ours) / min(self.theirs) if self.theirs else min(self.ours)
        return (self.ratio or Figures.of(self.ours)).median

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where there is no target or no figure."""
        if self.target is None or (figure := self.decisive) is None:
            return ""
        return "met" if self.target.met(figure) else "missed"


def not_measured(what: str, why: str) -> Row:
    """Return a row that says why there are no figures."""
    return Row(what=what, note=f"not measured: {why}")
