"""Gathers a lived curve by the periods of rules, in one pass for all offers. Pure.

Two pieces of a curve that each rule bills alike are one cell: a year of minutes has half a million minutes and about a
thousand cells.
"""

import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeVar
from zoneinfo import ZoneInfo

from common.contract.offers import is_off_peak
from monitor.money.dated_files import QUARTER, SpotPrices
from monitor.money.rules import DAY, Facts, Rule, Span, Spot, in_span, moments
from monitor.readings.periods import HourEnergy

#: A rule, and what a customer chose of it.
Variant = tuple[Rule, "int | Span | None"]
_NIGHT = (22 * 60, 6 * 60)  # off-peak hours of who has none, for what would change if use were shifted


class Why(Enum):
    """A reason; the sentences for people are named after it."""

    # Of an offer that cannot be computed for some hours, or at all:
    PRICES = "prices"  # no price on that day
    SUBSCRIPTION = "subscription"  # none of this power
    COLOURS = "colours"  # the colour of the Tempo day is not known
    CALENDAR = "calendar"  # its own calendar is not known of that day
    WINDOWS = "windows"  # the off-peak hours are not known
    MINUTES = "minutes"  # its prices change within an hour, of which no minutes are kept
    SPOT = "spot"  # no spot price of that quarter of an hour
    RULE = "rule"  # its file does not tell when its prices hold
    DRIVEN_CHARGE = "driven_charge"  # it pays for a charge that the supplier drives, which no meter tells apart
    # Of one that is computed, but not ranked:
    OLD = "old"  # its prices were last seen too long ago
    TAXES = "taxes"  # its prices are older than the last change of taxes
    # Of all:
    HOURS = "hours"  # too little of the range was measured
    RECOVERED = "recovered"  # energy of which the hour is not known could change the order


@dataclass(slots=True)
class Amount:
    """Energy of some pieces."""

    wh: int = 0
    slices: int = 0  # hours with energy

    def add(self, wh: int, slices: int) -> None:
        """Add a piece."""
        self.wh += wh
        self.slices += slices


#: Which days, by a number; whether off-peak hours ran; and the interval between changes of prices.
Group = tuple[int, bool, int]
P = TypeVar("P")  # a period of a rule, or the start and length of a quarter of an hour


@dataclass(slots=True)
class Billed:
    """How much was drawn in each period of one rule, and in how many hours the period is not known."""

    periods: dict[tuple[Group, str], Amount] = field(default_factory=dict)
    unknown: dict[Why, int] = field(default_factory=dict)
    unknown_days: int = 0  # of the offer, of which a calendar does not tell the type


@dataclass(frozen=True, slots=True)
class _Cell:
    days: int
    segment: int  # the minute of the day at which it begins
    divided: bool  # else another price may begin within it, and no minutes of it are kept
    register: str | None
    off_peak: bool | None  # None: not known, or not all of the hour
    interval: int


