"""The message of prices: what a kWh of each meter costs now and next. The contract between monitor and reader.

    {METER: {"price": 0.2016, "currency": "EUR", "next_prices": [{"start": TIME, "end": TIME, "value": 0.2016}, ...]}}

`price` is the value of the first of `next_prices`. Times carry the offset of the local time.
A row has `"assumed": true` if the owner has not said whose prices apply: a meter does not know its supplier.
"""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from common.contract.frame import read_json
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


def write_prices(prices: Mapping[str, Sequence[PriceSpan]]) -> bytes:
    """Write the message; a meter without prices is not in it."""
    message = {
        meter: {
            "price": spans[0].value,
            "currency": CURRENCY,
            "next_prices": [span.to_message() for span in spans],
        }
        for meter, spans in sorted(prices.items())
        if spans
    }
    return json.dumps(message, separators=(",", ":")).encode()


def read_prices(payload: bytes, meters: Sequence[str]) -> dict[str, list[PriceSpan]]:
    """Read the prices of these meters, as far as the message has them.

    Raises:
        MessageError: it is too large, or not a message of prices.
    """
    if len(payload) > LONGEST_PRICES:
        raise MessageError(f"too large: {len(payload)} bytes, prices have at most {LONGEST_PRICES}")
    message = read_json(payload)
    if not isinstance(message, dict):
        raise MessageError("not prices: a JSON object is expected")
    return {meter: _spans(message[meter]) for meter in meters if meter in message}


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


def _write(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
