"""Writes what other subscribed powers would have meant, as sentences and as JSON."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.needed_power import NEAR, NeededPower, Option
from monitor.power_need.breaker import MARGIN, Moment
from monitor.readings.grid_curves import moment_of
from monitor.text.formats import Formats, round_money

_WORST = 10


def heading(answer: NeededPower, option: Option, formats: Formats) -> str:
    """Name a power, and what it would save or cost in a year."""
    if option.power == answer.power:
        return formats.text("power_present", power=option.power)
    text = formats.text("power_other", power=option.power)
    if option.saving is None:
        return text
    total = option.saving.total
    key = "power_saving" if total >= 0 else "power_more"
    return f"{text} {formats.text(key, amount=formats.money(abs(total)))}"


def sentence(answer: NeededPower, option: Option, formats: Formats) -> str:
    """Say what would have become of a power: how long it was exceeded, and how often the breaker would have opened."""
    f, need = formats, option.need
    missing = f.text("power_missing", hours=f.number(Decimal(answer.missing_hours), 0)) if answer.missing_hours else ""
    key = "power_above" if need.beyond else "power_above_only" if need.above else "power_never"
    above = f.text(
        key,
        power=need.power,
        limit=_kva(need.power, f),
        most=f.text("power_at_most") if need.at_most else "",
        above=length(need.above, f),
        beyond=length(need.beyond, f),
    )
    trips = "" if answer.refused else _trips(option, f)
    return f.text("power_over", days=_days(answer.days, f), missing=missing, above=above, trips=trips)


def _days(count: int, formats: Formats) -> str:
    return formats.text("power_day" if count == 1 else "power_days", count=count)


def _trips(option: Option, formats: Formats) -> str:
    need = option.need
    if need.trips and need.unread:
        return formats.text("power_least_trips", count=need.trips)
    if need.unread:
        return formats.text("power_may_trip", count=need.unread)
    key = {0: "power_no_trip", 1: "power_one_trip"}.get(need.trips, "power_trips")
    return formats.text(key, count=need.trips)


def remarks(answer: NeededPower, formats: Formats) -> Iterator[str]:
    """Say what the next lower power would need, and what is to be known."""
    f, lower, start = formats, answer.lower, formats.day(answer.start)
    if answer.refused:
        yield f.text(f"power_refused_{answer.refused}")
    elif lower is not None and lower.enough:
        yield f.text("power_enough", power=lower.power)
    elif lower is not None and lower.enough is None and not lower.need.unread:
        key = "power_unsure_winter" if answer.winter_weeks_missing else "power_unsure"
        yield f.text(key, count=answer.winter_weeks_missing, power=lower.power)
    near = {"start": start, "share": f.percent(NEAR), "power": answer.power}
    if answer.near.last is None:
        yield f.text("power_near_never", **near)
    else:
        last = f.day(moment_of(answer.near.last))
        spent = length(60 * answer.near.minutes, f)
        yield f.text("power_near", **near, length=spent, days=_days(answer.near.days, f), last=last)
    if answer.prices_since is not None:
        yield f.text("power_prices", day=f.calendar_day(answer.prices_since))
    if answer.closed:
        yield f.text("power_closed")


def to_shift(answer: NeededPower, formats: Formats) -> Iterator[str]:
    """Say what to shift to fit into the next lower power: its worst moments."""
    f, moments = formats, worst(answer)
    if answer.lower is None or not moments:
        return
    yield f.text("power_shift", power=answer.lower.power, count=len(answer.lower.need.moments))
    for one in moments:
        at = moment_of(one.start)
        phase = f.text("power_phase", phase=one.phase) if answer.phases > 1 else ""
        yield f.text(
            "power_moment",
            day=f.day(at),
            time=f.clock(at),
            length=length(one.end - one.start, f),
            power=f.number(Decimal(one.power), 0),
            phase=phase,
            trips=one.trips,
        )


def worst(answer: NeededPower) -> list[Moment]:
    """Return the worst moments at the next lower power."""
    return [] if answer.lower is None or answer.refused else list(answer.lower.need.moments[:_WORST])


def length(seconds: int, formats: Formats) -> str:
    r"""Write a length of time: seconds below a minute, minutes below an hour, hours and minutes.

    >>> from zoneinfo import ZoneInfo
    >>> [length(seconds, Formats("en", ZoneInfo("UTC"))) for seconds in (41, 2460, 7200, 11_100)]
    ['41\u202fs', '41\u202fmin', '2\u202fh', '3\u202fh\u202f5\u202fmin']
    >>> length(11_100, Formats("fr", ZoneInfo("UTC")))
    '3\u202fh\u202f05'
    """
    if seconds < 60:
        return f"{seconds}\u202fs"
    hours, minutes = divmod((seconds + 30) // 60, 60)
    if not hours:
        return f"{minutes}\u202fmin"
    rest = f"\u202f{minutes:02}" if formats.language == "fr" else f"\u202f{minutes}\u202fmin"
    return f"{formats.number(Decimal(hours), 0)}\u202fh{rest if minutes else ''}"


def _kva(power: int, formats: Formats) -> str:
    limit = (Decimal(str(MARGIN)) * power).normalize()
    return formats.number(limit, 0 if limit == limit.to_integral() else 1)


def json_powers(answer: NeededPower, formats: Formats) -> str:
    """Return a list of powers; amounts are texts with two decimals, null where a price is not known."""
    rows = []
    for option in answer.options:
        row = option_object(answer, option, formats)
        saving = option.saving
        row["saving"] = None if saving is None else str(round_money(saving.total))
        rows.append(row)
    return json.dumps(rows, indent=1, ensure_ascii=False)


def option_object(answer: NeededPower, option: Option, formats: Formats) -> dict[str, Any]:
    """Return what became of a power, without amounts."""
    need, judged = option.need, answer.refused is None
    return {
        "power": need.power,
        "yours": need.power == answer.power,
        "above": need.above,
        "beyond": need.beyond,
        "at_most": need.at_most,
        "trips": need.trips if judged else None,
        "unread": need.unread if judged else None,
        "share": round(need.share, 4) if judged else None,
        "share_at_most": need.share_at_most,
        "enough": option.enough,
        "sentence": sentence(answer, option, formats),
    }


def moment_object(moment: Moment) -> dict[str, Any]:
    """Return a moment."""
    return {
        "start": write_stamp(moment_of(moment.start)),
        "seconds": moment.end - moment.start,
        "power": moment.power,
        "phase": moment.phase,
        "trips": moment.trips,
    }
