"""What the database knows that alerts are made of: read each few minutes, or each day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.alerts.recent import Loss
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
    cuts: Sequence[Cut]
    injected: int | None  # Wh since midnight; None: the meter is not that of a producer


@dataclass(frozen=True, slots=True)
class Daily:
    """What is read of a meter each day."""

    at: datetime
    base_load: float | None  # W, of the last nights; None: too few of them are known
    injected: Mapping[date, int]  # Wh, of whole days that are known
    incomplete: Sequence[Loss]  # hours of which frames are missing; they may be on their way
    losses: Sequence[Loss]  # that were incomplete when they were looked at before, too
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


#: From this age on, what is read each day says nothing any more.
DAILY_FOR = timedelta(days=2)
