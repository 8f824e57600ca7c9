"""`profile`: what was drawn in each hour of each day, or on average in each hour of the week."""

from datetime import timedelta
from typing import Any

from monitor.base.calendar import whole_days
from monitor.base.schemas import DAY, NUMBER, TEXT, maybe, record, several, words
from monitor.money.profile import CurveAnswers
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO, choice

_LONGEST = timedelta(days=400)
_BY = ("day", "weekday")


def answer(call: Call) -> dict[str, Any]:
    """Return the matrix of a range of local days, 400 at most; without a range of the last ones."""
    meter, by = call.meter(), call.range.by
    span = call.known_range(meter, _LONGEST)
    head = {"meter": meter.identifier, "by": by, "unit": "Wh"}
    if span is None:
        return head | {"first": None, "rows": []}
    start, end = whole_days(*span, call.config.time_zone)
    if by == "weekday":
        return head | {"first": None, "rows": CurveAnswers(call.home).week(meter, start, end)}
    found = CurveAnswers(call.home).days(meter, start, end)
    return head | {"first": found.first.isoformat(), "rows": [list(day) for day in found.days]}


ROUTE = Route(
    "profile",
    "The energy of each hour: of each day, or on average of each day of the week.",
    (
        METER,
        FROM,
        TO,
        choice("by", "day: each hour of each day; weekday: the mean of each hour of the week.", _BY),
    ),
    answer,
    record(
        {
            "meter": TEXT,
            "by": words(*_BY),
            "unit": TEXT,
            "first": maybe(DAY, "the day of the first row, if by day"),
            "rows": several(
                several(maybe(NUMBER, "Wh of the hour; null: not known")),
                "by day: a row a local day, with its 23, 24 or 25 hours in order; by weekday: Monday first",
            ),
        }
    ),
)
