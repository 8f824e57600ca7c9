"""The types in which the parts of the monitor exchange energy and contracts: of a period, of an hour, of an interval.

All times are aware and in UTC; energy is in Wh, as integers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

#: The share of a time that must be measured before it is set against others; and of its energy, when it was drawn.
COMPARABLE = 0.9


@dataclass(frozen=True, slots=True)
class Energy:
    """The energy of one meter from `start` (inclusive) to `end` (exclusive).

    `wh` is what was drawn, by register as the contract names it: the TIC label of historic mode where one exists (BASE,
    HCHC, HCHP, EJPHN, EJPHPM, BBRHCJB ... BBRHPJR), else EASF01 ... EASF10. Its sum is all that was drawn.
    """

    start: datetime
    end: datetime
    wh: Mapping[str, int]
    injected_wh: int | None
    recovered_wh: int  # the part of `wh` that was counted while no frame came
    imported_wh: int  # the part of `wh` that is from imported hours
    covered: int  # seconds that have a frame or an imported hour; a day or a month is of the piece that it ends in
    expected: int  # seconds of the period that are over, from the first frame of the meter on
    #: By register and period of the offer, where its prices are not those of registers; no period: it is not known.
    periods: Mapping[tuple[str, str | None], int] | None = None

    @property
    def total_wh(self) -> int:
        """All that was drawn."""
        return sum(self.wh.values())

    @property
    def coverage(self) -> float:
        """The covered share of the period, 0 to 1; 0 if none of it is over."""
        return min(self.covered / self.expected, 1.0) if self.expected else 0.0

    @property
    def covered_share(self) -> float:
        """The covered share of its whole time; above 1 where a longer time was imported as a whole and ends in it."""
        return self.covered / (self.end - self.start).total_seconds()

    @property
    def is_comparable(self) -> bool:
        """Tell whether so much of it was measured that it can be set against another one."""
        return self.covered_share >= COMPARABLE and self.is_of_its_time

    @property
    def is_of_its_time(self) -> bool:
        """Tell whether nearly all was counted when it was drawn, and not after a gap that may have begun before it."""
        return self.total_wh - self.recovered_wh >= COMPARABLE * self.total_wh

    @property
    def is_known(self) -> bool:
        """Tell whether anything is known of it."""
        return bool(self.covered or self.total_wh)


def add_up(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the sum of counts by name."""
    # Of the few names of one meter it takes half as long as a Counter.
    total: dict[str, int] = {}
    for one in counts:
        for name, counted in one.items():
            total[name] = total.get(name, 0) + counted
    return total


def add_parts(parts: Sequence[Energy], expected: int) -> Energy:
    """Return energy that was counted one after the other, or at the same time by several meters; there is some."""
    injected = [part.injected_wh for part in parts if part.injected_wh is not None]
    return Energy(
        start=parts[0].start,
        end=parts[-1].end,
        wh=add_up(part.wh for part in parts),
        injected_wh=sum(injected) if injected else None,
        recovered_wh=sum(part.recovered_wh for part in parts),
        imported_wh=sum(part.imported_wh for part in parts),
        covered=min(sum(part.covered for part in parts), expected),
        expected=expected,
    )


@dataclass(frozen=True, slots=True)
class ContractSpan:
    """What a meter said of its contract, unchanged from `start` to `end`."""

    start: datetime
    end: datetime
    offer: str | None  # an id of OFFERS; None: the meter names none that is known
    calendar: str | None  # OPTARIF or NGTF, as sent, without padding
    power: int | None  # subscribed, kVA


@dataclass(frozen=True, slots=True)
class HourEnergy:
    """What was drawn in one hour of the clock, or in several that count as one, for load curves and comparisons."""

    start: datetime
    wh: int
    register: str | None  # that ran at its end, as in Energy.wh
    covered: int  # seconds
    recovered: bool  # part of `wh` was counted before this hour
    imported: bool
    slices: int = 1  # hours with energy; 0: a part of an hour of which an earlier part is counted
    divided: bool = False  # it is a part of an hour, in which the same register ran and no price changes
