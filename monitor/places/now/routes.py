"""`live`, `later`, `devices` and `meters`: what the home does now, and the meters it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from common.contract.offers import BY_ID
from monitor.base.answer import INLINE, More, answer_type, one_of
from monitor.live.answer import Described
from monitor.live.later import Later
from monitor.live.stream_clients import StreamClient
from monitor.money.home import Facts
from monitor.readings.hours import Meter
from monitor.sources.devices import ON, DeviceAnswers
from monitor.sources.sources import SourcesOfMeter, of_meters
from monitor.web.parameters import METER
from monitor.web.route import ApiRequest, LiveRequest, LiveRoute, Route


def live(request: LiveRequest) -> Described:
    """Return the newest values."""
    return request.live.answer(request.live.choose(request.parameters.get("meter")))


LIVE = LiveRoute(
    "live",
    "The newest values, today so far, the last ten minutes, and the links from the meter to the database.",
    (METER,),
    live,
)


def stream(request: LiveRequest) -> Annotated[StreamClient, More(type="string")]:
    """Open the stream of newest values in the event loop; whoever gets it closes it."""
    return request.live.stream(request.live.choose(request.parameters.get("meter")))


STREAM = LiveRoute(
    "live/stream",
    "The newest values as they come (server-sent events): `state`, at most one a second; `link`, and `alerts` (those of"
    " `active`), when they change.",
    (METER,),
    stream,
)


def later(request: LiveRequest) -> Later:
    """Return when energy will cost less; it is answered from memory."""
    return request.live.later(request.live.choose(request.parameters.get("meter")))


LATER = LiveRoute("later", "What a kWh costs now, and when it will cost less.", (METER,), later)


@answer_type
class RunningDevice:
    """What a device does now."""

    name: Annotated[str, "as in the section sources"]
    power: Annotated[
        int | None,
        "W, mean of its newest minute, or of ten where its counter tells no power; null: not known",
    ]
    on: Annotated[bool, f"it uses {ON} W or more"]
    at: Annotated[datetime | None, "of that minute; null: it sent nothing for ten minutes"]


@answer_type
class RunningDevices:
    """The answer of `devices`."""

    devices: Sequence[RunningDevice]
    refused_topics: Annotated[Sequence[str], "of sources: the broker does not let the storer read them"]


def devices(request: ApiRequest) -> RunningDevices:
    """Return what the devices do now."""
    return RunningDevices(
        [
            RunningDevice(one.name, one.power, one.power is not None and one.power >= ON, one.at)
            for one in DeviceAnswers(request.home).now(request.meter(), request.now)
        ],
        request.live.refused_topics(),
    )


DEVICES = Route("devices", "What the devices do now, the one that uses most first.", (METER,), devices)


_VA = 1000
_SHORT = 8  # characters of an address that may be shown whole


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """A meter, and what is known of it."""

    id: Annotated[str, "the meter's address, as in topics: the parameter meter of other routes"]
    name: Annotated[str | None, "that its owner gave it in the configuration"]
    replaced: Annotated[
        Sequence[str], "addresses of the meters that it replaced, the earliest first; other routes know them, too"
    ]
    serial: Annotated[str, "the address, shortened"]
    mode: Annotated[str, one_of("historic", "standard")] | None
    phases: Annotated[int | None, "1 or 3"]
    unit: Annotated[str, "of power"] = "VA"
    subscribed: Annotated[int | None, "subscribed power, VA"]
    offer: Annotated[str | None, f"{', '.join(BY_ID)} or one of the owner's; null: the meter does not tell"]
    structure: Annotated[str | None, f"{', '.join(BY_ID)}: what the meter counts by; null: it does not tell"]
    producer: Annotated[bool, "it counts what is injected"]
    first: Annotated[date | None, "local day of the first readings; null: none yet"]
    known_since: Annotated[date | None, "local day of the first energy that is known, read or imported; null: none yet"]
    known_until: Annotated[date | None, "local day of the last energy that is known, read or imported; null: none yet"]
    last: Annotated[datetime | None, "when the last stored frame came, or its minute"]
    contract_year: Annotated[
        str | None, "month and day on which the contract's year begins; null: contracts does not say"
    ]
    beside: Annotated[SourcesOfMeter, INLINE]


@answer_type
class Meters:
    """The answer of `meters`."""

    zone: Annotated[str, "the time zone in which days are cut"]
    now: Annotated[datetime, "the server's time"]
    meters: Sequence[MeterFacts]


def meters(request: ApiRequest) -> Meters:
    """Return all meters, and the server's time: a tablet's clock may be wrong."""
    all_meters = request.home.meters()
    facts = request.home.facts(all_meters, request.now)
    last = request.home.last_frames(all_meters, facts, request.now)
    firsts, lasts = request.home.firsts(all_meters), request.home.lasts(all_meters)
    beside = of_meters(request.home, all_meters)
    return Meters(
        zone=request.config.time_zone.key,
        now=request.now.replace(microsecond=0),
        meters=[
            _meter(
                request,
                meter,
                facts.get(meter.number),
                (firsts.get(meter.number), lasts.get(meter.number)),
                last.get(meter.number),
                beside[meter.number],
            )
            for meter in all_meters
        ],
    )


def _meter(
    request: ApiRequest,
    meter: Meter,
    facts: Facts | None,
    known: tuple[datetime | None, datetime | None],
    last: datetime | None,
    beside: SourcesOfMeter,
) -> MeterFacts:
    home = request.home
    # Of a home that only has imports, nobody but its owner knows the contract.
    stated = facts or home.line(meter, request.now)
    offer, power = (None, None) if stated is None else (stated.offer, stated.power)
    begin = home.costs.contract_start(meter, request.now)
    return MeterFacts(
        id=meter.identifier,
        name=meter.name,
        replaced=meter.replaced,
        serial=_serial(meter.identifier),
        mode=None if facts is None else "standard" if facts.standard else "historic",
        phases=None if facts is None else facts.phases,
        subscribed=None if power is None else power * _VA,
        offer=None if offer is None else home.prices.structure(offer),
        structure=None if facts is None else facts.structure,
        producer=facts is not None and facts.producer,
        first=_day(request, meter.first),
        known_since=_day(request, known[0]),
        known_until=_day(request, known[1]),
        last=last,
        contract_year=None if begin is None else f"{begin:%m-%d}",
        beside=beside,
    )


def _day(request: ApiRequest, at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(request.config.time_zone).date()


def _serial(identifier: str) -> str:
    """Return an address that a picture of the page may show."""
    return identifier if len(identifier) <= _SHORT else f"{identifier[:4]}…{identifier[-4:]}"


METERS = Route("meters", "The meters, and what is known of them.", (), meters)
