"""`events`: what happened, the latest first, page by page."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.event_pages import KINDS, Event
from monitor.api.call import Call, Parameter, Refused, Route
from monitor.api.parameters import FROM, METER, TO, check_range, meter_of, time_of
from monitor.api.spans import choices_of, number_of

_LIMIT, _MOST = 100, 500
_LONGEST_CURSOR = 12  # digits
PARAMETERS = (
    METER,
    FROM,
    TO,
    Parameter(
        "kind",
        f"Sortes d'événements, séparées par des virgules : {', '.join(KINDS)} ; toutes par défaut.",
        {"type": "string"},
    ),
    Parameter("cursor", "La valeur next de la page précédente.", {"type": "string", "maxLength": _LONGEST_CURSOR}),
    Parameter(
        "limit",
        "Nombre d'événements d'une page.",
        {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _LIMIT},
    ),
)


def answer(call: Call) -> dict[str, Any]:
    """Return a page of events."""
    meter = meter_of(call)
    kinds = choices_of(call, "kind", KINDS, KINDS)
    limit = number_of(call, "limit", 1, _MOST) or _LIMIT
    start, end = time_of(call, "from"), time_of(call, "to")
    if start is not None and end is not None:
        check_range(start, end)
    before = _moment(call.parameters.get("cursor"))
    until = min(moment for moment in (end, before, call.now) if moment is not None)
    page = call.answers.events.page(meter, start, until, kinds, limit)
    return {
        "meter": meter.identifier,
        "events": [_event(one) for one in page.events],
        "next": None if page.next is None else _cursor(page.next),
    }


def _event(event: Event) -> dict[str, Any]:
    found = {
        field.name: getattr(event, field.name)
        for field in dataclasses.fields(event)
        if getattr(event, field.name) is not None
    }
    return {name: write_stamp(value) if isinstance(value, datetime) else value for name, value in found.items()}


def _cursor(moment: datetime) -> str:
    return f"{int(moment.timestamp()):x}"


def _moment(cursor: str | None) -> datetime | None:
    if cursor is None:
        return None
    try:
        if len(cursor) > _LONGEST_CURSOR or not cursor.isalnum():
            raise ValueError
        return datetime.fromtimestamp(int(cursor, 16), UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused(400, "cursor n'est pas la valeur next d'une page.") from None


_INSTANT = {"type": "string", "format": "date-time"}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["meter", "events", "next"],
    "properties": {
        "meter": {"type": "string"},
        "events": {
            "type": "array",
            "description": "the latest first; a page may have fewer than limit, or none, and yet a next one",
            "items": {
                "type": "object",
                "required": ["kind", "at"],
                "properties": {
                    "kind": {"type": "string", "enum": list(KINDS)},
                    "at": _INSTANT | {"description": "its beginning; of an overload, when its power was highest"},
                    "until": _INSTANT,
                    "seconds": {"type": "integer", "description": "of an overload, as long as frames told of it"},
                    "power": {"type": "integer", "description": "VA, the highest of an overload"},
                    "volts": {"type": "integer", "description": "the voltage that was the furthest from 230 V"},
                    "phase": {"type": "integer"},
                    "why": {
                        "type": "string",
                        "enum": ["outage", "meter", "unknown"],
                        "description": "outage: the house had no current; meter: its reader heard other meters",
                    },
                    "wh": {"type": "integer", "description": "what the meter counted in a gap"},
                    "text": {
                        "type": "string",
                        "enum": ["first", "registers", "contract", "prices"],
                        "description": "first: the first readings; registers: an index changed without energy, as that"
                        " of a new meter; contract: what the meter says of it changed; prices: a price or tax changed",
                    },
                    "offer": {"type": "string", "description": "from then on, as far as the meter tells"},
                    "subscribed": {"type": "integer", "description": "from then on, VA"},
                },
            },
        },
        "next": {"type": ["string", "null"], "description": "the cursor of the next page; null: this is the last"},
    },
}
ROUTE = Route("events", "Ce qui s'est passé, du plus récent au plus ancien.", PARAMETERS, answer, SCHEMA)
