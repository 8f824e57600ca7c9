"""Rules that look at the facts of the database: each returns conditions, of the home or of a meter. Pure."""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from common.contract.frame import write_stamp
from monitor.alerts.events import Condition, Figure, Holds
from monitor.alerts.facts import DAILY_FOR, Facts, Installation, Loss, MeterFacts
from monitor.base.calendar import midnight
from monitor.money.off_peak import OffPeakChange, clocks
from monitor.money.price_status import SEVEN_MONTHS


def database_conditions(facts: Facts, now: datetime) -> list[Condition]:
    """Return what the facts say; where they are too old, they say that they do not know."""
    common = [*backup(facts.installation, now), *disk(facts.installation)]
    found = [*power_cut(facts, now), *_known(common, known=now - facts.installation.at < DAILY_FOR)]
    today = now.astimezone(facts.zone).date()
    found += _known(budget(facts, today), known=all(now - one.daily.at < DAILY_FOR for one in facts.meters))
    for meter in facts.meters:
        daily = [*feed_in(meter, today), *prices(meter, today)]
        found += [
            *loss(meter),
            *off_peak(meter, facts.zone),
            *_known(daily, known=now - meter.daily.at < DAILY_FOR),
        ]
    return found


def _known(found: Sequence[Condition], *, known: bool) -> Sequence[Condition]:
    return found if known else [replace(condition, holds=Holds.UNKNOWN) for condition in found]


# -- power cuts --------------------------------------------------------------------------------------------------------

_SAME = timedelta(minutes=2)  # between the starts that two meters of a place saw
_MINUTE = timedelta(minutes=1)


