"""When prices are out of date.

Whose prices are used, and whether the owner said so.

Offers that take no new contracts.
"""

from datetime import date
from decimal import Decimal

import pytest

from monitor.money.price_status import OldPrice, PricedAs, is_closed, old_price, priced_as
from monitor.money.prices import PriceRow, PriceTable
from tests.support.prices import bundled_prices, price_file, price_table

ROW = PriceRow("base", date(2026, 2, 1), {0: {"BASE": Decimal("0.20")}}, {})
MINE = PriceRow("base", date(2026, 8, 1), {0: {"BASE": Decimal("0.18")}}, {})
TABLE = PriceTable([price_file("prices.yaml", [MINE], own=True), price_file("bundled", [ROW])])


def row(offer: str, start: str, end: str | None = None) -> PriceRow:
    first, last = date.fromisoformat(start), None if end is None else date.fromisoformat(end)
    return PriceRow(offer, first, {0: {"BASE": Decimal("0.2")}}, {}, end=last)


def table(*rows: PriceRow) -> PriceTable:
    return price_table(*rows)


BASE, ZEN = row("base", "2026-08-01"), row("zen", "2026-08-01")
OF_FEBRUARY = row("base", "2026-02-01")


@pytest.mark.parametrize(
    ("prices", "day", "today", "old"),
    [
        # Regulated prices, once a change has passed without a new row; the new ones are known a few days later.
        (table(BASE), "2026-08-01", None, None),
        (table(BASE), "2027-01-31", None, None),
        (table(BASE), "2027-02-01", None, None),
        (table(BASE), "2027-02-03", None, None),
        (table(BASE), "2027-02-04", None, "2026-08-01"),
        (table(BASE), "2027-09-20", None, "2026-08-01"),
        (table(OF_FEBRUARY), "2026-07-31", None, None),
        (table(OF_FEBRUARY), "2026-08-03", None, None),
        (table(OF_FEBRUARY), "2026-08-04", None, "2026-02-01"),
        (table(BASE, row("base", "2027-02-01")), "2027-02-20", None, None),
        # What was computed with the prices of its time stays right, however late it is looked at.
        (table(BASE), "2027-01-31", "2030-01-01", None),
        (table(BASE), "2027-02-02", "2030-01-01", "2026-08-01"),
        (table(OF_FEBRUARY), "2026-07-31", "2030-01-01", None),
        (table(OF_FEBRUARY), "2026-08-01", "2030-01-01", "2026-02-01"),
        # Of another supplier, after seven months; not what a contract promises.
        (table(ZEN), "2027-03-02", None, None),  # 213 days
        (table(ZEN), "2027-03-03", None, None),
        (table(ZEN), "2027-03-04", None, "2026-08-01"),
        (table(row("zen", "2026-08-01", "2028-08-01")), "2028-07-31", None, None),
        # After the end of all rows: the newest of those that began.
        (
            table(
                row("base", "2024-02-01", "2024-08-01"),
                row("base", "2025-02-01", "2025-08-01"),
                row("base", "2027-02-01"),
            ),
            "2026-03-01",
            None,
            "2025-02-01",
        ),
    ],
)
def test_prices_are_old(prices: PriceTable, day: str, today: str | None, old: str | None) -> None:
    (offer,) = (one.id for one in prices.offers)
    found = old_price(prices, offer, date.fromisoformat(day), date.fromisoformat(today or day))
    assert found == (
        None if old is None else OldPrice(offer, offer, date.fromisoformat(old), "mine", regulated=offer == "base")
    )


def test_an_older_row_of_an_earlier_file_hides_the_newest() -> None:
    files = [price_file("mine", [row("base", "2025-08-01")]), price_file("bundled", [row("base", "2026-08-01")])]
    assert old_price(PriceTable(files), "base", date(2026, 11, 28), date(2026, 11, 28)) == OldPrice(
        "base", "base", date(2025, 8, 1), "mine", regulated=True
    )


def test_an_offer_without_prices_has_no_old_ones() -> None:
    assert old_price(table(BASE), "tempo", date(2027, 3, 1), date(2027, 3, 1)) is None


@pytest.mark.parametrize(
    ("day", "stated", "assumed"),
    [
        (date(2026, 7, 31), False, True),  # a meter tells BASE, and no more
        (date(2026, 7, 31), True, False),
        (date(2026, 8, 1), False, False),  # the owner's own prices hold from this day on
    ],
)
def test_the_bundled_prices_are_assumed_until_the_owner_names_an_offer_or_writes_prices(
    day: date, stated: bool, assumed: bool
) -> None:
    assert priced_as(TABLE, "base", day, stated=stated) == PricedAs("base", assumed)


@pytest.mark.parametrize("offer", [None, "hchp", "tempo"])
def test_without_a_price_nothing_is_assumed(offer: str | None) -> None:
    assert priced_as(TABLE, offer, date(2026, 7, 31), stated=False) is None


@pytest.mark.parametrize(
    ("offer", "power", "closed"),
    [("base", 6, False), ("trv-base", 9, True), ("ejp", 9, True), ("tempo", 9, False), ("edf-zen-fixe", 9, False)],
)
def test_ejp_and_base_above_6_kva_take_no_new_contracts(offer: str, power: int, closed: bool) -> None:
    assert is_closed(bundled_prices(), offer, power) is closed
