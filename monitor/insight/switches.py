"""The off-peak hours as the meter really switched, by month, from the hours in which it did. Pure.

The minutes of a year are half a million; these hours are some hundred.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

_SHARE = 0.5  # of a month's days with a switch: fewer are no habit
_SAMPLES = 3  # days of a month whose minute is looked at


@dataclass(frozen=True, slots=True)
class ObservedWindows:
    """Off-peak hours from a month on, by the local clock; the end of a window may lie past midnight."""

    month: date  # its first day
    windows: tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True)
class HourSwitch:
    """Within an hour the meter went to its off-peak register, or away from it."""

    hour: datetime
    off_peak: bool  # from then on
    supplier: int  # that ran at the end of the hour


@dataclass(frozen=True, slots=True)
class UsualSwitch:
    """A switch at an hour of the clock on most days of a month."""

    month: date  # its first day
    off_peak: bool
    samples: Sequence[HourSwitch]  # the last ones


def usual_switches(switches: Iterable[HourSwitch], zone: ZoneInfo) -> list[UsualSwitch]:
    """Return the switches that were made on most days of a month, by month."""
    found: dict[tuple[date, int, bool], list[HourSwitch]] = defaultdict(list)
    days: dict[date, set[date]] = defaultdict(set)
    for switch in switches:
        local = switch.hour.astimezone(zone)
        month = local.date().replace(day=1)
        found[month, local.hour, switch.off_peak].append(switch)
        days[month].add(local.date())
    return [
        UsualSwitch(month, off_peak, made[-_SAMPLES:])
        for (month, _, off_peak), made in sorted(found.items(), key=lambda item: item[0])
        if len(made) >= _SHARE * len(days[month])
    ]


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
        starts = [place for place, off_peak in made if off_peak]
        # Each begins and ends once: a month in which that is not so had two ways, and neither is its own.
        if starts and Counter(off_peak for _, off_peak in made)[False] == len(starts) and _alternate(made):
            ends = [next(end for end, off in _after(made, start) if not off) for start in starts]
            pairs = zip(starts, ends, strict=True)
            result.append(ObservedWindows(month, tuple((_time(start), _time(end)) for start, end in pairs)))
    return result


def _alternate(made: Sequence[tuple[int, bool]]) -> bool:
    return all(one[1] != other[1] for one, other in zip(made, [*made[1:], made[0]], strict=True))


def _after(made: Sequence[tuple[int, bool]], start: int) -> list[tuple[int, bool]]:
    return [one for one in made if one[0] > start] + [one for one in made if one[0] < start]


def _time(place: int) -> time:
    return time(place // 60, place % 60)
