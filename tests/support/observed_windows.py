"""Finds off-peak hours from all minutes: what the monitor finds from fewer is compared with this."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.answers.off_peak_windows import ObservedWindows

_SHARE = 0.5  # of a month's days that must show a switch at a minute; a meter's clock may be a minute off
_DAY = 24 * 60


class MinuteRow(NamedTuple):
    """A minute, and the supplier register that ran in it."""

    minute: datetime
    supplier: int | None


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
