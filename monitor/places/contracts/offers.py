"""`offers`: the offers that a contract may have, but for the owner's own."""

from collections.abc import Sequence
from typing import Annotated

from monitor.base.answer import answer_type
from monitor.web.route import ApiRequest, Route


@answer_type
class KnownOffer:
    """An offer that has prices."""

    id: Annotated[str, "as a contract names it"]
    supplier: str
    name: str


@answer_type
class KnownOffers:
    """The answer of `offers`."""

    offers: Sequence[KnownOffer]


def answer(request: ApiRequest) -> KnownOffers:
    """Return the offers in the order of their files, the regulated ones first."""
    prices = request.home.prices
    own = {prices.id_of(offer.id) for file in prices.files if file.own for offer in file.offers}
    return KnownOffers(
        [
            KnownOffer(offer.id, offer.supplier, offer.name or offer.id)
            for offer in prices.offers
            if offer.id not in own and offer.refused is None and prices.all_rows(offer.id)
        ]
    )


ROUTE = Route("offers", "The offers that a contract may have, but for the owner's own.", (), answer)
