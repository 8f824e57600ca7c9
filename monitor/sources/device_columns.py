"""What devices used, in the answers of `energy` and `interval`."""

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.base.schemas import (
    AMOUNT,
    COUNT,
    WH,
    Schema,
    by_name,
    maybe,
    record,
    several,
)
from monitor.money.amounts import amount
from monitor.sources.device_energy import Device
from monitor.sources.devices import DevicesAnswer


def columns(found: DevicesAnswer | None) -> dict[str, Any]:
    """Return the columns of devices and the whole of them: nothing for a home that has none."""
    if found is None:
        return {}
    wrong = found.above
    return {
        "devices": {device.name: list(device.wh) for device in found.devices},
        "devices_cost": {device.name: [amount(one) for one in device.cost] for device in found.devices},
        "devices_whole": {
            "devices": {
                device.name: {"wh": device.total_wh, "cost": amount(device.total_cost)} for device in found.devices
            },
            "house_wh": found.house_wh,
            "rest_wh": found.rest_wh,
            "rest_cost": amount(found.rest_cost),
            "above": None
            if wrong is None
            else {"periods": wrong.periods, "devices_wh": wrong.devices_wh, "house_wh": wrong.house_wh},
        },
    }


def of_stretch(found: Sequence[Device]) -> dict[str, Any]:
    """Return what devices used in a stretch of time: nothing for a home that has none."""
    if not found:
        return {}
    return {
        "devices": {device.name: device.total_wh for device in found},
        "devices_cost": {device.name: amount(device.total_cost) for device in found},
    }


_WH = maybe(WH, "Wh; null: not known yet")
_COST = maybe(
    AMOUNT,
    "1e-4 EUR at the mean price of each hour: of the registers that counted in it, by what the home drew on each; also"
    " for what the home made itself; null: not known, or something has no price",
)
#: Only of a home with sources of the kind `device`.
COLUMNS: Mapping[str, Schema] = {
    "devices": by_name(several(_WH), "what each device used"),
    "devices_cost": by_name(several(_COST)),
    "devices_whole": record(
        {
            "devices": by_name(record({"wh": _WH, "cost": _COST})),
            "house_wh": maybe(WH, "all that the home used, what it made itself included; null: that is not known"),
            "rest_wh": maybe(WH, "what no device counted of it"),
            "rest_cost": maybe(AMOUNT, "1e-4 EUR; null: the home makes energy of its own, or something has no price"),
            "above": maybe(
                record({"periods": COUNT, "devices_wh": WH, "house_wh": WH}),
                "the periods, or of hours the whole, in which devices counted more than the home used: a counter, its"
                " unit or its meter is wrong; null: none",
            ),
        }
    ),
}
#: The same of a stretch of time.
OF_STRETCH: Mapping[str, Schema] = {
    "devices": by_name(_WH, "what each device used; only of a home with sources of the kind device"),
    "devices_cost": by_name(_COST),
}
