"""What the database knows that alerts are made of.

What is read each few minutes and what is read each day have their own age: what is too old says nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alerts.recent import Loss, PhaseVoltage
from monitor.money.off_peak_change import OffPeakChange
from monitor.money.price_age import OldPrice


@dataclass(frozen=True, slots=True)
class Cut:
    """A time in which the house had no current."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Lately:
    """What is read of a meter each few minutes."""

    at: datetime
    powers: Sequence[tuple[datetime, int]]  # the mean of ten minutes, W, by their start; none over a gap
    hours: Mapping[datetime, int]  # Wh drawn, of some weeks
    cuts: Sequence[Cut]
    voltages: Mapping[int, PhaseVoltage]  # by phase, of the last minutes; none: not known
    injected: int | None  # Wh since midnight; None: the meter is not that of a producer


@dataclass(frozen=True, slots=True)
class Daily:
    """What is read of a meter each day."""

    at: datetime
    nights: Mapping[date, int]  # the base load, W
    injected: Mapping[date, int]  # Wh, of whole days that are known
    incomplete: Sequence[Loss]  # hours of which frames are missing; they may be on their way
    losses: Sequence[Loss]  # that were incomplete when they were looked at before, too
    price: int | None  # of a kWh drawn evenly over the year, 1e-4 EUR
    prices_since: date | None  # the first day of those that hold today; None: not known
    old_prices: Sequence[OldPrice]
    off_peak_moved: OffPeakChange | None
    off_peak_other: OffPeakChange | None  # than those that the owner wrote down
    month_so_far: int | None  # what the present month cost, 1e-4 EUR; None: its prices are not known
    month_cost: int | None  # what it will cost; None: not known


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What is known of a meter."""

    meter: str  # its address
    lately: Lately
    daily: Daily


@dataclass(frozen=True, slots=True)
class Installation:
    """What all meters have in common."""

    at: datetime
    backup: datetime | None  # the last one; None: none was ever made
    free: int | None  # bytes of the disk of the database; None: not known
    growth: float | None  # bytes a day; None: not known


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules see of the database."""

    zone: ZoneInfo
    budget: int | None  # EUR a month
    installation: Installation
    meters: Sequence[MeterFacts]


#: From this age on, what is read each few minutes, or each day, says nothing any more.
LATELY_FOR, DAILY_FOR = timedelta(minutes=20), timedelta(days=2)
