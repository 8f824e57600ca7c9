"""`power`: which subscribed power the house needs, by the rule of a Linky's breaker."""

from datetime import timedelta
from typing import Any

from monitor.base.formats import Formats
from monitor.base.ranges import year_to
from monitor.base.schemas import COUNT, DAY, FLAG, NUMBER, TEXT, described, maybe, record, several, words
from monitor.money.amounts import amount
from monitor.places.contracts.needed_power import NeededPowerAnswers
from monitor.places.contracts.power_texts import option_object, remarks, verdict
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO


def answer(call: Call) -> dict[str, Any]:
    """Return the verdict, and the powers that were examined; by default over the last twelve months."""
    meter, zone = call.meter(), call.config.time_zone
    start, end = year_to(call.now, call.range, zone)
    found = NeededPowerAnswers(call.home).needed(meter, start, end, call.now)
    formats = Formats(call.language, zone)
    return {
        "meter": meter.identifier,
        "from": found.start.astimezone(zone).date().isoformat(),
        "last_day": (found.end - timedelta.resolution).astimezone(zone).date().isoformat(),
        "hours_missing": found.missing_hours,
        "winter_weeks_missing": found.winter_weeks_missing,
        "offer": found.offer,
        "power": found.power,
        "phases": found.phases,
        "refused": found.refused,
        "verdict": verdict(found, formats),
        "powers": [option_object(found, one) | {"saving": amount(one.saving)} for one in found.options],
        "remarks": list(remarks(found, formats)),
    }


_OPTION = record(
    {
        "power": described("kVA", COUNT),
        "yours": described("it is the subscribed power", FLAG),
        "above": described("seconds of the minutes in which it was exceeded; with three phases, a third of it", COUNT),
        "trips": maybe(
            COUNT,
            "how often the breaker may have opened at most, by the mean and the highest power of each minute; null: at"
            " the present power and above it, or see refused",
        ),
        "enough": maybe(FLAG, "it would have been enough; null: that cannot be said"),
        "saving": maybe(NUMBER, "1e-4 EUR a year, taxes included, less than at the present power; negative: more"),
    }
)
ROUTE = Route(
    "power",
    "Which subscribed power the house needs: the rule of a Linky's breaker over its minutes; by default of the last"
    " twelve months.",
    (METER, FROM, TO),
    answer,
    record(
        {
            "meter": TEXT,
            "from": described("the first day of the range of which anything is known", DAY),
            "last_day": DAY,
            "hours_missing": described("not measured", COUNT),
            "winter_weeks_missing": described("of the 13 from 1 December on: measured in no winter", COUNT),
            "offer": maybe(TEXT, "whose prices the savings are of"),
            "power": described("subscribed, kVA", COUNT),
            "phases": described("of which the power is known", COUNT),
            "refused": maybe(
                words("meter", "phases"),
                "why no trips are computed: the meter is not a Linky; the power of each phase is not known",
            ),
            "verdict": described("whether a lower power would have been enough, or why that cannot be said", TEXT),
            "powers": several(
                _OPTION,
                "the next higher, the present, and lower ones down to the first that may trip; the lowest first",
            ),
            "remarks": several(TEXT, "what else is to be known, in sentences"),
        }
    ),
)
