"""How much of a year a comparison is about: what is cheapest in two months of autumn need not be so in a year."""

from dataclasses import dataclass
from datetime import date, timedelta

_YEAR = 360  # days: so many are told as a year
_SEASONS = {"winter": (12, 1, 2), "summer": (6, 7, 8)}  # months


@dataclass(frozen=True, slots=True)
class Extent:
    """The days of a range, and the season of which it has none."""

    days: int
    without: str | None  # winter or summer

    @property
    def whole_year(self) -> bool:
        """Tell whether it is a year, or more."""
        return self.days >= _YEAR


def extent(first: date, last: date) -> Extent:
    """Return that of the local days from `first` to `last`, both included."""
    days = (last - first).days + 1
    months = {(first + timedelta(number)).month for number in range(min(days, 366))}
    missing = [season for season, its in _SEASONS.items() if not months.intersection(its)]
    return Extent(days, missing[0] if missing else None)
