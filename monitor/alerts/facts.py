"""What the database knows that alerts are made of: read each few minutes, or each day."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.machine.clock import KernelClock
from monitor.base.calendar import Calendar, full_hour, midnight
from monitor.base.config import MonitorConfig
from monitor.money.contracts import Contract
from monitor.money.data_quality import MeterUpkeep
from monitor.money.events import EventAnswers
from monitor.money.home import Home
from monitor.money.off_peak import OffPeakChange
from monitor.money.price_status import OldPrice
from monitor.money.profile import CurveAnswers
from monitor.readings.curves import MinuteFacts, Series
from monitor.readings.hours import Meter
from monitor.readings.rows import moment_of
from monitor.readings.storage import Upkeep


@dataclass(frozen=True, slots=True)
class Loss:
    """Frames of an hour that a reader counted and that are not stored."""

    hour: datetime
    frames: int


class RecentAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(self, home: Home) -> None:
        self._series = Series(home.connection)
        self._upkeep = Upkeep(home.connection)

    def around(self, meter: Meter, moment: datetime) -> tuple[MinuteFacts, MinuteFacts] | None:
        """Return the last minute before a moment and the first one after it, within an hour, of the meter of now."""
        before = self._series.minute_before(meter.number, moment)
        after = self._series.minutes(meter.number, moment, moment + timedelta(hours=1))
        return None if before is None or not after else (before, after[0])

    def losses(self, meter: Meter, start: datetime, end: datetime) -> list[Loss]:
        """Return the hours of [start, end) of which frames are missing, in order; some may be on their way."""
        hours = [hour for part in meter.parts for hour in self._upkeep.counted(part.number, start, end)]
        found = [Loss(one.hour, one.expected - one.stored) for one in hours if one.expected > one.stored]
        return sorted(found, key=lambda loss: loss.hour)


@dataclass(frozen=True, slots=True)
class Cut:
    """A time in which the house had no current."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Lately:
    """What is read of a meter each few minutes."""

    at: datetime
    cuts: Sequence[Cut]
    injected: int | None  # Wh since midnight; None: the meter is not that of a producer


@dataclass(frozen=True, slots=True)
class Daily:
    """What is read of a meter each day."""

    at: datetime
    base_load: float | None  # W, of the last nights; None: too few of them are known
    injected: Mapping[date, int]  # Wh, of whole days that are known
    incomplete: Sequence[Loss]  # hours of which frames are missing; they may be on their way
    losses: Sequence[Loss]  # that were incomplete when they were looked at before, too
    prices_since: date | None  # the first day of those that hold today; None: not known
    old_prices: Sequence[OldPrice]
    off_peak_moved: OffPeakChange | None
    off_peak_other: OffPeakChange | None  # than those that the owner wrote down
    month_so_far: int | None  # what the present month cost, 1e-4 EUR; None: its prices are not known
    month_cost: int | None  # what it will cost; None: not known
    month_low: int | None  # what it costs at least and at most, four times of five; None: not known
    month_high: int | None


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What is known of a meter."""

    meter: str  # its address
    lately: Lately
    daily: Daily


@dataclass(frozen=True, slots=True)
class Installation:
    """What all meters have in common."""

    at: datetime
    backup: datetime | None  # the last one; None: none was ever made
    free: int | None  # bytes of the disk of the database; None: not known
    growth: float | None  # bytes a day; None: not known


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules see of the database."""

    zone: ZoneInfo
    budget: int | None  # EUR a month
    installation: Installation
    meters: Sequence[MeterFacts]


#: From this age on, what is read each day says nothing any more.
DAILY_FOR = timedelta(days=2)


_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_GONE = timedelta(days=35)  # without readings: there is no such meter any more
_CUTS = timedelta(days=7)  # power cuts that the monitor may have missed
_MOST_CUTS = 20
_SHORTEST = 120  # seconds of a power cut
_COUNTED = 4  # Wh that the base load alone would have drawn
_WHILE_STARTING = 4  # of what is expected, a quarter may be drawn between the return of the current and a frame
_NIGHTS, _LEAST_NIGHTS = timedelta(days=28), 14
_INJECTED = timedelta(days=92)
_COVERED = 0.95  # of a day whose injection is known
_LOSSES = timedelta(days=8)
_ON_THEIR_WAY = timedelta(days=1)  # frames that are not stored after it are lost
_DAILY_AFTER, _DAILY_EACH = timedelta(hours=2), timedelta(hours=6)  # at most; late frames change what is known
_DAYS_A_YEAR = 365


def collect(
    home: Home,
    config: MonitorConfig,
    now: datetime,
    earlier: Facts | None = None,
    started: datetime | None = None,
) -> Facts:
    """Read the facts.

    Args:
        home: over the database.
        config: of the monitor.
        now: the time.
        earlier: what was gathered before; what is read each day is taken from there if it is new enough.
        started: when the machine did; None: the kernel is asked.

    Raises:
        DatabaseError: the database is unavailable, or refuses a query.
    """
    before = {} if earlier is None else {one.meter: one.daily for one in earlier.meters}
    zone = config.time_zone
    started = started or now - timedelta(seconds=KernelClock().uptime())
    meters = []
    for meter in home.meters():
        if meter.last is None or now - meter.last > _GONE:
            continue
        producer = (facts := home.facts([meter], now).get(meter.number)) is not None and facts.producer
        daily = before.get(meter.identifier)
        if daily is None or not is_new(daily.at, now, zone):
            daily = _daily(home, meter, zone, now, daily, producer=producer)
        lately = _lately(home, meter, zone, now, producer=producer)
        restarted = _cut_at(home, meter, now, started, daily)
        if restarted is not None:
            lately = replace(lately, cuts=[*lately.cuts, restarted])
        meters.append(MeterFacts(meter.identifier, lately, daily))
    return Facts(zone, config.household.budget, _installation(home, now), meters)


