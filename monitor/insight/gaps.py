"""Stretches without a frame, in whole minutes, with what the meter counted meanwhile and why nothing came."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.history.series import MinuteFacts, moment_of
from monitor.insight.events import is_outage

_MINUTE = 60
#: Minutes without a frame that make a gap: a single one may only be a slow line.
LEAST = 2


@dataclass(frozen=True, slots=True)
class MinuteGap:
    """From the end of the last minute with a frame to the next one that has one."""

    start: datetime
    end: datetime
    wh: int | None  # what the reading after it is higher by; None: not known, or there is none yet
    outage: bool  # the meter counted nothing, so the house had no current


def gaps(
    minutes: Iterable[MinuteFacts],
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
    for minute in minutes:
        if last is not None and minute.at - last.at > LEAST * _MINUTE:
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
    return MinuteGap(max(begin, start), end, wh, is_outage(wh, last.power_max, (end - begin) // timedelta(minutes=1)))
