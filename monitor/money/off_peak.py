"""The off-peak hours as the meter really switched, and whether they have changed for good. Pure.

By month they come from the hours in which the meter switched: the minutes of a year are half a million, these hours
some hundred. A change is found from when it switched each night: here the time from 09:00 to 09:00 of the next day, at
which hardly any window begins or ends. Nights of which an hour is missing, and those of 23 or 25 hours, say nothing;
one that is like no other neither.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.contract.offers import Window

_DAYS = 7  # of a month, its last ones with a switch: a month in which the windows changed has those of its end
_SAMPLES = 3  # of these days, whose minute is looked at
#: Off-peak hours by the local clock; the end of a window may lie past midnight.
Windows = tuple[tuple[time, time], ...]
STARTS = time(9)
SAME_NIGHTS = 3  # in a row, before other hours are believed
_TOLERANCE = 2  # minutes between the switches of two nights: the clock of a meter is not ours
_NIGHT_SAMPLES = 7  # nights, the last ones, of which the median minute is taken
_DAY = 24 * 60
_SEASONS = ((4, 1), (11, 1))  # summer and winter begin
_NEAR_SEASON = timedelta(days=3)


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


@dataclass(frozen=True, slots=True)
class OffPeakChange:
    """Since a day a meter has other off-peak hours than before."""

    since: date
    old: Windows
    new: Windows
    nights: int  # that had the new ones


@dataclass(frozen=True, slots=True)
class Turn:
    """A switch of one night, by the local clock; where no minutes are kept, or adapters tell it, within some time."""

    off_peak: bool  # from then on
    day: date
    low: int  # minutes from the beginning of the night
    high: int

    def is_near(self, other: "Turn", later: int = 0) -> bool:
        """Tell whether it may be the same switch of another night, or `later` minutes after it."""
        reach = _TOLERANCE
        return (
            self.off_peak is other.off_peak
            and self.low - reach <= other.high + later
            and other.low + later <= self.high + reach
        )


@dataclass(frozen=True, slots=True)
class Night:
    """The switches of a night of which no hour is missing."""

    day: date  # on which it begins
    contract: str  # the offer
    turns: tuple[Turn, ...]

    @property
    def exact(self) -> bool:
        """Tell whether the minutes of its switches are known, not only their hours."""
        return all(turn.low == turn.high for turn in self.turns)

    @property
    def windows(self) -> Windows:
        """Its off-peak hours."""
        return _windows([turn.low for turn in self.turns], self.turns)

    def is_like(self, other: "Night", later: int = 0) -> bool:
        """Tell whether the meter switched as in another night, or each time `later` minutes after it."""
        return len(self.turns) == len(other.turns) and all(
            one.is_near(its, later) for one, its in zip(self.turns, other.turns, strict=True)
        )


@dataclass(slots=True)
class OffPeakInterval:
    """Nights that had the same off-peak hours, three or more."""

    since: date
    nights: list[Night] = field(default_factory=list)
    before: "OffPeakInterval | None" = None  # of the same contract

    @property
    def windows(self) -> Windows:
        """The off-peak hours, as the last nights had them."""
        samples = ([night for night in self.nights if night.exact] or self.nights)[-_NIGHT_SAMPLES:]
        of_turns = zip(*(night.turns for night in samples), strict=True)
        medians = [statistics.median_low(turn.low for turn in turns) for turns in of_turns]
        return _windows(medians, samples[0].turns)


def _windows(places: Iterable[int], turns: Iterable[Turn]) -> Windows:
    begin = STARTS.hour * 60
    return pairs(sorted(((place + begin) % _DAY, turn.off_peak) for place, turn in zip(places, turns, strict=True)))


def nights(
    switches: Iterable[HourSwitch],
    minutes: Mapping[datetime, datetime],
    complete: Mapping[date, str],
    zone: ZoneInfo,
    late: int = 0,
) -> list[Night]:
    """Return the nights that say something, in order.

    Args:
        switches: in order.
        minutes: the minute of a switch, by its hour; where it is not there, no minutes are kept.
        complete: the nights of which all is known, and the contract that the meter had.
        zone: the local time.
        late: minutes by which a switch may have been seen too late.
    """
    turns: dict[date, list[Turn]] = {day: [] for day in complete}
    for switch in switches:
        moment = minutes.get(switch.hour, switch.hour).astimezone(zone)
        day = moment.date() - timedelta(moment.time() < STARTS)
        if day in turns:
            low = ((moment.hour - STARTS.hour) * 60 + moment.minute) % _DAY
            high = low if switch.hour in minutes else low + 59
            turns[day].append(Turn(switch.off_peak, moment.date(), max(low - late, 0), high))
    return [
        Night(day, complete[day], tuple(made))
        for day, made in sorted(turns.items())
        if made and alternate([(turn.low, turn.off_peak) for turn in made])
    ]


def off_peak_intervals(found: Iterable[Night]) -> list[OffPeakInterval]:
    """Return the times with the same off-peak hours, in order; a few other nights between do not end one."""
    result: list[OffPeakInterval] = []
    current: OffPeakInterval | None = None
    others: list[Night] = []  # since the last night of `current`, all alike but the first, which may be of both
    for night in found:
        if current is not None and current.nights[-1].contract != night.contract:
            current, others = None, []
        if current is not None and night.is_like(current.nights[-1]):
            current.nights.append(night)
            others = []
            continue
        others = [night] if others and others[-1].contract != night.contract else [*others, night]
        alike = others[-SAME_NIGHTS:]
        if len(alike) == SAME_NIGHTS and all(one.is_like(alike[0]) for one in alike):
            current = OffPeakInterval(_first_day(current, others), alike, current)
            result.append(current)
            others = []
    return result


def _first_day(before: OffPeakInterval | None, others: Sequence[Night]) -> date:
    """Return the day on which the hours of the last nights began, perhaps in the middle of the night before them."""
    first = others[-SAME_NIGHTS]
    if before is None or len(others) == SAME_NIGHTS:
        return first.day
    mixed = others[-SAME_NIGHTS - 1]
    if mixed.day != first.day - timedelta(1):
        return first.day
    old = before.nights[-1].turns
    return next((turn.day for turn in mixed.turns if not any(turn.is_near(its) for its in old)), first.day)


def last_change(found: Sequence[OffPeakInterval], zone: ZoneInfo) -> OffPeakChange | None:
    """Return the last change of the off-peak hours of one contract; None: there was none.

    The clock of a meter that does not know summer time is no change, nor is the turn of the season to windows that were
    there in such a season before.
    """
    for place in range(len(found) - 1, -1, -1):
        interval, before = found[place], found[place].before
        earlier = found[: max(place - 1, 0)]
        if before is None or _is_clock_change(before, interval, zone) or _is_season(interval, earlier):
            continue
        return OffPeakChange(interval.since, before.windows, interval.windows, len(interval.nights))
    return None


def against(interval: OffPeakInterval, start: date, written: Callable[[date], Windows]) -> OffPeakChange | None:
    """Return how the last nights differ from what is written, `old`; None: they do not, or for less than three nights.

    Nor where the minutes of their switches are not known.

    Args:
        interval: of the last nights.
        start: from which day on something is written.
        written: the windows of a day.
    """
    windows = interval.windows
    if not any(night.exact for night in interval.nights):
        return None
    days = [
        night.day for night in interval.nights if night.day >= start and not same_windows(written(night.day), windows)
    ]
    last = interval.nights[-1].day
    if len(days) < SAME_NIGHTS or days[-1] != last:
        return None
    since = interval.since if days[0] == interval.nights[0].day else days[0]
    return OffPeakChange(max(since, start), written(last), windows, len(days))


def _is_clock_change(before: OffPeakInterval, after: OffPeakInterval, zone: ZoneInfo) -> bool:
    last, first = before.nights[-1], after.nights[0]
    ahead = [datetime.combine(night.day, STARTS, zone).utcoffset() or timedelta(0) for night in (last, first)]
    later = (ahead[1] - ahead[0]) // timedelta(minutes=1)
    return later != 0 and first.is_like(last, later)


def _is_season(interval: OffPeakInterval, earlier: Sequence[OffPeakInterval]) -> bool:
    first = interval.nights[0]
    turns = [date(first.day.year, month, day) for month, day in _SEASONS]
    return any(abs(interval.since - turn) <= _NEAR_SEASON for turn in turns) and any(
        one.nights[-1].contract == first.contract and first.is_like(one.nights[-1]) for one in earlier
    )


def same_windows(one: Windows, other: Windows) -> bool:
    """Tell whether two lists of windows are the same, but for a minute or two."""
    return len(one) == len(other) and all(
        any(_apart(low, its_low) <= _TOLERANCE and _apart(high, its_high) <= _TOLERANCE for its_low, its_high in other)
        for low, high in one
    )


def _apart(one: time, other: time) -> int:
    minutes = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
    return min(minutes, _DAY - minutes)
