"""`interval`: the energy of any interval as one, with its cost and its highest power."""

from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.base.formats import ten_thousandths
from monitor.base.refusals import Refusal
from monitor.base.schemas import (
    AMOUNT,
    FLAG,
    INSTANT,
    NUMBER,
    SHARE,
    TEXT,
    WH,
    by_name,
    described,
    maybe,
    record,
    words,
)
from monitor.money import amounts as money
from monitor.money.costs import join
from monitor.sources import device_columns as devices
from monitor.sources.devices import DeviceAnswers
from monitor.sources.sun import SunAnswers
from monitor.web.call import Call, Route
from monitor.web.parameters import FROM, METER, TO

_LONGEST = timedelta(days=400)


def answer(call: Call) -> dict[str, Any]:
    """Return energy, cost, mean and highest power between the readings at two instants."""
    meter = call.meter()
    start, end = call.given_range(_LONGEST)
    found = call.home.stretches.stretch(meter, start, end, call.now)
    if found is None:
        raise Refusal("no_data")
    energy = join(found.pieces)
    seconds = (min(found.end, call.now) - found.start).total_seconds()
    zone = call.config.time_zone
    roofs = SunAnswers(call.home).roofs(meter)
    made = SunAnswers(call.home).made(roofs, found.start, found.end) if roofs else None
    return {
        "meter": meter.identifier,
        "by": "range",
        "zone": zone.key,
        "from": write_stamp(found.start),
        "to": write_stamp(found.end),
        "wh": energy.total_wh,
        "registers": dict(energy.wh),
        "injected_wh": energy.injected_wh,
        **({} if made is None else _sun(made, energy.injected_wh)),
        "coverage": round(energy.coverage, 4),
        "mean": round(energy.total_wh * 3600 / seconds) if seconds > 0 else None,
        "max": None if found.peak is None else {"power": found.peak.power, "at": write_stamp(found.peak.at)},
        "unit": "VA",
        "cost": ten_thousandths(found.cost.energy) if found.cost.known else None,
        "subscription": ten_thousandths(found.cost.subscription) if found.cost.known else None,
        "partial_cost": found.cost.partial,
        "prices": money.prices_object(call.home.prices, call.now.astimezone(zone).date(), found.old, found.priced_as),
        **devices.of_stretch(DeviceAnswers(call.home).of_stretch(meter, found.start, found.end, call.now)),
    }


def _sun(made: int, injected: int | None) -> dict[str, Any]:
    return {"production_wh": made, "self_consumed_wh": None if injected is None else made - injected}


_SCHEMA = record(
    {
        "meter": TEXT,
        "by": words("range"),
        "zone": TEXT,
        "from": described(
            "from and to are those asked for, at most now: rounded down to a minute or an hour where no more is kept",
            INSTANT,
        ),
        "to": INSTANT,
        "wh": described("drawn: from the readings at both ends", WH),
        "registers": by_name(NUMBER, "wh by register"),
        "injected_wh": maybe(WH),
        "production_wh": described("Wh, to the minute; only of a home with a source of production", WH),
        "self_consumed_wh": maybe(WH, "as in columns"),
        "coverage": SHARE,
        "mean": maybe(NUMBER, "W, from wh"),
        "max": maybe(record({"power": NUMBER, "at": INSTANT})),
        "unit": described("of max", TEXT),
        "cost": maybe(AMOUNT, "of the energy, without the subscription, 1e-4 EUR; null: no price is known"),
        "subscription": maybe(AMOUNT, "1e-4 EUR, taxes included; null: no price is known"),
        "partial_cost": described("something of it has no price", FLAG),
        "prices": money.PRICES,
        **devices.OF_STRETCH,
    },
    optional=("production_wh", "self_consumed_wh", *devices.OF_STRETCH),
)
ROUTE = Route(
    "interval",
    "Energy, cost, mean and highest power from `from` to `to`, to the second.",
    (METER, FROM, TO),
    answer,
    _SCHEMA,
)
