"""What tariff comes next, from when the meter switched in the past week. Pure.

The meter's own clock decides when it switches; so what it did is the best guess of what it will do.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from common.contract.offers import BY_ID, Offer, Window

_T = TypeVar("_T")
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_NEAR = 3  # minutes that the switches of two days may differ by: the meter's clock and ours


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` on, another register runs."""

    at: datetime
    register: str


def upcoming(
    offer: str | None,
    register: str | None,
    tomorrow: str | None,
    switches: Sequence[Change],
    now: datetime,
    zone: ZoneInfo,
    count: int = 2,
) -> list[Change]:
    """Return the next changes of the register, in order, as far as they can be known.

    Args:
        offer: an id of OFFERS; None: the meter names none that is known.
        register: that runs now.
        tomorrow: the colour that begins with the next day of the offer, if it is known.
        switches: of the past eight days, in order.
        now: the present time.
        zone: the local time.
        count: how many.
    """
    known = BY_ID.get(offer or "")
    if known is None:  # may differ from day to day: as a week ago
        past = [Change(_later(change.at, zone), change.register) for change in switches if change.at > now - _WEEK]
        changes = [change for change in past if change.at > now]
    elif known.off_peak is not None:
        changes = _by_colour(known, known.off_peak, register, tomorrow, now, zone)
    elif known.follows_meter:
        daily = _daily(switches, zone)
        changes = [Change(at, name) for at, name in _next_times(daily, now, zone) if known.named(name)]
    else:
        changes = []  # base has one register; days of EJP are announced by the meter itself
    return _alternating(changes, register)[:count]


def expected(
    offer: str | None,
    switches: Sequence[Change],
    first: datetime | None,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
) -> list[Change] | None:
    """Return the changes of the register in [start, end) that its past lets expect; None: it is not known for long.

    Of an offer whose registers do not follow the meter's own hours it is None, too: its rules are known without.

    Args:
        offer: an id of OFFERS; None: the meter names none that is known.
        switches: of the eight days before now, in order.
        first: since when the meter is stored.
        start: the beginning, a day ago at most.
        end: the end, in two days at most.
        zone: the local time.
    """
    known = BY_ID.get(offer or "")
    if first is None or (known is not None and not known.follows_meter):
        return None
    if known is None:  # may differ from day to day: as a week ago
        if first > start - _WEEK:
            return None
        changes = [Change(_later(change.at, zone), change.register) for change in switches]
    else:
        daily = [one for one in _daily(switches, zone) if known.named(one[1])]
        if first > start or {register for _, register in daily} != {register.name for register in known.registers}:
            return None
        days = (end - start).days + 2
        changes = [Change(at, register) for at, register in _times(daily, start.astimezone(zone).date(), days, zone)]
    return [change for change in changes if start <= change.at < end]


def _by_colour(
    offer: Offer,
    off_peak: Sequence[Window],
    register: str | None,
    tomorrow: str | None,
    now: datetime,
    zone: ZoneInfo,
) -> list[Change]:
    running = offer.named(register or "")
    colour = None if running is None else running.colour
    times = {offer.day_starts} | {moment for window in off_peak for moment in (window.start, window.end)}
    changes = []
    for at, clock in _next_times([(moment, moment) for moment in sorted(times)], now, zone):
        if clock == offer.day_starts:
            colour, tomorrow = tomorrow, None  # it is the colour of the first day only
        cheap = any(window.holds(clock) for window in off_peak)
        following = [one for one in offer.registers if one.colour == colour and one.off_peak == cheap]
        if not following:
            break
        changes.append(Change(at, following[0].name))
    return changes


def _next_times(times: Sequence[tuple[time, _T]], now: datetime, zone: ZoneInfo) -> list[tuple[datetime, _T]]:
    """Return the instants of local times of today and of the two days after, after `now`."""
    return [pair for pair in _times(times, now.astimezone(zone).date(), 3, zone) if pair[0] > now]


def _times(times: Sequence[tuple[time, _T]], day: date, days: int, zone: ZoneInfo) -> list[tuple[datetime, _T]]:
    """Return the instants of local times of some days from `day` on, in order."""
    found = [(_instant(day + number * _DAY, clock, zone), name) for number in range(days) for clock, name in times]
    return sorted(found, key=lambda pair: pair[0])


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _later(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the same wall-clock time a week later."""
    local = moment.astimezone(zone)
    return _instant(local.date() + _WEEK, local.time(), zone)


def _daily(switches: Sequence[Change], zone: ZoneInfo) -> list[tuple[time, str]]:
    """Return the local times at which the meter switched on most days, and to what."""
    days = {change.at.astimezone(zone).date() for change in switches}
    places = Counter((_minute(change.at, zone), change.register) for change in switches)
    found: list[tuple[time, str]] = []
    while places:
        (minute, register), _ = places.most_common(1)[0]
        near = [one for one in places if one[1] == register and _apart(one[0], minute) <= _NEAR]
        if 2 * sum(places.pop(one) for one in near) >= len(days):
            found.append((time(minute // 60, minute % 60), register))
    return sorted(found)


def _apart(one: int, other: int) -> int:
    """Return the minutes between two times of day."""
    apart = abs(one - other)
    return min(apart, 24 * 60 - apart)


def _minute(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute


def _alternating(changes: Sequence[Change], register: str | None) -> list[Change]:
    """Leave out changes to what runs already."""
    found = []
    for change in changes:
        if change.register != register:
            found.append(change)
            register = change.register
    return found
