"""Offers that nobody new can have. Pure."""

from monitor.money.prices import PriceTable

#: kVA up to which the regulated offers that meters name take new contracts: EJP since 1998, Base since February 2025.
_UP_TO = {"ejp": 0, "base": 6}


def is_closed(prices: PriceTable, offer: str, power: int) -> bool:
    """Tell whether an offer takes no new contracts at a power, kVA."""
    return any(prices.id_of(name) == prices.id_of(offer) and power > most for name, most in _UP_TO.items())
