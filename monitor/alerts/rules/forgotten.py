"""Something that runs for hours while nobody is there, or in the night.

It draws 300 W more than the base load, all the time. What a house often does at that time is nothing forgotten: a water
heater, a car, heating.
"""

import itertools
import statistics
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.alerts.facts import Lately, MeterFacts
from monitor.alerts.signs import Figure, Holds, Sign

_DAY, _HOUR, _TEN = timedelta(days=1), timedelta(hours=1), timedelta(minutes=10)
_ABOVE, _BAND = 300, 100  # W above the base load, and below that limit until it is over
_LASTS = timedelta(hours=2)
_NIGHT = time(2), time(6)  # before, people may be up
_NIGHTS, _LEAST_NIGHTS = 28, 14  # of the base load
_USUAL, _OFTEN = 84, 3  # days, and of them
_FRESH = timedelta(minutes=20)  # the newest power is not older
_KWH = 1000


def forgotten(meter: MeterFacts, zone: ZoneInfo, now: datetime, *, away: bool | None) -> list[Sign]:
    """Return whether something runs for two hours that nobody watches."""
    base = _base_load(meter.daily.nights, now.astimezone(zone).date())
    powers = dict(meter.lately.powers)
    last = max(powers, default=None)
    if base is None or last is None or now - last > _FRESH + _TEN:
        return [Sign("forgotten", Holds.UNKNOWN, meter.meter)]
    level, limit = base
    stretch = _stretch(powers, last, limit)
    if len(stretch) * _TEN < _LASTS:
        holds = Holds.NO if powers[last] < limit - _BAND else Holds.BETWEEN
        return [Sign("forgotten", holds, meter.meter)]
    since = _since(meter.lately, stretch[0], limit)
    reason = "away" if away else "night" if _is_night(last + _TEN - _LASTS, last + _TEN, zone) else None
    is_usual = reason is None or _is_usual(meter.lately, last + _TEN, limit, zone, reason)
    holds = Holds.BETWEEN if is_usual else Holds.YES
    watts = round(statistics.mean(powers[moment] for moment in stretch[-(_LASTS // _TEN) :])) - level
    price = meter.daily.price
    figures: dict[str, Figure] = {
        "watts": watts,
        "reason": reason,
        "cost_per_day": None if price is None else round(watts * 24 / _KWH * price),
    }
    return [Sign("forgotten", holds, meter.meter, since=since, figures=figures)]


def _base_load(nights: Mapping[date, int], today: date) -> tuple[int, int] | None:
    """Return the base load of the last weeks, and what is more than it can be by chance; None: too few are known."""
    known = sorted(watts for day, watts in nights.items() if today - _NIGHTS * _DAY <= day < today)
    if len(known) < _LEAST_NIGHTS:
        return None
    low, high = known[len(known) // 10], known[-1 - len(known) // 10]
    return round(statistics.median(known)), high + max(_ABOVE, high - low)


def _stretch(powers: Mapping[datetime, int], last: datetime, limit: int) -> list[datetime]:
    found: list[datetime] = []
    while powers.get(last, 0) >= limit:
        found.append(last)
        last -= _TEN
    return found[::-1]


def _since(lately: Lately, start: datetime, limit: int) -> datetime:
    """Return when it began, by the hours before where it began earlier than the minutes that were read."""
    hour = start.replace(minute=0)
    while lately.hours.get(hour - _HOUR, 0) >= limit:
        hour -= _HOUR
    return min(start, hour) if hour < start.replace(minute=0) else start


def _is_night(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    low, high = start.astimezone(zone), end.astimezone(zone)
    return low.date() == high.date() and _NIGHT[0] <= low.time() and high.time() <= _NIGHT[1]


def _is_usual(lately: Lately, end: datetime, limit: int, zone: ZoneInfo, reason: str) -> bool:
    """Tell whether the house often draws so much for two hours at such a time, or did the day before."""
    hour = end.astimezone(zone).replace(minute=0)
    low, count = (hour.replace(hour=0), _NIGHT[1].hour) if reason == "night" else (hour - 3 * _HOUR, 3)
    days = [number for number in range(1, _USUAL + 1) if _had(lately, low - number * _DAY, count, limit)]
    return len(days) >= _OFTEN or days[:1] == [1]


def _had(lately: Lately, start: datetime, count: int, limit: int) -> bool:
    # Hours of the wall clock.
    hours = [(start + number * _HOUR).astimezone(UTC) for number in range(count)]
    enough = [lately.hours.get(hour, 0) >= limit for hour in hours]
    return any(one and following for one, following in itertools.pairwise(enough))
