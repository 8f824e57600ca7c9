"""The answer of `energy?by=range`: any stretch of time as one, with its highest power."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.costs import join
from monitor.api import money
from monitor.api.call import Call, Refused
from monitor.api.parameters import check_range, meter_of, time_of

_LONGEST = timedelta(days=400)


def answer(call: Call) -> dict[str, Any]:
    """Return energy, cost, mean and highest power between the readings at two instants."""
    meter = meter_of(call)
    start, end = time_of(call, "from"), time_of(call, "to")
    if start is None or end is None:
        raise Refused(400, "by=range demande from et to.")
    check_range(start, end, _LONGEST)
    found = call.answers.stretches.stretch(meter, start, end, call.now)
    if found is None:
        raise Refused(404, "Aucune donnée pour cette période.")
    energy = join(found.pieces)
    seconds = (min(found.end, call.now) - found.start).total_seconds()
    zone = call.config.time_zone
    return {
        "meter": meter.identifier,
        "by": "range",
        "zone": zone.key,
        "from": write_stamp(found.start),
        "to": write_stamp(found.end),
        "precision": found.precision,
        "wh": energy.total_wh,
        "registers": dict(energy.wh),
        "injected_wh": energy.injected_wh,
        "coverage": round(energy.coverage, 4),
        "mean": round(energy.total_wh * 3600 / seconds) if seconds > 0 else None,
        "max": None if found.peak is None else {"power": found.peak.power, "at": write_stamp(found.peak.at)},
        "unit": "VA",
        "cost": money.amount(found.cost.energy) if found.cost.known else None,
        "subscription": money.amount(found.cost.subscription) if found.cost.known else None,
        "partial_cost": found.cost.partial,
        "prices": money.prices_object(call.answers.prices, call.now.astimezone(zone).date(), found.old),
    }


_INSTANT = {"type": "string", "format": "date-time"}
_COUNTED = {"type": ["integer", "null"], "description": "Wh"}
_AMOUNT = {"type": ["integer", "null"], "description": "1e-4 EUR, taxes included; null: no price is known"}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["meter", "by", "from", "to", "precision", "wh", "registers", "coverage", "mean", "max", "cost"],
    "properties": {
        "meter": {"type": "string"},
        "by": {"type": "string", "enum": ["range"]},
        "zone": {"type": "string"},
        "from": _INSTANT,
        "to": _INSTANT,
        "precision": {
            "type": "string",
            "enum": ["seconds", "minutes", "hours"],
            "description": "from and to are those asked for, at most now, rounded down to this: where frames are no"
            " longer kept, readings are of minutes, or of hours",
        },
        "wh": {"type": "integer", "description": "drawn: from the readings at both ends"},
        "registers": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "wh by register"},
        "injected_wh": _COUNTED,
        "coverage": {"type": "number", "minimum": 0, "maximum": 1},
        "mean": {"type": ["integer", "null"], "description": "W, from wh"},
        "max": {
            "type": ["object", "null"],
            "required": ["power", "at"],
            "properties": {"power": {"type": "integer"}, "at": _INSTANT},
        },
        "unit": {"type": "string", "description": "of max"},
        "cost": _AMOUNT | {"description": "of the energy, without the subscription, 1e-4 EUR; null: no price is known"},
        "subscription": _AMOUNT,
        "partial_cost": {"type": "boolean", "description": "something of it has no price"},
        "prices": money.PRICES,
    },
}
