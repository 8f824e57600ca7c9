"""What other off-peak hours mean for a lived curve, at the same prices. Pure."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from monitor.cost.bill import ZERO
from monitor.prices.rules import Facts, Rule
from monitor.readings.periods import HourEnergy, OffPeak

_HOUR = 60  # minutes


@dataclass(slots=True)
class Billed:
    """What was drawn in off-peak hours, and what all energy costs, EUR with all taxes."""

    off_peak_wh: Decimal = ZERO
    energy: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class WindowsEffect:
    """The same curve with the off-peak hours of before and with the new ones."""

    start: datetime
    end: datetime
    offer: str  # the id
    old: Billed
    new: Billed

    @property
    def difference(self) -> Decimal:
        """What the new ones cost more, EUR; negative: less."""
        return self.new.energy - self.old.energy


def bill_windows(
    pieces: Iterable[HourEnergy],
    windows: OffPeak,
    rule: Rule,
    facts: Facts,
    price: Callable[[str], Decimal | None],
    zone: ZoneInfo,
) -> Billed | None:
    """Bill a curve as if the off-peak hours had been these; None: a price or the kind of a day is not known.

    Args:
        pieces: none crosses a moment of the rule or of the windows, but a whole hour of which no minutes are kept: its
            energy is taken as drawn evenly.
        windows: the off-peak hours.
        rule: of the offer; its customers choose nothing.
        facts: holidays and calendars.
        price: of a kWh in a period.
        zone: the local time.
    """
    counted: dict[tuple[str, bool], int] = {}  # by period and whether it is off-peak, Wh times the minutes of an hour
    moments = sorted({*windows.moments, *rule.moments})
    for piece in pieces:
        if piece.recovered:
            continue  # nobody knows at which hours it was drawn
        local = piece.start.astimezone(zone)
        day, minute = local.date(), local.hour * _HOUR + local.minute
        inside = [] if piece.divided else [moment for moment in moments if minute < moment < minute + _HOUR]
        for low, high in itertools.pairwise([minute, *inside, minute + _HOUR]):
            at = time(low // _HOUR, low % _HOUR)
            off_peak = any(window.holds(at) for window in windows.at(day))
            kind = rule.type_of(rule.day_of(day, low), facts)
            period = None if kind is None else rule.period_of(kind, low, off_peak=off_peak)
            if period is None:
                return None
            key = period, off_peak
            counted[key] = counted.get(key, 0) + piece.wh * (high - low)
    total = Billed()
    for (period, off_peak), shares in counted.items():
        cost = price(period)
        if cost is None:
            return None
        wh = Decimal(shares) / _HOUR
        total.energy += wh / 1000 * cost
        total.off_peak_wh += wh if off_peak else ZERO
    return total
