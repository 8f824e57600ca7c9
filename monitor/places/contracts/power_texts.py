"""Writes which subscribed power a house needs, as sentences and as JSON."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from monitor.base.formats import Formats, length, round_money
from monitor.places.contracts.needed_power import NeededPower, Option


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
