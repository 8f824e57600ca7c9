"""`live`, `later` and `devices`: what the home does now. The first two answer while the database is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from monitor.base.answer import More
from monitor.live.answer import Described
from monitor.live.later import Later
from monitor.live.stream_clients import StreamClient
from monitor.sources.devices import ON, DeviceAnswers
from monitor.web.call import Call, LiveCall, LiveRoute, Route
from monitor.web.parameters import METER


def live(call: LiveCall) -> Described:
    """Return the newest values."""
    return call.live.answer(call.live.choose(call.parameters.get("meter")))


LIVE = LiveRoute(
    "live",
    "The newest values, today so far, the last ten minutes, and the links from the meter to the database.",
    (METER,),
    live,
)


def stream(call: LiveCall) -> Annotated[StreamClient, More(type="string")]:
    """Open the stream of newest values in the event loop; whoever gets it closes it."""
    return call.live.stream(call.live.choose(call.parameters.get("meter")))


STREAM = LiveRoute(
    "live/stream",
    "The newest values as they come (server-sent events): `state`, at most one a second; `link`, and `alerts` (those of"
    " `active`), when they change.",
    (METER,),
    stream,
)


def later(call: LiveCall) -> Later:
    """Return when energy will cost less; it is answered from memory."""
    return call.live.later(call.live.choose(call.parameters.get("meter")))


LATER = LiveRoute("later", "What a kWh costs now, and when it will cost less.", (METER,), later)


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


DEVICES = Route("devices", "What the devices do now, the one that uses most first.", (METER,), devices)
