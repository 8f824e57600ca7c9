"""`notes`: what the owner wrote down, and what was drawn before and after a day on which something changed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from monitor.base.answer import Count, Share, Wh, answer_type
from monitor.base.calendar import midnight
from monitor.base.request_errors import RequestError
from monitor.money.amounts import Assumed
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.web.parameters import METER
from monitor.web.route import ApiRequest, Parameter, Route

_AT = Parameter("at", "A day such as 2026-10-03: compares the time before and after it.", {"type": "string"})
_EACH = 30  # days before and after
_LEAST = 7


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is over, and of which enough is known to compare it."""

    day: date
    wh: int
    cost: Decimal | None  # with the subscription, EUR; None: some of it has no price
    coverage: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean day of some days."""

    first: date
    last: date
    wh: Annotated[Wh, "a day"]
    cost: Annotated[Decimal | None, "1e-4 EUR a day, subscription and taxes included; null: some of it has no price"]
    coverage: Share


@dataclass(frozen=True, slots=True)
class Compared:
    """So many days before and as many after a day, with the same weekdays."""

    days: Annotated[Count, "on each side, with the same weekdays"]
    before: Mean
    after: Mean


@answer_type
class WrittenNote:
    """A note, as the configuration has it."""

    at: date
    text: str


@answer_type
class Notes:
    """The answer of `notes`."""

    meter: str
    assumed: Assumed
    notes: Annotated[Sequence[WrittenNote], "the earliest first"]
    compared: Annotated[Compared | None, "null: not asked for, or fewer than seven days are known on each side"]


def answer(request: ApiRequest) -> Notes:
    """Return the notes about a meter, the earliest first."""
    meter, text = request.meter(), request.parameters.get("at")
    notes = [
        WrittenNote(note.at, note.text)
        for note in request.config.household.notes
        if note.meter is None or meter.has(note.meter)
    ]
    compared = None if text is None else around(request.home, meter, _day(text), request.now)
    assumed = request.home.costs.is_assumed(meter, request.now - timedelta(days=1), request.now, request.now)
    return Notes(meter.identifier, assumed, notes, compared)


def _day(text: str) -> date:
    try:
        if not re.fullmatch(r"20\d\d-\d\d-\d\d", text, re.ASCII):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise RequestError("no_time", text=text) from None


def around(home: Home, meter: Meter, at: date, now: datetime) -> Compared | None:
    """Return 30 days before and after a day, or as many as are known; None: less than seven are."""
    zone = home.zone
    first, end = at - timedelta(_EACH), min(at + timedelta(_EACH + 1), now.astimezone(zone).date())
    if at >= end:
        return None
    energy = home.costs.energy(meter, "day", midnight(first, zone), midnight(end, zone), now)
    days = [
        Day(
            period.energy.start.astimezone(zone).date(),
            period.energy.total_wh,
            None if period.cost.partial else period.cost.total,
            period.energy.covered_share,
        )
        for period in energy.periods
        if period.energy.is_comparable and not period.across_wh
    ]
    return compare(at, days)


def compare(at: date, days: Sequence[Day]) -> Compared | None:
    """Compare days before and after one, which itself counts on neither side. Pure.

    Of each weekday both sides have as many: those nearest to that day.
    """
    known = sorted(days, key=lambda day: abs(day.day - at))
    sides: tuple[list[Day], list[Day]] = ([], [])
    for weekday in range(7):
        alike = [day for day in known if day.day.weekday() == weekday]
        before, after = [day for day in alike if day.day < at], [day for day in alike if day.day > at]
        count = min(len(before), len(after))
        sides[0].extend(before[:count])
        sides[1].extend(after[:count])
    count = len(sides[0])
    return None if count < _LEAST else Compared(count, *map(_mean, sides))


def _mean(days: Sequence[Day]) -> Mean:
    count, costs = len(days), [day.cost for day in days if day.cost is not None]
    return Mean(
        first=min(day.day for day in days),
        last=max(day.day for day in days),
        wh=round(sum(day.wh for day in days) / count),
        cost=sum(costs, Decimal(0)) / count if len(costs) == count else None,
        coverage=round(min(sum(day.coverage for day in days) / count, 1.0), 4),
    )


ROUTE = Route(
    "notes",
    "What changed in the home, as `notes` of the configuration have it; with `at`, the 30 days before and after a day.",
    (METER, _AT),
    answer,
)
