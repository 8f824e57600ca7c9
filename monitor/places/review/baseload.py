"""`baseload`: what the house draws when nobody does anything, by day and by month."""

import statistics
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from monitor.base.schemas import DAY, NUMBER, TEXT, described, maybe, record, several
from monitor.money.profile import METHOD, CurveAnswers
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO

_LONGEST = timedelta(days=5 * 366)


def answer(call: Call) -> dict[str, Any]:
    """Return the base load of each local day of the range, and its median by month; by default of five years."""
    meter = call.meter()
    span = call.known_range(meter, _LONGEST)
    found = None if span is None else CurveAnswers(call.home).base_load(meter, *span)
    nights = found.nights if found else ()
    return {
        "meter": meter.identifier,
        "method": METHOD,
        "unit": "W",
        "median": found.watts if found else None,
        **_by_day(dict(nights)),
        "months": [
            {"month": month, "watts": round(statistics.median(watts for _, watts in part))}
            for month, part in groupby(nights, key=lambda night: f"{night[0]:%Y-%m}")
        ],
    }


def _by_day(nights: Mapping[date, int]) -> dict[str, Any]:
    if not nights:
        return {"first": None, "watts": []}
    first, last = min(nights), max(nights)
    days = (first + timedelta(number) for number in range((last - first).days + 1))
    return {"first": first.isoformat(), "watts": [nights.get(day) for day in days]}


ROUTE = Route(
    "baseload",
    "The base load: the power that is drawn all the time, by day and by month.",
    (METER, FROM, TO),
    answer,
    record(
        {
            "meter": TEXT,
            "method": described(
                "of each day the least mean power of a whole hour between 00:00 and 06:00, from energy", TEXT
            ),
            "unit": TEXT,
            "median": maybe(NUMBER, "of all days of the range"),
            "first": maybe(DAY, "the day of the first value of watts"),
            "watts": several(maybe(NUMBER), "a value a day; null: the night was not whole"),
            "months": several(
                record(
                    {
                        "month": described("such as 2026-11", TEXT),
                        "watts": described("the median of its days", NUMBER),
                    }
                )
            ),
        }
    ),
)
