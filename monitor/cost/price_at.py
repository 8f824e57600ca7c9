"""What a kWh costs at an instant: the one place that says it for a contract. Pure."""

from datetime import datetime
from decimal import Decimal

from monitor.cost.clock_rules import OfferClock, Why
from monitor.cost.contracts import Contract
from monitor.prices.model import PriceTable


def price_at(
    prices: PriceTable, clock: OfferClock, contract: Contract, moment: datetime, register: str | None
) -> Decimal | None:
    """Return the price of a kWh with all taxes, or None where it cannot be known.

    Args:
        prices: all offers.
        clock: their rules of the clock.
        contract: what the meter has at that moment.
        moment: an instant.
        register: that runs on the meter then: it is billed; None, or one that the offer has no price for: the rules of
            the clock decide.
    """
    if contract.offer is None:
        return None
    day = clock.local(moment).date()
    if register is not None:
        price = prices.kwh(contract.offer, register, contract.power, day)
        if price is not None:
            return price
    billed = clock.register(contract.offer, moment, None)
    return None if isinstance(billed, Why) else prices.kwh(contract.offer, billed, contract.power, day)
