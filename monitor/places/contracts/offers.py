"""`offers`: all offers that have prices, for whoever says which one is his."""

from collections.abc import Sequence
from typing import Annotated

from monitor.base.answer import answer_type
from monitor.web.route import ApiRequest, Route


@answer_type
class Offer:
    """An offer that a contract may have."""

    id: str
    supplier: Annotated[str, "empty: one of the user's own offers"]
    name: str
    structure: Annotated[str | None, "that of the meters whose registers are its periods; null: meters do not name it"]


@answer_type
class Offers:
    """The answer of `offers`."""

    offers: Annotated[Sequence[Offer], "by supplier"]


def answer(request: ApiRequest) -> Offers:
    """Return all offers."""
    found = [Offer(one.id, one.supplier, one.name or one.id, one.meter) for one in request.home.prices.offers]
    return Offers(sorted(found, key=lambda one: (one.supplier.casefold(), one.name.casefold())))


ROUTE = Route("offers", "All offers that have prices.", (), answer)
