"""`energy`: what was drawn and what it cost, by hour, day, week, month or year, in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from common.contract.frame import write_stamp
from common.contract.offers import registers_of
from monitor.base.answer import ABSENT, INLINE, Absent, Amount, Count, Share, Wh, answer_type
from monitor.base.calendar import BY
from monitor.base.formats import ten_thousandths
from monitor.base.ranges import by_contract, choose_range, end_of_present
from monitor.base.request_errors import RequestError
from monitor.money.amounts import CostAnswer, PricesAnswer, prices_of
from monitor.money.costs import Answer, Period
from monitor.readings.hours import Meter
from monitor.sources.sources import SourceColumns, measured
from monitor.web.parameters import FROM, METER, TO, choice
from monitor.web.route import ApiRequest, Route

MOST = 800  # periods: two years by day
_LENGTH = {"hour": 1 / 24, "day": 1, "week": 7, "month": 28, "year": 365}  # days, at least
_CUT = "How the range is cut; contract-year: years from the day on which the contract began."
_PIECES = ("day", *(by for by in BY if by != "day"), "contract-year")
PARAMETERS = (METER, FROM, TO, choice("by", _CUT, _PIECES))
_Names = Annotated[Mapping[str, str], "names that the meter gave its registers, its abbreviations written out"]
_Across = Annotated[
    int,
    "part of imported_wh, of a day or a month that began before: nobody knows what of it is of this period",
]


@answer_type
class WholeRange:
    """The energy of a range as one."""

    from_: datetime
    to: datetime
    hours: float
    wh: Mapping[str, Wh]
    total_wh: Wh
    injected_wh: Wh | None
    recovered_wh: Wh
    imported_wh: Wh
    across_wh: _Across
    coverage: Share
    cost: CostAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyAnswer:
    """The answer of `energy`: a column has a value a period."""

    meter: str
    by: str
    zone: Annotated[str, "the zone of the days"]
    offer: Annotated[str | None, "at the end of the range"] = None
    prices: PricesAnswer
    names: _Names = field(default_factory=dict)
    start: Sequence[Annotated[str, "an instant if by hour, else a local day"]] = ()
    hours: Sequence[Annotated[float, "hours of the period that are over, from the first frame on"]] = ()
    wh: Annotated[Mapping[str, Sequence[Wh]], "drawn, by register"] = field(default_factory=dict)
    injected_wh: Sequence[Wh | None] | Absent = ABSENT
    recovered_wh: Sequence[Annotated[Count, "part of wh, counted while no frame came"]] = ()
    imported_wh: Sequence[Annotated[Count, "part of wh, from another source"]] = ()
    across_wh: Sequence[_Across] = ()
    coverage: Sequence[Share] = ()
    cost: Annotated[
        Mapping[str, Sequence[int | None]] | None,
        "by register, 1e-4 EUR; null: no price is known; of one value: it has no price",
    ] = None
    subscription: Sequence[Amount] | None = None
    partial_cost: Sequence[Annotated[bool, "something of the period has no price"]] = ()
    whole: Annotated[WholeRange | None, "the range as one; null: nothing is known of it"] = None
    beside: Annotated[SourceColumns, INLINE] = SourceColumns()


def answer(request: ApiRequest) -> EnergyAnswer:
    """Return the columns of a range, and the whole of it."""
    by, meter, zone = request.range.by, request.meter(), request.config.time_zone
    energy = ask(request, meter, MOST)
    today = request.now.astimezone(zone).date()
    if energy is None:
        prices = prices_of(request.home.prices, today)
        return EnergyAnswer(meter=meter.identifier, by=by, zone=zone.key, prices=prices)
    periods = energy.periods
    starts = [period.energy.start for period in periods]
    registers = list(dict.fromkeys([*_contract_registers(energy), *energy.whole.energy.wh]))
    priced, injects = energy.whole.cost.known, energy.whole.energy.injected_wh is not None
    return EnergyAnswer(
        meter=meter.identifier,
        by=by,
        zone=zone.key,
        offer=energy.contracts[-1].offer if energy.contracts else None,
        prices=prices_of(request.home.prices, today, energy.old, energy.priced_as),
        names=energy.names,
        start=[write_stamp(one) if by == "hour" else one.astimezone(zone).date().isoformat() for one in starts],
        hours=[_hours(period) for period in periods],
        wh={name: [period.energy.wh.get(name, 0) for period in periods] for name in registers},
        injected_wh=[period.energy.injected_wh for period in periods] if injects else ABSENT,
        recovered_wh=[period.energy.recovered_wh for period in periods],
        imported_wh=[period.energy.imported_wh for period in periods],
        across_wh=[period.across_wh for period in periods],
        coverage=[round(period.energy.coverage, 4) for period in periods],
        cost={name: [_cost(period, name) for period in periods] for name in registers} if priced else None,
        subscription=[ten_thousandths(period.cost.subscription) for period in periods] if priced else None,
        partial_cost=[period.cost.partial for period in periods],
        whole=_whole(energy.whole),
        beside=measured(request.home, energy, by, request.now).columns(),
    )


def ask(request: ApiRequest, meter: Meter, most: int) -> Answer | None:
    """Return the energy that is asked for, in at most so many periods; None if nothing is known of that time.

    Periods before the first energy that is known, and those to come, are left out.
    """
    start_of = partial(request.home.costs.contract_start, meter, request.now)
    asked, calendar, begin = by_contract(request.range, request.config.time_zone, start_of)
    first = request.home.first(meter)
    low, high = choose_range(asked, calendar, request.now, first)
    if first is None:
        return None
    by = asked.by
    low = max(low, calendar.floor(by, first), begin or low)
    high = min(high, end_of_present(by, calendar, request.now))
    if low >= high:
        return None
    if (high - low) / timedelta(days=_LENGTH[by]) > most:
        raise RequestError("too_many_rows", rows=most)
    return request.home.costs.energy(meter, by, low, high, request.now, calendar)


def _contract_registers(found: Answer) -> Sequence[str]:
    """Return all registers of the contracts: a month without a red day shows red ones with nothing."""
    return [name for contract in found.contracts for name in registers_of(contract.offer)]


def _hours(period: Period) -> float:
    """Return how many hours of a period are over."""
    hours = round(period.energy.expected / 3600, 2)
    return int(hours) if hours.is_integer() else hours


def _cost(period: Period, register: str) -> int | None:
    """Return what a register cost; None: it counted, and has no price."""
    cost = period.cost.by_register.get(register)
    if cost is None:
        return None if period.energy.wh.get(register) else 0
    return ten_thousandths(cost)


def _whole(whole: Period) -> WholeRange:
    energy = whole.energy
    return WholeRange(
        from_=energy.start,
        to=energy.end,
        hours=_hours(whole),
        wh=energy.wh,
        total_wh=energy.total_wh,
        injected_wh=energy.injected_wh,
        recovered_wh=energy.recovered_wh,
        imported_wh=energy.imported_wh,
        across_wh=whole.across_wh,
        coverage=round(energy.coverage, 4),
        cost=CostAnswer.of(whole.cost),
    )


ROUTE = Route(
    "energy",
    "Energy by register, and cost, by hour, day, week, month or year.",
    PARAMETERS,
    answer,
)
