"""Whose prices the energy of a meter is billed with, and whether its owner said so. Pure."""

from dataclasses import dataclass
from datetime import date

from monitor.money.prices import PriceTable


@dataclass(frozen=True, slots=True)
class PricedAs:
    """The offer whose prices are used."""

    name: str  # for people
    assumed: bool  # nobody said so: a meter tells the structure of its tariff, but not its supplier


def priced_as(prices: PriceTable, offer: str | None, day: date, *, stated: bool) -> PricedAs | None:
    """Return whose prices an offer has on a day, or None if it has none.

    Args:
        prices: all prices.
        offer: its id, or as the meter names its structure.
        day: the local day.
        stated: a line of the configuration names the offer.
    """
    known = None if offer is None else prices.offer(offer)
    if offer is None or known is None or prices.kwh_row(offer, day) is None:
        return None
    return PricedAs(known.title, not stated and not prices.is_own(offer, day))


def is_assumed(found: PricedAs | None) -> bool:
    """Tell whether prices are used that nobody said are the owner's."""
    return found is not None and found.assumed
