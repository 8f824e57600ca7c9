"""A base load that went up, and stays up: something is on that was not.

The base load of a house with electric heating rises each autumn and in each cold week. What tells an appliance from
the cold:

- It is constant: the nights of the last week differ by no more than those before, and by less than a part of the rise.
- It is clear: the rise is twice what the nights before differed by, so it is no trend.
- It is new: few nights of the two months before had as much, so a house that is lived in again after a holiday has its
  usual base load; and few nights of the same weeks a year ago.
"""

import statistics
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from monitor.alerts.facts import MeterFacts
from monitor.alerts.signs import Figure, Holds, Sign

_DAY = timedelta(days=1)
_RECENT, _BEFORE, _EARLIER = 7, 28, 56  # nights
_LEAST_RECENT, _LEAST_BEFORE = 5, 20  # of them that are known
_RISE, _OVER = 1.25, 1.15  # times the base load before
_LEAST_RISE = 40  # W
_CLEAR = 2  # times what the nights before differed by
_CONSTANT, _LEAST_SPREAD = 4, 25  # the last nights differ by less than this part of the rise, or by these W
_OFTEN = 6  # nights that had as much
_YEAR_AGO = 364  # days
_HOURS_A_YEAR = 8766


def talon(meter: MeterFacts, today: date) -> list[Sign]:
    """Return whether the base load of the last week is higher than before, by what is constant and new."""
    nights = meter.daily.nights
    start = today - _RECENT * _DAY
    recent, before = _between(nights, start, today), _between(nights, start - _BEFORE * _DAY, start)
    if len(recent) < _LEAST_RECENT or len(before) < _LEAST_BEFORE:
        return [Sign("talon", Holds.UNKNOWN, meter.meter)]
    level, now = statistics.median(before), statistics.median(recent)
    rise = now - level
    high = now >= _RISE * level and rise >= _LEAST_RISE
    if now < _OVER * level or rise <= 0:
        holds = Holds.NO
    elif high and _is_clear(rise, recent, before) and _is_new(nights, now, today):
        holds = Holds.YES
    else:
        holds = Holds.BETWEEN
    price = meter.daily.price
    figures: dict[str, Figure] = {
        "before": round(level),
        "now": round(now),
        "cost_per_year": None if price is None else round(rise * _HOURS_A_YEAR / 1000 * price),
    }
    return [Sign("talon", holds, meter.meter, figures=figures)]


def _is_clear(rise: float, recent: Sequence[int], before: Sequence[int]) -> bool:
    varied = _spread(before)
    return rise >= _CLEAR * varied and _spread(recent) <= max(min(varied, rise / _CONSTANT), _LEAST_SPREAD)


def _is_new(nights: Mapping[date, int], now: float, today: date) -> bool:
    end, year_ago = today - _RECENT * _DAY, today - _YEAR_AGO * _DAY
    earlier = _between(nights, end - _EARLIER * _DAY, end)
    season = _between(nights, year_ago - _EARLIER / 2 * _DAY, year_ago + _EARLIER / 2 * _DAY)
    return all(sum(_OVER * watts >= now for watts in found) < _OFTEN for found in (earlier, season))


def _between(nights: Mapping[date, int], start: date, end: date) -> list[int]:
    return [watts for day, watts in nights.items() if start <= day < end]


def _spread(watts: Sequence[int]) -> int:
    """Return by how much nights differ, but for a tenth of them, or one, at either end: a night may be anything."""
    known, left = sorted(watts), max(len(watts) // 10, 1)
    return known[-1 - left] - known[left]
