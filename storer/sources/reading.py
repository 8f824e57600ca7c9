"""Reads a number from a message, or returns why there is none. Pure."""

import json
import math
import re
from enum import StrEnum
from typing import Any

from common.contract.sources import Quantity, Value

MAX_MESSAGE = 16_384  # bytes
#: Beyond these a value is an error of the device: a house has neither a megawatt nor a gigawatt-hour.
_LIMITS = {
    Quantity.POWER: (-1e6, 1e6),  # W
    Quantity.ENERGY: (0.0, 999_999_999.0),  # Wh
    Quantity.TEMPERATURE: (-60.0, 100.0),  # °C
}
#: What Home Assistant and others send when they have no value.
_UNAVAILABLE = ("", "unavailable", "unknown", "none", "null")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


class Refusal(StrEnum):
    """Why a message is not counted; the texts are those of `teleinfo-storer sources`."""

    TOO_LONG = "message too long"
    UNAVAILABLE = "no value"
    NOT_JSON = "not JSON"
    NO_SUCH_PATH = "nothing at its path"
    NOT_A_NUMBER = "not a number"
    NEGATIVE = "negative energy"
    OUT_OF_RANGE = "out of range"
    JUMP = "jump"
    RETAINED = "retained, so old"
    CLOCK = "clock not set"
    BEHIND = "clock behind what is stored"


def read_value(payload: bytes, value: Value) -> float | Refusal:
    """Return the number in W, Wh or °C.

    >>> from common.contract.sources import Quantity, Value
    >>> read_value(b'{"aenergy": {"total": 1.5}}', Value(Quantity.ENERGY, "t", ("aenergy", "total"), 1000.0))
    1500.0
    """
    if len(payload) > MAX_MESSAGE:
        return Refusal.TOO_LONG
    text = payload.decode("utf-8", "replace").strip()
    try:
        # As floats: a text of a million digits makes no number of a million digits.
        found: Any = json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        if value.path and text.lower() not in _UNAVAILABLE:
            return Refusal.NOT_JSON
        found = text
    else:
        for part in value.path:
            found = _inside(found, part)
            if isinstance(found, Refusal):
                return found
    number = _number(found)
    return number if isinstance(number, Refusal) else _within_limits(number * value.factor, value.quantity)


def _inside(found: Any, part: str) -> Any:
    if isinstance(found, dict) and part in found:
        return found[part]
    if isinstance(found, list) and part.isascii() and part.isdecimal() and int(part[:6]) < len(found):
        return found[int(part[:6])]
    return Refusal.NO_SUCH_PATH


def _number(found: Any) -> float | Refusal:
    if type(found) is float:
        return found
    if found is None:
        return Refusal.UNAVAILABLE
    if isinstance(found, str):
        if found.lower() in _UNAVAILABLE:
            return Refusal.UNAVAILABLE
        if _NUMBER.fullmatch(found):
            return float(found)
    return Refusal.NOT_A_NUMBER


def _within_limits(number: float, quantity: Quantity) -> float | Refusal:
    if not math.isfinite(number):
        return Refusal.NOT_A_NUMBER if math.isnan(number) else Refusal.OUT_OF_RANGE
    if quantity is Quantity.ENERGY and number < 0:
        return Refusal.NEGATIVE
    low, high = _LIMITS[quantity]
    return number if low <= number <= high else Refusal.OUT_OF_RANGE
