"""What a roof made, what of it was used at home and what was injected, and what both were worth. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

#: Two counters are read some seconds apart, and each of them is some percent wrong.
_APART, _WRONG = 100, Decimal("0.02")  # Wh, share


@dataclass(frozen=True, slots=True)
class Sun:
    """A period, or the part of it from which on production and injection are known; None: not known.

    Injection that is not known in all of a period is left out of that: it is a meter that does not count it.
    Production is used at home or injected: the three add up, to the Wh, over any time. What a counter shows only after
    a gap counts there, so of a short time the use at home may be less than nothing.
    """

    production_wh: int | None
    injected_wh: int | None
    drawn_wh: int
    heard: int  # seconds in which the sources of production sent something
    saved: Decimal | None = None  # EUR that what was used at home would have cost
    earned: Decimal | None = None  # EUR that what was injected brought
    start: datetime | None = None  # when its figures begin; None: production is not known

    @property
    def self_consumed_wh(self) -> int | None:
        """What was used at home of the production."""
        return None if self.production_wh is None or self.injected_wh is None else self.production_wh - self.injected_wh

    @property
    def self_consumption(self) -> float | None:
        """The share of the production that was used at home; None: nothing was made, or the counters contradict."""
        return _share(self.self_consumed_wh, self.production_wh)

    @property
    def self_sufficiency(self) -> float | None:
        """The share of what the home used that came from its roof; None: as above."""
        used = self.self_consumed_wh
        return None if used is None else _share(used, used + self.drawn_wh)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Periods in which less was made than injected, so that a counter or a place in the wiring is wrong."""

    periods: int
    production_wh: int
    injected_wh: int


def add_up(periods: Iterable[Sun]) -> Sun | None:
    """Return periods as one: those of which production and injection are known, else all; None: there is none.

    An amount is known if that of each period is.
    """
    found = [one for one in periods if one.production_wh is not None]
    found = [one for one in found if one.injected_wh is not None] or found
    if not found:
        return None
    injected = [one.injected_wh for one in found if one.injected_wh is not None]
    return Sun(
        production_wh=sum(one.production_wh or 0 for one in found),
        injected_wh=sum(injected) if injected else None,
        drawn_wh=sum(one.drawn_wh for one in found),
        heard=sum(one.heard for one in found),
        saved=add_amounts(one.saved for one in found),
        earned=add_amounts(one.earned for one in found),
        start=found[0].start,
    )


def add_amounts(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return a sum, None if one of the amounts is not known."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def contradiction(periods: Sequence[Sun]) -> Contradiction | None:
    """Return what cannot be: more injected than made, by more than counters differ, while the sources were heard."""
    found = [one for one in periods if one.heard and _contradicts(one)]
    if not found:
        return None
    return Contradiction(
        periods=len(found),
        production_wh=sum(one.production_wh or 0 for one in found),
        injected_wh=sum(one.injected_wh or 0 for one in found),
    )


def _contradicts(one: Sun) -> bool:
    made, injected = one.production_wh, one.injected_wh
    return made is not None and injected is not None and injected - made > _APART + injected * _WRONG


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole is not None and whole > 0 and 0 <= part <= whole else None
