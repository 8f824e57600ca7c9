"""A day, a week or a month in a few figures: what it used and cost, beside the same days before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common.contract.offers import TEMPO
from monitor.base.calendar import Calendar, midnight
from monitor.money.costs import Answer, Period
from monitor.money.forecast import Forecast
from monitor.money.home import Home
from monitor.money.profile import CurveAnswers
from monitor.readings.hours import Meter
from monitor.readings.power import Peak
from monitor.sources.equal_weather import AtEqualWeather
from monitor.sources.weather import WeatherAnswers

_INSTANT, _DAY, _WEEK = timedelta.resolution, timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Digest:
    """The last period of a meter that is over."""

    by: str  # day, week or month
    answer: Answer
    before: Period | None  # the same day of the week before, the week or the month before; None: not comparable
    peak: Peak | None
    base_load: int | None  # W
    tempo_left: Mapping[str, int] | None  # days by colour; None: the contract has none, or they are not known
    forecast: Forecast | None  # of the present month
    weather: AtEqualWeather | None  # of a month, beside the year before; None: no temperatures are known


def last_period(by: str, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the last local day, week (from Monday) or month that is over."""
    calendar = Calendar(zone)
    end = calendar.floor(by, now)
    return calendar.floor(by, end - _INSTANT), end


def period_before(by: str, start: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return what a period is compared with: a day with that of the week before, as weekdays differ."""
    if by != "day":
        return last_period(by, start, zone)
    day = start.astimezone(zone).date() - _WEEK
    return midnight(day, zone), midnight(day + _DAY, zone)


def digests(home: Home, meters: Iterable[Meter], by: str, now: datetime, zone: ZoneInfo) -> list[Digest]:
    """Return the last day, week or month of those meters of which something of it is known."""
    return [found for meter in meters if (found := _digest(home, meter, by, now, zone)) is not None]


def _digest(home: Home, meter: Meter, by: str, now: datetime, zone: ZoneInfo) -> Digest | None:
    start, end = last_period(by, now, zone)
    answer = home.costs.energy(meter, by, start, end, now)
    if not answer.whole.energy.is_known:
        return None
    before = home.costs.energy(meter, by, *period_before(by, start, zone), now).whole
    comparable = all(one.energy.is_comparable and not one.across_wh for one in (answer.whole, before))
    return Digest(
        by=by,
        answer=answer,
        before=before if comparable else None,
        peak=next(iter(CurveAnswers(home).peaks(meter, start, end, 1)), None),
        base_load=CurveAnswers(home).base_load(meter, start, end).watts,
        tempo_left=_tempo_left(home, meter, now, zone) if _is_tempo(home, answer) else None,
        forecast=home.forecasts.of(meter, "month", now),
        weather=_weather(home, meter, start, end, now, zone) if by == "month" else None,
    )


def _weather(
    home: Home, meter: Meter, start: datetime, end: datetime, now: datetime, zone: ZoneInfo
) -> AtEqualWeather | None:
    first, after = (moment.astimezone(zone).date() for moment in (start, end))
    found = WeatherAnswers(home).compared(meter, first, after, now)
    return None if found is None else found.compared


def _is_tempo(home: Home, answer: Answer) -> bool:
    name = answer.contracts[-1].offer if answer.contracts else None
    offer = None if name is None else home.prices.offer(name)
    return offer is not None and offer.rule is not None and TEMPO.id in offer.rule.calendars


def _tempo_left(home: Home, meter: Meter, now: datetime, zone: ZoneInfo) -> Mapping[str, int] | None:
    """Return the days that are left after today; before the database knows its colour, with today."""
    today = TEMPO.day_of(now.astimezone(zone))
    seasons = (home.curve_periods.tempo_season(meter, day) for day in (today, today - _DAY))
    return next((one.remaining for one in seasons if one.remaining is not None), None)
