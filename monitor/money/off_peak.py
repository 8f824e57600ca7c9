"""The off-peak hours as the meter really switched, by month, from the hours in which it did. Pure.

The minutes of a year are half a million; these hours are some hundred.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from common.contract.offers import Window

_DAYS = 7  # of a month, its last ones with a switch: a month in which the windows changed has those of its end
_SAMPLES = 3  # of these days, whose minute is looked at


#: Off-peak hours by the local clock; the end of a window may lie past midnight.
Windows = tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True)
class ObservedWindows:
    """Off-peak hours at the end of a month."""

    month: date  # its first day
    windows: Windows


@dataclass(frozen=True, slots=True)
class HourSwitch:
    """Within an hour the meter went to its off-peak register, or away from it."""

    hour: datetime
    off_peak: bool  # from then on
    supplier: int  # that ran at the end of the hour


@dataclass(frozen=True, slots=True)
class UsualSwitch:
    """A switch at an hour of the clock on most of the last days of a month."""

    month: date  # its first day
    off_peak: bool
    samples: Sequence[HourSwitch]  # the last ones


def usual_switches(switches: Iterable[HourSwitch], zone: ZoneInfo) -> list[UsualSwitch]:
    """Return the switches that were made on most of the last days of a month, by month.

    Args:
        switches: in order. Of a window within one hour there is none: off-peak windows are two hours long at least.
        zone: the local time.
    """
    months: dict[date, dict[date, list[HourSwitch]]] = defaultdict(lambda: defaultdict(list))
    for switch in switches:
        day = switch.hour.astimezone(zone).date()
        months[day.replace(day=1)][day].append(switch)
    usual = []
    for month, days in sorted(months.items()):
        recent = list(days.values())[-_DAYS:]
        made = [switch for day in recent for switch in day]
        for off_peak in (True, False):
            by_hour: list[list[HourSwitch]] = [[] for _ in range(24)]
            for switch in made:
                if switch.off_peak is off_peak:
                    by_hour[switch.hour.astimezone(zone).hour].append(switch)
            for group in _near(by_hour):
                if 2 * len(group) >= len(recent):
                    samples = sorted(group, key=lambda switch: switch.hour)[-_SAMPLES:]
                    usual.append(UsualSwitch(month, off_peak, samples))
    return usual


def _near(by_hour: Sequence[Sequence[HourSwitch]]) -> list[list[HourSwitch]]:
    """Return the switches by hour of the clock; those of two hours in a row are one, made before or after the turn."""
    groups = []
    place, end = (0, 24) if not (by_hour[23] and by_hour[0]) else (-1, 23)
    while place < end:
        following = by_hour[place + 1] if by_hour[place] and place + 1 < end else []
        groups.append([*by_hour[place], *following])
        place += 2 if following else 1
    return groups


def windows(
    usual: Iterable[UsualSwitch], minutes: Mapping[datetime, datetime], zone: ZoneInfo
) -> list[ObservedWindows]:
    """Return the off-peak windows of each month.

    Args:
        usual: from `usual_switches`.
        minutes: the minute of a switch, by its hour; where minutes are not kept any more, the hour counts.
        zone: the local time.
    """
    clocks: dict[date, list[tuple[int, bool]]] = defaultdict(list)
    for one in usual:
        places = []
        for sample in one.samples:
            local = minutes.get(sample.hour, sample.hour).astimezone(zone)
            places.append(local.hour * 60 + local.minute)
        clocks[one.month].append((statistics.median_low(places), one.off_peak))
    result = []
    for month, made in sorted(clocks.items()):
        made.sort()
        # Each begins and ends once: a month in which that is not so had two ways, and neither is its own.
        if alternate(made):
            result.append(ObservedWindows(month, pairs(made)))
    return result


def alternate(made: Sequence[tuple[int, bool]]) -> bool:
    """Tell whether of the switches of a day, in order, each second one begins off-peak time."""
    return all(one[1] != other[1] for one, other in zip(made, [*made[1:], made[0]], strict=True))


def pairs(made: Sequence[tuple[int, bool]]) -> Windows:
    """Return the windows between switches, minutes of the day, that alternate."""
    following = zip(made, [*made[1:], made[0]], strict=True)
    return tuple((_time(start), _time(end)) for (start, off_peak), (end, _) in following if off_peak)


def times(windows: Iterable[Window]) -> Windows:
    """Return windows that the user wrote down as those that were observed are written."""
    return tuple((window.start, window.end) for window in windows)


def clocks(windows: Windows) -> str:
    """Write windows.

    >>> clocks(((time(22), time(6)), (time(12, 30), time(15, 30))))
    '22:00–06:00, 12:30–15:30'
    """
    return ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in windows)


def _time(place: int) -> time:
    return time(place // 60, place % 60)
