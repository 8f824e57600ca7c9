"""`tempo`: the colours of a season's days, how many of each are left, and what the next days will probably be."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated

from common.contract.offers import COLOURS, TEMPO
from monitor.base.answer import Count, More, Share, answer_type, one_of
from monitor.fetch.tempo_forecast import FIRST, LAST, NAMED
from monitor.money.announced import chances
from monitor.money.tempo import RED, WHITE, bundled_colours, first_day, season, season_of
from monitor.web.parameters import METER
from monitor.web.route import ApiRequest, Parameter, Route

_UNKNOWN = "-"
_DAY = timedelta(days=1)
_Known = Annotated[str, one_of(*COLOURS)]
_Colour = _Known | None


@answer_type
class DaysOfColours:
    """Days by colour."""

    blue: Count
    white: Count
    red: Count


@answer_type
class TempoChance:
    """The colour that a day will probably have; nothing is computed from it."""

    day: date
    colour: _Known
    chance: Share


@answer_type
class TempoDifference:
    """A day of which the meter and what was announced say different colours; the meter bills."""

    day: date
    meter: _Known
    announced: _Known


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
        "a letter a day: m the meter, f the user's file, r announced, b bundled, - unknown",
        More(pattern="^[mfrb-]{365,366}$"),
    ]
    imported_until: Annotated[date | None, "the first day that the meter showed, if a file has earlier ones"]
    allowance: Annotated[DaysOfColours, "days of a season; blue is one more in a season with 29 February"]
    used: Annotated[DaysOfColours, "days up to today"]
    remaining: Annotated[DaysOfColours | None, "days after today; null: a past day is not known"]
    today: _Colour
    tomorrow: _Colour
    chances: Annotated[Sequence[TempoChance], "of the days from the second to the ninth that are not known"]
    source_of_chances: Annotated[str | None, "whom to name beside the chances; null: there are none"]
    differs: Annotated[Sequence[TempoDifference], "of the season"]


def answer(request: ApiRequest) -> TempoSeason:
    """Return a season, day by day."""
    meter = request.meter()
    today = TEMPO.day_of(request.now.astimezone(request.config.time_zone))
    year = request.parameters.get("season", season_of(today))
    first, last = first_day(year), first_day(year + 1) - _DAY
    periods = request.home.profile_billing
    lived = periods.lived_colours(meter, first, last)
    written, announced, bundled = (
        {day: colour for day, colour in known.items() if first <= day <= last}
        for known in (periods.calendars.written, periods.calendars.announced, bundled_colours())
    )
    colours = bundled | announced | written
    # What the meter says of today and tomorrow, an hour before the database can know it.
    said = request.live.answer(meter.identifier)
    tomorrow = said.tomorrow if said.tomorrow_by == "meter" else None
    for day, colour in ((today, said.colour), (today + _DAY, tomorrow)):
        if colour in COLOURS and first <= day <= last:
            lived.setdefault(day, str(colour))
    colours |= lived
    told = chances(request.home.connection, today + FIRST * _DAY, today + LAST * _DAY, request.config.time_zone)
    probable = [one for one in told if first <= one.day <= last and one.day not in colours]
    counted = season(colours, year, today)
    days = [first + timedelta(number) for number in range((last - first).days + 1)]
    sources = (("m", lived), ("f", written), ("r", announced), ("b", bundled))
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
        tomorrow=colours.get(today + _DAY),
        chances=[TempoChance(one.day, one.colour, one.chance) for one in probable],
        source_of_chances=", ".join(sorted({NAMED.get(one.source, one.source) for one in probable})) or None,
        differs=[
            TempoDifference(day, lived[day], announced[day])
            for day in sorted(lived.keys() & announced.keys())
            if lived[day] != announced[day]
        ],
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
