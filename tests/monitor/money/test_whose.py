"""Whose prices are used, and whether the owner said so."""

from datetime import date
from decimal import Decimal

import pytest

from monitor.money.price_status import PricedAs, priced_as
from monitor.money.prices import PriceRow, PriceTable
from tests.support.prices import price_file

ROW = PriceRow("base", date(2026, 2, 1), {0: {"BASE": Decimal("0.20")}}, {})
MINE = PriceRow("base", date(2026, 8, 1), {0: {"BASE": Decimal("0.18")}}, {})
TABLE = PriceTable([price_file("prices.yaml", [MINE], own=True), price_file("bundled", [ROW])])


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