def is_new(at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Tell whether what is read each day, and was at a time, still holds; after midnight a day is over."""
    same_day = at.astimezone(zone).date() == now.astimezone(zone).date()
    return timedelta(0) <= now - at < (_DAILY_EACH if same_day else _DAILY_AFTER)


def _lately(home: Home, meter: Meter, zone: ZoneInfo, now: datetime, *, producer: bool) -> Lately:
    midnight_before = midnight(now.astimezone(zone).date(), zone)
    cuts = EventAnswers(home).page(meter, now - _CUTS, now, frozenset({"outage"}), _MOST_CUTS).events
    return Lately(
        at=now,
        cuts=[Cut(one.at, one.until) for one in reversed(cuts) if one.until is not None],
        injected=_injected_since(home, meter, midnight_before, now) if producer else None,
    )


def _cut_at(home: Home, meter: Meter, now: datetime, started: datetime, daily: Daily) -> Cut | None:
    if daily.base_load is None or now - started >= _CUTS:
        return None
    around = RecentAnswers(home).around(meter, started)
    return None if around is None else cut_between(*around, daily.base_load)


def cut_between(before: MinuteFacts, after: MinuteFacts, base_load: float) -> Cut | None:
    """Return the power cut between two minutes, before and after the start of the machine; None: there was none.

    A longer one is known without a start (`is_outage`). Of a meter that another device decodes nobody can tell: its
    registers may be steps behind.
    """
    start, end = before.at + 60, after.at
    if before.usual_interval is not None:
        return None
    if before.total_last is None or after.total_first is None or before.injected_last != after.injected_first:
        return None
    counted, expected = after.total_first - before.total_last, base_load * (end - start) / 3600
    is_cut = end - start >= _SHORTEST and expected >= _COUNTED and 0 <= _WHILE_STARTING * counted <= expected
    return Cut(moment_of(start), moment_of(end)) if is_cut else None


def _injected_since(home: Home, meter: Meter, start: datetime, now: datetime) -> int:
    end = full_hour(now)
    if end <= start:
        return 0
    (energy,) = home.reader.energy(meter, [start, end], now)
    return energy.injected_wh or 0


def _daily(home: Home, meter: Meter, zone: ZoneInfo, now: datetime, earlier: Daily | None, *, producer: bool) -> Daily:
    today = now.astimezone(zone).date()
    nights = [watts for _, watts in CurveAnswers(home).base_load(meter, midnight(today - _NIGHTS, zone), now).nights]
    contract = next(reversed(home.costs.contracts(meter, now - _DAY, now)), None)
    month = home.forecasts.of(meter, "month", now)
    off_peak_nights = MeterUpkeep(home).off_peak_nights(meter, now)
    incomplete = RecentAnswers(home).losses(meter, full_hour(now - _LOSSES), full_hour(now - _ON_THEIR_WAY))
    already = set() if earlier is None else {loss.hour for loss in earlier.incomplete}
    return Daily(
        at=now,
        base_load=statistics.median(nights) if len(nights) >= _LEAST_NIGHTS else None,
        injected=_injected(home, meter, today, zone, now) if producer else {},
        incomplete=incomplete,
        losses=[loss for loss in incomplete if loss.hour in already],
        prices_since=None if contract is None else _prices_since(home, contract, today),
        old_prices=() if contract is None else home.costs.old_of([contract], now),
        off_peak_moved=MeterUpkeep(home).off_peak_change(off_peak_nights),
        off_peak_other=MeterUpkeep(home).off_peak_against_contract(meter, off_peak_nights, now),
        month_so_far=None if month is None else month.so_far_cost,
        month_cost=None if month is None else month.expected_cost,
        month_low=None if month is None else month.low_cost,
        month_high=None if month is None else month.high_cost,
    )


def _injected(home: Home, meter: Meter, today: date, zone: ZoneInfo, now: datetime) -> dict[date, int]:
    start, end = midnight(today - _INJECTED, zone), midnight(today, zone)
    limits = Calendar(zone).boundaries("day", start, end)
    return {
        energy.start.astimezone(zone).date(): energy.injected_wh
        for energy in home.reader.energy(meter, limits, now)
        if energy.injected_wh is not None and energy.coverage >= _COVERED and energy.expected >= 23 * 3600
    }


def _prices_since(home: Home, contract: Contract, today: date) -> date | None:
    row = None if contract.offer is None else home.prices.kwh_row(contract.offer, today)
    return None if row is None else row.start


def _installation(home: Home, now: datetime) -> Installation:
    backup, forecast = MeterUpkeep(home).backup(), MeterUpkeep(home).forecast(now)
    months = forecast.disk.months[-3:] if forecast is not None else ()
    return Installation(
        at=now,
        backup=None if backup is None else backup[0],
        free=None if forecast is None else forecast.disk.free,
        growth=daily_growth(months),
    )


def daily_growth(months: Sequence[int]) -> float | None:
    """Return by how much the disk fills a day, from what some months took; None without any.

    >>> daily_growth([365, 730, 1095])
    24.0
    """
    return sum(months) * 12 / len(months) / _DAYS_A_YEAR if months else None
