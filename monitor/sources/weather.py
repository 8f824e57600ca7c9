"""What the weather changed: beside the year before, or beside other days.

The upper half is arithmetic: energy by day, fitted on degree days; `WeatherAnswers` reads a home and uses it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from monitor.base.calendar import midnight
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.readings.imported import imported_totals
from monitor.readings.sources import TEMPERATURE, Series, Temperatures

#: °C: a day has as many degree days as its mean temperature is below it.
BASE = 18
#: Days that a fit needs, in each of two years; and the share of a period's days that must be known.
LEAST_DAYS = 14
_LEAST_SHARE = 0.8
#: Of R²: with fewer days or less, the slope would be off by more than a fifth too often.
_LEAST_QUALITY = 0.5
#: Degree days a day, in the mean of both sides: below it nobody heats, and there is nothing to correct.
_LEAST_COLD = 1.0
_DAY = timedelta(days=1)
_HABIT = timedelta(days=60)  # that tell how the home depends on the weather


class WhyNot(StrEnum):
    """Why nothing is corrected."""

    DAYS = "days"
    WARM = "warm"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of which energy and temperature are known."""

    wh: int
    degree_days: float


@dataclass(frozen=True, slots=True)
class Fit:
    """A straight line through days: how much a degree day adds, and the share of the differences that this explains."""

    slope: float  # Wh a degree day
    quality: float  # R², 0 to 1

    @property
    def tells(self) -> bool:
        """Whether the cold makes the home draw more, and that is most of what makes its days differ."""
        return self.slope > 0 and self.quality >= _LEAST_QUALITY


@dataclass(frozen=True, slots=True)
class AtEqualWeather:
    """A period beside the same days a year before, those that both years know."""

    days: int
    degree_days: float
    degree_days_before: float
    wh: int
    wh_before: int
    fit: Fit | None  # None: no line can be drawn
    why_not: WhyNot | None
    change: float | None  # of what the year before would have drawn in this year's weather; None: see why_not


@dataclass(frozen=True, slots=True)
class WeatherEffect:
    """It was colder or warmer: mean temperatures, °C, and the energy that this explains."""

    before: float
    now: float
    wh: int


def degree_days(mean: float) -> float:
    """Return the degree days of a day from its mean temperature, °C."""
    return max(BASE - mean, 0.0)


def pairs(now: Mapping[date, Day], before: Mapping[date, Day]) -> list[tuple[Day, Day]]:
    """Return the days that both years know, each beside the same one a year before; 29 February has none."""
    found = []
    for day, one in sorted(now.items()):
        if (day.month, day.day) != (2, 29) and (other := before.get(day.replace(year=day.year - 1))) is not None:
            found.append((one, other))
    return found


def at_equal_weather(known: Sequence[tuple[Day, Day]], days: int) -> AtEqualWeather:
    """Compare days with those a year before; the period has so many `days`, known or not.

    The year before is moved to this year's degree days along the line. Each year has its own level, so that a change of
    habits neither bends the line nor makes it look worse.
    """
    now, before = [one for one, _ in known], [other for _, other in known]
    cold, cold_before = (sum(day.degree_days for day in side) for side in (now, before))
    wh, wh_before = (sum(day.wh for day in side) for side in (now, before))
    line = fit((now, before))
    why_not, change = None, None
    if len(known) < max(LEAST_DAYS, _LEAST_SHARE * days):
        why_not = WhyNot.DAYS
    elif cold + cold_before < _LEAST_COLD * 2 * len(known):
        why_not = WhyNot.WARM
    elif line is None or not line.tells:
        why_not = WhyNot.WEAK
    else:
        moved = wh_before + line.slope * (cold - cold_before)
        change = wh / moved - 1 if moved > 0 else None
        why_not = None if moved > 0 else WhyNot.WEAK
    return AtEqualWeather(len(known), cold, cold_before, wh, wh_before, line, why_not, change)


def effect(line: Fit, now: Sequence[float], others: Sequence[Sequence[float]], days: int) -> WeatherEffect | None:
    """Return what another weather changes over some days; None: too little is known of it, or nobody heats.

    Args:
        line: how the home depends on the weather.
        now: mean temperatures of the days, °C, as far as they are known.
        others: those of as many days each that they are compared with; their mean counts.
        days: how many there are.
    """
    before = [mean for other in others for mean in other]
    if len(now) < _LEAST_SHARE * days or len(before) < _LEAST_SHARE * days * len(others):
        return None
    cold, cold_before = (sum(map(degree_days, side)) / len(side) for side in (now, before))
    if cold + cold_before < _LEAST_COLD * 2:
        return None
    wh = round(line.slope * (cold - cold_before) * days)
    return WeatherEffect(sum(before) / len(before), sum(now) / len(now), wh)


def fit(sides: Iterable[Sequence[Day]]) -> Fit | None:
    """Fit one slope to several stretches of time, each with its own level, by least squares.

    None: their days do not differ.
    """
    xx = xy = yy = 0.0
    for side in sides:
        if not side:
            continue
        x_mean = sum(day.degree_days for day in side) / len(side)
        y_mean = sum(day.wh for day in side) / len(side)
        for day in side:
            x, y = day.degree_days - x_mean, day.wh - y_mean
            xx, xy, yy = xx + x * x, xy + x * y, yy + y * y
    if not xx or not yy:
        return None
    return Fit(xy / xx, min(xy * xy / (xx * yy), 1.0))


_ORDER = (WhyNot.DAYS, WhyNot.WARM, WhyNot.WEAK, None)  # the best last


@dataclass(frozen=True, slots=True)
class Weather:
    """A comparison with the year before, and where its temperatures are from."""

    thermometer: str | None  # its name, or the host that said them; None: imported
    first: date
    last: date
    compared: AtEqualWeather


class WeatherAnswers:
    """Answers what the weather did; as its parts, for one thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._temperatures = Temperatures(home.connection, home.zone, home.config.household.fetch.temperature.place)
        self._reader = home.reader
        self._imported = home.imported
        self._zone = home.zone

    def series(self, meters: Sequence[Meter]) -> dict[int, list[Series]]:
        """Return where temperatures of each meter are from, by its number; those that have none are not there."""
        said, found = [Series(None, source) for source in self._temperatures.outside()], {}
        for meter in meters:
            known = [Series(one) for one in self._home.sources(meter, TEMPERATURE)] + said
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
            compared = at_equal_weather(pairs(sides[0], sides[1]), (end - first).days)
            found.append(Weather(one.name, first, end - _DAY, compared))
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
                for whole in imported_totals(self._imported, part, limits[0], limits[-1]):
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
