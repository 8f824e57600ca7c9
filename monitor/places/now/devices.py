"""`devices`: what single devices do now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from monitor.sources.devices import ON, DeviceAnswers
from monitor.web.call import Call, Route
from monitor.web.parameters import METER


@dataclass(frozen=True, slots=True)
class RunningDevice:
    """What a device does now."""

    name: Annotated[str, "as in storer.yaml"]
    power: Annotated[
        int | None,
        "W, mean of its newest minute, or of ten where its counter tells no power; null: not known",
    ]
    on: Annotated[bool, f"it uses {ON} W or more"]
    at: Annotated[datetime | None, "of that minute; null: it sent nothing for ten minutes"]


@dataclass(frozen=True, slots=True)
class RunningDevices:
    """The answer of `devices`."""

    devices: Sequence[RunningDevice]


def devices(call: Call) -> RunningDevices:
    """Return what the devices do now."""
    return RunningDevices(
        [
            RunningDevice(one.name, one.power, one.power is not None and one.power >= ON, one.at)
            for one in DeviceAnswers(call.home).now(call.meter(), call.now)
        ]
    )


ROUTE = Route("devices", "What the devices do now, the one that uses most first.", (METER,), devices)
