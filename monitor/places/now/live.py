"""`live`: what the house does now. It answers from memory, so also while the database is away."""

from collections.abc import Mapping
from typing import Annotated, Any

from monitor.base.answer import More
from monitor.base.schemas import (
    COUNT,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    WH,
    Schema,
    described,
    maybe,
    record,
    several,
    words,
)
from monitor.live.chain import LINKS, STATES
from monitor.live.stream_clients import StreamClient
from monitor.web.call import LiveCall, LiveRoute
from monitor.web.parameters import METER

_MAYBE_INSTANT = maybe(INSTANT)
_MAYBE_NUMBER = maybe(NUMBER)
_REGISTER = maybe(TEXT, "as in `wh` of `energy`, such as HCHP, BBRHPJW, EASF03")
_PRICE = maybe(NUMBER, "1e-4 EUR a kWh, all taxes included")
_COLOUR = maybe(words("blue", "white", "red"))


def _closed(properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object that has these keys and no others."""
    return {**record(properties), "additionalProperties": False}


#: What the event `state` of `live/stream` carries; `live` has it, too.
STATE: Mapping[str, Schema] = {
    "at": maybe(INSTANT, "of the newest frame; while none comes, now by the clock of the frames"),
    "silent_since": maybe(INSTANT, "while no frame comes: when the last one came, if that is known"),
    "fresh": described("frames come: power is that of now, else the last one", FLAG),
    "power": maybe(NUMBER, "apparent power that is drawn, VA"),
    "injected": maybe(NUMBER, "apparent power that is injected, VA"),
    "phases": maybe(
        several(_closed({"power": _MAYBE_NUMBER, "limit": _MAYBE_NUMBER})), "three phases, VA; null: a single one"
    ),
    "volts": maybe(several(NUMBER), "of each phase"),
    "register": _REGISTER,
    "overload": described("more is drawn than is subscribed", FLAG),
}
#: What the event `link` of `live/stream` carries.
LINK = _closed(dict.fromkeys(LINKS, words(*STATES)))
_TODAY = _closed(
    {
        "at": described("when the database was asked", INSTANT),
        "wh": maybe(WH),
        "injected_wh": maybe(WH),
        "production_wh": maybe(WH, "Wh that sources of production made; null: there is none, or it is new today"),
        "cost": maybe(NUMBER, "1e-4 EUR with the subscription; null: a price is missing"),
        "same_hour_last_week_wh": maybe(WH),
        "same_hour_last_week_cost": maybe(NUMBER, "as cost"),
    }
)
_RING = _closed(
    {
        "t0": described("of the first value, epoch ms", NUMBER),
        "step": described("ms", NUMBER),
        "power": several(_MAYBE_NUMBER, "VA, ten minutes; null: no frame"),
    }
)
_SCHEMA = _closed(
    {
        "meter": TEXT,
        **STATE,
        "unit": TEXT,
        "subscribed": maybe(NUMBER, "VA"),
        "name": maybe(TEXT, "of the tariff period, where the register has no own name"),
        "price": _PRICE,
        "since": maybe(INSTANT, "when the register began to run"),
        "until": maybe(INSTANT, "when another one will run, as the meter switched in the past week"),
        "next": several(_closed({"at": _MAYBE_INSTANT, "register": _REGISTER, "price": _PRICE})),
        "colour": _COLOUR,
        "tomorrow": _COLOUR,
        "mean": maybe(
            _closed({"watts": NUMBER, "seconds": COUNT}),
            "active power, from the steps of the index in the last ten minutes; null: not known yet",
        ),
        "peak": maybe(_closed({"power": _MAYBE_NUMBER, "at": _MAYBE_INSTANT})),
        "production": maybe(
            _closed({"power": NUMBER, "at": INSTANT}),
            "W that sources of production made in the minute that ended then; null: there is none, or it is silent",
        ),
        "today": maybe(_TODAY),
        "links": LINK,
        "ring": maybe(_RING),
    }
)


def _answer(call: LiveCall) -> Annotated[Any, More(**_SCHEMA)]:
    return call.live.answer(call.live.choose(call.parameters.get("meter")))


def _stream(call: LiveCall) -> Annotated[StreamClient, More(**TEXT)]:
    return call.live.stream(call.live.choose(call.parameters.get("meter")))


#: Its answer is a stream, which is opened in the event loop; whoever gets it closes it.
STREAM = LiveRoute(
    "live/stream",
    "The newest values as they come (server-sent events): `state`, at most one a second; `link`, and `alerts` (those of"
    " `active`), when they change.",
    (METER,),
    _stream,
)
ROUTE = LiveRoute(
    "live",
    "The newest values, today so far, the last ten minutes, and the links from the meter to the database.",
    (METER,),
    _answer,
)
