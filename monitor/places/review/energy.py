"""`energy`: what was drawn and what it cost, by hour, day, week, month or year, in columns."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from common.contract.frame import write_stamp
from common.contract.offers import registers_of
from monitor.base.calendar import BY
from monitor.base.formats import ten_thousandths
from monitor.base.ranges import by_contract, choose_range, end_of_present
from monitor.base.refusals import Refusal
from monitor.base.schemas import (
    AMOUNT,
    COUNT,
    FLAG,
    INSTANT,
    SHARE,
    TEXT,
    WH,
    Schema,
    by_name,
    described,
    maybe,
    record,
    several,
)
from monitor.money import amounts as money
from monitor.money.costs import Answer, Period
from monitor.readings.hours import Meter
from monitor.sources import device_columns as devices
from monitor.sources import sun_columns as sun
from monitor.sources.devices import DeviceAnswers
from monitor.sources.sun import SunAnswers
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO, choice

MOST = 800  # periods: two years by day
_LENGTH = {"hour": 1 / 24, "day": 1, "week": 7, "month": 28, "year": 365}  # days, at least
_CUT = "How the range is cut; contract-year: years from the day on which the contract began."
_PIECES = ("day", *(by for by in BY if by != "day"), "contract-year")
PARAMETERS = (METER, FROM, TO, choice("by", _CUT, _PIECES))


def answer(call: Call) -> dict[str, Any]:
    """Return the columns of a range, and the whole of it."""
    by = call.range.by
    meter = call.meter()
    found = ask(call, meter, MOST)
    zone = call.config.time_zone
    head = {
        "meter": meter.identifier,
        "by": by,
        "zone": zone.key,
        "prices": money.prices_object(
            call.home.prices,
            call.now.astimezone(zone).date(),
            *(() if found is None else (found.old, found.priced_as)),
        ),
    }
    if found is None:
        columns: dict[str, list[Any]] = {
            key: []
            for key in ("start", "hours", "recovered_wh", "imported_wh", "across_wh", "coverage", "partial_cost")
        }
        nothing = dict.fromkeys(("offer", "cost", "subscription", "whole"))
        return {**head, **nothing, **columns, "names": {}, "wh": {}}
    starts = [period.energy.start for period in found.periods]
    roof = SunAnswers(call.home).of(found, by, call.now)
    return head | {
        "offer": found.contracts[-1].offer if found.contracts else None,
        "names": dict(found.names),
        "start": [
            write_stamp(start) if by == "hour" else start.astimezone(zone).date().isoformat() for start in starts
        ],
        **_columns(found),
        "whole": _whole(found.whole),
        **sun.columns(roof),
        **devices.columns(DeviceAnswers(call.home).of(found, roof, call.now)),
    }


def ask(call: Call, meter: Meter, most: int) -> Answer | None:
    """Return the energy that is asked for, in at most so many periods; None if nothing is known of that time.

    Periods before the first energy that is known, and those to come, are left out.
    """
    start_of = partial(call.home.costs.contract_start, meter, call.now)
    asked, calendar, begin = by_contract(call.range, call.config.time_zone, start_of)
    first = call.home.first(meter)
    low, high = choose_range(asked, calendar, call.now, first)
    if first is None:
        return None
    by = asked.by
    low = max(low, calendar.floor(by, first), begin or low)
    high = min(high, end_of_present(by, calendar, call.now))
    if low >= high:
        return None
    if (high - low) / timedelta(days=_LENGTH[by]) > most:
        raise Refusal("too_many_rows", rows=most)
    return call.home.costs.energy(meter, by, low, high, call.now, calendar)


def _columns(found: Answer) -> dict[str, Any]:
    periods = found.periods
    registers = list(dict.fromkeys([*_contract_registers(found), *found.whole.energy.wh]))
    priced = found.whole.cost.known
    columns: dict[str, Any] = {
        "hours": [_hours(period) for period in periods],
        "wh": {name: [period.energy.wh.get(name, 0) for period in periods] for name in registers},
        "injected_wh": [period.energy.injected_wh for period in periods],
        "recovered_wh": [period.energy.recovered_wh for period in periods],
        "imported_wh": [period.energy.imported_wh for period in periods],
        "across_wh": [period.across_wh for period in periods],
        "coverage": [round(period.energy.coverage, 4) for period in periods],
        "cost": {name: [_cost(period, name) for period in periods] for name in registers} if priced else None,
        "subscription": [ten_thousandths(period.cost.subscription) for period in periods] if priced else None,
        "partial_cost": [period.cost.partial for period in periods],
    }
    if found.whole.energy.injected_wh is None:
        del columns["injected_wh"]
    return columns


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


def _whole(whole: Period) -> dict[str, Any]:
    energy = whole.energy
    return {
        "from": write_stamp(energy.start),
        "to": write_stamp(energy.end),
        "hours": _hours(whole),
        "wh": dict(energy.wh),
        "total_wh": energy.total_wh,
        "injected_wh": energy.injected_wh,
        "recovered_wh": energy.recovered_wh,
        "imported_wh": energy.imported_wh,
        "across_wh": whole.across_wh,
        "coverage": round(energy.coverage, 4),
        "cost": money.cost_object(whole.cost),
    }


_WH_OF_REGISTERS = by_name(WH)
_INJECTED = maybe(WH)
_ACROSS: Schema = {
    "type": "integer",
    "description": "part of imported_wh, of a day or a month that began before: nobody knows what of it is of this"
    " period",
}
_HOURS: Schema = {"type": "number", "description": "hours of the period that are over, from the first frame on"}
_WHOLE = record(
    {
        "from": INSTANT,
        "to": INSTANT,
        "hours": {"type": "number"},
        "wh": _WH_OF_REGISTERS,
        "total_wh": WH,
        "injected_wh": _INJECTED,
        "recovered_wh": WH,
        "imported_wh": WH,
        "across_wh": _ACROSS,
        "coverage": SHARE,
        "cost": money.COST,
    }
)
_COLUMNS = record(
    {
        "meter": TEXT,
        "by": TEXT,
        "zone": described("the zone of the days", TEXT),
        "offer": maybe(TEXT, "at the end of the range"),
        "prices": money.PRICES,
        "names": by_name(TEXT, "names that the meter gave its registers, its abbreviations written out"),
        "start": several(described("an instant if by hour, else a local day", TEXT)),
        "hours": several(_HOURS),
        "wh": by_name(several(WH), "drawn, by register"),
        "injected_wh": several(_INJECTED),
        "recovered_wh": several(described("part of wh, counted while no frame came", COUNT)),
        "imported_wh": several(described("part of wh, from another source", COUNT)),
        "across_wh": several(_ACROSS),
        "coverage": several(SHARE),
        "cost": maybe(
            by_name(several(maybe({"type": "integer"}))),
            "by register, 1e-4 EUR; null: no price is known; of one value: it has no price",
        ),
        "subscription": maybe(several(AMOUNT)),
        "partial_cost": several(described("something of the period has no price", FLAG)),
        "whole": maybe(_WHOLE, "the range as one; null: nothing is known of it"),
        **sun.COLUMNS,
        **devices.COLUMNS,
    },
    optional=("injected_wh", *sun.COLUMNS, *devices.COLUMNS),
)
ROUTE = Route(
    "energy",
    "Energy by register, and cost, by hour, day, week, month or year.",
    PARAMETERS,
    answer,
    _COLUMNS,
)
