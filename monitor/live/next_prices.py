"""What a kWh costs now and in the next 24 hours, as far as it is known. Pure.

The list ends before the first moment of which nobody knows the register, the colour or the price. A meter that does
not do what its past lets expect, or whose past is too short, only has the price of the present hour.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common.contract.prices import PriceSpan
from monitor.base.calendar import full_hour, midnight, offsets
from monitor.live.schedule import Change
from monitor.money.contracts import Contract, contract_at
from monitor.money.price_status import is_assumed, priced_as
from monitor.money.prices import Kind, PriceTable
from monitor.money.rules import DAY as DAY_MINUTES
from monitor.money.rules import Facts
from monitor.money.unit_price import price_at

#: How far the clocks of the meter and of this machine may be apart.
NEAR = timedelta(minutes=3)
_AHEAD = timedelta(hours=24)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def stretch(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return from when to when prices are computed: from yesterday on, as the present price may hold since then."""
    end = full_hour(now + _AHEAD)
    return midnight(now.astimezone(zone).date() - _DAY, zone), end if end == now + _AHEAD else end + _HOUR


def next_prices(
    prices: PriceTable,
    facts: Facts,
    contracts: Sequence[Contract],
    changes: Sequence[Change] | None,
    running: str | None,
    now: datetime,
    zone: ZoneInfo,
) -> list[PriceSpan]:
    """Return the prices from that of now on, in the local time; neighbours differ.

    Args:
        prices: all offers.
        facts: holidays and calendars, with the Tempo colours that are known.
        contracts: of the time from `stretch`, in order.
        changes: of the register, that are expected in that time; None: the rules of offers are all that is known.
        running: the register that runs; None: that is not known now.
        now: the present time.
        zone: the local time.
    """
    start, end = stretch(now, zone)

    def price(moment: datetime, register: str | None) -> Decimal | None:
        contract = contract_at(contracts, moment)
        return None if contract is None else price_at(prices, facts, zone, contract, moment, register)

    def expected(moment: datetime) -> Decimal | None:
        passed = [change.register for change in changes or () if change.at <= moment]
        if passed:
            return price(moment, passed[-1])
        return price(moment, None if changes is None or moment < now else running)

    def span(low: datetime, high: datetime, value: Decimal) -> PriceSpan:
        contract, local = contract_at(contracts, low), low.astimezone(zone)
        found = None if contract is None else priced_as(prices, contract.offer, local.date(), stated=contract.stated)
        return PriceSpan(local, high.astimezone(zone), float(value), is_assumed(found))

    present = None if running is None else price(now, running)
    if present is not None and present not in {expected(now - NEAR), expected(now), expected(now + NEAR)}:
        hour = full_hour(now)
        return [span(hour, hour + _HOUR, present)]
    spans: list[tuple[datetime, datetime, Decimal]] = []
    for low, high in itertools.pairwise(_limits(prices, contracts, changes or (), start, end, zone)):
        value = expected(now if low <= now < high else low)
        if value is None:
            if high > now:
                break
            spans.clear()
        elif spans and spans[-1][2] == value:
            spans[-1] = spans[-1][0], high, value
        else:
            spans.append((low, high, value))
    return [span(low, high, value) for low, high, value in spans if high > now]


def _limits(
    prices: PriceTable,
    contracts: Sequence[Contract],
    changes: Sequence[Change],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
) -> list[datetime]:
    """Return the instants between which nothing changes, from `start` to `end`."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    offers = [offer for one in contracts if one.offer is not None and (offer := prices.offer(one.offer)) is not None]
    minutes = {0}.union(*(offer.rule.moments for offer in offers if offer.rule is not None))
    minutes = minutes.union(*(one.off_peak.moments for one in contracts if one.off_peak is not None))
    if any(offer.kind is Kind.SPOT for offer in offers):
        minutes |= set(range(0, DAY_MINUTES, 15))
    clocks = [time(*divmod(minute, 60)) for minute in minutes]
    times = [datetime.combine(day, clock, zone) for day in days for clock in clocks]
    found = {moment.replace(fold=fold).astimezone(UTC) for moment in times for fold in (0, 1)}
    found |= {moment for moment, _ in offsets(zone, start, end)}  # a time that is skipped is over then
    found |= {change.at for change in changes} | {contract.start for contract in contracts}
    return [start, *sorted(moment for moment in found if start < moment < end), end]
