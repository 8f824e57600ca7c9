"""What was drawn before and after a day on which something changed in the home."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from monitor.base.calendar import midnight
from monitor.money.home import Home
from monitor.readings.hours import Meter

_EACH = 30  # days before and after
_LEAST = 7


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is over, and of which enough is known to compare it."""

    day: date
    wh: int
    cost: Decimal | None  # with the subscription, EUR; None: some of it has no price
    coverage: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean day of some days."""

    first: date
    last: date
    wh: int
    cost: Decimal | None
    coverage: float


@dataclass(frozen=True, slots=True)
class Compared:
    """So many days before and as many after a day, with the same weekdays."""

    days: int
    before: Mean
    after: Mean


class NoteAnswers:
    """Answers what changed with a note; as its parts, for one thread."""

    def __init__(self, home: Home) -> None:
        self._costs = home.costs
        self._zone = home.zone

    def compared(self, meter: Meter, at: date, now: datetime) -> Compared | None:
        """Return 30 days before and after a day, or as many as are known; None: less than seven are."""
        today = now.astimezone(self._zone).date()
        first, end = at - timedelta(_EACH), min(at + timedelta(_EACH + 1), today)
        if at >= end:
            return None
        low, high = midnight(first, self._zone), midnight(end, self._zone)
        found = self._costs.energy(meter, "day", low, high, now)
        return compare(
            at,
            [
                Day(
                    period.energy.start.astimezone(self._zone).date(),
                    period.energy.total_wh,
                    None if period.cost.partial else period.cost.total,
                    period.energy.covered_share,
                )
                for period in found.periods
                if period.energy.is_comparable and not period.across_wh
            ],
        )


def compare(at: date, days: Sequence[Day]) -> Compared | None:
    """Compare days before and after one, which itself counts on neither side. Pure.

    Of each weekday both sides have as many: those nearest to that day.
    """
    known = sorted(days, key=lambda day: abs(day.day - at))
    sides: tuple[list[Day], list[Day]] = ([], [])
    for weekday in range(7):
        alike = [day for day in known if day.day.weekday() == weekday]
        before, after = [day for day in alike if day.day < at], [day for day in alike if day.day > at]
        count = min(len(before), len(after))
        sides[0].extend(before[:count])
        sides[1].extend(after[:count])
    count = len(sides[0])
    return None if count < _LEAST else Compared(count, *map(_mean, sides))


def _mean(days: Sequence[Day]) -> Mean:
    count, costs = len(days), [day.cost for day in days if day.cost is not None]
    return Mean(
        first=min(day.day for day in days),
        last=max(day.day for day in days),
        wh=round(sum(day.wh for day in days) / count),
        cost=sum(costs, Decimal(0)) / count if len(costs) == count else None,
        coverage=min(sum(day.coverage for day in days) / count, 1.0),
    )
