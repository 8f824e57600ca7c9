"""The answer of `energy?by=range`: any stretch of time as one, with its highest power."""

from datetime import timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.answers import join
from monitor.api import money
from monitor.api.call import Call
from monitor.api.schemas import (
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
from monitor.ranges import check_length
from monitor.refusals import Refusal
from monitor.text.formats import ten_thousandths

_LONGEST = timedelta(days=400)


def answer(call: Call) -> dict[str, Any]:
    """Return energy, cost, mean and highest power between the readings at two instants."""
    meter, start, end = call.meter(), call.range.low, call.range.high
    if start is None or end is None:
        raise Refusal("no_range")
    check_length(start, end, _LONGEST)
    found = call.answers.stretch(meter, start, end, call.now)
    if found is None:
        raise Refusal("no_data")
    energy = join(found.pieces)
    seconds = (min(found.end, call.now) - found.start).total_seconds()
    zone = call.config.time_zone
    return {
        "meter": meter.identifier,
        "by": "range",
        "zone": zone.key,
        "from": write_stamp(found.start),
        "to": write_stamp(found.end),
        "precision": found.precision,
        "wh": energy.total_wh,
        "registers": dict(energy.wh),
        "injected_wh": energy.injected_wh,
        "coverage": round(energy.coverage, 4),
        "mean": round(energy.total_wh * 3600 / seconds) if seconds > 0 else None,
        "max": None if found.peak is None else {"power": found.peak.power, "at": write_stamp(found.peak.at)},
        "unit": "VA",
        "cost": ten_thousandths(found.cost.energy) if found.cost.known else None,
        "subscription": ten_thousandths(found.cost.subscription) if found.cost.known else None,
        "partial_cost": found.cost.partial,
        "prices": money.prices_object(call.answers.prices, call.now.astimezone(zone).date(), found.old),
    }


SCHEMA = record(
    {
        "meter": TEXT,
        "by": words("range"),
        "zone": TEXT,
        "from": INSTANT,
        "to": INSTANT,
        "precision": described(
            "from and to are those asked for, at most now, rounded down to this: where frames are no longer kept,"
            " readings are of minutes, or of hours",
            words("seconds", "minutes", "hours"),
        ),
        "wh": described("drawn: from the readings at both ends", WH),
        "registers": by_name(NUMBER, "wh by register"),
        "injected_wh": maybe(WH),
        "coverage": SHARE,
        "mean": maybe(NUMBER, "W, from wh"),
        "max": maybe(record({"power": NUMBER, "at": INSTANT})),
        "unit": described("of max", TEXT),
        "cost": maybe(AMOUNT, "of the energy, without the subscription, 1e-4 EUR; null: no price is known"),
        "subscription": maybe(AMOUNT, "1e-4 EUR, taxes included; null: no price is known"),
        "partial_cost": described("something of it has no price", FLAG),
        "prices": money.PRICES,
    }
)
