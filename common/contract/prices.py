"""The message of prices: what a kWh of each meter costs now and next. The contract between monitor and reader.

    {METER: {"price": 0.2016, "currency": "EUR", "next_prices": [{"start": TIME, "end": TIME, "value": 0.2016}, ...]}}

`price` is the value of the first of `next_prices`. Times carry the offset of the local time.
A row has `"assumed": true` if the owner has not said whose prices apply: a meter does not know its supplier.
A meter may have `"tempo_tomorrow": {"colour": "red", "until": TIME}`: what was announced, until that day begins.
"""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from common.contract.frame import read_json
from common.contract.offers import COLOURS
from common.errors import MessageError

CURRENCY = "EUR"
LONGEST_PRICES = 256_000  # bytes; two hundred meters with six prices each have half of that
_MOST = 200  # prices of a meter: a day of quarters of an hour is half of that


class PriceSpan(NamedTuple):
    """What a kWh costs from `start` to `end`, with all taxes."""

    start: datetime
    end: datetime
    value: float
    assumed: bool = False  # the owner has not said that this is their offer

    def to_message(self) -> dict[str, Any]:
        """Return it as it is published, also in the state of a meter."""
        row = {"start": _write(self.start), "end": _write(self.end), "value": self.value}
        return row | {"assumed": True} if self.assumed else row


class Announced(NamedTuple):
    """The colour that was announced for tomorrow's Tempo day, which begins at `until`."""

    colour: str
    until: datetime


class MeterPrices(NamedTuple):
    """What the message says of a meter."""

    spans: Sequence[PriceSpan] = ()
    tomorrow: Announced | None = None  # None: the meter says it itself, or nobody does


def write_prices(meters: Mapping[str, MeterPrices]) -> bytes:
    """Write the message; a meter without prices is not in it."""
    message = {
        meter: {
            "price": said.spans[0].value,
            "currency": CURRENCY,
            "next_prices": [span.to_message() for span in said.spans],
            **_tomorrow_message(said.tomorrow),
        }
        for meter, said in sorted(meters.items())
        if said.spans
    }
    return json.dumps(message, separators=(",", ":")).encode()


def read_prices(payload: bytes, meters: Sequence[str]) -> dict[str, MeterPrices]:
    """Read the prices of these meters, as far as the message has them.

    Raises:
        MessageError: it is too large, or not a message of prices.
    """
    if len(payload) > LONGEST_PRICES:
        raise MessageError(f"too large: {len(payload)} bytes, prices have at most {LONGEST_PRICES}")
    message = read_json(payload)
    if not isinstance(message, dict):
        raise MessageError("not prices: a JSON object is expected")
    return {
        meter: MeterPrices(_spans(message[meter]), _tomorrow(message[meter].get("tempo_tomorrow")))
        for meter in meters
        if meter in message
    }


def _spans(entry: Any) -> list[PriceSpan]:
    rows = entry.get("next_prices") if isinstance(entry, dict) else None
    if not isinstance(rows, list) or len(rows) > _MOST:
        raise MessageError("not prices: a meter has no list `next_prices`, or too long a one")
    if entry.get("currency") != CURRENCY:
        raise MessageError(f"prices in another currency than {CURRENCY}")
    spans = [_span(row) for row in rows]
    if any(one.end > other.start for one, other in itertools.pairwise(spans)):
        raise MessageError("not prices: they overlap, or are not in order")
    return spans


def _span(row: Any) -> PriceSpan:
    try:
        start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
        value = row["value"]
        ordered = start < end  # raises where only one has an offset
    except (TypeError, KeyError, ValueError) as error:
        raise MessageError(f"not prices: {error!r}") from error
    if not ordered or start.tzinfo is None:
        raise MessageError("not prices: an end that is not after its start, or a time without an offset")
    if type(value) not in (int, float) or not math.isfinite(value):
        raise MessageError("not prices: `value` is not a number")
    return PriceSpan(start, end, value, row.get("assumed") is True)


def _tomorrow(said: Any) -> Announced | None:
    if said is None:
        return None
    try:
        colour, until = said["colour"], datetime.fromisoformat(said["until"])
        known = colour in COLOURS
    except (TypeError, KeyError, ValueError) as error:
        raise MessageError(f"not prices: `tempo_tomorrow`: {error!r}") from error
    if not known or until.tzinfo is None:
        raise MessageError("not prices: `tempo_tomorrow` has no such colour, or a time without an offset")
    return Announced(colour, until)


def _tomorrow_message(said: Announced | None) -> dict[str, Any]:
    return {} if said is None else {"tempo_tomorrow": {"colour": said.colour, "until": _write(said.until)}}


def _write(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
