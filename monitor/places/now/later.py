"""`later`: what a kWh costs now, and when it will cost less. It answers from memory, so also without the database."""

from typing import Annotated, Any

from common.contract.offers import COLOURS
from monitor.base.answer import More
from monitor.base.schemas import INSTANT, NUMBER, TEXT, described, maybe, record, several, words
from monitor.web.call import LiveCall, LiveRoute
from monitor.web.parameters import METER

_PRICE = described("1e-4 EUR a kWh, all taxes included", NUMBER)


_SCHEMA = record(
    {
        "meter": TEXT,
        "price": maybe(NUMBER, "now, 1e-4 EUR a kWh, all taxes included; null: not known"),
        "surplus": maybe(
            record({"power": described("exported now, W", NUMBER), "price": _PRICE}),
            "while a roof exports 100 W or more: a kWh that is used within an hour from now, at the price of feed_in as"
            " far as the surplus goes; null: less is exported",
        ),
        "change": maybe(
            record({"at": INSTANT, "price": _PRICE}), "the next price that differs by 0.01 EUR; null: none is known"
        ),
        "cheaper": described(
            "the next price cheaper than that of now, with its surplus, and the cheapest; empty: none is known",
            several(
                record(
                    {
                        "at": INSTANT,
                        "price": _PRICE,
                        "colour": maybe(words(*COLOURS), "of the next Tempo day; null: before it, or without Tempo"),
                    }
                )
            ),
        ),
    }
)


def _answer(call: LiveCall) -> Annotated[Any, More(**_SCHEMA)]:
    return call.live.later(call.live.choose(call.parameters.get("meter")))


ROUTE = LiveRoute(
    "later",
    "What a kWh costs now, and when it will cost less.",
    (METER,),
    _answer,
)
