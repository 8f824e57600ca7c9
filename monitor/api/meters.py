"""`meters`: the meters, with what is known of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common.contract.frame import write_stamp
from common.contract.offers import BY_ID
from monitor.answers.answers import Facts
from monitor.api.call import Call, Route
from monitor.readings.hours import Meter

_VA = 1000
_SHORT = 8  # characters of an address that may be shown whole


def answer(call: Call) -> dict[str, Any]:
    """Return all meters, and the server's time: a tablet's clock may be wrong."""
    meters = call.answers.meters()
    facts = call.answers.facts(meters, call.now)
    last = call.answers.last_frames(meters, facts, call.now)
    known = call.answers.firsts(meters)
    return {
        "zone": call.config.time_zone.key,
        "now": write_stamp(call.now.replace(microsecond=0)),
        "meters": [
            _meter(call, meter, facts.get(meter.number), known.get(meter.number), last.get(meter.number))
            for meter in meters
        ],
    }


def _meter(
    call: Call, meter: Meter, facts: Facts | None, known: datetime | None, last: datetime | None
) -> dict[str, Any]:
    begin = None if facts is None else facts.contract_start
    return {
        "id": meter.identifier,
        "name": meter.name,
        "replaced": list(meter.replaced),
        "serial": _serial(meter.identifier),
        "mode": None if facts is None else "standard" if facts.standard else "historic",
        "phases": None if facts is None else facts.phases,
        "unit": "VA",
        "subscribed": None if facts is None or facts.power is None else facts.power * _VA,
        "offer": None if facts is None else facts.offer,
        "producer": facts is not None and facts.producer,
        "first": _day(call, meter.first),
        "known_since": _day(call, known),
        "last": None if last is None else write_stamp(last),
        "contract_year": None if begin is None else f"{begin:%m-%d}",
    }


def _day(call: Call, moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(call.config.time_zone).date().isoformat()


def _serial(identifier: str) -> str:
    """Return an address that a picture of the page may show."""
    return identifier if len(identifier) <= _SHORT else f"{identifier[:4]}…{identifier[-4:]}"


def _maybe(kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": [kind, "null"], "description": text, **more}


_METER = {
    "id": {"type": "string", "description": "the meter's address, as in topics: the parameter meter of other routes"},
    "name": _maybe("string", "that its owner gave it in the configuration"),
    "replaced": {
        "type": "array",
        "items": {"type": "string"},
        "description": "addresses of the meters that it replaced, the earliest first; other routes know them, too",
    },
    "serial": {"type": "string", "description": "the address, shortened"},
    "mode": {"type": ["string", "null"], "enum": ["historic", "standard", None]},
    "phases": _maybe("integer", "1 or 3"),
    "unit": {"type": "string", "description": "of power"},
    "subscribed": _maybe("integer", "subscribed power, VA"),
    "offer": _maybe("string", f"{', '.join(BY_ID)} or one of prices.yaml; null: the meter does not tell"),
    "producer": {"type": "boolean", "description": "it counts what is injected"},
    "first": _maybe("string", "local day of the first readings; null: none yet", format="date"),
    "known_since": _maybe(
        "string", "local day of the first energy that is known, read or imported; null: none yet", format="date"
    ),
    "last": _maybe("string", "when the last stored frame came, or its minute", format="date-time"),
    "contract_year": _maybe(
        "string", "month and day on which the contract's year begins; null: contracts does not say"
    ),
}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["zone", "now", "meters"],
    "properties": {
        "zone": {"type": "string", "description": "the time zone in which days are cut"},
        "now": {"type": "string", "format": "date-time", "description": "the server's time"},
        "meters": {
            "type": "array",
            "items": {"type": "object", "required": list(_METER), "properties": _METER},
        },
    },
}
ROUTE = Route("meters", "Les compteurs et ce que l'on sait d'eux.", (), answer, SCHEMA)
