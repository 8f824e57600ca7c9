"""What a tested power would have meant: from minutes, and the seconds of those that need it. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.power_need.breaker import MARGIN, Moment, Reading, simulate
from monitor.power_need.selection import MINUTE, BusyMinute, Doubtful, examine, shortened, spells, windows

#: So much is read of one tested power, and no more after so many trips: it is far too low then.
MOST_SECONDS = 6000 * MINUTE
MOST_TRIPS = 100
_WEEK, _WINTER_WEEKS = 7, 13  # days; weeks from 1 December to the end of February
_WHOLE = 0.9  # of a week: so much of it must be measured

#: Gives the readings of some stretches of time, in order.
Read = Callable[[Sequence[tuple[int, int]]], Iterable[Reading]]


@dataclass(frozen=True, slots=True)
class Curve:
    """The apparent power of a range: its busy minutes, and what reads its seconds."""

    start: int  # seconds since 1970
    end: int
    minutes: Sequence[BusyMinute]  # all those of which a phase was above the floor
    floor: int  # VA, of a phase
    phases: int  # of which the power is known: 1 or 3
    read: Read


@dataclass(frozen=True, slots=True)
class Need:
    """What became of one tested power."""

    power: int  # kVA
    above: int  # seconds above it
    beyond: int  # seconds above 1.3 times of it
    trips: int
    unread: int  # spells in which it may have tripped, and of which no seconds are known, or were read
    at_most: bool  # `above` and `beyond`: of some minutes only the highest power is known, or was read
    share: float  # the highest filtered square, as a share of that at which the breaker opens
    share_at_most: bool
    moments: Sequence[Moment]  # with trips, the worst first


def examine_power(curve: Curve, power: int) -> Need:
    """Return what would have become of a power, kVA, over a curve."""
    tested = power * 1000
    doubtful = list(examine(curve.minutes, tested, curve.floor, curve.phases))
    wanted = _wanted(doubtful, curve)
    seen: set[int] = set()
    found = simulate(_noted(curve.read(wanted), seen), curve.end, tested, curve.phases, MOST_TRIPS)
    if found.until is not None:
        seen = {minute for minute in seen if minute + MINUTE <= found.until}
    # A stretch may end within a minute.
    seen -= {high // MINUTE * MINUTE for _, high in wanted if high % MINUTE and high < curve.end}
    unknown = [one for one in doubtful if one.minute.at not in seen]
    beyond = MARGIN * tested / curve.phases
    # Where seconds were read, and may trip, they tell; elsewhere the bound does.
    bounds = [one.share for one in doubtful if not (one.may_trip and one.minute.at in seen)]
    if not doubtful:
        highest = max((max(minute.highest) for minute in curve.minutes), default=curve.floor)
        bounds = [(highest / beyond) ** 2]
    bound = max(bounds, default=0.0)
    return Need(
        power=power,
        above=found.above + sum(one.minute.seconds for one in unknown),
        beyond=found.beyond + sum(one.minute.seconds for one in unknown if max(one.minute.highest) > beyond),
        trips=found.trips,
        unread=spells(one.minute.at for one in unknown if one.may_trip),
        at_most=bool(unknown),
        share=max(found.share, bound),
        share_at_most=bound > found.share,
        moments=sorted(found.moments, key=lambda one: (-one.trips, one.start - one.end, -one.power)),
    )


def _wanted(doubtful: Sequence[Doubtful], curve: Curve) -> Sequence[tuple[int, int]]:
    """Return what is to be read: all minutes above the power, or as much as is read of those in which it may trip."""
    found = windows(doubtful, curve.start, curve.end)
    if sum(high - low for low, high in found) <= MOST_SECONDS:
        return found
    tripping = windows([one for one in doubtful if one.may_trip], curve.start, curve.end)
    return shortened(tripping, MOST_SECONDS)


def is_enough(need: Need, *, whole: bool) -> bool | None:
    """Tell whether a power was enough; None: nobody can tell. `whole`: its range and a winter are measured."""
    if need.trips:
        return False
    return True if whole and not need.unread else None


def _noted(readings: Iterable[Reading], seen: set[int]) -> Iterator[Reading]:
    """Pass readings on, and note their minutes."""
    for reading in readings:
        seen.add(reading[0] // MINUTE * MINUTE)
        yield reading


@dataclass(frozen=True, slots=True)
class Near:
    """How often a power was nearly reached: minutes that came above a share of it, and the days they lie on."""

    minutes: int
    days: int
    last: int | None  # the start of the last of these minutes


def near(minutes: Iterable[BusyMinute], threshold: float, day_of: Callable[[int], date]) -> Near:
    """Return how often a phase came above a threshold, VA."""
    found = [minute.at for minute in minutes if max(minute.highest) > threshold]
    return Near(len(found), len({day_of(at) for at in found}), found[-1] if found else None)


def missing_winter_weeks(covered: Mapping[date, float]) -> int:
    """Return how many of the 13 weeks from 1 December on were never measured, in no winter of a range.

    Args:
        covered: the measured share of each local day; days that are not there have none.
    """
    best = [0.0] * _WINTER_WEEKS
    for year in {day.year + offset for day in covered for offset in (-1, 0)}:
        first = date(year, 12, 1)
        for week in range(_WINTER_WEEKS):
            days = (first + timedelta(days=week * _WEEK + number) for number in range(_WEEK))
            best[week] = max(best[week], sum(covered.get(day, 0.0) for day in days) / _WEEK)
    return sum(share < _WHOLE for share in best)
