"""Which prices are out of date: the one rule that check, report, comparison, API and page follow. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from common.contract.offers import OFFERS
from monitor.prices.model import PriceRow, PriceTable

REGULATED = frozenset(offer.id for offer in OFFERS if offer.regulated)
_CHANGES = ((2, 1), (8, 1))  # month and day on which regulated prices change
_PATIENCE = timedelta(days=3)  # until the new ones are known everywhere
_OLD_AFTER = timedelta(days=214)  # seven months


@dataclass(frozen=True, slots=True)
class OldPrice:
    """The newest prices that are known of an offer, and are out of date."""

    offer: str
    start: date  # of its row
    origin: str  # the file

    @property
    def regulated(self) -> bool:
        """Tell whether its prices change on 1 February and 1 August."""
        return self.offer in REGULATED


def old_price(table: PriceTable, offer: str, day: date, today: date) -> OldPrice | None:
    """Return the prices of an offer that a bill of `day` would be computed with, if they are out of date; else None.

    Regulated prices are where a change has passed without a new row, others after seven months: but not a row with an
    end, which a contract promises.

    Args:
        table: all prices.
        offer: the name of an offer.
        day: the last day that is computed, at most `today`.
        today: the present day.
    """
    # An older row of an earlier file hides the newest one.
    row = next((row for row in table.rows(offer, day) if row.kwh), None) or _newest(table, offer, day)
    if row is None:
        return None
    if offer in REGULATED:
        changed = _last_change(day)
        old = row.start < changed and today > changed + _PATIENCE
    else:
        old = row.end is None and day - row.start > _OLD_AFTER
    origin = next(file.origin for file in table.files if row in file.rows)
    return OldPrice(offer, row.start, origin) if old else None


def _newest(table: PriceTable, offer: str, day: date) -> PriceRow | None:
    rows = [row for file in table.files for row in file.rows if row.offer == offer and row.start <= day]
    return max(rows, key=lambda row: row.start, default=None)


def _last_change(day: date) -> date:
    changes = [date(year, month, number) for year in (day.year - 1, day.year) for month, number in _CHANGES]
    return max(change for change in changes if change <= day)