class UsageCurve:
    """A curve, as rules bill it."""

    # A table: half of it says what the arguments are, the rest sets an attribute a line.
    def __init__(
        self,
        pieces: Iterable[HourEnergy],
        rules: Sequence[Rule],
        facts: Facts,
        zone: ZoneInfo,
        windows: Callable[[date], Sequence[Span] | None] = lambda _: None,
        names: Mapping[str, str] | None = None,
        changes: Sequence[date] = (),
        *,
        quarters: bool = False,
    ) -> None:
        """Gather a curve.

        Args:
            pieces: what was drawn; none crosses a moment of a rule, but a whole hour of which no minutes are kept.
            rules: all that will be asked for.
            facts: holidays and calendars.
            zone: the local time.
            windows: the off-peak windows that the user wrote down for a day; None: what the meter showed counts.
            names: that the meter gave registers of a calendar which historic mode does not know.
            changes: days on which prices change, in order; empty: the prices of one day hold for all.
            quarters: keep each quarter of an hour, too, for prices of the market.
        """
        self._variants: list[Variant] = [(rule, choice) for rule in rules for choice in rule.choices]
        self._places = {(id(rule), choice): place for place, (rule, choice) in enumerate(self._variants)}
        self._facts = facts
        self._zone = zone
        self._moments = moments(rules)
        self._windows = windows
        self._names = {register: name.upper() for register, name in (names or {}).items()}
        self._types: dict[tuple[int, date], str | None] = {}
        self._days: dict[tuple[tuple[str | None, str | None], ...], int] = {}  # numbered
        self._number_of: dict[date, int] = {}
        self.changes = tuple(changes)
        #: By start (Unix time) and length in seconds: quarters of an hour, and whole ones of which no minutes are kept.
        self._quarters: dict[tuple[Group, tuple[int, int]], Amount] = {}
        self._keep_quarters = quarters
        self.first: datetime | None = None  # the start of the first piece
        self.covered = 0  # seconds
        self.imported = 0  # hours
        self._cells = self._gather(pieces)
        self._signatures = list(self._days)
        self._billed: dict[int, Billed] = {}

    def _gather(self, pieces: Iterable[HourEnergy]) -> dict[_Cell, Amount]:
        cells: dict[_Cell, Amount] = {}
        for piece in pieces:
            self.first = self.first or piece.start
            self.covered += piece.covered
            self.imported += piece.slices if piece.imported else 0
            if not piece.wh:
                continue
            local = piece.start.astimezone(self._zone)
            day, minute = local.date(), local.hour * 60 + local.minute
            number = self._number_of.get(day)
            if number is None:
                number = self._number_of[day] = self._number(day)
            place = bisect.bisect_right(self._moments, minute)
            segment = self._moments[place - 1]
            whole = not piece.divided and self._changes_within(day, minute)
            off_peak = self._off_peak(day, minute, piece.register, whole=whole)
            cell = _Cell(
                number,
                minute if whole else segment,
                not whole,
                piece.register,
                off_peak,
                bisect.bisect_right(self.changes, day),
            )
            amount = cells.get(cell)
            if amount is None:
                amount = cells[cell] = Amount()
            amount.add(piece.wh, piece.slices)
            if self._keep_quarters:
                start = int(piece.start.timestamp())
                quarter = (start - start % QUARTER, QUARTER) if piece.divided else (start, 3600)
                key = (day.toordinal(), _is_night(off_peak, minute), 0), quarter
                self._quarters.setdefault(key, Amount()).add(piece.wh, piece.slices)
        return cells

    def spot_energy(
        self, prices: SpotPrices, spot: Spot, accise: Callable[[date], Decimal | None], shift: float
    ) -> tuple[Decimal, int, dict[Why, int]]:
        """Return what the energy costs at prices of the market, EUR, the Wh that have one, and what has none.

        What has none is in quarters of an hour if the market's price is missing, else in hours. `shift` is the share of
        what ran in peak hours that would have run in off-peak hours of the same day.
        """
        total, priced = Decimal(0), 0
        absent: set[int] = set()
        unknown: dict[Why, int] = {}
        for (_, (start, seconds)), amount in shifted(self._quarters, shift).items():
            day = datetime.fromtimestamp(start, self._zone).date()
            price, tax = prices.of(start, seconds), accise(day)
            if price is not None and tax is not None:
                total += Decimal(amount.wh) / 1000 * spot.price(price, tax, day)
                priced += amount.wh
            elif missing := prices.absent(start, seconds):
                absent.update(missing)
            else:
                why = Why.PRICES if tax is None else Why.MINUTES
                unknown[why] = unknown.get(why, 0) + amount.slices
        if absent:
            unknown[Why.SPOT] = len(absent)
        return total, priced, unknown

    def _number(self, day: date) -> int:
        """Return a number for the types that a local day has by all rules; alike days have the same."""
        signature = tuple(
            (self._type(place, rule.day_of(day, 0)), self._type(place, rule.day_of(day, DAY - 1)))
            for place, (rule, _) in enumerate(self._variants)
        )
        return self._days.setdefault(signature, len(self._days))

    def _type(self, place: int, day: date) -> str | None:
        key = place, day
        if key not in self._types:
            rule, choice = self._variants[place]
            self._types[key] = rule.type_of(day, self._facts, choice)
        return self._types[key]

    def _changes_within(self, day: date, minute: int) -> bool:
        """Tell whether another price may begin within the hour from a minute of a day on."""
        written = (edge % DAY for span in self._windows(day) or () for edge in span)
        return any(minute < moment < minute + 60 for moment in (*self._moments, *written))

    def _off_peak(self, day: date, minute: int, register: str | None, *, whole: bool) -> bool | None:
        windows = self._windows(day)
        if windows is not None:
            length = 60 if whole else 1
            found = {any(in_span(span, minute + more) for span in windows) for more in range(length)}
            return found.pop() if len(found) == 1 else None
        if (known := is_off_peak(register or "")) is not None:
            return known
        name = self._names.get(register or "", "")
        return True if "CREUSE" in name else False if "PLEINE" in name else None

    @property
    def wh(self) -> int:
        """All that was drawn."""
        return sum(amount.wh for amount in self._cells.values())

    def billed(self, rule: Rule, choice: "int | Span | None" = None, own: frozenset[str] = frozenset()) -> Billed:
        """Return what was drawn in each period of a rule.

        Args:
            rule: one of those that the curve was gathered for.
            choice: what a customer chose of it.
            own: periods that the meter counted itself: its register tells more exactly than the clock.
        """
        place = self._places[id(rule), choice]
        if not own and place in self._billed:
            return self._billed[place]
        found = Billed(unknown_days=sum(key[0] == place and kind is None for key, kind in self._types.items()))
        for cell, amount in self._cells.items():
            period = cell.register if cell.register in own else self._period(place, cell)
            if period is None or isinstance(period, Why):
                if amount.slices:
                    why = period or Why.CALENDAR
                    found.unknown[why] = found.unknown.get(why, 0) + amount.slices
                continue
            key = (cell.days, _is_night(cell.off_peak, cell.segment), cell.interval), period
            found.periods.setdefault(key, Amount()).add(amount.wh, amount.slices)
        if not own:
            self._billed[place] = found
        return found

    def _period(self, place: int, cell: _Cell) -> "str | Why | None":
        first = self._period_at(place, cell, cell.segment)
        if cell.divided or isinstance(first, Why):
            return first
        low, high = (bisect.bisect_right(self._moments, minute) for minute in (cell.segment, cell.segment + 59))
        others = (self._period_at(place, cell, minute) for minute in self._moments[low:high])
        return first if all(other == first for other in others) else Why.MINUTES

    def _period_at(self, place: int, cell: _Cell, minute: int) -> "str | Why":
        rule, choice = self._variants[place]
        early, late = self._signatures[cell.days][place]
        kind = late if minute >= rule.day_starts % DAY else early
        if kind is None:
            return Why.COLOURS if "tempo" in rule.calendars else Why.CALENDAR
        return rule.period_of(kind, minute, off_peak=cell.off_peak, choice=choice) or (
            Why.WINDOWS if cell.divided else Why.MINUTES
        )


