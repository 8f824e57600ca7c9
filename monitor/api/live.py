"""`live`: what the house does now. It answers from memory, so also while the database is away."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.errors import ConfigError
from monitor.api.call import LiveCall, LiveRoute, Parameter, Refused
from monitor.api.parameters import METER
from monitor.live.live import Live, Stream, UnknownMeter
from monitor.live.viewers import TooManyViewers

_LINK = {"type": "string", "enum": ["up", "down", "stalled", "never", "unknown"]}
_TIME = {"type": ["string", "null"], "format": "date-time"}
_NUMBER = {"type": ["integer", "null"]}
_REGISTER = {"type": ["string", "null"], "description": "as in `wh` of `energy`, such as HCHP, BBRHPJW, EASF03"}
_PRICE = {"type": ["integer", "null"], "description": "1e-4 EUR a kWh, all taxes included"}


def _object(properties: dict[str, Any], *, nullable: bool = False) -> dict[str, Any]:
    return {
        "type": ["object", "null"] if nullable else "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


#: What the event `state` of `live/stream` carries; `live` has it, too.
STATE: dict[str, Any] = {
    "at": {**_TIME, "description": "of the newest frame; while none comes, now by the clock of the frames"},
    "silent_since": {**_TIME, "description": "while no frame comes: when the last one came, if that is known"},
    "fresh": {"type": "boolean", "description": "frames come: power is that of now, else the last one"},
    "power": {**_NUMBER, "description": "apparent power that is drawn, VA"},
    "injected": {**_NUMBER, "description": "apparent power that is injected, VA"},
    "phases": {
        "type": ["array", "null"],
        "items": _object({"power": _NUMBER, "limit": _NUMBER}),
        "description": "three phases, VA; null: a single one",
    },
    "volts": {"type": ["array", "null"], "items": {"type": "integer"}, "description": "of each phase"},
    "register": _REGISTER,
    "overload": {"type": "boolean", "description": "more is drawn than is subscribed"},
}
#: What the event `link` of `live/stream` carries.
LINKS = _object(dict.fromkeys(("meter", "reader", "mqtt", "storer", "database"), _LINK))

_SCHEMA = _object(
    {
        "meter": {"type": "string"},
        **STATE,
        "unit": {"type": "string"},
        "subscribed": {**_NUMBER, "description": "VA"},
        "name": {"type": ["string", "null"], "description": "of the tariff period, where the register has no own name"},
        "price": _PRICE,
        "since": {**_TIME, "description": "when the register began to run"},
        "until": {**_TIME, "description": "when another one will run, as the meter switched in the past week"},
        "next": {"type": "array", "items": _object({"at": _TIME, "register": _REGISTER, "price": _PRICE})},
        "colour": {"enum": ["blue", "white", "red", None]},
        "tomorrow": {"enum": ["blue", "white", "red", None]},
        "mean": {
            **_object({"watts": {"type": "integer"}, "seconds": {"type": "integer"}}, nullable=True),
            "description": "active power, from the steps of the index in the last ten minutes; null: not known yet",
        },
        "peak": _object({"power": _NUMBER, "at": _TIME}, nullable=True),
        "today": _object(
            {
                "at": {"type": "string", "format": "date-time", "description": "when the database was asked"},
                "wh": _NUMBER,
                "injected_wh": _NUMBER,
                "cost": {**_NUMBER, "description": "1e-4 EUR with the subscription; null: a price is missing"},
                "same_hour_last_week_wh": _NUMBER,
                "same_hour_last_week_cost": {**_NUMBER, "description": "as cost"},
            },
            nullable=True,
        ),
        "links": LINKS,
        "ring": _object(
            {
                "t0": {"type": "integer", "description": "of the first value, epoch ms"},
                "step": {"type": "integer", "description": "ms"},
                "power": {"type": "array", "items": _NUMBER, "description": "VA, ten minutes; null: no frame"},
            },
            nullable=True,
        ),
    }
)


def choose_meter(live: Live, parameters: Mapping[str, str]) -> str:
    """Return the meter that the parameter `meter` names, or the only one; empty: there is none at all.

    Raises:
        Refused: there is no such meter (404), or one must be named (400).
    """
    try:
        return live.choose(parameters.get("meter"))
    except UnknownMeter as error:
        raise Refused(404, f"Compteur inconnu ; compteurs connus : {error}.") from error
    except ConfigError as error:
        text = f"Il y a plusieurs compteurs : ajoutez le paramètre meter, parmi {error}."
        raise Refused(400, text, meters=live.meters()) from error


class LiveStream:
    """The route `live/stream`: a stream of events instead of an answer."""

    name = "live/stream"
    text = "The newest values as they come (server-sent events): `state`, at most one a second, and `link`."
    parameters: Sequence[Parameter] = (METER,)
    schema: Mapping[str, Any] = {"type": "string"}

    def __init__(self, live: Live) -> None:
        self._live = live

    def open(self, parameters: Mapping[str, str]) -> Stream:
        """Open a stream, in the event loop; whoever gets it closes it.

        Raises:
            Refused: there is no such meter, or too many streams are open.
        """
        meter = choose_meter(self._live, parameters)
        try:
            return self._live.stream(meter)
        except TooManyViewers as error:
            raise Refused(503, "Trop de pages suivent le direct : fermez-en, ou réessayez plus tard.") from error


def _answer(call: LiveCall) -> Any:
    return call.live.answer(choose_meter(call.live, call.parameters))


ROUTE = LiveRoute(
    name="live",
    text="The newest values, today so far, the last ten minutes, and the links from the meter to the database.",
    parameters=[METER],
    answer=_answer,
    schema=_SCHEMA,
)
