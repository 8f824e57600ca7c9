"""What the weather changed: beside the year before, or beside other days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from monitor.base.calendar import midnight
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.readings.imported import imported_wholes
from monitor.readings.sources import TEMPERATURE, Series, Temperatures
from monitor.sources.equal_weather import (
    LEAST_DAYS,
    AtEqualWeather,
    Day,
    WeatherEffect,
    WhyNot,
    at_equal_weather,
    degree_days,
    effect,
    fit,
    pairs,
)

_DAY = timedelta(days=1)
_HABIT = timedelta(days=60)  # that tell how the home depends on the weather
_ORDER = (WhyNot.DAYS, WhyNot.WARM, WhyNot.WEAK, None)  # the best last


@dataclass(frozen=True, slots=True)
class Weather:
    """A comparison with the year before, and where its temperatures are from."""

    thermometer: str | None  # its name; None: imported
    first: date
    last: date
    compared: AtEqualWeather


class WeatherAnswers:
    """Answers what the weather did; as its parts, for one thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._temperatures = Temperatures(home.connection, home.zone)
        self._reader = home.reader
        self._imported = home.imported
        self._zone = home.zone

    def series(self, meters: Sequence[Meter]) -> dict[int, list[Series]]:
        """Return where temperatures of each meter are from, by its number; those that have none are not there."""
        imported, found = self._temperatures.imported(), {}
        for meter in meters:
            numbers = tuple(part.number for part in meter.parts)
            known = [Series(one, numbers) for one in self._home.sources(meter, TEMPERATURE)]
            if imported.intersection(numbers):
                known.append(Series(None, numbers))
            if known:
                found[meter.number] = known
        return found

    def compared(self, meter: Meter, first: date, end: date, now: datetime) -> Weather | None:
        """Compare the days from `first` to before `end`, or to yesterday, with the same days a year before.

        Of several thermometers the one that explains most counts. None: there is none, or none of the days is over.
        """
        end = min(end, now.astimezone(self._zone).date())
        series = self.series([meter]).get(meter.number)
        if not series or end <= first:
            return None
        ranges = ((first, end), (_year_before(first), _year_before(end - _DAY) + _DAY))
        energy = [self._energy(meter, *limits, now) for limits in ranges]
        found = []
        for one in series:
            sides = []
            for limits, wh in zip(ranges, energy, strict=True):
                cold = self._temperatures.days(one, *limits)
                sides.append({day: Day(wh[day], degree_days(mean)) for day, mean in cold.items() if day in wh})
            name = one.thermometer.name if one.thermometer else None
            compared = at_equal_weather(pairs(sides[0], sides[1]), (end - first).days)
            found.append(Weather(name, first, end - _DAY, compared))
        return max(found, key=_rank)

    def effect(
        self,
        meter: Meter,
        span: tuple[datetime, datetime],
        others: Sequence[tuple[datetime, datetime]],
        now: datetime,
    ) -> WeatherEffect | None:
        """Return what another weather changed on the whole days of a time, beside the mean of the same days of others.

        Of several thermometers the one that explains most counts. None: it does not tell.
        """
        first, end = self._inside(span)
        series = self.series([meter]).get(meter.number) if first < end else None
        if not series:
            return None
        begin = min(first, end - _HABIT)
        energy = self._energy(meter, begin, end, now)
        lines = {}
        for one in series:
            cold = self._temperatures.days(one, begin, end)
            habit = [Day(energy[day], degree_days(mean)) for day, mean in cold.items() if day in energy]
            if len(habit) >= LEAST_DAYS and (line := fit([habit])) is not None and line.tells:
                lines[one] = line
        if not lines:
            return None
        best = max(lines, key=lambda one: lines[one].quality)
        means = [list(self._temperatures.days(best, *self._inside(one)).values()) for one in (span, *others)]
        return effect(lines[best], means[0], means[1:], (end - first).days)

    def _inside(self, span: tuple[datetime, datetime]) -> tuple[date, date]:
        """Return the first of the whole local days in a time, and the day after the last."""
        first, end = (moment.astimezone(self._zone).date() for moment in span)
        return first if midnight(first, self._zone) == span[0] else first + _DAY, end

    def _energy(self, meter: Meter, first: date, end: date, now: datetime) -> dict[date, int]:
        """Return what was drawn on each day that is known well enough, Wh; of imported months no day is known."""
        days = [first + number * _DAY for number in range((end - first).days)]
        limits = [midnight(day, self._zone) for day in [*days, end]]
        found = self._reader.energy(meter, limits, now)
        known = {day: energy.total_wh for day, energy in zip(days, found, strict=True) if energy.is_comparable}
        if any(energy.imported_wh for energy in found):
            for part in meter.parts:
                for whole in imported_wholes(self._imported, part, limits[0], limits[-1]):
                    day = whole.hour.astimezone(self._zone).date()
                    if whole.start < midnight(day, self._zone):
                        known.pop(day, None)
        return known


def _rank(weather: Weather) -> tuple[int, float, int]:
    compared = weather.compared
    return _ORDER.index(compared.why_not), compared.fit.quality if compared.fit else 0.0, compared.days


def _year_before(day: date) -> date:
    """Return the same day a year before; of 29 February the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
