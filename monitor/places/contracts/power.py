"""`power`: which subscribed power the house needs, by the rule of a Linky's breaker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from monitor.base.answer import Count, one_of
from monitor.base.formats import Formats
from monitor.base.ranges import year_to
from monitor.money.amounts import amount
from monitor.places.contracts.needed_power import NeededPowerAnswers
from monitor.places.contracts.power_texts import option_object, remarks, verdict
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO


@dataclass(frozen=True, slots=True)
class ExaminedPower:
    """A subscribed power, and what would have become of it."""

    power: Annotated[Count, "kVA"]
    yours: Annotated[bool, "it is the subscribed power"]
    above: Annotated[Count, "seconds of the minutes in which it was exceeded; with three phases, a third of it"]
    trips: Annotated[
        Count | None,
        "how often the breaker may have opened at most, by the mean and the highest power of each minute; null: at"
        " the present power and above it, or see refused",
    ]
    enough: Annotated[bool | None, "it would have been enough; null: that cannot be said"]
    saving: Annotated[int | None, "1e-4 EUR a year, taxes included, less than at the present power; negative: more"]


@dataclass(frozen=True, slots=True)
class PowerAdvice:
    """The answer of `power`."""

    meter: str
    from_: Annotated[date, "the first day of the range of which anything is known"]
    last_day: date
    hours_missing: Annotated[Count, "not measured"]
    winter_weeks_missing: Annotated[Count, "of the 13 from 1 December on: measured in no winter"]
    offer: Annotated[str | None, "whose prices the savings are of"]
    power: Annotated[Count, "subscribed, kVA"]
    phases: Annotated[Count, "of which the power is known"]
    refused: Annotated[
        Annotated[str, one_of("meter", "phases")] | None,
        "why no trips are computed: the meter is not a Linky; the power of each phase is not known",
    ]
    verdict: Annotated[str, "whether a lower power would have been enough, or why that cannot be said"]
    powers: Annotated[
        Sequence[ExaminedPower],
        "the next higher, the present, and lower ones down to the first that may trip; the lowest first",
    ]
    remarks: Annotated[Sequence[str], "what else is to be known, in sentences"]


def answer(call: Call) -> PowerAdvice:
    """Return the verdict, and the powers that were examined; by default over the last twelve months."""
    meter, zone = call.meter(), call.config.time_zone
    start, end = year_to(call.now, call.range, zone)
    needed = NeededPowerAnswers(call.home).needed(meter, start, end, call.now)
    formats = Formats(call.language, zone)
    return PowerAdvice(
        meter=meter.identifier,
        from_=needed.start.astimezone(zone).date(),
        last_day=(needed.end - timedelta.resolution).astimezone(zone).date(),
        hours_missing=needed.missing_hours,
        winter_weeks_missing=needed.winter_weeks_missing,
        offer=needed.offer,
        power=needed.power,
        phases=needed.phases,
        refused=needed.refused,
        verdict=verdict(needed, formats),
        powers=[ExaminedPower(**option_object(needed, one), saving=amount(one.saving)) for one in needed.options],
        remarks=list(remarks(needed, formats)),
    )


ROUTE = Route(
    "power",
    "Which subscribed power the house needs: the rule of a Linky's breaker over its minutes; by default of the last"
    " twelve months.",
    (METER, FROM, TO),
    answer,
)
