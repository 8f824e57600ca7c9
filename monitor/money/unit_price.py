"""What a kWh costs at an instant: the one place that says it for a contract. Pure."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.contract.offers import is_off_peak
from monitor.money.contracts import Contract
from monitor.money.dated_files import QUARTER
from monitor.money.prices import PriceTable
from monitor.money.rules import Facts, Rule


def unit_price(
    prices: PriceTable, facts: Facts, zone: ZoneInfo, contract: Contract, moment: datetime, register: str | None
) -> Decimal | None:
    """Return the price of a kWh with all taxes, or None where it cannot be known.

    Args:
        prices: all offers.
        facts: holidays and calendars.
        zone: the local time.
        contract: what the meter has at that moment.
        moment: an instant.
        register: that runs on the meter then: it is billed; None, or one that the offer has no price for: the rule of
            the offer decides.
    """
    if contract.offer is None:
        return None
    local = moment.astimezone(zone)
    day = local.date()
    if register is not None:
        price = prices.kwh(contract.offer, register, contract.power, day)
        if price is not None:
            return price
    offer = prices.offer(contract.offer)
    if offer is None:
        return None
    if offer.rule is None:
        return _of_market(prices, contract.offer, moment, local)
    period = period_at(offer.rule, facts, contract, local, register)
    return None if period is None else prices.kwh(contract.offer, period, contract.power, day)


def period_at(rule: Rule, facts: Facts, contract: Contract, local: datetime, register: str | None) -> str | None:
    """Return the period of a contract's rule at a local time while a register runs; None: that is not known."""
    if rule.choices != (None,):  # what the customer chose is not known
        return None
    day, minute = local.date(), local.hour * 60 + local.minute
    kind = rule.type_of(rule.day_of(day, minute), facts)
    off_peak = is_off_peak(register or "")
    if contract.off_peak is not None:
        off_peak = any(window.holds(local.time()) for window in contract.off_peak.at(day))
    return None if kind is None else rule.period_of(kind, minute, off_peak=off_peak)


def _of_market(prices: PriceTable, offer: str, moment: datetime, local: datetime) -> Decimal | None:
    row = prices.kwh_row(offer, local.date())
    if row is None or row.spot is None or prices.spot is None:
        return None
    price, accise = prices.spot.of(int(moment.timestamp()), QUARTER), prices.accise(local.date())
    return None if price is None or accise is None else row.spot.price(price, accise, local.date())
