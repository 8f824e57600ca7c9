"""Curves of a meter: peaks, the base load, hours by day and by weekday."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from common.database.mariadb import Connection
from monitor.answers.base_load import BaseLoad, base_load
from monitor.answers.days import by_day
from monitor.answers.week_profile import Profile, profile
from monitor.calendar import Calendar, offsets
from monitor.readings.hour_curves import Curves, Drawn, WeekHour
from monitor.readings.hours import Meter
from monitor.readings.imported_energy import imported_hours
from monitor.readings.imported_hours import ImportedHours
from monitor.readings.power import Peak, Power

_HOURS_A_DAY = 25


@dataclass(frozen=True, slots=True)
class DayCurves:
    """The Wh of each hour of local days that follow each other; None: not known."""

    first: date
    days: Sequence[Sequence[int | None]]


class CurveAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, connection: Connection, zone: ZoneInfo) -> None:
        self._imported = ImportedHours(connection)
        self._power = Power(connection)
        self._curves = Curves(connection)
        self._zone = zone

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
        hours: dict[int, int] = {}
        for part in meter.parts:
            imported = imported_hours(self._imported, part, start, end)
            of_part = {int(hour.start.timestamp()): hour.wh for hour in imported}
            of_part |= dict(self._curves.drawn(part.number, start, end))
            for hour, wh in of_part.items():
                hours[hour] = hours.get(hour, 0) + wh
        return DayCurves(
            start.astimezone(self._zone).date(), by_day(itertools.starmap(Drawn, hours.items()), midnights)
        )

    def week(self, meter: Meter, start: datetime, end: datetime) -> Profile:
        """Return the mean of each hour of the week."""
        local_time = offsets(self._zone, start, end)
        cells = [cell for part in meter.parts for cell in self._curves.week(part.number, start, end, local_time)]
        for hour in (hour for part in meter.parts for hour in imported_hours(self._imported, part, start, end)):
            local = hour.start.astimezone(self._zone)
            cells.append(WeekHour(local.weekday() * 24 + local.hour, hour.wh, 1))
        return profile(cells)
