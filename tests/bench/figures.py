"""What a measurement returns: figures of several rounds, their ratio to something else, and a target."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from common.plural import plural


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


Decides = Literal["min", "median"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of the table.

    With `theirs`, the ratio is computed round by round, since both ran in turn; the target is one of the ratio unless
    `target_is_absolute`. `ratio_is` says what is divided by what: `ours / theirs` or `theirs / ours`. A row without
    figures says in `note` why it was not measured.
    """

    what: str
    unit: str = ""
    ours: Sequence[float] = ()
    against: str = ""
    theirs: Sequence[float] = ()
    ratio_is: Literal["ours / theirs", "theirs / ours"] = "ours / theirs"
    target: Target | None = None
    target_is_absolute: bool = False
    decides: Decides = "median"  # CPU times: min, since other work on the machine only makes them larger
    note: str = ""

    @property
    def ratio(self) -> Figures | None:
        """The ratio of each round, summarised."""
        if not self.ours or not self.theirs:
            return None
        pairs = zip(self.ours, self.theirs, strict=True)
        if self.ratio_is == "theirs / ours":
            return Figures.of(theirs / ours for ours, theirs in pairs)
        return Figures.of(ours / theirs for ours, theirs in pairs)

    @property
    def decisive(self) -> float | None:
        """The figure that the target is compared with; None if it was not measured.

        With `min`, the ratio is that of the two smallest figures: each is what the work costs without disturbance.
        """
        if not self.ours:
            return None
        ratio = None if self.target_is_absolute else self.ratio
        if ratio is None:
            figures = Figures.of(self.ours)
            return figures.min if self.decides == "min" else figures.median
        if self.decides == "median":
            return ratio.median
        ours, theirs = min(self.ours), min(self.theirs)
        return ours / theirs if self.ratio_is == "ours / theirs" else theirs / ours

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where there is no target or no figure."""
        figure = self.decisive
        if self.target is None or figure is None:
            return ""
        return "met" if self.target.met(figure) else "missed"


def not_measured(what: str, why: str, *, target: Target | None = None, against: str = "") -> Row:
    """Return a row that says why there are no figures."""
    return Row(what=what, against=against, target=target, note=f"not measured: {why}")


_LINEAR = 1.1  # times what linear growth would be: figures vary


def growth(
    what: str, unit: str, of: str, figures: Mapping[int, Sequence[float]], *, each: bool = False
) -> Iterator[Row]:
    """Yield a row for each size, against the size before it; a target that is missed is growth more than linear.

    Args:
        what: is measured.
        unit: of the figures.
        of: what there is more and more of, such as "year".
        figures: by size, which increases.
        each: they are of one of those things, so they do not grow at all where the whole grows linearly.
    """
    smaller = 0
    for size, ours in figures.items():
        yield Row(
            what=f"{what}, {plural(size, of)}",
            unit=unit,
            ours=ours,
            against=plural(smaller, of) if smaller else "",
            theirs=figures[smaller] if smaller else (),
            target=Target("≤", _LINEAR * (1 if each else size / smaller)) if smaller else None,
            decides="min",
        )
        smaller = size


def in_turn(rounds: int, *works: Callable[[], float]) -> list[list[float]]:
    """Run each work once a round, and return the figures of each: alternating, so that all meet the same load.

    Every other round runs them in the opposite order, so that none always profits from what ran before it.
    """
    figures: list[list[float]] = [[] for _ in works]
    for number in range(rounds):
        order = list(enumerate(works))
        for place, work in order if number % 2 == 0 else reversed(order):
            figures[place].append(work())
    return figures
