"""`power`: what each subscribed power would have meant, by the rule of a Linky's breaker."""

from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.needed_power import NeededPower, Option
from monitor.api.call import Call, Route
from monitor.api.parameters import FROM, METER, TO
from monitor.api.schemas import (
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    described,
    maybe,
    record,
    several,
    words,
)
from monitor.ranges import year_to
from monitor.readings.grid_curves import moment_of
from monitor.text.formats import Formats, ten_thousandths
from monitor.text.powers import moment_object, option_object, remarks, worst


def answer(call: Call) -> dict[str, Any]:
    """Return the powers that are sold, the lowest first; by default over the last twelve months."""
    meter, zone = call.meter(), call.config.time_zone
    start, end = year_to(call.now, call.range, zone)
    found = call.answers.powers.needed(meter, start, end, call.now)
    formats = Formats(call.language, zone)
    near, last = found.near, (found.end - timedelta.resolution).astimezone(zone)
    return {
        "meter": meter.identifier,
        "from": found.start.astimezone(zone).date().isoformat(),
        "last_day": last.date().isoformat(),
        "measured_from": write_stamp(found.start) if found.start > start else None,
        "days": found.days,
        "hours_missing": found.missing_hours,
        "winter_weeks_missing": found.winter_weeks_missing,
        "offer": found.offer,
        "power": found.power,
        "phases": found.phases,
        "refused": found.refused,
        "prices_since": None if found.prices_since is None else found.prices_since.isoformat(),
        "closed": found.closed,
        "near": {
            "minutes": near.minutes,
            "days": near.days,
            "last": None if near.last is None else write_stamp(moment_of(near.last)),
        },
        "lower": None if found.lower is None else found.lower.power,
        "moments": [moment_object(one) for one in worst(found)],
        "moments_count": 0 if found.lower is None or found.refused else len(found.lower.need.moments),
        "powers": [_option(found, option, formats) for option in found.options],
        "remarks": list(remarks(found, formats)),
    }


def _option(found: NeededPower, option: Option, formats: Formats) -> dict[str, Any]:
    saving = option.saving
    return option_object(found, option, formats) | {
        "saving": None if saving is None else ten_thousandths(saving.total),
        "saving_subscription": None if saving is None else ten_thousandths(saving.subscription),
    }


_EUR = described("1e-4 EUR a year, taxes included, less than at the present power; negative: more", NUMBER)
_OPTION = record(
    {
        "power": described("kVA", COUNT),
        "yours": described("it is the subscribed power", FLAG),
        "above": described("seconds above it; with three phases, of any phase above its third", COUNT),
        "beyond": described("seconds above 1.3 times of it", COUNT),
        "at_most": described("above and beyond are limits: of some minutes only the highest power is known", FLAG),
        "trips": maybe(COUNT, "how often the breaker would have opened; null: see refused"),
        "unread": maybe(COUNT, "moments in which it may have opened, and of which no seconds were read"),
        "share": maybe(
            {"type": "number", "minimum": 0},
            "the highest filtered square of the power, as a share of that at which the breaker opens",
        ),
        "share_at_most": described("share is a limit, from the highest powers of minutes", FLAG),
        "enough": {
            **FLAG,
            "type": ["boolean", "null"],
            "description": "it would have been enough; null: nobody can tell",
        },
        "sentence": TEXT,
        "saving": maybe(_EUR, "1e-4 EUR a year; also by the kWh, where its price depends on the power"),
        "saving_subscription": maybe(_EUR),
    }
)
_MOMENT = record(
    {
        "start": INSTANT,
        "seconds": described("above that power, with less than a minute below it at a time", COUNT),
        "power": described("VA, the highest of a phase", COUNT),
        "phase": described("that had it", COUNT),
        "trips": COUNT,
    }
)
ROUTE = Route(
    "power",
    "What each subscribed power would have meant: the rule of a Linky's breaker over the frames that are stored; by"
    " default of the last twelve months.",
    (METER, FROM, TO),
    answer,
    record(
        {
            "meter": TEXT,
            "from": DAY,
            "last_day": DAY,
            "measured_from": maybe(INSTANT, "nothing is known of the range before; null: its beginning is known"),
            "days": COUNT,
            "hours_missing": described("not measured", COUNT),
            "winter_weeks_missing": described("of the 13 from 1 December on: measured in no winter", COUNT),
            "offer": maybe(TEXT, "whose prices the savings are of"),
            "power": described("subscribed, kVA", COUNT),
            "phases": described("of which the power is known", COUNT),
            "refused": maybe(
                words("meter", "phases"),
                "why no trips are computed: the meter is not a Linky; the power of each phase is not known",
            ),
            "prices_since": maybe(DAY, "of the prices that savings are of"),
            "closed": described("whoever leaves this contract cannot come back", FLAG),
            "near": described(
                "minutes above nine tenths of the subscribed power",
                record({"minutes": COUNT, "days": COUNT, "last": maybe(INSTANT)}),
            ),
            "lower": maybe(COUNT, "the next lower power, kVA"),
            "moments": several(_MOMENT, "the worst ten in which the breaker opens at that power"),
            "moments_count": COUNT,
            "powers": several(_OPTION, "the lowest first"),
            "remarks": several(TEXT, "what else is to be known, in sentences"),
        }
    ),
)
