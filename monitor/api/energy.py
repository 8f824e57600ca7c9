"""`energy`: what was drawn and what it cost, by hour, day, week, month or year, in columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from common.contract.frame import write_stamp
from common.errors import ConfigError
from monitor.answers.costs import Answer, Period
from monitor.api import energy_range, money
from monitor.api.call import Call, Parameter, Refused, Route
from monitor.api.parameters import FROM, METER, TO, hour_of, meter_of
from monitor.calendar import BY, Calendar, midnight
from monitor.ranges import choose_range
from monitor.readings.hours import Meter
from monitor.readings.steps import registers_of

MOST = 800  # periods: two years by day
_LENGTH = {"hour": 1 / 24, "day": 1, "week": 7, "month": 28, "year": 365}  # days, at least
_CUT = "Comment la période est découpée ; jour par défaut. contract-year : année à partir du début du contrat"
_PIECES = [*BY, "contract-year"]


def _by(text: str, values: list[str]) -> Parameter:
    return Parameter("by", text, {"type": "string", "enum": values, "default": "day"})


#: Of a table, which needs pieces.
TABLE_PARAMETERS = (METER, FROM, TO, _by(f"{_CUT}.", _PIECES))
PARAMETERS = (
    *TABLE_PARAMETERS[:-1],
    _by(f"{_CUT} ; range : une seule, de from à to à la seconde près.", [*_PIECES, "range"]),
)


def answer(call: Call) -> dict[str, Any]:
    """Return the columns of a range, and the whole of it."""
    by = call.parameters.get("by", "day")
    if by == "range":
        return energy_range.answer(call)
    meter = meter_of(call)
    found = ask(call, meter, by, MOST)
    zone = call.config.time_zone
    head = {
        "meter": meter.identifier,
        "by": by,
        "zone": zone.key,
        "prices": money.prices_object(
            call.answers.prices, call.now.astimezone(zone).date(), () if found is None else found.old
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
    return head | {
        "offer": found.contracts[-1].offer if found.contracts else None,
        "names": dict(found.names),
        "start": [
            write_stamp(start) if by == "hour" else start.astimezone(zone).date().isoformat() for start in starts
        ],
        **_columns(found),
        "whole": _whole(found.whole),
    }


def ask(call: Call, meter: Meter, by: str, most: int) -> Answer | None:
    """Return the energy that is asked for, in at most so many periods; None if nothing is known of that time.

    Periods before the first energy that is known, and those to come, are left out.
    """
    if by == "range":
        raise Refused(400, "by=range n'a pas de lignes : choisissez un autre découpage (by).")
    calendar, by, begin = _calendar(call, meter, by)
    for name in ("from", "to"):
        hour_of(call, name)  # refuses what is no whole hour
    first = call.answers.first(meter)
    try:
        low, high = choose_range(by, call.parameters.get("from"), call.parameters.get("to"), calendar, call.now, first)
    except ConfigError:
        raise Refused(400, "from doit être avant to.") from None
    if first is None:
        return None
    low = max(low, calendar.floor(by, first), begin or low)
    high = min(high, _ceil(calendar, by, call.now))
    if low >= high:
        return None
    if (high - low) / timedelta(days=_LENGTH[by]) > most:
        raise Refused(400, f"La période est trop longue : {most} lignes au plus ; choisissez un autre découpage (by).")
    return call.answers.costs.energy(meter, by, low, high, call.now, calendar)


def _calendar(call: Call, meter: Meter, by: str) -> tuple[Calendar, str, datetime | None]:
    """Return how time is cut, and where the first contract year begins."""
    zone = call.config.time_zone
    if by != "contract-year":
        return Calendar(zone), by, None
    start = call.answers.costs.contract_start(meter, call.now)
    if start is None:
        raise Refused(
            400, "Le début du contrat est inconnu : ajoutez une ligne à contracts dans la configuration du moniteur."
        )
    return Calendar(zone, (start.month, start.day)), "year", midnight(start, zone)


def _ceil(calendar: Calendar, by: str, now: datetime) -> datetime:
    start = calendar.floor(by, now)
    return calendar.boundaries(by, start, start + timedelta(days=367))[1]


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
        "subscription": [money.amount(period.cost.subscription) for period in periods] if priced else None,
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
    return money.amount(cost)


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


def _list(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_WH: Mapping[str, Any] = {"type": "integer", "description": "Wh"}
_SHARE: Mapping[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
_INSTANT: Mapping[str, Any] = {"type": "string", "format": "date-time"}
_COUNTED = {"type": ["integer", "null"], "description": "Wh"}
_ACROSS = "part of imported_wh, of a day or a month that began before: nobody knows what of it is of this period"
_COLUMNS: Mapping[str, Any] = {
    "type": "object",
    "required": ["meter", "by", "zone", "offer", "prices", "names", "start", "hours", "coverage", "wh", "whole"],
    "properties": {
        "meter": {"type": "string"},
        "by": {"type": "string"},
        "zone": {"type": "string", "description": "the zone of the days"},
        "offer": {"type": ["string", "null"], "description": "at the end of the range"},
        "prices": money.PRICES,
        "names": {
            "type": "object",
            "description": "names that the meter gave its registers, its abbreviations written out",
            "additionalProperties": {"type": "string"},
        },
        "start": _list({"type": "string", "description": "an instant if by hour, else a local day"}),
        "hours": _list({"type": "number", "description": "hours of the period that are over, from the first frame on"}),
        "wh": {"type": "object", "description": "drawn, by register", "additionalProperties": _list(_WH)},
        "injected_wh": _list(_COUNTED),
        "recovered_wh": _list({"type": "integer", "description": "part of wh, counted while no frame came"}),
        "imported_wh": _list({"type": "integer", "description": "part of wh, from another source"}),
        "across_wh": _list({"type": "integer", "description": _ACROSS}),
        "coverage": _list(_SHARE),
        "cost": {
            "type": ["object", "null"],
            "description": "by register, 1e-4 EUR; null: no price is known; of one value: it has no price",
            "additionalProperties": _list({"type": ["integer", "null"]}),
        },
        "subscription": {"type": ["array", "null"], "items": money.AMOUNT},
        "partial_cost": _list({"type": "boolean", "description": "something of the period has no price"}),
        "whole": {
            "type": ["object", "null"],
            "description": "the range as one; null: nothing is known of it",
            "required": ["from", "to", "hours", "wh", "total_wh", "coverage", "cost"],
            "properties": {
                "from": _INSTANT,
                "to": _INSTANT,
                "hours": {"type": "number"},
                "wh": {"type": "object", "additionalProperties": _WH},
                "total_wh": _WH,
                "injected_wh": _COUNTED,
                "recovered_wh": _WH,
                "imported_wh": _WH,
                "across_wh": {"type": "integer", "description": _ACROSS},
                "coverage": _SHARE,
                "cost": money.COST,
            },
        },
    },
}
SCHEMA: Mapping[str, Any] = {"oneOf": [_COLUMNS, energy_range.SCHEMA]}
ROUTE = Route(
    "energy", "Énergie par registre et coût, par heure, jour, semaine, mois ou année.", PARAMETERS, answer, SCHEMA
)