def power_cut(facts: Facts, now: datetime) -> list[Condition]:
    """Return the power cuts of the last days; one that several meters saw is of that which was back first."""
    found: list[Condition] = []
    seen: list[datetime] = []
    cuts = [(cut, meter.meter) for meter in facts.meters for cut in meter.lately.cuts if cut.end <= now]
    for cut, meter in sorted(cuts, key=lambda one: one[0].end):
        if any(abs(cut.start - other) <= _SAME for other in seen):
            continue
        seen.append(cut.start)
        start, end = write_stamp(cut.start), write_stamp(cut.end)
        figures: dict[str, Figure] = {"start": start, "end": end, "minutes": (cut.end - cut.start) // _MINUTE}
        found.append(Condition("power_cut", Holds.YES, meter, start, cut.start, figures))
    return found


# -- lost frames -------------------------------------------------------------------------------------------------------

_HOUR = timedelta(hours=1)
_ONE = timedelta(days=1)  # between the hours of one loss, at most
_EDGE = timedelta(days=7)  # what begins earlier may have begun before what was looked at, so its first hour is unknown


def loss(meter: MeterFacts) -> list[Condition]:
    """Return the losses of the last week; hours that follow each other within a day are one loss."""
    together: list[list[Loss]] = []
    for one in meter.daily.losses:
        if together and one.hour - together[-1][-1].hour <= _ONE:
            together[-1].append(one)
        else:
            together.append([one])
    return [_of_loss(meter, hours) for hours in together if hours[0].hour >= meter.daily.at - _EDGE]


def _of_loss(meter: MeterFacts, hours: list[Loss]) -> Condition:
    first, end = hours[0].hour, hours[-1].hour + _HOUR
    frames = sum(one.frames for one in hours)
    figures: dict[str, Figure] = {"frames": frames, "start": write_stamp(first), "end": write_stamp(end)}
    return Condition("loss", Holds.YES, meter.meter, write_stamp(first), first, figures)


# -- off-peak hours ----------------------------------------------------------------------------------------------------


def off_peak(meter: MeterFacts, zone: ZoneInfo) -> list[Condition]:
    """Return that the hours of the meter moved, and that they differ from those of the configuration."""
    found = []
    if (moved := meter.daily.off_peak_moved) is not None:
        found.append(_of_change(meter, moved, moved.since.isoformat(), midnight(moved.since, zone), "meter"))
    if (other := meter.daily.off_peak_other) is not None:
        found.append(_of_change(meter, other, "file", None, "file"))
    return found


def _of_change(meter: MeterFacts, change: OffPeakChange, key: str, since: datetime | None, against: str) -> Condition:
    figures: dict[str, Figure] = {
        "since": change.since.isoformat(),
        "old": clocks(change.old),
        "new": clocks(change.new),
        "against": against,
    }
    return Condition("off_peak", Holds.YES, meter.meter, key, since, figures)


# -- the budget --------------------------------------------------------------------------------------------------------

_EURO = 10_000  # 1e-4 EUR
_WITHIN = 0.97  # times the budget: a forecast moves by a little each day


def budget(facts: Facts, today: date) -> list[Condition]:
    """Return whether the middle of the present month's forecast is above the budget, all meters together."""
    if facts.budget is None:
        return []
    priced = [one.daily for one in facts.meters if one.daily.month_so_far is not None]  # a producer may have no price
    month = f"{today:%Y-%m}"
    present = [daily for daily in priced if f"{daily.at.astimezone(facts.zone):%Y-%m}" == month]
    is_known = bool(priced) and len(present) == len(priced) and all(one.month_cost is not None for one in present)
    # Of a meter without a forecast it is at least what it cost until now.
    limit, cost = facts.budget * _EURO, sum(one.month_cost or one.month_so_far or 0 for one in present)
    low, high = (
        sum(edge or one.month_cost or one.month_so_far or 0 for edge, one in zip(edges, present, strict=True))
        for edges in ([one.month_low for one in present], [one.month_high for one in present])
    )
    if cost > limit:
        holds = Holds.YES
    elif not is_known:
        holds = Holds.UNKNOWN
    else:
        holds = Holds.NO if cost < _WITHIN * limit else Holds.UNDECIDED
    figures: dict[str, Figure] = {"expected": cost, "low": low, "high": high, "budget": limit}
    return [Condition("budget", holds, "", month, figures=figures)]


# -- injection ---------------------------------------------------------------------------------------------------------

_DAY = timedelta(days=1)
_USUAL = 28  # days
_LEAST_KNOWN = 14  # of them
_LEAST_USUAL = 500  # Wh a day: a producer of less often has none
_NOTHING = 10  # Wh: what a day without injection has at most
_POOR = 0.1  # of a usual day
_BRIGHT, _DARK = 3, 6  # days in a row, at least: from April to August, and else
_BRIGHT_MONTHS = range(4, 9)


def feed_in(meter: MeterFacts, today: date) -> list[Condition]:
    """Return whether a producer has injected nothing for days, and usually does."""
    injected = meter.daily.injected
    if not injected:
        return []
    days = sorted(day for day in injected if day < today)
    silent = list(itertools.takewhile(lambda day: injected[day] <= _NOTHING, reversed(days)))
    before = days[: len(days) - len(silent)]
    recent = [injected[day] for day in before if day >= (silent or [today])[-1] - _USUAL * _DAY]
    if len(recent) < _LEAST_KNOWN or (days and today - days[-1] > 2 * _DAY):
        return [Condition("feed_in", Holds.UNKNOWN, meter.meter)]
    usual = round(statistics.median(recent))
    if (meter.lately.injected or 0) > _NOTHING or not silent:
        return [Condition("feed_in", Holds.NO, meter.meter)]
    least = _BRIGHT if today.month in _BRIGHT_MONTHS else _DARK
    poor = _longest_run([injected[day] < _POOR * usual for day in before])
    if usual < _LEAST_USUAL or len(silent) < max(least, 2 * poor + 2):
        return [Condition("feed_in", Holds.UNDECIDED, meter.meter)]
    figures = {"days": len(silent), "usual_wh": usual}
    return [Condition("feed_in", Holds.YES, meter.meter, figures=figures)]


def _longest_run(poor: Sequence[bool]) -> int:
    return max((len(list(run)) for is_poor, run in itertools.groupby(poor) if is_poor), default=0)


# -- prices ------------------------------------------------------------------------------------------------------------

_MONTH = 30.44  # days


def prices(meter: MeterFacts, today: date) -> list[Condition]:
    """Return whether the prices of the present contract are out of date, and older than seven months."""
    old = [one for one in meter.daily.old_prices if today - one.start > SEVEN_MONTHS]
    if not old:
        since = meter.daily.prices_since
        return [Condition("prices", Holds.NO, meter.meter, figures={} if since is None else _age(since, today))]
    oldest = min(old, key=lambda one: one.start)
    return [Condition("prices", Holds.YES, meter.meter, figures=_age(oldest.start, today) | {"name": oldest.title})]


def _age(start: date, today: date) -> dict[str, Figure]:
    return {"months": int((today - start).days / _MONTH), "oldest": start.isoformat()}


# -- backup and disk ---------------------------------------------------------------------------------------------------

_OLD_AFTER = timedelta(days=8)


def backup(installation: Installation, now: datetime) -> list[Condition]:
    """Return whether the last backup is more than eight days old; nothing where none was ever made."""
    last = installation.backup
    if last is None:
        return []
    age = now - last
    holds = Holds.YES if age > _OLD_AFTER else Holds.NO
    return [Condition("backup", holds, since=last + _OLD_AFTER, figures={"days": age.days, "last": write_stamp(last)})]


_SOON, _LATER, _FOR_EVER = 60, 75, 36_500  # days


def disk(installation: Installation) -> list[Condition]:
    """Return whether the disk of the database is full within 60 days, at the growth of the last months."""
    if installation.free is None or installation.growth is None:
        return [Condition("disk", Holds.UNKNOWN)]
    days = int(min(installation.free / max(installation.growth, 1), _FOR_EVER))
    holds = Holds.YES if days < _SOON else Holds.NO if days >= _LATER else Holds.UNDECIDED
    return [Condition("disk", holds, figures={"days": days, "free": installation.free})]
