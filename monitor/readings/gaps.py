"""Stretches without a frame, in whole minutes, with what the meter counted meanwhile and why nothing came."""

import itertools
import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.readings.found_events import is_outage
from monitor.readings.grid_curves import MinuteFacts
from monitor.readings.rows import moment_of

_MINUTE = 60
#: Minutes without a frame that make a gap: a single one may only be a slow line.
LEAST = 2
_FEW = 3  # minutes from which no pace can be told


@dataclass(frozen=True, slots=True)
class MinuteGap:
    """From the end of the last minute with a frame to the next one that has one."""

    start: datetime
    end: datetime
    wh: int | None  # what the reading after it is higher by; None: not known, or there is none yet
    outage: bool  # the meter counted nothing, so the house had no current


def pace(minutes: Sequence[MinuteFacts]) -> float:
    """Return how many seconds usually lie between frames, 1 if nobody can tell."""
    if len(minutes) < _FEW:
        return 1
    apart = statistics.median(after.at - before.at for before, after in itertools.pairwise(minutes))
    return apart if apart > _MINUTE else _MINUTE / statistics.median(minute.frames for minute in minutes)


def gaps(
    minutes: Sequence[MinuteFacts],
    before: MinuteFacts | None,
    start: datetime,
    end: datetime,
    broken: Collection[datetime] = (),
) -> list[MinuteGap]:
    """Return the gaps of a range, cut to it.

    Args:
        minutes: those of the range, in order.
        before: the last one before it; None: the meter was not known yet, so its absence is no gap.
        start: of the range.
        end: of the range, or now, if that is earlier.
        broken: hours in which a register changed without energy.
    """
    found = []
    last = before
    # Where frames come each five minutes, four without one are no gap.
    least = LEAST * max(pace(minutes), _MINUTE)
    for minute in minutes:
        if last is not None and minute.at - last.at > least:
            found.append(_gap(last, minute, start, broken))
        last = minute
    # The rollups follow some minutes behind.
    if last is not None and end.timestamp() - last.at - _MINUTE > 5 * _MINUTE:
        gap_start = max(moment_of(last.at + _MINUTE), start)
        if gap_start < end:
            found.append(MinuteGap(gap_start, end, None, outage=False))
    return found


def _gap(last: MinuteFacts, minute: MinuteFacts, start: datetime, broken: Collection[datetime]) -> MinuteGap:
    begin, end = moment_of(last.at + _MINUTE), moment_of(minute.at)
    wh = None
    if last.total_last is not None and minute.total_first is not None:
        wh = minute.total_first - last.total_last
        if wh < 0 or end.replace(minute=0) in broken:
            wh = None
    injected = 0
    if last.injected_last is not None and minute.injected_first is not None:
        injected = minute.injected_first - last.injected_last
    outage = is_outage(wh, injected, last.power_max, (end - begin) // timedelta(minutes=1))
    return MinuteGap(max(begin, start), end, wh, outage)
