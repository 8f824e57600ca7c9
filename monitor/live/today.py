"""What the database knows of a meter's day so far, for the first page: one look, to be kept for a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from common.contract.registers import supplier_name
from monitor.base.calendar import midnight
from monitor.base.formats import ten_thousandths
from monitor.live.schedule import Change
from monitor.money.home import Home
from monitor.money.interval import Stretch
from monitor.readings.curves import Second
from monitor.readings.hours import Meter
from monitor.sources.sun import SunAnswers

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_SILENT = timedelta(minutes=5)  # what is stored is a minute or two behind


@dataclass(frozen=True, slots=True)
class Today:
    """A look at a local day; None: not known."""

    start: datetime  # local midnight
    at: datetime  # of the look
    last: datetime | None  # the meter's last frame, or its minute
    wh: int | None
    injected_wh: int | None
    cost: int | None  # 1e-4 EUR, with the subscription up to now
    last_week_wh: int | None  # up to the same time of this week-day a week ago; of a silent meter, of its last frame
    last_week_cost: int | None  # of the same hours, 1e-4 EUR with the subscription
    peak: Second | None
    offer: str | None  # that prices are looked up by
    power: int | None  # subscribed, kVA
    switches: Sequence[Change]  # of the last eight days, in order
    structure: str | None = None  # of the meter's registers: an id of OFFERS
    production_wh: int | None = None  # None: there is no source of it, or it is new today
    production: tuple[datetime, int] | None = None  # the present one, a minute or two old: when, and W


def today(home: Home, meter: Meter, now: datetime, zone: ZoneInfo) -> Today:
    """Look at the local day of `now`."""
    start = midnight(now.astimezone(zone).date(), zone)
    now = max(now, start + timedelta(seconds=1))  # energy is known to the second
    facts = home.facts([meter], now).get(meter.number)
    structure = None if facts is None else facts.structure
    found = home.stretches.stretch(meter, start, now, now)
    pieces = [] if found is None else found.pieces
    last = home.last_frame(meter, now)
    # Minutes are made once a minute: of a new day there may be none yet.
    read = last is not None and last >= min(start, now - _SILENT)
    # An index that fell is a break; until the rollups have judged it, nothing is known of the day.
    known = read and bool(pieces) and all(piece.total_wh >= 0 for piece in pieces)
    injected = [piece.injected_wh for piece in pieces if piece.injected_wh is not None]
    until = last if last is not None and start < last < now - _SILENT else now
    sun = SunAnswers(home)
    roofs = sun.roofs(meter)
    before = _a_week_ago(home, meter, now, until, zone)
    return Today(
        start=start,
        at=now,
        last=last,
        wh=sum(piece.total_wh for piece in pieces) if known else None,
        injected_wh=sum(injected) if injected else None,
        cost=_cost(found) if known else None,
        last_week_wh=before[0],
        last_week_cost=before[1],
        peak=None if found is None else found.peak,
        offer=None if facts is None else facts.offer,
        power=None if facts is None else facts.power,
        switches=[
            Change(one.at, supplier_name(one.supplier, structure))
            for one in home.switches(meter, start - _WEEK - _DAY, now)
        ],
        structure=structure,
        production_wh=sun.made(roofs, start, now) if roofs else None,
        production=sun.power(roofs, now) if roofs else None,
    )


def _cost(found: Stretch | None) -> int | None:
    return None if found is None or found.cost.partial else ten_thousandths(found.cost.total)


def _a_week_ago(
    home: Home, meter: Meter, now: datetime, until: datetime, zone: ZoneInfo
) -> tuple[int | None, int | None]:
    """Return energy and cost from midnight a week before `until` to the same time by the wall clock."""
    then = (until.astimezone(zone).replace(tzinfo=None) - _WEEK).replace(tzinfo=zone).astimezone(UTC)
    start = midnight(then.astimezone(zone).date(), zone)
    if meter.first is None or meter.first > start:
        return None, None
    found = home.stretches.stretch(meter, start, then, now)
    if found is None or not any(piece.covered for piece in found.pieces):
        return None, None
    wh = sum(piece.total_wh for piece in found.pieces)
    return (wh, _cost(found)) if wh >= 0 else (None, None)