def _is_night(off_peak: bool | None, minute: int) -> bool:
    return in_span(_NIGHT, minute) if off_peak is None else off_peak


def shifted(amounts: dict[tuple[Group, P], Amount], share: float) -> dict[tuple[Group, P], Amount]:
    """Return what would have been drawn if a share of the use in peak hours had been in off-peak hours of like days.

    Nothing is gained or lost; days without any use in off-peak hours stay as they are.
    """
    if not share:
        return amounts
    alike: dict[tuple[int, int], list[tuple[Group, P]]] = {}
    for key in amounts:
        (days, _, interval), _ = key
        alike.setdefault((days, interval), []).append(key)
    moved = dict(amounts)
    for keys in alike.values():
        peak, off_peak = (sum(amounts[key].wh for key in keys if key[0][1] is night) for night in (False, True))
        if not off_peak:
            continue
        factors = {False: 1 - share, True: 1 + peak * share / off_peak}
        exact = {key: amounts[key].wh * factors[key[0][1]] for key in keys}
        rest = peak + off_peak - sum(int(wh) for wh in exact.values())
        # The Wh that are left go to the largest remainders, one each.
        for place, key in enumerate(sorted(keys, key=lambda key: int(exact[key]) - exact[key])):
            moved[key] = Amount(int(exact[key]) + (place < rest), amounts[key].slices)
    return moved
