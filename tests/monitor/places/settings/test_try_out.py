"""Which structure an offer has, as meters name it."""

from datetime import date
from decimal import Decimal

import pytest

from monitor.money.prices import PricedOffer, PriceRow
from monitor.places.settings.try_out import structure_of
from tests.support.prices import HCHP, price_table

DAY = date(2026, 11, 1)


def row(offer: str, *periods: str) -> PriceRow:
    return PriceRow(offer, DAY, {0: dict.fromkeys(periods, Decimal("0.2"))}, {6: Decimal(150)})


@pytest.mark.parametrize(
    ("offer", "periods", "structure"),
    [
        ("tempo", ("BBRHCJB",), "tempo"),  # a regulated one, which meters name
        ("mine", ("BASE",), "base"),
        ("mine", ("HCHC", "HCHP"), "hchp"),
        ("mine", ("week", "weekend"), None),  # its own: no meter can contradict it
        ("mine", (), None),
    ],
)
def test_an_offer_has_the_structure_whose_registers_it_prices(
    offer: str, periods: tuple[str, ...], structure: str | None
) -> None:
    assert structure_of(price_table(row(offer, *periods)), offer, 6, DAY) == structure


def test_an_offer_that_follows_the_meters_off_peak_hours_has_them() -> None:
    prices = price_table(row("green", "night", "day"), offers=(PricedOffer("green", rule=HCHP),))
    assert structure_of(prices, "green", 6, DAY) == "hchp"
