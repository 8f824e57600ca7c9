"""When each price of an offer holds: one declarative rule for all offers, by local wall time. Pure.

A rule gives each local day a type (`days`: the first that matches), and each minute of a day of that type a period
(`hours`: the first that matches), which is a key of the prices. The keys in a file: docs/energy.md.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

DAY = 24 * 60  # minutes
#: Instead of windows: the off-peak hours that the network gave to the meter; the slot that a customer chose; all else.
METER, CHOICE, REST = "meter", "choice", "rest"

Span = tuple[int, int]  # minutes of a local day, from and until; it passes midnight if the second is not greater
MonthDay = tuple[int, int]


class Facts(Protocol):
    """What is known of days."""

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a bank holiday."""

    def kind(self, calendar: str, day: date) -> str | None:
        """Return what a calendar says of a day, such as `red`; None: that is not known."""

    def cannot_be(self, calendar: str, day: date, kind: str) -> bool:
        """Tell whether a day cannot be of a kind, although what it is may not be known."""


@dataclass(frozen=True, slots=True)
class DayTest:
    """Which days are of a type: those of the dates that are on the weekdays, holidays or the chosen day."""

    name: str
    weekdays: frozenset[int] = frozenset()  # 0: Monday
    chosen: bool = False  # the weekday that a customer chose
    holidays: bool = False
    dates: tuple[MonthDay, MonthDay] | None = None  # first and last day, each year; they may pass the New Year
    calendar: str | None = None
    kind: str | None = None  # of the calendar

    def holds(self, day: date, facts: Facts, choice: "str | int | None") -> bool | None:
        """Tell whether a day is of the type; None: the calendar does not tell."""
        if self.dates is not None and not _within(self.dates, (day.month, day.day)):
            return False
        if (self.weekdays or self.chosen or self.holidays) and not (
            day.weekday() in self.weekdays
            or (self.chosen and day.weekday() == choice)
            or (self.holidays and facts.is_holiday(day))
        ):
            return False
        if self.calendar is None or self.kind is None:
            return True
        known = facts.kind(self.calendar, day)
        if known is None and not facts.cannot_be(self.calendar, day, self.kind):
            return None
        return known == self.kind


@dataclass(frozen=True, slots=True)
class Hours:
    """The minutes of a day on which a price holds."""

    period: str  # a key of the prices
    spans: tuple[Span, ...] = ()
    by: str | None = None  # METER, CHOICE or REST, instead of spans


@dataclass(frozen=True, slots=True)
class Spot:
    """A price that follows the market, EUR per kWh: (min(spot + network + accise, cap) + fees) x (1 + VAT)."""

    network: Mapping[bool, Decimal]  # by whether it is winter, 1 November to 31 March
    cap: Mapping[bool, Decimal]
    fees: Decimal
    vat: Decimal

    def price(self, spot: Decimal, accise: Decimal, day: date) -> Decimal:
        """Return the price of a kWh with all taxes, for a day-ahead price without tax."""
        winter = _within(((11, 1), (3, 31)), (day.month, day.day))
        return (min(spot + self.network[winter] + accise, self.cap[winter]) + self.fees) * (1 + self.vat)


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of an offer."""

    days: tuple[DayTest, ...]
    hours: Mapping[str, tuple[Hours, ...]]  # by the name of the day's type
    day_starts: int = 0  # minute of the local day; negative: on the day before
    weekdays: tuple[int, ...] = ()  # of which a customer chooses one
    slots: tuple[Span, ...] = ()  # of which a customer chooses one
    moments: frozenset[int] = field(init=False, compare=False)  # minutes of the day at which another period may begin

    def __post_init__(self) -> None:
        """Gather the moments."""
        spans = [span for hours in self.hours.values() for one in hours for span in one.spans]
        found = {minute % DAY for span in (*spans, *self.slots) for minute in span}
        object.__setattr__(self, "moments", frozenset(found | {0, self.day_starts % DAY}))

    @property
    def choices(self) -> tuple["int | Span | None", ...]:
        """What a customer may choose between; a single None: nothing."""
        return self.weekdays or self.slots or (None,)

    @property
    def calendars(self) -> frozenset[str]:
        """The calendars that it needs."""
        return frozenset(test.calendar for test in self.days if test.calendar is not None)

    @property
    def follows_meter(self) -> bool:
        """Tell whether it needs the meter's off-peak hours."""
        return any(one.by == METER for hours in self.hours.values() for one in hours)

    @property
    def periods(self) -> Iterator[str]:
        """The keys of its prices."""
        return (one.period for hours in self.hours.values() for one in hours)

    def period_of_register(self, off_peak: bool | None) -> str | None:
        """Return the period that a register of the meter is billed as, by its hours alone; None: they do not tell."""
        if len(self.hours) != 1:
            return None
        hours = next(iter(self.hours.values()))
        if any(one.by not in (METER, REST) for one in hours):
            return None
        return self.period_of(next(iter(self.hours)), 0, off_peak=off_peak)

    def day_of(self, day: date, minute: int) -> date:
        """Return the day of the offer that a minute of a local day belongs to."""
        if self.day_starts < 0:
            return day + timedelta(minute >= self.day_starts % DAY)
        return day - timedelta(minute < self.day_starts)

    def type_of(self, day: date, facts: Facts, choice: "int | Span | None" = None) -> str | None:
        """Return the type of a day of the offer; None: a calendar that decides it is not known of that day."""
        for test in self.days:
            holds = test.holds(day, facts, choice if isinstance(choice, int) else None)
            if holds is None:
                return None
            if holds:
                return test.name
        return None

    def period_of(
        self, kind: str, minute: int, *, off_peak: bool | None, choice: "int | Span | None" = None
    ) -> str | None:
        """Return the period of a minute.

        Args:
            kind: the type of the day of the offer that it belongs to.
            minute: of the local day.
            off_peak: whether the meter's off-peak hours run; None: that is not known, nor is then the period.
            choice: what the customer chose.
        """
        for one in self.hours.get(kind, ()):
            if one.by == METER:
                if off_peak is None:
                    return None
                if off_peak:
                    return one.period
            elif one.by == REST:
                return one.period
            elif one.by == CHOICE:
                if isinstance(choice, tuple) and in_span(choice, minute):
                    return one.period
            elif any(in_span(span, minute) for span in one.spans):
                return one.period
        return None


def clock(span: Span) -> str:
    """Write a window.

    >>> clock((1320, 360))
    '22:00-06:00'
    """
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span)


def _within(dates: tuple[MonthDay, MonthDay], day: MonthDay) -> bool:
    first, last = dates
    return first <= day <= last if first <= last else day >= first or day <= last


def in_span(span: Span, minute: int) -> bool:
    """Tell whether a span holds a minute of the day."""
    first, until = span
    return first <= minute < until if first < until else minute >= first or minute < until


def moments(rules: Collection[Rule]) -> list[int]:
    """Return the minutes of the day at which another period of any of the rules may begin, in order."""
    return sorted({0}.union(*(rule.moments for rule in rules)))
