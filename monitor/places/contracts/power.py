"""`power`: which subscribed power the house needs, by the rule of a Linky's breaker."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

from monitor.base.answer import Count, answer_type, one_of
from monitor.base.formats import Formats, length, round_money
from monitor.base.ranges import year_to
from monitor.money.amounts import Assumed, amount
from monitor.places.contracts.needed_power import NeededPower, NeededPowerAnswers, Option
from monitor.web.parameters import FROM, METER, TO
from monitor.web.route import ApiRequest, Route


@answer_type
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


@answer_type
class PowerAdvice:
    """The answer of `power`."""

    meter: str
    from_: Annotated[date, "the first day of the range of which anything is known"]
    last_day: date
    hours_missing: Annotated[Count, "not measured"]
    winter_weeks_missing: Annotated[Count, "of the 13 from 1 December on: measured in no winter"]
    offer: Annotated[str | None, "whose prices the savings are of"]
    assumed: Assumed
    power: Annotated[Count, "subscribed, kVA"]
    phases: Annotated[Count, "of which the power is known"]
    refused: Annotated[
        Annotated[str, one_of("meter", "phases", "decoded")] | None,
        "why no trips are computed: the meter is not a Linky; the power of each phase is not known; another device"
        " decoded the meter all the time, so that its power is not measurable, and powers is empty",
    ]
    verdict: Annotated[str, "whether a lower power would have been enough, or why that cannot be said"]
    powers: Annotated[
        Sequence[ExaminedPower],
        "the next higher, the present, and lower ones down to the first that may trip; the lowest first",
    ]
    remarks: Annotated[Sequence[str], "what else is to be known, in sentences"]


def answer(request: ApiRequest) -> PowerAdvice:
    """Return the verdict, and the powers that were examined; by default over the last twelve months."""
    meter, zone = request.meter(), request.config.time_zone
    start, end = year_to(request.now, request.range, zone)
    needed = NeededPowerAnswers(request.home).needed(meter, start, end, request.now)
    formats = Formats(request.language, zone)
    return PowerAdvice(
        meter=meter.identifier,
        from_=needed.start.astimezone(zone).date(),
        last_day=(needed.end - timedelta.resolution).astimezone(zone).date(),
        hours_missing=needed.missing_hours,
        winter_weeks_missing=needed.winter_weeks_missing,
        offer=needed.offer,
        assumed=needed.assumed,
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


def verdict(answer: NeededPower, formats: Formats) -> str:
    """Say whether a lower power would have been enough, or why that cannot be said."""
    f, least, too_low = formats, answer.least, answer.too_low
    if answer.refused:
        return f.text(f"power_refused_{answer.refused}")
    parts = []
    if least is not None and answer.whole:
        parts.append(f.text("power_enough", power=least.power))
    elif least is not None:
        key = "power_unsure_winter" if answer.winter_weeks_missing else "power_unsure"
        parts.append(f.text(key, power=least.power, weeks=answer.winter_weeks_missing))
    if too_low is not None:
        key = "power_too_low_once" if too_low.trips == 1 else "power_too_low"
        parts.append(f.text(key, power=too_low.power, count=f.number(Decimal(too_low.trips or 0), 0)))
    return " ".join(parts) or f.text("power_lowest", power=answer.power)


def remarks(answer: NeededPower, formats: Formats) -> Iterator[str]:
    """Say what else is to be known."""
    f = formats
    if answer.refused == "decoded":
        return
    if answer.decoded:
        yield f.text("power_decoded")
    if answer.missing_hours:
        yield f.text("power_missing", hours=f.number(Decimal(answer.missing_hours), 0))
    if answer.prices_since is not None:
        yield f.text("power_prices", day=f.calendar_day(answer.prices_since))
    if answer.closed:
        yield f.text("power_closed")


def lines(answer: NeededPower, formats: Formats) -> Iterator[str]:
    """Write the verdict, each power that was examined, and what else is to be known."""
    start, end = formats.day(answer.start), formats.last_day(answer.end)
    yield formats.text("title", meter=formats.meter(answer.meter.name, answer.meter.identifier), start=start, end=end)
    yield verdict(answer, formats)
    for option in answer.options:
        yield f"– {_line(answer, option, formats)}"
    yield from remarks(answer, formats)
    if answer.assumed:
        yield formats.text("prices_assumed")


def _line(answer: NeededPower, option: Option, formats: Formats) -> str:
    """Write a power with how long it was exceeded, how often it may have tripped, and what it saves in a year."""
    f = formats
    parts = [f.text("power_present" if option.power == answer.power else "power_other", power=option.power)]
    parts.append(f.text("power_above", above=length(option.above, f)) if option.above else f.text("power_never"))
    if option.trips:
        parts.append(f.text("power_trips", count=f.number(Decimal(option.trips), 0)))
    if option.saving:
        key = "power_saving" if option.saving > 0 else "power_more"
        parts.append(f.text(key, amount=f.money(abs(option.saving))))
    return " · ".join(parts)


def json_powers(answer: NeededPower) -> str:
    """Return a list of powers; amounts are texts with two decimals, null where a price is not known."""
    rows = [
        option_object(answer, one) | {"saving": None if one.saving is None else str(round_money(one.saving))}
        for one in answer.options
    ]
    return json.dumps(rows, indent=1)


def option_object(answer: NeededPower, option: Option) -> dict[str, Any]:
    """Return what became of a power, without amounts."""
    return {
        "power": option.power,
        "yours": option.power == answer.power,
        "above": option.above,
        "trips": option.trips,
        "enough": None if option.trips is None or not (option.trips or answer.whole) else not option.trips,
    }
