"""A producer whose injection stopped.

One day without injection is no sign: on a dark day a house uses all that its panels make. So several in a row count:
more than there were in a row in the last three months, and more in the dark half of the year.
"""

import itertools
import statistics
from collections.abc import Sequence
from datetime import date, timedelta

from monitor.alerts.facts import MeterFacts
from monitor.alerts.signs import Holds, Sign

_DAY = timedelta(days=1)
_USUAL = 28  # days
_LEAST_KNOWN = 14  # of them
_LEAST_USUAL = 500  # Wh a day: a producer of less often has none
_NOTHING = 10  # Wh: what a day without injection has at most
_POOR = 0.1  # of a usual day
_BRIGHT, _DARK = 3, 6  # days in a row, at least: from April to August, and else
_BRIGHT_MONTHS = range(4, 9)


def feed_in(meter: MeterFacts, today: date) -> list[Sign]:
    """Return whether a producer has injected nothing for days, and usually does."""
    injected = meter.daily.injected
    if not injected:
        return []
    days = sorted(day for day in injected if day < today)
    silent = list(itertools.takewhile(lambda day: injected[day] <= _NOTHING, reversed(days)))
    before = days[: len(days) - len(silent)]
    recent = [injected[day] for day in before if day >= (silent or [today])[-1] - _USUAL * _DAY]
    if len(recent) < _LEAST_KNOWN or (days and today - days[-1] > 2 * _DAY):
        return [Sign("feed_in", Holds.UNKNOWN, meter.meter)]
    usual = round(statistics.median(recent))
    if (meter.lately.injected or 0) > _NOTHING or not silent:
        return [Sign("feed_in", Holds.NO, meter.meter)]
    least = _BRIGHT if today.month in _BRIGHT_MONTHS else _DARK
    poor = _longest_run([injected[day] < _POOR * usual for day in before])
    if usual < _LEAST_USUAL or len(silent) < max(least, 2 * poor + 2):
        return [Sign("feed_in", Holds.BETWEEN, meter.meter)]
    figures = {"days": len(silent), "usual_wh": usual}
    return [Sign("feed_in", Holds.YES, meter.meter, figures=figures)]


def _longest_run(poor: Sequence[bool]) -> int:
    return max((len(list(run)) for is_poor, run in itertools.groupby(poor) if is_poor), default=0)
