"""`weather`: a period beside the same days a year before, at equal weather."""

from datetime import date, timedelta
from typing import Annotated

from monitor.base.answer import Count, Share, Wh, answer_type
from monitor.sources.weather import BASE, LEAST_DAYS, Weather, WeatherAnswers, WhyNot
from monitor.web.parameters import FROM, METER, TO
from monitor.web.route import ApiRequest, Route

_LONGEST = timedelta(days=367)  # a leap year, and the hour by which days differ


@answer_type
class ComparedYears:
    """Days beside the same days a year before."""

    first: date
    last: Annotated[date, "so far as days are over"]
    days: Annotated[Count, "that both years know; the sums below are of these"]
    degree_days: float
    degree_days_before: float
    wh: Annotated[Wh, "drawn on these days, Wh"]
    wh_before: Annotated[Wh, "drawn on the same days a year before, Wh"]
    wh_per_degree_day: Annotated[int | None, "of the fit of Wh a day on degree days, with a level for each year"]
    quality: Annotated[Share | None, "R² of the fit"]
    why_not: Annotated[
        WhyNot | None,
        f"why nothing is corrected: fewer than {LEAST_DAYS} days or four fifths of the period are known in both"
        " years; it was too warm to heat; the fit is too bad, or the line falls",
    ]
    change: Annotated[
        float | None,
        "-0.12: 12 % less than the year before would have been with this year's degree days; null: why_not",
    ]


@answer_type
class AtEqualWeather:
    """The answer of `weather`."""

    meter: str
    base: Annotated[int, "of degree days, °C"]
    thermometer: Annotated[
        str | None, "the name of the source, or the host that was asked; null: imported temperatures, or none"
    ]
    compared: Annotated[ComparedYears | None, "null: no temperatures are known, or no day of the range is over"]


def answer(request: ApiRequest) -> AtEqualWeather:
    """Return the local days of the range that are over beside the same days a year before."""
    meter = request.meter()
    start, end = request.given_range(_LONGEST)
    zone = request.config.time_zone
    first, after = start.astimezone(zone).date(), end.astimezone(zone).date()
    weather = WeatherAnswers(request.home).compared(meter, first, after, request.now)
    return AtEqualWeather(
        meter=meter.identifier,
        base=BASE,
        thermometer=None if weather is None else weather.thermometer,
        compared=None if weather is None else _compared(weather),
    )


def _compared(weather: Weather) -> ComparedYears:
    years = weather.compared
    return ComparedYears(
        first=weather.first,
        last=weather.last,
        days=years.days,
        degree_days=round(years.degree_days, 1),
        degree_days_before=round(years.degree_days_before, 1),
        wh=years.wh,
        wh_before=years.wh_before,
        wh_per_degree_day=None if years.fit is None else round(years.fit.slope),
        quality=None if years.fit is None else round(years.fit.quality, 4),
        why_not=years.why_not,
        change=None if years.change is None else round(years.change, 4),
    )


ROUTE = Route(
    "weather",
    "What was drawn beside the same days a year before, at equal weather.",
    (METER, FROM, TO),
    answer,
)
