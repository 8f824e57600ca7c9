"""Forecasts the energy and cost of the present month, year or contract year from the home's own past days.

Energy so far is billed as usual; `forecast_model` says how much each remaining day will draw. The remaining energy is
divided among registers as in the last weeks, on Tempo days by the chances of each colour, and each interval between
changes of prices or contract is billed at its own prices. For owners, docs/energy.md explains the method.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import hypot, sqrt
from zoneinfo import ZoneInfo

from common.contract.offers import BY_ID, BY_REGISTER, TEMPO, Offer, is_off_peak
from monitor.base.calendar import Calendar, full_hour, midnight
from monitor.money.bill import Bill, Cost
from monitor.money.contracts import Contract, contract_at
from monitor.money.costs import CostAnswers
from monitor.money.forecast_model import LEAST, LONGEST, Chances, Coming, Days
from monitor.money.prices import PriceTable
from monitor.readings.cache import Cache
from monitor.readings.hours import Meter
from monitor.readings.periods import COMPARABLE, Energy, add_up

_OTHERS = ("red", "white")  # than the ordinary colour
#: Shares of the energy of a day by register, by the day's colour; None: on any day.
Split = Mapping[str | None, Mapping[str, float]]
_HOUR = timedelta(hours=1)
_RECENT = 28  # days that tell how much is drawn in off-peak hours
_YEAR = 365  # days that tell the same of each colour
_SILENT = 7  # days without readings, after which nothing is said
_LIKELY = 1.28  # standard deviations on each side that hold four of five


class Habits:
    """How a home's energy was divided: `recent` in the last weeks, `year` in the last year; Wh by register."""

    def __init__(self, recent: Mapping[str, int], year: Mapping[str, int]) -> None:
        self._recent = recent
        self._year = year

    @property
    def offer(self) -> Offer | None:
        """The structure whose registers counted most; None: they only have numbers."""
        most = max(self._recent, key=lambda name: self._recent[name], default="")
        return BY_REGISTER[most][0] if most in BY_REGISTER else None

    def split(self, offer: Offer | None) -> Split | None:
        """Return how the energy of a day is divided with an offer; None: these registers do not tell."""
        total = sum(self._recent.values())
        if offer is None or (offer is self.offer and not any(register.off_peak for register in offer.registers)):
            return {None: {name: wh / total for name, wh in self._recent.items()}} if total > 0 else None
        if len(offer.registers) == 1:
            return {None: {offer.registers[0].name: 1.0}}
        found: dict[str | None, dict[str, float]] = {}
        for register in offer.registers:
            if register.off_peak is None or (off_peak := self._off_peak(register.colour)) is None:
                return None
            found.setdefault(register.colour, {})[register.name] = off_peak if register.off_peak else 1 - off_peak
        return found

    def _off_peak(self, colour: str | None) -> float | None:
        """Return the share of off-peak hours, on days of this colour if there were any."""
        of_colour = {
            name: wh for name, wh in self._year.items() if name in BY_REGISTER and BY_REGISTER[name][1].colour == colour
        }
        for counted in (of_colour, self._recent):
            known = {name: wh for name, wh in counted.items() if is_off_peak(name) is not None}
            if (total := sum(known.values())) > 0:
                return sum(wh for name, wh in known.items() if is_off_peak(name)) / total
        return None


@dataclass(frozen=True, slots=True)
class ComingCost:
    """What days to come are expected to cost, EUR, and by how much their colours alone may change it (1 sigma)."""

    energy: Decimal
    subscription: Decimal
    spread: float


