"""`baseload`: what the house draws when nobody does anything, by day and by month."""

import statistics
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from monitor.answers.curves import METHOD
from monitor.api.call import Call, Route
from monitor.api.parameters import FROM, METER, TO, meter_of
from monitor.api.spans import range_of

_LONGEST = timedelta(days=5 * 366)
PARAMETERS = (METER, FROM, TO)


def answer(call: Call) -> dict[str, Any]:
    """Return the base load of each local day of the range, and its median by month; by default of five years."""
    meter = meter_of(call)
    span = range_of(call, meter, _LONGEST, last=_LONGEST)
    found = None if span is None else call.answers.curves.base_load(meter, *span)
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


SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["meter", "method", "unit", "median", "first", "watts", "months"],
    "properties": {
        "meter": {"type": "string"},
        "method": {
            "type": "string",
            "description": "of each day the least mean power of a whole hour between 00:00 and 06:00, from energy",
        },
        "unit": {"type": "string"},
        "median": {"type": ["integer", "null"], "description": "of all days of the range"},
        "first": {"type": ["string", "null"], "format": "date", "description": "the day of the first value of watts"},
        "watts": {
            "type": "array",
            "description": "a value a day; null: the night was not whole",
            "items": {"type": ["integer", "null"]},
        },
        "months": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["month", "watts"],
                "properties": {
                    "month": {"type": "string", "description": "such as 2026-11"},
                    "watts": {"type": "integer", "description": "the median of its days"},
                },
            },
        },
    },
}
ROUTE = Route("baseload", "Le talon : la puissance permanente, par jour et par mois.", PARAMETERS, answer, SCHEMA)
