"""`events`: what happened, the latest first, page by page."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

from common.contract.frame import write_stamp
from monitor.base.refusals import Refusal
from monitor.base.schemas import INSTANT, NUMBER, TEXT, described, maybe, record, several, words
from monitor.money.events import KINDS, Event, EventAnswers
from monitor.web.call import Call, Parameter, Route
from monitor.web.parameters import FROM, METER, TO, choices, whole_number

_LONGEST_CURSOR = 12  # digits
PARAMETERS = (
    METER,
    FROM,
    TO,
    choices("kind", f"Kinds of events, with commas between: {', '.join(KINDS)}; by default all.", KINDS, KINDS),
    Parameter("cursor", "The value next of the page before.", {"type": "string", "maxLength": _LONGEST_CURSOR}),
    whole_number("limit", "How many events a page has.", most=500, default=100),
)


def answer(call: Call) -> dict[str, Any]:
    """Return a page of events."""
    meter, asked = call.meter(), call.parameters
    before = _moment(asked.get("cursor"))
    until = min(moment for moment in (call.range.high, before, call.now) if moment is not None)
    page = EventAnswers(call.home).page(meter, call.range.low, until, frozenset(asked["kind"]), asked["limit"])
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
        if not cursor.isalnum():
            raise ValueError
        return datetime.fromtimestamp(int(cursor, 16), UTC)
    except (ValueError, OverflowError, OSError):
        raise Refusal("no_cursor") from None


_EVENT = {
    "kind": words(*KINDS),
    "at": described("its beginning; of an overload, when its power was highest", INSTANT),
    "until": INSTANT,
    "seconds": described("of an overload, as long as frames told of it", NUMBER),
    "power": described("VA, the highest of an overload", NUMBER),
    "volts": described("the voltage that was the furthest from 230 V", NUMBER),
    "phase": NUMBER,
    "why": described(
        "outage: the house had no current; meter: its reader heard other meters", words("outage", "meter", "unknown")
    ),
    "wh": described("what the meter counted in a gap", NUMBER),
    "text": described(
        "first: the first readings; registers: an index changed without energy, as that of a new meter; contract: what"
        " the meter says of it changed; prices: a price or tax changed",
        words("first", "registers", "contract", "prices"),
    ),
    "offer": described("from then on, as far as the meter tells", TEXT),
    "subscribed": described("from then on, VA", NUMBER),
}
ROUTE = Route(
    "events",
    "What happened, the latest first.",
    PARAMETERS,
    answer,
    record(
        {
            "meter": TEXT,
            "events": several(
                record(_EVENT, optional=_EVENT.keys() - {"kind", "at"}),
                "the latest first; a page may have fewer than limit, or none, and yet a next one",
            ),
            "next": maybe(TEXT, "the cursor of the next page; null: this is the last"),
        }
    ),
)
