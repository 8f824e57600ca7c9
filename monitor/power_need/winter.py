"""How much of a winter was measured: without it nobody can call a power enough. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta

_WEEK, _WEEKS = 7, 13  # days; weeks from 1 December to the end of February
_WHOLE = 0.9  # of a week: so much of it must be measured


def missing_winter_weeks(covered: Mapping[date, float]) -> int:
    """Return how many of the 13 weeks from 1 December on were never measured, in no winter of a range.

    Args:
        covered: the measured share of each local day; days that are not there have none.
    """
    best = [0.0] * _WEEKS
    for year in {day.year + offset for day in covered for offset in (-1, 0)}:
        first = date(year, 12, 1)
        for week in range(_WEEKS):
            days = (first + timedelta(days=week * _WEEK + number) for number in range(_WEEK))
            best[week] = max(best[week], sum(covered.get(day, 0.0) for day in days) / _WEEK)
    return sum(share < _WHOLE for share in best)
