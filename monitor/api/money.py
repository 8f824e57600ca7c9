"""Money in answers: integers of a ten-thousandth of a euro, rounded once, halves up."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from monitor.cost.bill import Cost, Missing, Parts
from monitor.prices.model import PriceTable

#: JSON Schema of an amount.
AMOUNT = {"type": "integer", "description": "1e-4 EUR, taxes included"}


def amount(value: Decimal) -> int:
    """Return an amount in EUR as an integer.

    >>> amount(Decimal("0.00005")), amount(Decimal("1.2"))
    (1, 12000)
    """
    return int((value * 10_000).to_integral_value(ROUND_HALF_UP))


def cost_object(cost: Cost) -> dict[str, Any] | None:
    """Return a cost with its parts, None if nothing of it is known."""
    if not cost.known:
        return None
    return {
        "energy": amount(cost.energy),
        "subscription": amount(cost.subscription),
        "total": amount(cost.total),
        "by_register": {name: amount(value) for name, value in cost.by_register.items()},
        "parts": None if cost.parts is None else parts_object(cost.parts),
        "missing": missing_objects(cost.missing),
    }


def parts_object(parts: Parts) -> dict[str, int]:
    """Return the parts of a bill: without tax, and the taxes."""
    return {
        "energy": amount(parts.energy),
        "accise": amount(parts.accise),
        "subscription": amount(parts.subscription),
        "vat": amount(parts.vat),
    }


def missing_objects(missing: Iterable[Missing]) -> list[dict[str, Any]]:
    """Return why a cost is incomplete."""
    return [{"day": one.day.isoformat(), "offer": one.offer, "what": one.what} for one in missing]


def prices_object(prices: PriceTable, today: date) -> dict[str, str | None]:
    """Return how recent the prices are: the newest that holds, and when they were compared with their sources."""
    version, checked = prices.newest_before(today), prices.checked
    return {
        "version": None if version is None else version.isoformat(),
        "checked": None if checked is None else checked.isoformat(),
    }


_DAY = {"type": ["string", "null"], "format": "date"}
PRICES = {
    "type": "object",
    "required": ["version", "checked"],
    "properties": {"version": _DAY, "checked": _DAY},
}
PARTS = {
    "type": ["object", "null"],
    "description": "the bill without tax, and its taxes; CTA is in the subscription; null: a tax is not known",
    "required": ["energy", "accise", "subscription", "vat"],
    "properties": dict.fromkeys(("energy", "accise", "subscription", "vat"), AMOUNT),
}
COST = {
    "type": ["object", "null"],
    "required": ["energy", "subscription", "total", "by_register", "parts", "missing"],
    "properties": {
        "energy": AMOUNT,
        "subscription": AMOUNT,
        "total": AMOUNT,
        "by_register": {"type": "object", "additionalProperties": AMOUNT},
        "parts": PARTS,
        "missing": {
            "type": "array",
            "description": "what has no price or no contract, so is not in the cost",
            "items": {
                "type": "object",
                "required": ["day", "offer", "what"],
                "properties": {
                    "day": {"type": "string", "format": "date"},
                    "offer": {"type": ["string", "null"]},
                    "what": {"type": "string"},
                },
            },
        },
    },
}
