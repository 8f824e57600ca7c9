"""Decides what of a file is new: finer or earlier data is never replaced."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.contract.registers import INJECTED, SUPPLIER, TOTAL
from common.settings.language import plural
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, Period, refused

_CLOCKS = timedelta(hours=1)  # what they may be apart


@dataclass(slots=True)
class Plan:
    """What becomes of the periods of a file."""

    new: list[Period] = field(default_factory=list)
    same: int = 0  # are there already
    different: Counter[int] = field(default_factory=Counter)  # are there with another value, by import
    others: Counter[int] = field(default_factory=Counter)  # overlap what is there, by import
    finer: int = 0  # the file itself has finer data
    read: int = 0  # the meter was read in one of their hours
    between: int = 0  # of the new: in a gap between readings, whose indexes count that energy, too
    replaced: list[Period] = field(default_factory=list)  # of earlier imports of the same kind, which go


class Stored:
    """The periods that are stored for a meter, by register and hour."""

    def __init__(self) -> None:
        self._at: dict[int, dict[datetime, tuple[Period, int]]] = {}
        self._kinds: dict[Period, str] = {}

    def add(self, period: Period, import_id: int, kind: str = "") -> None:
        """Note a stored period, of a kind of import."""
        self._kinds[period] = kind
        hours = self._at.setdefault(period.register, {})
        for hour in _hours(period):
            hours[hour] = (period, import_id)

    def remove(self, period: Period) -> None:
        """Forget a stored period."""
        del self._kinds[period]
        for hour in _hours(period):
            del self._at[period.register][hour]

    def of_kind(self, kind: str, period: Period) -> set[Period]:
        """Return the periods of a kind and of the same register that share an hour with this one."""
        hours = self._at.get(period.register, {})
        found = {hours[hour][0] for hour in _hours(period) if hour in hours}
        return {one for one in found if self._kinds[one] == kind}

    def rivals(self, period: Period) -> Iterator[tuple[Period, int]]:
        """Yield stored periods that count the same energy as a new one, each at least once."""
        for register in _rivals(period.register):
            hours = self._at.get(register)
            if hours:
                yield from (hours[hour] for hour in _hours(period) if hour in hours)


def make_plan(
    periods: Iterable[Period],
    stored: Stored,
    read: Set[datetime],
    number: int,
    kind: str = "",
    *,
    corrects: bool = False,
) -> Plan:
    """Sort the periods of a file, the finest first; what is new is added to `stored`.

    `read` are the hours in which the meter was read; `number`, below 0, stands for the id that the import will have.
    A file that `corrects` replaces what earlier imports of its kind brought.
    """
    plan = Plan()
    if corrects:
        periods = list(periods)
        plan.replaced = _corrected(periods, stored, read, kind)
        for period in plan.replaced:
            stored.remove(period)
    limits = (min(read), max(read)) if read else None
    for period in sorted(periods, key=lambda period: (period.hours, period.end, period.register)):
        rival = next(stored.rivals(period), None)
        if any(hour in read for hour in _hours(period)):
            plan.read += 1
        elif rival is None:
            plan.new.append(period)
            stored.add(period, number, kind)
            plan.between += limits is not None and limits[0] < period.start < limits[1]
        elif rival[0] == period:
            plan.same += 1
        elif rival[1] == number:
            plan.finer += 1
        elif (rival[0].end, rival[0].hours, rival[0].register) == (period.end, period.hours, period.register):
            plan.different[rival[1]] += 1
        else:
            plan.others[rival[1]] += 1
    plan.new.sort()
    return plan


def _corrected(periods: Sequence[Period], stored: Stored, read: Set[datetime], kind: str) -> list[Period]:
    """Return the stored periods of a kind that newer ones of that kind replace.

    They are those with another value for the same hours; a longer one whose hours the new ones have all; and shorter
    ones that leave hours of a new one without energy. All others are finer, or more whole, than the new ones.
    """
    hours: dict[int, dict[datetime, Period]] = {}
    for period in periods:
        if not any(hour in read for hour in _hours(period)):
            hours.setdefault(period.register, {}).update(dict.fromkeys(_hours(period), period))
    found: set[Period] = set()
    for new in {one for by_hour in hours.values() for one in by_hour.values()}:
        earlier = stored.of_kind(kind, new)
        if any(rival not in earlier for rival, _ in stored.rivals(new)):
            continue  # a file of the owner has some of it
        for old in earlier - {new}:
            news = [hours[new.register].get(hour) for hour in _hours(old)]
            if (old.end, old.hours) == (new.end, new.hours):
                found.add(old)
            elif old.hours > new.hours:
                found |= {old} if all(one is not None and one.hours < old.hours for one in news) else set()
            elif sum(one.hours for one in earlier) < new.hours:
                found.add(old)
    return sorted(found)


def check_past(periods: Iterable[Period], now: datetime, clock: LocalClock) -> None:
    """Refuse energy of the future: a wrong year, or a day and a month the wrong way round.

    Raises:
        FileRefused: a period begins more than an hour after `now`.
    """
    future = [period.start for period in periods if period.start > now + _CLOCKS]
    if future:
        what = f"{plural(len(future), 'period')} {'begins' if len(future) == 1 else 'begin'}"
        raise refused(
            f"{what} in the future, the first at {clock.local(min(future)):%Y-%m-%d %H:%M} ({clock.name}): is its year"
            " right, and the clock of this machine?"
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of time without energy."""

    start: datetime
    hours: int


def gaps(periods: Iterable[Period]) -> list[Gap]:
    """Return the gaps between the periods of a file, in order."""
    found: list[Gap] = []
    end: datetime | None = None
    for period in sorted(periods, key=lambda period: period.start):
        if end is not None and period.start > end:
            found.append(Gap(end, (period.start - end) // HOUR))
        end = period.end if end is None else max(end, period.end)
    return found


def _hours(period: Period) -> Iterator[datetime]:
    return (period.start + timedelta(hours=number) for number in range(period.hours))


def _rivals(register: int) -> tuple[int, ...]:
    """Return the registers that count the same energy: the total is the sum of the supplier's registers."""
    if register == INJECTED:
        return (INJECTED,)
    return (TOTAL, *SUPPLIER) if register == TOTAL else (TOTAL, register)
