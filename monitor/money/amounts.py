"""Money in answers: integers of a ten-thousandth of a euro, rounded once, halves up."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from monitor.base.formats import ten_thousandths
from monitor.base.schemas import AMOUNT, DAY, FLAG, TEXT, by_name, described, maybe, record, several
from monitor.money.bill import Cost, Parts
from monitor.money.price_status import OldPrice, PricedAs
from monitor.money.prices import PriceTable


def amount(euros: Decimal | None) -> int | None:
    """Return an amount; None: it is not known."""
    return None if euros is None else ten_thousandths(euros)


def cost_object(cost: Cost) -> dict[str, Any] | None:
    """Return a cost with its parts, None if nothing of it is known."""
    if not cost.known:
        return None
    return {
        "energy": ten_thousandths(cost.energy),
        "subscription": ten_thousandths(cost.subscription),
        "total": ten_thousandths(cost.total),
        "by_register": {name: ten_thousandths(value) for name, value in cost.by_register.items()},
        "parts": None if cost.parts is None else _parts_object(cost.parts),
        "missing": [{"day": one.day.isoformat(), "offer": one.offer, "what": one.what} for one in cost.missing],
    }


def _parts_object(parts: Parts) -> dict[str, int | None]:
    """Return the parts of a bill: without tax, and the taxes."""
    return {
        "energy": ten_thousandths(parts.energy),
        "accise": ten_thousandths(parts.accise),
        "subscription": ten_thousandths(parts.subscription if parts.cta_known else parts.subscription + parts.cta),
        "cta": ten_thousandths(parts.cta) if parts.cta_known else None,
        "vat": ten_thousandths(parts.vat),
    }


def prices_object(
    prices: PriceTable, today: date, old: Sequence[OldPrice] = (), whose: PricedAs | None = None
) -> dict[str, Any]:
    """Return how recent the prices are: the newest that holds, when they were compared with their sources, and `old`.

    `old` are those of the answer that are out of date; `whose` is the offer that they belong to.
    """
    version, checked = prices.newest_before(today), prices.checked
    return {
        "version": None if version is None else version.isoformat(),
        "checked": None if checked is None else checked.isoformat(),
        "error": prices.error,
        "of": None if whose is None else {"name": whose.name, "assumed": whose.assumed},
        "old": [
            {"offer": one.offer, "name": one.title, "since": one.start.isoformat(), "regulated": one.regulated}
            for one in old
        ],
    }


PRICES = record(
    {
        "version": maybe(DAY),
        "checked": maybe(DAY),
        "error": maybe(
            TEXT,
            "a file of prices or colours that is wrong, its line and what to correct: the prices from"
            " before it are still used",
        ),
        "of": maybe(
            record(
                {
                    "name": TEXT,
                    "assumed": described("no line of `contracts` and no price of one's own says that it is so", FLAG),
                }
            ),
            "the offer, at the end of the range; null: no price is known",
        ),
        "old": several(
            record({"offer": TEXT, "name": TEXT, "since": DAY, "regulated": FLAG}),
            "prices that the answer was computed with, and that are out of date: regulated ones begin before the last"
            " 1 February or 1 August, those of the market were last looked at more than 100 days ago, one's own are"
            " more than seven months old",
        ),
    }
)
_PARTS = maybe(
    record(
        {
            **dict.fromkeys(("energy", "accise", "subscription"), AMOUNT),
            "cta": maybe(AMOUNT, "null: its rate is not known, so it is in the subscription"),
            "vat": AMOUNT,
        }
    ),
    "the bill without tax, and its taxes; null: a tax is not known",
)
COST = maybe(
    record(
        {
            "energy": AMOUNT,
            "subscription": AMOUNT,
            "total": AMOUNT,
            "by_register": by_name(AMOUNT),
            "parts": _PARTS,
            "missing": several(
                record({"day": DAY, "offer": maybe(TEXT), "what": TEXT}),
                "what has no price or no contract, so is not in the cost",
            ),
        }
    )
)
