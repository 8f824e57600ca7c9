"""The off-peak hours as the meter really switched: by month, at the minute, and when they changed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import groupby
from zoneinfo import ZoneInfo

from monitor.history.power import MinuteRow

#: Days of a month that must show a switch at a minute; a meter's clock may be a minute off.
_SHARE = 0.5
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class ObservedWindows:
    """Off-peak hours from a month on, by the local clock; the end of a window may lie past midnight."""

    month: date  # its first day
    windows: tuple[tuple[time, time], ...]


def observed_windows(minutes: Iterable[MinuteRow], off_peak: frozenset[int], zone: ZoneInfo) -> list[ObservedWindows]:
    """Return the windows of each month in which the meter switched.

    Args:
        minutes: in order, with the running supplier register.
        off_peak: the numbers of the registers that are off-peak.
        zone: the local time.
    """
    months = []
    local = ((row.minute.astimezone(zone), row.supplier) for row in minutes if row.supplier is not None)
    for month, rows in groupby(local, key=lambda pair: pair[0].date().replace(day=1)):
        counts: Counter[int] = Counter()
        seen: Counter[int] = Counter()
        for moment, supplier in rows:
            place = moment.hour * 60 + moment.minute
            seen[place] += 1
            counts[place] += supplier in off_peak
        windows = _windows([bool(seen[place]) and counts[place] > _SHARE * seen[place] for place in range(_DAY)])
        if windows:
            months.append(ObservedWindows(month, windows))
    return months


def changes(months: Sequence[ObservedWindows]) -> list[ObservedWindows]:
    """Return the months from which the windows are others than before, the first one included."""
    return [one for place, one in enumerate(months) if place == 0 or one.windows != months[place - 1].windows]


def _windows(off_peak: Sequence[bool]) -> tuple[tuple[time, time], ...]:
    if all(off_peak) or not any(off_peak):
        return ()
    starts = [place for place in range(_DAY) if off_peak[place] and not off_peak[place - 1]]
    windows = []
    for start in starts:
        end = start
        while off_peak[end % _DAY]:
            end += 1
        windows.append((time(start // 60, start % 60), time(end % _DAY // 60, end % 60)))
    return tuple(windows)
