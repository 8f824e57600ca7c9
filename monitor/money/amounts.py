"""Money in answers: what something cost, and how recent its prices are."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from monitor.base.answer import answer_type
from monitor.base.formats import ten_thousandths
from monitor.money.bill import Cost, Parts
from monitor.money.price_status import OldPrice, PricedAs
from monitor.money.prices import PriceTable


def amount(euros: Decimal | None) -> int | None:
    """Return an amount of a column, None if it is not known."""
    return None if euros is None else ten_thousandths(euros)


@answer_type
class BillParts:
    """The parts of a bill: without tax, and the taxes."""

    energy: Decimal
    accise: Decimal
    subscription: Decimal
    cta: Annotated[Decimal | None, "null: its rate is not known, so it is in the subscription"]
    vat: Decimal

    @classmethod
    def of(cls, parts: Parts) -> "BillParts":
        """Return the parts of a bill."""
        cta = parts.cta if parts.cta_known else None
        subscription = parts.subscription if parts.cta_known else parts.subscription + parts.cta
        return cls(parts.energy, parts.accise, subscription, cta, parts.vat)


@answer_type
class WithoutPrice:
    """What is not in a cost."""

    day: date
    offer: str | None
    what: str


@answer_type
class CostAnswer:
    """A cost with its parts."""

    energy: Decimal
    subscription: Decimal
    total: Decimal
    by_register: Mapping[str, Decimal]
    parts: Annotated[BillParts | None, "the bill without tax, and its taxes; null: a tax is not known"]
    missing: Annotated[Sequence[WithoutPrice], "what has no price or no contract, so is not in the cost"]

    @classmethod
    def of(cls, cost: Cost) -> "CostAnswer | None":
        """Return a cost, None if nothing of it is known."""
        if not cost.known:
            return None
        return cls(
            energy=cost.energy,
            subscription=cost.subscription,
            total=cost.total,
            by_register=cost.by_register,
            parts=None if cost.parts is None else BillParts.of(cost.parts),
            missing=[WithoutPrice(one.day, one.offer, one.what) for one in cost.missing],
        )


#: Of an answer whose prices are not all of `prices`.
Assumed = Annotated[bool, "its prices are EDF's Tarif Bleu, and the owner has not said that this is their offer"]


@answer_type
class PricedOffer:
    """The offer that prices belong to."""

    name: str
    assumed: Annotated[bool, "no line of `contracts` and no price of one's own says that it is so"]


@answer_type
class OldPrices:
    """Prices of an offer that are out of date."""

    offer: str
    name: str
    since: date
    regulated: bool


@answer_type
class PricesAnswer:
    """How recent the prices are: the newest that holds, when they were compared with their sources, and old ones."""

    version: date | None
    checked: date | None
    error: Annotated[
        str | None,
        "a file of prices or colours that is wrong, its line and what to correct: the prices from"
        " before it are still used",
    ]
    of: Annotated[PricedOffer | None, "the offer, at the end of the range; null: no price is known"]
    old: Annotated[
        Sequence[OldPrices],
        "prices that the answer was computed with, and that are out of date: regulated ones begin before the last"
        " 1 February or 1 August, those of the market were last looked at more than 100 days ago, one's own are"
        " more than seven months old",
    ]


def prices_of(
    prices: PriceTable, today: date, old: Sequence[OldPrice] = (), priced_as: PricedAs | None = None
) -> PricesAnswer:
    """Return how recent prices are; `old` are those of the answer, `priced_as` the offer that they belong to."""
    return PricesAnswer(
        version=prices.newest_before(today),
        checked=prices.checked,
        error=prices.error,
        of=None if priced_as is None else PricedOffer(priced_as.name, priced_as.assumed),
        old=[OldPrices(one.offer, one.title, one.start, one.regulated) for one in old],
    )
