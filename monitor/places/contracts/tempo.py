"""`tempo`: the colours of a season's days, and how many days of each colour are left."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated

from common.contract.offers import COLOURS, TEMPO
from monitor.base.answer import Count, More, answer_type, one_of
from monitor.money.tempo import RED, WHITE, bundled_colours, first_day, season, season_of
from monitor.web.parameters import METER
from monitor.web.route import ApiRequest, Parameter, Route

_UNKNOWN = "-"
_Colour = Annotated[str, one_of(*COLOURS)] | None


@answer_type
class DaysOfColours:
    """Days by colour."""

    blue: Count
    white: Count
    red: Count


@answer_type
class TempoSeason:
    """The answer of `tempo`."""

    meter: str
    season: Annotated[int, "the year in which it begins, on 1 September"]
    first: date
    colours: Annotated[
        Mapping[str, Annotated[str, More(pattern="^[BWR-]{365,366}$")]],
        "by season, a letter a day: B, W, R, or - for unknown; empty if no colour is known",
    ]
    sources: Annotated[
        str,
        "a letter a day: m the meter, f the user's file, b bundled, - unknown",
        More(pattern="^[mfb-]{365,366}$"),
    ]
    imported_until: Annotated[date | None, "the first day that the meter showed, if a file has earlier ones"]
    allowance: Annotated[DaysOfColours, "days of a season; blue is one more in a season with 29 February"]
    used: Annotated[DaysOfColours, "days up to today"]
    remaining: Annotated[DaysOfColours | None, "days after today; null: a past day is not known"]
    today: _Colour
    tomorrow: _Colour


def answer(request: ApiRequest) -> TempoSeason:
    """Return a season, day by day."""
    meter = request.meter()
    today = TEMPO.day_of(request.now.astimezone(request.config.time_zone))
    year = request.parameters.get("season", season_of(today))
    first, last = first_day(year), first_day(year + 1) - timedelta(1)
    periods = request.home.profile_billing
    lived = periods.lived_colours(meter, first, last)
    written = {day: colour for day, colour in periods.calendars.written.items() if first <= day <= last}
    bundled = {day: colour for day, colour in bundled_colours().items() if first <= day <= last}
    colours = bundled | written | lived
    # What the meter says of today and tomorrow, an hour before the database can know it.
    said = request.live.answer(meter.identifier)
    for day, colour in ((today, said.colour), (today + timedelta(1), said.tomorrow)):
        if colour in COLOURS and first <= day <= last:
            colours.setdefault(day, str(colour))
            lived.setdefault(day, str(colour))
    counted = season(colours, year, today)
    days = [first + timedelta(number) for number in range((last - first).days + 1)]
    sources = (("m", lived), ("f", written), ("b", bundled))
    return TempoSeason(
        meter=meter.identifier,
        season=year,
        first=first,
        colours={str(year): "".join(COLOURS[colours[day]].letter if day in colours else _UNKNOWN for day in days)}
        if colours
        else {},
        sources="".join(next((letter for letter, known in sources if day in known), _UNKNOWN) for day in days),
        imported_until=min(lived) if lived and any(day < min(lived) for day in colours) else None,
        allowance=DaysOfColours(365 - WHITE - RED, WHITE, RED),
        used=DaysOfColours(**counted.used),
        remaining=None if counted.remaining is None else DaysOfColours(**counted.remaining),
        today=colours.get(today),
        tomorrow=colours.get(today + timedelta(1)),
    )


ROUTE = Route(
    "tempo",
    "The Tempo colours of a season, and the days that are left.",
    (
        METER,
        Parameter(
            "season",
            "The year in which the season begins (1 September); by default the present season.",
            {"type": "integer", "minimum": 2000, "maximum": 2098},
        ),
    ),
    answer,
)
