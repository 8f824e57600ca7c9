"""Rows of statistics: what Home Assistant has of an hour, what it is to have, and how ours are joined to its own. Pure.

A row has the sum of all hours up to the end of its hour. Hours in which nothing was counted need no row.

Home Assistant has no place for who made a row. Rows of its own have no `last_reset`; ours have one, in a year before
there were such meters, so that they are told apart wherever they come from. It also keeps, as seconds, what Home
Assistant's first own row had counted before ours were put before it: `--undo` gives it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_MARK = datetime(2000, 1, 1, tzinfo=UTC)
_MARKED_BEFORE = datetime(2012, 1, 1, tzinfo=UTC)
#: What of a sum is noise of the arithmetic of others, Wh.
_NOISE = 0.5

Amount = int | Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """One hour of a statistic, in its unit."""

    start: datetime
    sum: float
    state: float | None = None  # of the register, at the end of the hour
    last_reset: datetime | None = None

    @property
    def ours(self) -> bool:
        """Tell whether we brought it; for statistics of entities only."""
        return self.last_reset is not None and self.last_reset < _MARKED_BEFORE


def mark(own_wh: float) -> datetime:
    """Return the mark of our rows before a first own row that had counted so many Wh.

    >>> mark(250).isoformat(), own_wh(mark(250))
    ('2000-01-01T00:04:10+00:00', 250)
    """
    return _MARK + timedelta(seconds=round(own_wh))


def own_wh(marked: datetime) -> int:
    """Return what the first own row had counted, from the mark of one of our rows."""
    return round((marked - _MARK).total_seconds())


class Running:
    """The sum of a statistic, which goes on hour by hour."""

    def __init__(self, per_unit: int = 1, marked: datetime | None = None) -> None:
        """Begin at 0; `per_unit` is how many of an amount are one of the unit, such as 1000 Wh a kWh."""
        self.total: Amount = 0
        self.hours = 0  # with an amount
        self.first: datetime | None = None
        self.last: datetime | None = None  # of these hours
        self._per_unit = per_unit
        self._marked = marked

    def rows(
        self,
        amounts: Mapping[datetime, Amount],
        existing: Mapping[datetime, Row],
        states: Mapping[datetime, int] | None = None,
    ) -> list[Row]:
        """Return the rows that are missing or wrong.

        Args:
            amounts: of the next hours, in any order.
            existing: the rows that are there for the same time.
            states: readings of the register at the ends of these hours, where there are any.
        """
        found = []
        for hour in sorted(amounts.keys() | existing.keys()):
            amount = amounts.get(hour, 0)
            if amount:
                self.total += amount
                self.hours += 1
                self.first, self.last = self.first or hour, hour
            elif hour not in existing:
                continue
            state = None if states is None else states.get(hour)
            row = Row(hour, self._in_unit(self.total), None if state is None else self._in_unit(state), self._marked)
            if existing.get(hour) != row:
                found.append(row)
        return found

    def _in_unit(self, amount: Amount) -> float:
        return float(amount if self._per_unit == 1 else Decimal(amount) / self._per_unit)


def gap(counted_wh: int, reading: int | None, first: Row, per_unit: int, first_wh: float) -> float:
    """Return by how many Wh all own sums of Home Assistant are to be raised, so that they continue ours.

    Args:
        counted_wh: our sum at the end of our last hour.
        reading: of the register at that time, if it was read.
        first: the first own row.
        per_unit: how many Wh are one of the unit.
        first_wh: what that row had counted before: Home Assistant began within its hour.
    """
    if reading is not None and first.state is not None and first.state * per_unit >= reading:
        first_wh = first.state * per_unit - reading
    difference = counted_wh + first_wh - first.sum * per_unit
    return difference if abs(difference) >= _NOISE else 0.0
