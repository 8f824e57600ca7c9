"""`meters`: the meters, with what is known of them."""

from datetime import datetime
from typing import Any

from common.contract.frame import write_stamp
from common.contract.offers import BY_ID
from monitor.base.schemas import DAY, FLAG, INSTANT, NUMBER, TEXT, described, maybe, record, several, words
from monitor.live.answer import moment
from monitor.money.home import Facts
from monitor.readings.hours import Meter
from monitor.sources.devices import DeviceAnswers
from monitor.sources.weather import WeatherAnswers
from monitor.web.call import Call, Route

_VA = 1000
_SHORT = 8  # characters of an address that may be shown whole


def answer(call: Call) -> dict[str, Any]:
    """Return all meters, and the server's time: a tablet's clock may be wrong."""
    meters = call.home.meters()
    facts = call.home.facts(meters, call.now)
    last = call.home.last_frames(meters, facts, call.now)
    known = call.home.firsts(meters)
    devices = DeviceAnswers(call.home)
    thermometers = WeatherAnswers(call.home).series(meters)
    return {
        "zone": call.config.time_zone.key,
        "now": moment(call.now),
        "meters": [
            _meter(call, meter, facts.get(meter.number), known.get(meter.number), last.get(meter.number))
            | ({"devices": names} if (names := [one.name for one in devices.devices(meter)]) else {})
            | ({"weather": True} if meter.number in thermometers else {})
            for meter in meters
        ],
    }


def _meter(
    call: Call, meter: Meter, facts: Facts | None, known: datetime | None, last: datetime | None
) -> dict[str, Any]:
    begin = None if facts is None else facts.contract_start
    return {
        "id": meter.identifier,
        "name": meter.name,
        "replaced": list(meter.replaced),
        "serial": _serial(meter.identifier),
        "mode": None if facts is None else "standard" if facts.standard else "historic",
        "phases": None if facts is None else facts.phases,
        "unit": "VA",
        "subscribed": None if facts is None or facts.power is None else facts.power * _VA,
        "offer": None if facts is None or facts.offer is None else call.home.prices.structure(facts.offer),
        "producer": facts is not None and facts.producer,
        "first": _day(call, meter.first),
        "known_since": _day(call, known),
        "last": None if last is None else write_stamp(last),
        "contract_year": None if begin is None else f"{begin:%m-%d}",
    }


def _day(call: Call, at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(call.config.time_zone).date().isoformat()


def _serial(identifier: str) -> str:
    """Return an address that a picture of the page may show."""
    return identifier if len(identifier) <= _SHORT else f"{identifier[:4]}…{identifier[-4:]}"


_METER = record(
    {
        "id": described("the meter's address, as in topics: the parameter meter of other routes", TEXT),
        "name": maybe(TEXT, "that its owner gave it in the configuration"),
        "replaced": several(
            TEXT, "addresses of the meters that it replaced, the earliest first; other routes know them, too"
        ),
        "serial": described("the address, shortened", TEXT),
        "mode": maybe(words("historic", "standard")),
        "phases": maybe(NUMBER, "1 or 3"),
        "unit": described("of power", TEXT),
        "subscribed": maybe(NUMBER, "subscribed power, VA"),
        "offer": maybe(TEXT, f"{', '.join(BY_ID)} or one of prices.yaml; null: the meter does not tell"),
        "producer": described("it counts what is injected", FLAG),
        "first": maybe(DAY, "local day of the first readings; null: none yet"),
        "known_since": maybe(DAY, "local day of the first energy that is known, read or imported; null: none yet"),
        "last": maybe(INSTANT, "when the last stored frame came, or its minute"),
        "contract_year": maybe(TEXT, "month and day on which the contract's year begins; null: contracts does not say"),
        "devices": several(TEXT, "names of its sources of the kind device; not there: it has none"),
        "weather": described(
            "outside temperatures are known: `weather` can compare with the year before; not there: none are", FLAG
        ),
    },
    optional=("devices", "weather"),
)
ROUTE = Route(
    "meters",
    "The meters, and what is known of them.",
    (),
    answer,
    record(
        {
            "zone": described("the time zone in which days are cut", TEXT),
            "now": described("the server's time", INSTANT),
            "meters": several(_METER),
        }
    ),
)
