"""Whether the prices of an offer can be relied on: out of date, assumed, or of an offer that is closed. Pure.

The one rule that check, report, comparison, API and page follow.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from monitor.money.prices import Kind, PricedOffer, PriceRow, PriceTable

_CHANGES = ((2, 1), (8, 1))  # month and day on which regulated prices change
_PATIENCE = timedelta(days=3)  # until the new ones are known everywhere
_MARKED_AFTER = timedelta(days=100)  # of market prices, from the day on which their source was last looked at
_STALE_AFTER = timedelta(days=190)
SEVEN_MONTHS = timedelta(days=214)  # the user's own, from the first day of the row
#: kVA up to which the regulated offers that meters name take new contracts: EJP since 1998, Base since February 2025.
_UP_TO = {"ejp": 0, "base": 6}


@dataclass(frozen=True, slots=True)
class OldPrice:
    """The newest prices that are known of an offer, and are out of date."""

    offer: str
    title: str
    start: date  # of its row
    origin: str  # the file
    regulated: bool = False  # its prices change on 1 February and 1 August
    market: bool = False  # `start` is the day on which its source was last looked at


def old_price(table: PriceTable, offer: str, day: date, today: date) -> OldPrice | None:
    """Return the prices of an offer that a bill of `day` would be computed with, if they are out of date; else None.

    Regulated prices are where a change has passed without a new row; those of the market 100 days after somebody looked
    at their source; the user's own after seven months, but not a row with an end, which a contract promises.

    Args:
        table: all prices.
        offer: the id of an offer, or as the meter names it.
        day: the last day that is computed, at most `today`.
        today: the present day.
    """
    # An older row of an earlier file hides the newest one.
    row = table.kwh_row(offer, day) or _newest(table, offer, day)
    known = table.offer(offer)
    if row is None or known is None:
        return None
    origin = next(file.origin for file in table.files if row in file.rows)
    if known.kind is Kind.REGULATED:
        changed = _last_change(day)
        old = row.start < changed and today >= changed + _PATIENCE
        return OldPrice(known.id, known.title, row.start, origin, regulated=True) if old else None
    if known.checked is not None:
        old = today - known.checked > _MARKED_AFTER
        return OldPrice(known.id, known.title, known.checked, origin, market=True) if old else None
    old = row.end is None and day - row.start > SEVEN_MONTHS
    return OldPrice(known.id, known.title, row.start, origin) if old else None


def is_stale(offer: PricedOffer, today: date) -> bool:
    """Tell whether nobody has looked at the prices of a market offer for so long that it cannot be ranked."""
    return offer.kind is not Kind.REGULATED and offer.checked is not None and today - offer.checked > _STALE_AFTER


def seen_before_taxes(table: PriceTable, offer: PricedOffer, today: date) -> bool:
    """Tell whether the prices of a market offer were last looked at before the last change of a tax."""
    changed = table.taxes_changed(today)
    regulated = offer.kind is Kind.REGULATED
    return not regulated and offer.checked is not None and changed is not None and offer.checked < changed


def _newest(table: PriceTable, offer: str, day: date) -> PriceRow | None:
    rows = (row for row in table.all_rows(offer) if row.start <= day)
    return max(rows, key=lambda row: row.start, default=None)


def _last_change(day: date) -> date:
    changes = [date(year, month, number) for year in (day.year - 1, day.year) for month, number in _CHANGES]
    return max(change for change in changes if change <= day)


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


def is_closed(prices: PriceTable, offer: str, power: int) -> bool:
    """Tell whether an offer takes no new contracts at a power, kVA."""
    return any(prices.id_of(name) == prices.id_of(offer) and power > most for name, most in _UP_TO.items())
