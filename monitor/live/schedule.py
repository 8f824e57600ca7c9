"""What tariff comes next, from when the meter switched in the past week. Pure.

The meter's own clock decides when it switches; so what it did is the best guess of what it will do.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_TEMPO = ((time(6), "HP"), (time(22), "HC"))  # of every Tempo contract
_LETTERS = {"blue": "B", "white": "W", "red": "R"}
_PERIODS = {"HCHC": "HC", "HCHP": "HP"}
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
        offer: base, hphc, tempo, ejp; None: an offer that historic mode does not know.
        register: that runs now.
        tomorrow: Tempo: the colour that begins at 06:00, if it is known.
        switches: of the past eight days, in order.
        now: the present time.
        zone: the local time.
        count: how many.
    """
    if offer == "tempo":
        return _tempo(register, tomorrow, now, zone)[:count]
    if offer == "hphc":
        daily = _daily(switches, zone)
        changes = [Change(at, name) for at, name in _next_times(daily, now, zone) if name in _PERIODS]
        return _alternating(changes, register)[:count]
    if offer is None:  # may differ from day to day: as a week ago
        changes = [Change(_later(change.at, zone), change.register) for change in switches if change.at > now - _WEEK]
        return _alternating([change for change in changes if change.at > now], register)[:count]
    return []  # base has one register; days of EJP are announced by the meter itself


def _tempo(register: str | None, tomorrow: str | None, now: datetime, zone: ZoneInfo) -> list[Change]:
    letter = register[-1] if register is not None and register.startswith("BBR") else None
    changes = []
    for at, period in _next_times(_TEMPO, now, zone):
        if period == "HP":
            letter = _LETTERS.get(tomorrow or "")
            tomorrow = None  # it is the colour of the first day only
        if letter is None:
            break
        changes.append(Change(at, f"BBR{period}J{letter}"))
    return changes


def _next_times(times: Sequence[tuple[time, str]], now: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """Return the instants of local times of today and of the two days after, after `now`."""
    today = now.astimezone(zone).date()
    found = [(_instant(today + number * _DAY, clock, zone), name) for number in range(3) for clock, name in times]
    return sorted(pair for pair in found if pair[0] > now)


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
