"""Tells the two passes of October's doubled hour apart, by the index. No I/O.

Both passes are in the table as one hour, mixed by the minute and second that they have in common. The index of the
second pass is never below that of the first, so it falls wherever a row of the first pass follows one of the second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Wh: no meter of 36 kVA draws more in an hour and a half. An index that falls by more is of another meter.
_LARGEST_FALL = 54_000


@dataclass(frozen=True, slots=True)
class Split:
    """Where the second pass begins: at `high` at the latest, above `low` at the earliest."""

    low: int  # the highest index that is surely of the first pass
    high: int  # the lowest index that is surely of the second pass
    middle: datetime  # of the hour

    def is_second(self, time: datetime, index: int) -> bool:
        """Return whether a row is of the second pass."""
        # Between the two limits are the end of the first pass and the beginning of the second.
        return index >= self.high or (index > self.low and time < self.middle)

    def sql(self, time: str, index: str) -> tuple[str, tuple[object, ...]]:
        """Return `is_second` as a condition in SQL and its arguments; it is never NULL."""
        condition = f"COALESCE({index} >= %s OR ({index} > %s AND {time} < %s), FALSE)"
        return condition, (self.high, self.low, self.middle.strftime("%Y-%m-%d %H:%M:%S"))


def split(begin: datetime, rows: Iterable[tuple[datetime, int]]) -> Split | None:
    """Return how to split the hour from `begin`; `rows` are time and index (Wh) of one meter, in order of time.

    None if they are rows of one pass, or if nothing was drawn: then nothing tells them apart.

    >>> start = datetime.fromisoformat("2023-10-29")
    >>> found = split(start, [(start + timedelta(minutes=m), i) for m, i in [(0, 10), (1, 70), (2, 12), (3, 73)]])
    >>> found is not None and (found.low, found.high)
    (12, 70)
    """
    low: int | None = None
    high: int | None = None
    previous: int | None = None
    for _, index in rows:
        if previous is not None and index < previous:
            if previous - index > _LARGEST_FALL:
                return None
            low = index if low is None else max(low, index)
            high = previous if high is None else min(high, previous)
        previous = index
    if low is None or high is None or low >= high:
        return None
    return Split(low, high, begin + timedelta(minutes=30))
