"""`meters`: the meters, with what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from common.contract.offers import BY_ID
from monitor.base.answer import INLINE, one_of
from monitor.money.home import Facts
from monitor.readings.hours import Meter
from monitor.sources.sources import SourcesOfMeter, of_meters
from monitor.web.call import Call, Route

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
    offer: Annotated[str | None, f"{', '.join(BY_ID)} or one of prices.yaml; null: the meter does not tell"]
    producer: Annotated[bool, "it counts what is injected"]
    first: Annotated[date | None, "local day of the first readings; null: none yet"]
    known_since: Annotated[date | None, "local day of the first energy that is known, read or imported; null: none yet"]
    last: Annotated[datetime | None, "when the last stored frame came, or its minute"]
    contract_year: Annotated[
        str | None, "month and day on which the contract's year begins; null: contracts does not say"
    ]
    beside: Annotated[SourcesOfMeter, INLINE]


@dataclass(frozen=True, slots=True)
class Meters:
    """The answer of `meters`."""

    zone: Annotated[str, "the time zone in which days are cut"]
    now: Annotated[datetime, "the server's time"]
    meters: Sequence[MeterFacts]


def meters(call: Call) -> Meters:
    """Return all meters, and the server's time: a tablet's clock may be wrong."""
    all_meters = call.home.meters()
    facts = call.home.facts(all_meters, call.now)
    last = call.home.last_frames(all_meters, facts, call.now)
    firsts = call.home.firsts(all_meters)
    beside = of_meters(call.home, all_meters)
    return Meters(
        zone=call.config.time_zone.key,
        now=call.now.replace(microsecond=0),
        meters=[
            _meter(
                call,
                meter,
                facts.get(meter.number),
                firsts.get(meter.number),
                last.get(meter.number),
                beside[meter.number],
            )
            for meter in all_meters
        ],
    )


def _meter(
    call: Call,
    meter: Meter,
    facts: Facts | None,
    first_energy: datetime | None,
    last: datetime | None,
    beside: SourcesOfMeter,
) -> MeterFacts:
    begin = None if facts is None else facts.contract_start
    return MeterFacts(
        id=meter.identifier,
        name=meter.name,
        replaced=meter.replaced,
        serial=_serial(meter.identifier),
        mode=None if facts is None else "standard" if facts.standard else "historic",
        phases=None if facts is None else facts.phases,
        subscribed=None if facts is None or facts.power is None else facts.power * _VA,
        offer=None if facts is None or facts.offer is None else call.home.prices.structure(facts.offer),
        producer=facts is not None and facts.producer,
        first=_day(call, meter.first),
        known_since=_day(call, first_energy),
        last=last,
        contract_year=None if begin is None else f"{begin:%m-%d}",
        beside=beside,
    )


def _day(call: Call, at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(call.config.time_zone).date()


def _serial(identifier: str) -> str:
    """Return an address that a picture of the page may show."""
    return identifier if len(identifier) <= _SHORT else f"{identifier[:4]}…{identifier[-4:]}"


ROUTE = Route("meters", "The meters, and what is known of them.", (), meters)
