"""`peaks`: the highest powers of a range, one a day."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.api.call import Call, Parameter, Route
from monitor.api.parameters import FROM, METER, TO, meter_of
from monitor.api.spans import number_of, range_of

_MOST = 100
_LONGEST = timedelta(days=12 * 366)
_COUNT = 10
PARAMETERS = (
    METER,
    FROM,
    TO,
    Parameter(
        "n",
        "Nombre de pointes, une par jour au plus.",
        {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _COUNT},
    ),
)


def answer(call: Call) -> dict[str, Any]:
    """Return the peaks of the range, the highest first; without a range those of all time."""
    meter = meter_of(call)
    count = number_of(call, "n", 1, _MOST) or _COUNT
    span = range_of(call, meter, _LONGEST, last=_LONGEST)
    zone = call.config.time_zone
    peaks = [] if span is None else call.answers.curves.day_peaks(meter, *span, count)
    return {
        "meter": meter.identifier,
        "unit": "VA",
        "peaks": [
            {
                "day": peak.at.astimezone(zone).date().isoformat(),
                "at": write_stamp(peak.at),
                "power": peak.power,
                "phase": peak.phase,
            }
            for peak in peaks
        ],
    }


SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["meter", "unit", "peaks"],
    "properties": {
        "meter": {"type": "string"},
        "unit": {"type": "string"},
        "peaks": {
            "type": "array",
            "description": "the highest first, one a local day",
            "items": {
                "type": "object",
                "required": ["day", "at", "power", "phase"],
                "properties": {
                    "day": {"type": "string", "format": "date"},
                    "at": {"type": "string", "format": "date-time"},
                    "power": {"type": "integer"},
                    "phase": {
                        "type": ["integer", "null"],
                        "description": "with the highest power of its own then; null: not known, or there is one",
                    },
                },
            },
        },
    },
}
ROUTE = Route("peaks", "Les plus fortes puissances, une par jour.", PARAMETERS, answer, SCHEMA)
