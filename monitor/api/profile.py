"""`profile`: what was drawn in each hour of each day, or on average in each hour of the week."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from monitor.api.call import Call, Parameter, Route
from monitor.api.parameters import FROM, METER, TO, meter_of
from monitor.api.spans import choice_of, range_of, whole_days

_LONGEST = timedelta(days=400)
_BY = ("day", "weekday")
PARAMETERS = (
    METER,
    FROM,
    TO,
    Parameter(
        "by",
        "day : chaque heure de chaque jour ; weekday : la moyenne de chaque heure de la semaine.",
        {"type": "string", "enum": list(_BY), "default": "day"},
    ),
)


def answer(call: Call) -> dict[str, Any]:
    """Return the matrix of a range of local days, 400 at most; without a range of the last ones."""
    meter = meter_of(call)
    by = choice_of(call, "by", _BY)
    span = range_of(call, meter, _LONGEST, last=_LONGEST)
    head = {"meter": meter.identifier, "by": by, "unit": "Wh"}
    if span is None:
        return head | {"first": None, "rows": []}
    start, end = whole_days(call, *span)
    if by == "weekday":
        return head | {
            "first": None,
            "rows": [list(day) for day in call.answers.curves.week(meter, start, end).mean_wh],
        }
    found = call.answers.curves.days(meter, start, end)
    return head | {"first": found.first.isoformat(), "rows": [list(day) for day in found.days]}


SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["meter", "by", "unit", "first", "rows"],
    "properties": {
        "meter": {"type": "string"},
        "by": {"type": "string", "enum": list(_BY)},
        "unit": {"type": "string"},
        "first": {"type": ["string", "null"], "format": "date", "description": "the day of the first row, if by day"},
        "rows": {
            "type": "array",
            "description": "by day: a row a local day, with its 23, 24 or 25 hours in order; by weekday: Monday first",
            "items": {
                "type": "array",
                "items": {"type": ["integer", "null"], "description": "Wh of the hour; null: not known"},
            },
        },
    },
}
ROUTE = Route(
    "profile", "L'énergie de chaque heure : par jour, ou en moyenne par jour de semaine.", PARAMETERS, answer, SCHEMA
)
