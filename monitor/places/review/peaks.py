"""`peaks`: the highest powers of a range, one a day."""

from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.base.schemas import DAY, INSTANT, NUMBER, TEXT, maybe, record, several
from monitor.money.profile import CurveAnswers
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO, whole_number

_LONGEST = timedelta(days=12 * 366)


def answer(call: Call) -> dict[str, Any]:
    """Return the peaks of the range, the highest first; without a range those of all time."""
    meter = call.meter()
    span = call.known_range(meter, _LONGEST)
    zone = call.config.time_zone
    peaks = [] if span is None else CurveAnswers(call.home).day_peaks(meter, *span, call.parameters["n"])
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


_PEAK = record(
    {
        "day": DAY,
        "at": INSTANT,
        "power": NUMBER,
        "phase": maybe(NUMBER, "with the highest power of its own then; null: not known, or there is one"),
    }
)
ROUTE = Route(
    "peaks",
    "The highest powers, one a day.",
    (METER, FROM, TO, whole_number("n", "How many peaks, at most one a day.", most=100, default=10)),
    answer,
    record({"meter": TEXT, "unit": TEXT, "peaks": several(_PEAK, "the highest first, one a local day")}),
)
