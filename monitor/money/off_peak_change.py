"""Whether the off-peak hours of a meter have changed for good, from when it switched each night. Pure.

A night is here the time from 09:00 to 09:00 of the next day, at which hardly any window begins or ends. Nights of which
an hour is missing, and those of 23 or 25 hours, say nothing; one that is like no other neither.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.money.off_peak import HourSwitch, Windows, alternate, pairs

STARTS = time(9)
SAME_NIGHTS = 3  # in a row, before other hours are believed
_TOLERANCE = 2  # minutes between the switches of two nights: the clock of a meter is not ours
_SAMPLES = 7  # nights, the last ones, of which the median minute is taken
_DAY = 24 * 60
_SEASONS = ((4, 1), (11, 1))  # summer and winter begin
_NEAR_SEASON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class OffPeakChange:
    """Since a day a meter has other off-peak hours than before."""

    since: date
    old: Windows
    new: Windows
    nights: int  # that had the new ones


@dataclass(frozen=True, slots=True)
class Turn:
    """A switch of one night, by the local clock; where no minutes are kept, it lies anywhere in its hour."""

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
class Stretch:
    """Nights that had the same off-peak hours, three or more."""

    since: date
    nights: list[Night] = field(default_factory=list)
    before: "Stretch | None" = None  # of the same contract

    @property
    def windows(self) -> Windows:
        """The off-peak hours, as the last nights had them."""
        samples = ([night for night in self.nights if night.exact] or self.nights)[-_SAMPLES:]
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
) -> list[Night]:
    """Return the nights that say something, in order.

    Args:
        switches: in order.
        minutes: the minute of a switch, by its hour; where it is not there, no minutes are kept.
        complete: the nights of which all is known, and the contract that the meter had.
        zone: the local time.
    """
    turns: dict[date, list[Turn]] = {day: [] for day in complete}
    for switch in switches:
        moment = minutes.get(switch.hour, switch.hour).astimezone(zone)
        day = moment.date() - timedelta(moment.time() < STARTS)
        if day in turns:
            low = ((moment.hour - STARTS.hour) * 60 + moment.minute) % _DAY
            high = low if switch.hour in minutes else low + 59
            turns[day].append(Turn(switch.off_peak, moment.date(), low, high))
    return [
        Night(day, complete[day], tuple(made))
        for day, made in sorted(turns.items())
        if made and alternate([(turn.low, turn.off_peak) for turn in made])
    ]


def stretches(found: Iterable[Night]) -> list[Stretch]:
    """Return the times with the same off-peak hours, in order; a few other nights between do not end one."""
    result: list[Stretch] = []
    current: Stretch | None = None
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
            current = Stretch(_first_day(current, others), alike, current)
            result.append(current)
            others = []
    return result


def _first_day(before: Stretch | None, others: Sequence[Night]) -> date:
    """Return the day on which the hours of the last nights began, perhaps in the middle of the night before them."""
    first = others[-SAME_NIGHTS]
    if before is None or len(others) == SAME_NIGHTS:
        return first.day
    mixed = others[-SAME_NIGHTS - 1]
    if mixed.day != first.day - timedelta(1):
        return first.day
    old = before.nights[-1].turns
    return next((turn.day for turn in mixed.turns if not any(turn.is_near(its) for its in old)), first.day)


def last_change(found: Sequence[Stretch], zone: ZoneInfo) -> OffPeakChange | None:
    """Return the last change of the off-peak hours of one contract; None: there was none.

    The clock of a meter that does not know summer time is no change, nor is the turn of the season to windows that were
    there in such a season before.
    """
    for place in range(len(found) - 1, -1, -1):
        stretch, before = found[place], found[place].before
        if before is None or _is_clock_change(before, stretch, zone) or _is_season(stretch, found[: max(place - 1, 0)]):
            continue
        return OffPeakChange(stretch.since, before.windows, stretch.windows, len(stretch.nights))
    return None


def against(stretch: Stretch, start: date, written: Callable[[date], Windows]) -> OffPeakChange | None:
    """Return how the last nights differ from what is written, `old`; None: they do not, or for less than three nights.

    Args:
        stretch: of the last nights.
        start: from which day on something is written.
        written: the windows of a day.
    """
    windows = stretch.windows
    days = [
        night.day for night in stretch.nights if night.day >= start and not same_windows(written(night.day), windows)
    ]
    last = stretch.nights[-1].day
    if len(days) < SAME_NIGHTS or days[-1] != last:
        return None
    since = stretch.since if days[0] == stretch.nights[0].day else days[0]
    return OffPeakChange(max(since, start), written(last), windows, len(days))


def _is_clock_change(before: Stretch, after: Stretch, zone: ZoneInfo) -> bool:
    last, first = before.nights[-1], after.nights[0]
    ahead = [datetime.combine(night.day, STARTS, zone).utcoffset() or timedelta(0) for night in (last, first)]
    later = (ahead[1] - ahead[0]) // timedelta(minutes=1)
    return later != 0 and first.is_like(last, later)


def _is_season(stretch: Stretch, earlier: Sequence[Stretch]) -> bool:
    first = stretch.nights[0]
    turns = [date(first.day.year, month, day) for month, day in _SEASONS]
    return any(abs(stretch.since - turn) <= _NEAR_SEASON for turn in turns) and any(
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
