"""What the present month, year and contract year will have used and cost, from this home's own past.

The method is in `forecast_days` and, for owners, in docs/energy.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import hypot
from zoneinfo import ZoneInfo

from common.contract.offers import BY_ID, TEMPO, Offer
from monitor.base.calendar import Calendar, full_hour, midnight
from monitor.money.costs import CostAnswers
from monitor.money.forecast_model import LEAST, LONGEST, Chances, Coming, Days
from monitor.money.forecast_money import ComingCost, ComingEnergy, Habits
from monitor.money.prices import PriceTable
from monitor.readings.cache import Memory
from monitor.readings.hours import Meter
from monitor.readings.periods import COMPARABLE, Energy, add_up

_HOUR = timedelta(hours=1)
_RECENT = 28  # days that tell how much is drawn in off-peak hours
_YEAR = 365  # days that tell the same of each colour
_SILENT = 7  # days without readings, after which nothing is said
_LIKELY = 1.28  # standard deviations on each side that hold four of five


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
        memory: Memory,
    ) -> None:
        self._costs = costs
        self._curve = costs.curve
        self._prices = prices
        self._zone = zone
        self._memory = memory
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
        colours = _LIKELY * to_come.spread
        less, more = (hypot(float(to_come.energy) * (1 - share), colours) for share in (coming.low, coming.high))
        least = cost + to_come.subscription
        expected = least + to_come.energy
        return replace(
            found,
            expected_cost=_ten_thousandths(expected),
            low_cost=_ten_thousandths(max(expected - Decimal(less), least)),
            high_cost=_ten_thousandths(expected + Decimal(more)),
        )

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
        pieces = [
            *self._memory.of(meter).kept(meter, ("days", low), settled, lambda: self._daily(meter, low, settled, now)),
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


def _ten_thousandths(amount: Decimal) -> int:
    return round(amount * 10_000)
