"""What the database knows of a meter's day so far, for the first page: one look, to be kept for a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.answers.answers import Answers
from monitor.calendar import midnight
from monitor.energy.steps import supplier_name
from monitor.history.hours import Meter
from monitor.history.power import Peak
from monitor.insight.schedule import Change

_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Today:
    """A look at a local day; None: not known."""

    start: datetime  # local midnight
    last: datetime | None  # minute of the meter's last reading
    wh: int | None
    injected_wh: int | None
    cost: int | None  # 1e-4 EUR, with the subscription up to now
    last_week_wh: int | None  # up to the same time of this week-day a week ago
    peak: Peak | None
    offer: str | None
    power: int | None  # subscribed, kVA
    switches: Sequence[Change]  # of the last eight days, in order


def today(answers: Answers, meter: Meter, now: datetime, zone: ZoneInfo) -> Today:
    """Look at the local day of `now`.

    Raises:
        DatabaseError: the database is unavailable, or refuses a query.
    """
    day = now.astimezone(zone).date()
    start, end = midnight(day, zone), now.replace(minute=0, second=0, microsecond=0) + _HOUR
    contract = answers.contract(meter, start - _WEEK, end)
    offer = None if contract is None else contract.offer
    known = meter.last is not None and meter.last >= start
    period = answers.energy(meter, "day", start, end, now).whole if known else None
    cost = None if period is None or period.cost.partial else period.cost.total
    return Today(
        start=start,
        last=_last(answers, meter),
        wh=None if period is None else period.energy.total_wh,
        injected_wh=None if period is None else period.energy.injected_wh,
        cost=None if cost is None else round(cost * 10_000),
        last_week_wh=_until(answers, meter, now, zone),
        peak=next(iter(answers.peaks(meter, start, end, 1)), None),
        offer=offer,
        power=None if contract is None else contract.power,
        switches=[
            Change(one.at, supplier_name(one.supplier, offer))
            for one in answers.switches(meter, start - _WEEK - timedelta(days=1), end)
        ],
    )


def _until(answers: Answers, meter: Meter, now: datetime, zone: ZoneInfo) -> int | None:
    """Return the energy from midnight a week ago to the same time by the wall clock."""
    then = (now.astimezone(zone).replace(tzinfo=None) - _WEEK).replace(tzinfo=zone).astimezone(UTC)
    start, hour = midnight(then.astimezone(zone).date(), zone), then.replace(minute=0, second=0, microsecond=0)
    if meter.first is None or meter.first > start:
        return None
    wh = 0
    if start < hour:
        energy = answers.energy(meter, "day", start, hour, now).whole.energy
        if not energy.covered:
            return None
        wh = energy.total_wh
    readings = [
        reading
        for minute in answers.minutes(meter, hour, then)
        for reading in (minute.total_first, minute.total_last)
        if reading is not None
    ]
    return wh + (readings[-1] - readings[0] if readings else 0)


def _last(answers: Answers, meter: Meter) -> datetime | None:
    if meter.last is None:
        return None
    minutes = answers.minutes(meter, meter.last, meter.last + _HOUR)
    return minutes[-1].minute if minutes else meter.last
