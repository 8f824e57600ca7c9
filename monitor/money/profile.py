"""Curves of a meter: peaks, the base load, hours by day and by weekday."""

import bisect
import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from monitor.base.calendar import Calendar, offsets
from monitor.money.home import Home
from monitor.readings.hours import Curves, Meter, Night, WeekHour
from monitor.readings.imported import imported_hours
from monitor.readings.power import Peak

METHOD = "min 00:00-06:00"  # of the base load, for people who read the API
_EPOCH = date(1970, 1, 1)
_HOUR = 3600
_HOURS_A_DAY = 25


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """The base load ("talon") of a range, W, and of each of its nights: what a house draws when nobody does anything.

    Of each local night, the lowest mean power of an hour between 00:00 and 06:00, from energy (so in W, not in VA).
    Hours that are not whole, or hold recovered or imported energy, do not count. The base load of a range is the median
    of its nights: one night with a boiler or a holiday does not move it.
    """

    watts: int | None  # None: no night was whole enough
    nights: Sequence[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class DayCurves:
    """The Wh of each hour of local days that follow each other; None: not known."""

    first: date
    days: Sequence[Sequence[int | None]]


class CurveAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._imported = home.imported
        self._power = home.power
        self._curves = Curves(home.connection)
        self._zone = home.zone

    def peaks(self, meter: Meter, start: datetime, end: datetime, count: int) -> list[Peak]:
        """Return the hours of a range with the highest power, the highest first."""
        found = [peak for part in meter.parts for peak in self._power.peaks(part.number, start, end, count)]
        return sorted(found, key=lambda peak: (-peak.power, peak.at))[:count]

    def day_peaks(self, meter: Meter, start: datetime, end: datetime, count: int) -> list[Peak]:
        """Return the highest peaks of a range, one a local day, the highest first."""
        # So many hours hold the peaks of so many days, whatever the days are.
        hours = self.peaks(meter, start, end, count * _HOURS_A_DAY)
        first: dict[date, Peak] = {}
        for peak in hours:
            first.setdefault(peak.at.astimezone(self._zone).date(), peak)
        return list(first.values())[:count]

    def base_load(self, meter: Meter, start: datetime, end: datetime) -> BaseLoad:
        """Return the base load of a range."""
        local = offsets(self._zone, start, end)
        nights = [night for part in meter.parts for night in self._curves.nights(part.number, start, end, local)]
        return base_load(sorted(nights))

    def days(self, meter: Meter, start: datetime, end: datetime) -> DayCurves:
        """Return what was drawn in each hour of the local days of [start, end), which begins and ends at midnights."""
        midnights = [int(moment.timestamp()) for moment in Calendar(self._zone).boundaries("day", start, end)]
        return DayCurves(start.astimezone(self._zone).date(), by_day(self.hours(meter, start, end), midnights))

    def hours(self, meter: Meter, start: datetime, end: datetime) -> dict[int, int]:
        """Return what was drawn in the hours of [start, end), by their start in seconds since 1970."""
        hours: dict[int, int] = {}
        for part in meter.parts:
            imported = imported_hours(self._imported, part, start, end)
            of_part = [(int(hour.start.timestamp()), hour.wh) for hour in imported]
            for hour, wh in (*of_part, *self._curves.drawn(part.number, start, end).items()):
                hours[hour] = hours.get(hour, 0) + wh
        return hours

    def week(self, meter: Meter, start: datetime, end: datetime) -> list[list[int | None]]:
        """Return the mean of each hour of the week, as `profile` has it."""
        local_time = offsets(self._zone, start, end)
        cells = [cell for part in meter.parts for cell in self._curves.week(part.number, start, end, local_time)]
        for hour in (hour for part in meter.parts for hour in imported_hours(self._imported, part, start, end)):
            local = hour.start.astimezone(self._zone)
            cells.append(WeekHour(local.weekday() * 24 + local.hour, hour.wh, hour.slices))
        return profile(cells)


def base_load(nights: Iterable[Night]) -> BaseLoad:
    """Compute the base load from the least of each night: the Wh of an hour are its mean power in W."""
    found = [(_EPOCH + timedelta(night.day), night.wh) for night in nights]
    return BaseLoad(round(statistics.median(watts for _, watts in found)) if found else None, found)


def by_day(hours: Mapping[int, int], midnights: Sequence[int]) -> list[list[int | None]]:
    """Return the Wh of each hour of each day, None where an hour is not known; a day has 23, 24 or 25 hours.

    Args:
        hours: what was drawn, by the starts of hours inside the days; seconds since 1970.
        midnights: the beginnings of the days, and the end of the last; seconds since 1970.
    """
    days: list[list[int | None]] = [[None] * ((end - start) // _HOUR) for start, end in itertools.pairwise(midnights)]
    for hour, wh in hours.items():
        place = bisect.bisect_right(midnights, hour) - 1
        days[place][(hour - midnights[place]) // _HOUR] = wh
    return days


def profile(cells: Iterable[WeekHour]) -> list[list[int | None]]:
    """Return the mean Wh by weekday (0: Monday) and local hour, None where no hour was whole.

    A place of the week may come several times.
    """
    sums = [[0, 0] for _ in range(7 * 24)]
    for place, wh, hours in cells:
        sums[place][0] += wh
        sums[place][1] += hours
    means = [round(wh / hours) if hours else None for wh, hours in sums]
    return [means[day * 24 : day * 24 + 24] for day in range(7)]
