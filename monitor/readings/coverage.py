"""How much of a time is covered by frames, and what was recovered after the gaps in it."""

import bisect
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.readings.availability import MissingHours
from monitor.readings.cache import Cache
from monitor.readings.hours import Hours, Meter
from monitor.readings.index_deltas import recovered

_HOUR = timedelta(hours=1)
_FEW = 1000  # hours
_WHOLE = 3575  # seconds that frames cover of an hour without a gap


class CoverageReader:
    """Tells what frames cover; for one thread, as its connection is."""

    def __init__(self, hours: Hours, cache: Cache) -> None:
        """Read through `hours`."""
        self._hours = hours
        self._availability = hours.availability
        self._cache = cache

    def missing_hours(self, meter: Meter) -> MissingHours:
        """Return which hours of a meter have no row."""
        cached = self._cache.of(meter)
        if cached.missing_hours is None:
            cached.missing_hours = self._availability.without_row(meter.number)
        return cached.missing_hours

    def between(self, meter: Meter, boundaries: Sequence[datetime]) -> tuple[list[int], list[int]]:
        """Return for each period the seconds that have frames, and the Wh recovered after gaps."""
        covered, recovered_wh = [0] * (len(boundaries) - 1), [0] * (len(boundaries) - 1)
        if meter.first is None or meter.last is None:
            return covered, recovered_wh
        start, end = max(boundaries[0], meter.first), min(boundaries[-1], meter.last + _HOUR)
        if start >= end:
            return covered, recovered_wh
        candidates: list[datetime] | None = None
        doubtful = dict(self._availability.doubtful(meter.number, start - _HOUR, end))
        if len(doubtful) <= _FEW and self._has_all_rows(meter, start, end):
            # Each hour has a row, nearly all are whole: no need to add them up.
            for place, (low, high) in enumerate(itertools.pairwise(boundaries)):
                covered[place] = max((min(high, end) - max(low, start)) // _HOUR, 0) * _HOUR.seconds
            for hour, seconds in doubtful.items():
                if hour >= start:
                    covered[bisect.bisect_right(boundaries, hour) - 1] -= _HOUR.seconds - seconds
            # A gap across the turn of an hour takes half a minute of one of the two at least.
            short = [hour for hour, seconds in doubtful.items() if seconds < _WHOLE]
            candidates = sorted({moment for hour in short for moment in (hour, hour + _HOUR) if start <= moment < end})
        else:
            covered = self._availability.covered(meter.number, boundaries)
        gaps = self._availability.gaps(meter.number, start, end, candidates)
        broken: dict[datetime, dict[int, int]] = {}
        for one in self._hours.breaks(meter.number, start, end) if gaps else ():
            broken.setdefault(one.hour, {})[one.register] = one.step
        for gap in gaps:
            place = bisect.bisect_right(boundaries, gap.hour) - 1
            recovered_wh[place] += recovered(gap.before, gap.after, broken.get(gap.hour, {}), gap.seconds)
        return covered, recovered_wh

    def _has_all_rows(self, meter: Meter, start: datetime, end: datetime) -> bool:
        missing_hours = self.missing_hours(meter)
        if missing_hours.touch(start, end):
            return False
        # Rows may have come since.
        later = max(start, missing_hours.end)
        return later >= end or self._availability.count([meter.number], later, end) == (end - later) // _HOUR
