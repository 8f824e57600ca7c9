"""`weather`: a period beside the same days a year before, at equal weather."""

from datetime import timedelta
from typing import Any

from monitor.base.schemas import COUNT, DAY, NUMBER, SHARE, TEXT, WH, described, maybe, record, words
from monitor.sources.equal_weather import BASE, LEAST_DAYS
from monitor.sources.weather import WeatherAnswers
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO

_LONGEST = timedelta(days=367)  # a leap year, and the hour by which days differ


def answer(call: Call) -> dict[str, Any]:
    """Return the local days of the range that are over beside the same days a year before."""
    meter = call.meter()
    start, end = call.given_range(_LONGEST)
    zone = call.config.time_zone
    first, after = start.astimezone(zone).date(), end.astimezone(zone).date()
    found = WeatherAnswers(call.home).compared(meter, first, after, call.now)
    compared = None if found is None else found.compared
    return {
        "meter": meter.identifier,
        "base": BASE,
        "thermometer": None if found is None else found.thermometer,
        "compared": None
        if found is None or compared is None
        else {
            "first": found.first.isoformat(),
            "last": found.last.isoformat(),
            "days": compared.days,
            "degree_days": round(compared.degree_days, 1),
            "degree_days_before": round(compared.degree_days_before, 1),
            "wh": compared.wh,
            "wh_before": compared.wh_before,
            "wh_per_degree_day": None if compared.fit is None else round(compared.fit.slope),
            "quality": None if compared.fit is None else round(compared.fit.quality, 4),
            "why_not": compared.why_not,
            "change": None if compared.change is None else round(compared.change, 4),
        },
    }


_NUMBER = {"type": "number"}
_COMPARED = record(
    {
        "first": DAY,
        "last": described("so far as days are over", DAY),
        "days": described("that both years know; the sums below are of these", COUNT),
        "degree_days": _NUMBER,
        "degree_days_before": _NUMBER,
        "wh": described("drawn on these days, Wh", WH),
        "wh_before": described("drawn on the same days a year before, Wh", WH),
        "wh_per_degree_day": maybe(NUMBER, "of the fit of Wh a day on degree days, with a level for each year"),
        "quality": maybe(SHARE, "R² of the fit"),
        "why_not": maybe(
            words("days", "warm", "weak"),
            f"why nothing is corrected: fewer than {LEAST_DAYS} days or four fifths of the period are known in both"
            " years; it was too warm to heat; the fit is too bad, or the line falls",
        ),
        "change": maybe(
            _NUMBER, "-0.12: 12 % less than the year before would have been with this year's degree days; null: why_not"
        ),
    }
)
ROUTE = Route(
    "weather",
    "What was drawn beside the same days a year before, at equal weather.",
    (METER, FROM, TO),
    answer,
    record(
        {
            "meter": TEXT,
            "base": described("of degree days, °C", NUMBER),
            "thermometer": maybe(TEXT, "the name of the source; null: imported temperatures, or none"),
            "compared": maybe(_COMPARED, "null: no temperatures are known, or no day of the range is over"),
        }
    ),
)
