"""Curves of a meter: peaks, the base load, hours by day and by weekday."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from common.database import Connection
from monitor.calendar import Calendar, offsets
from monitor.energy.imported import imported_hours
from monitor.history.curves import Curves, Drawn, WeekHour
from monitor.history.hours import Meter
from monitor.history.imported import ImportedHours
from monitor.history.power import Peak, Power
from monitor.insight.base_load import BaseLoad, base_load
from monitor.insight.days import by_day
from monitor.insight.profile import Profile, profile

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

    def day_peaks(self, meter: Meter, start: datetime, end: datetime, count: int) -> list[Peak]:
        """Return the highest peaks of a range, one a local day, the highest first."""
        # So many hours hold the peaks of so many days, whatever the days are.
        hours = self._power.peaks(meter.number, start, end, count * _HOURS_A_DAY)
        first: dict[date, Peak] = {}
        for peak in hours:
            first.setdefault(peak.at.astimezone(self._zone).date(), peak)
        return list(first.values())[:count]

    def base_load(self, meter: Meter, start: datetime, end: datetime) -> BaseLoad:
        """Return the base load of a range."""
        return base_load(self._curves.nights(meter.number, start, end, offsets(self._zone, start, end)))

    def days(self, meter: Meter, start: datetime, end: datetime) -> DayCurves:
        """Return what was drawn in each hour of the local days of [start, end), which begins and ends at midnights."""
        midnights = [int(moment.timestamp()) for moment in Calendar(self._zone).boundaries("day", start, end)]
        imported = [
            Drawn(int(hour.start.timestamp()), hour.wh) for hour in imported_hours(self._imported, meter, start, end)
        ]
        hours = [*imported, *self._curves.drawn(meter.number, start, end)]
        return DayCurves(start.astimezone(self._zone).date(), by_day(hours, midnights))

    def week(self, meter: Meter, start: datetime, end: datetime) -> Profile:
        """Return the mean of each hour of the week."""
        cells = self._curves.week(meter.number, start, end, offsets(self._zone, start, end))
        for hour in imported_hours(self._imported, meter, start, end):
            local = hour.start.astimezone(self._zone)
            cells.append(WeekHour(local.weekday() * 24 + local.hour, hour.wh, 1))
        return profile(cells)