@dataclass(frozen=True, slots=True)
class ComingEnergy:
    """What is expected from `start` to `end`: Wh by local day, divided by registers as habits and colours have it."""

    start: datetime
    end: datetime
    wh: Mapping[date, float]
    habits: Habits
    chances: Chances
    zone: ZoneInfo

    def cost(
        self, bill: Bill, contracts: Sequence[Contract], structure: Callable[[str], Offer | None]
    ) -> ComingCost | None:
        """Return what it will cost; None: a contract or a price is not known.

        Args:
            bill: computes costs up to the end.
            contracts: that hold, in order.
            structure: returns that of an offer, as far as meters name it.
        """
        cost, variance = Cost(), 0.0
        for low, high in itertools.pairwise([self.start, *bill.cuts(self.start, self.end), self.end]):
            contract = contract_at(contracts, low)
            if contract is None or contract.offer is None:
                return None
            split = self.habits.split(structure(contract.offer) or self.habits.offer)
            if split is None:
                return None
            days = [day for day in self.wh if low <= max(midnight(day, self.zone), self.start) < high]
            energy = self._by_register(days, split)
            bill.add(cost, Energy(low, high, energy, None, 0, imported_wh=0, covered=0, expected=0))
            if "blue" in split and not cost.partial:
                variance += self._variance(days, split, bill, contract)
        return None if cost.partial else ComingCost(cost.energy, cost.subscription, sqrt(variance))

    def _by_register(self, days: Sequence[date], split: Split) -> dict[str, int]:
        counted: dict[str, float] = {}
        for day in days:
            for colour, chance in self.chances.of(day).items() if "blue" in split else [(None, 1.0)]:
                for name, share in split[colour].items():
                    counted[name] = counted.get(name, 0.0) + self.wh[day] * chance * share
        return {name: round(wh) for name, wh in counted.items()}

    def _variance(self, days: Sequence[date], split: Split, bill: Bill, contract: Contract) -> float:
        if not days:
            return 0.0
        rates = bill.rates(contract, days[0])
        mean_kwh = sum(self.wh[day] for day in days) / len(days) / 1000
        price = {
            colour: sum(float(rates.kwh(name) or 0) * share for name, share in shares.items())
            for colour, shares in split.items()
        }
        return sum(
            (self.chances.spread(days, colour) * (price[colour] - price["blue"]) * mean_kwh) ** 2 for colour in _OTHERS
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """A period that is not over: so far, expected, and the range in which its whole lies four times of five.

    Costs are 1e-4 EUR with subscription and all taxes; None: a price is not known. Of what is expected, all is None if
    `why_not` says why: `few_days`, `no_year` (nothing is known of the same days a year before), or `silent`.
    """

    start: datetime
    end: datetime
    until: datetime  # what is known ends here
    so_far_wh: int
    so_far_cost: int | None
    why_not: str | None = None
    expected_wh: int | None = None
    low_wh: int | None = None
    high_wh: int | None = None
    expected_cost: int | None = None
    low_cost: int | None = None
    high_cost: int | None = None


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of a meter at a moment."""

    days: Days
    energy: Sequence[Energy]  # of each of the days
    since: datetime  # the day on which the first energy is known begins, if it matters
    until: datetime  # its end
    colours: Mapping[date, str]


class ForecastAnswers:
    """Answers over one connection; not for several threads at once."""

    def __init__(
        self,
        costs: CostAnswers,
        prices: PriceTable,
        zone: ZoneInfo,
        cache: Cache,
    ) -> None:
        self._costs = costs
        self._curve = costs.curve
        self._prices = prices
        self._zone = zone
        self._cache = cache
        self._last: tuple[tuple[Meter, datetime], _Past | None] | None = None

    def of(self, meter: Meter, by: str, now: datetime) -> Forecast | None:
        """Return the forecast of the present period; None: nothing is known of the meter, or of its contract's start.

        Args:
            meter: of which.
            by: `month`, `year` or `contract-year`.
            now: the time.
        """
        begin = self._costs.contract_start(meter, now) if by == "contract-year" else None
        if by == "contract-year" and begin is None:
            return None
        calendar = Calendar(self._zone) if begin is None else Calendar(self._zone, (begin.month, begin.day))
        by = "month" if by == "month" else "year"
        past = self._past(meter, now)
        if past is None:
            return None
        start = calendar.floor(by, now)
        end = calendar.boundaries(by, start, start + timedelta(days=400))[1]
        so_far, cost = self._so_far(meter, max(start, past.since), past.until, now)
        known = Forecast(start, end, past.until, so_far, None if cost is None else _ten_thousandths(cost))
        if now - past.until > timedelta(days=_SILENT):
            return replace(known, why_not="silent")
        first = self._day(past.until)
        coming = past.days.coming((self._day(end) - first).days)
        if coming is None:
            return replace(known, why_not="few_days" if len(past.days) < LEAST else "no_year")
        wh = self._rest(coming, past.until, start)
        rest = sum(wh.values())
        found = replace(
            known,
            expected_wh=so_far + round(rest),
            low_wh=so_far + round(rest * coming.low),
            high_wh=so_far + round(rest * coming.high),
        )
        if cost is None or (to_come := self._cost(meter, past, wh, end)) is None:
            return found
        return _with_cost(found, cost, to_come, coming)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _past(self, meter: Meter, now: datetime) -> _Past | None:
        if self._last is None or self._last[0] != (meter, now):
            self._last = (meter, now), self._look(meter, now)
        return self._last[1]

    def _look(self, meter: Meter, now: datetime) -> _Past | None:
        today = self._day(now)
        month = (today - timedelta(1)).replace(day=1)  # what was before it is kept for as long
        low, settled, high = (midnight(day, self._zone) for day in (month - timedelta(LONGEST), month, today))
        cached, key = self._cache.of(meter), ("days", low)
        past: list[Energy] | None = cached.kept(key)
        if past is None:
            past = cached.keep(meter, key, settled, self._daily(meter, low, settled, now))
        pieces = [
            *past,
            *self._daily(meter, settled, max(full_hour(now), high), now),
        ]
        known = [place for place, piece in enumerate(pieces) if piece.is_known]
        if not known:
            return None
        first, last = known[0], known[-1]
        until = pieces[last].end
        read = max((part.last + _HOUR for part in meter.parts if part.last is not None), default=until)
        if pieces[last].start < read < until:
            until = read
        if not COMPARABLE <= pieces[first].covered_share <= 1:
            first += 1  # the meter came in the middle of it, or it has the energy of a month
        energy = pieces[first : last + (until == midnight(self._day(until), self._zone))]
        days = Days(self._day(pieces[first].start) if energy else today, _without_gaps(energy))
        return _Past(days, energy, pieces[known[0]].start, until, self._colours(meter, energy, now))

    def _daily(self, meter: Meter, start: datetime, end: datetime, now: datetime) -> list[Energy]:
        """Return the energy of each local day, and of the part of the last one; registers as the contract has them."""
        days = Calendar(self._zone).boundaries("day", start, end)
        return self._costs.pieces(meter, days, self._costs.contracts(meter, start, end), now)

    def _colours(self, meter: Meter, energy: Sequence[Energy], now: datetime) -> Mapping[date, str]:
        """Return the known colours of the season, where the meter has any; a file may have tomorrow's."""
        names = {name for piece in energy[-_YEAR:] for name in piece.wh}
        if not any(register.name in names for register in TEMPO.registers):
            return {}
        return self._curve.season_colours(meter, TEMPO.day_of(now.astimezone(self._zone)))

    def _so_far(self, meter: Meter, start: datetime, until: datetime, now: datetime) -> tuple[int, Decimal | None]:
        if start >= until:
            return 0, Decimal(0)
        whole = self._costs.energy(meter, "year", start, until, now).whole
        return whole.energy.total_wh, None if whole.cost.partial else whole.cost.total

    def _rest(self, coming: Coming, until: datetime, start: datetime) -> dict[date, float]:
        """Return what is expected of each day from `until` on, if it is of the period; of today, what is left of it."""
        first = self._day(until)
        days = {first + timedelta(ahead): wh for ahead, wh in enumerate(coming.days)}
        begin, end = (midnight(first + timedelta(day), self._zone) for day in (0, 1))
        days[first] *= (end - until) / (end - begin)
        return {day: wh for day, wh in days.items() if midnight(day, self._zone) >= start}

    def _cost(self, meter: Meter, past: _Past, wh: Mapping[date, float], end: datetime) -> ComingCost | None:
        start = max(past.until, midnight(min(wh), self._zone))
        known = self._costs.contracts(meter, past.until - timedelta(days=_RECENT), end)
        habits = Habits(*(add_up(piece.wh for piece in past.energy[-days:]) for days in (_RECENT, _YEAR)))
        coming = ComingEnergy(start, end, wh, habits, Chances(past.colours, past.until.date()), self._zone)
        found = coming.cost(self._costs.bill(known, end), known, self._structure)
        return self._as_lately(meter, past.until, start, end, sum(wh.values())) if found is None else found

    def _as_lately(self, meter: Meter, until: datetime, start: datetime, end: datetime, wh: float) -> ComingCost | None:
        """Return what days to come will cost if prices stay what they were on the mean of the last weeks."""
        recent = self._costs.energy(meter, "year", until - timedelta(days=_RECENT), until, until).whole
        if recent.cost.partial or recent.energy.total_wh <= 0:
            return None
        share, time = Decimal(wh) / recent.energy.total_wh, (end - start) / timedelta(days=_RECENT)
        return ComingCost(recent.cost.energy * share, recent.cost.subscription * Decimal(time), 0.0)

    def _structure(self, offer: str) -> Offer | None:
        return BY_ID.get(self._prices.structure(offer))


def _without_gaps(days: Sequence[Energy]) -> list[float]:
    """Return the Wh of days; those with gaps share theirs, since it may have been counted in the day of the return."""
    wh = [float(day.total_wh) for day in days]
    place = 0
    while place < len(days):
        end = place
        while end < len(days) and not days[end].is_comparable:
            end += 1
        if place < end < len(days) and days[end].imported_wh:
            end += 1  # a month that was imported as a whole counts in its last day
        if place < end:
            wh[place:end] = [sum(wh[place:end]) / (end - place)] * (end - place)
        place = max(end, place + 1)
    return wh


def _with_cost(forecast: Forecast, cost: Decimal, to_come: ComingCost, coming: Coming) -> Forecast:
    colours = _LIKELY * to_come.spread
    less, more = (hypot(float(to_come.energy) * (1 - share), colours) for share in (coming.low, coming.high))
    least = cost + to_come.subscription
    expected = least + to_come.energy
    return replace(
        forecast,
        expected_cost=_ten_thousandths(expected),
        low_cost=_ten_thousandths(max(expected - Decimal(less), least)),
        high_cost=_ten_thousandths(expected + Decimal(more)),
    )


def _ten_thousandths(amount: Decimal) -> int:
    return round(amount * 10_000)
