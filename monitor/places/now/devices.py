"""`devices`: what single devices do now."""

from typing import Any

from common.contract.frame import write_stamp
from monitor.base.schemas import FLAG, INSTANT, NUMBER, TEXT, described, maybe, record, several
from monitor.sources.devices import ON, DeviceAnswers, DeviceNow
from monitor.web.call import Call, Route
from monitor.web.parameters import METER


def answer(call: Call) -> dict[str, Any]:
    """Return what the devices do now."""
    found = DeviceAnswers(call.home).now(call.meter(), call.now)
    return {"devices": [_now(device) for device in found]}


def _now(device: DeviceNow) -> dict[str, Any]:
    return {
        "name": device.name,
        "power": device.power,
        "on": device.power is not None and device.power >= ON,
        "at": None if device.at is None else write_stamp(device.at),
    }


ROUTE = Route(
    "devices",
    "What the devices do now, the one that uses most first.",
    (METER,),
    answer,
    record(
        {
            "devices": several(
                record(
                    {
                        "name": described("as in storer.yaml", TEXT),
                        "power": maybe(
                            NUMBER,
                            "W, mean of its newest minute, or of ten where its counter tells no power; null: not known",
                        ),
                        "on": described(f"it uses {ON} W or more", FLAG),
                        "at": maybe(INSTANT, "of that minute; null: it sent nothing for ten minutes"),
                    }
                )
            )
        }
    ),
)
