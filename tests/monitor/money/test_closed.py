"""Offers that take no new contracts."""

import pytest

from monitor.money.price_status import is_closed
from tests.support.prices import bundled_prices


@pytest.mark.parametrize(
    ("offer", "power", "closed"),
    [("base", 6, False), ("trv-base", 9, True), ("ejp", 9, True), ("tempo", 9, False), ("edf-zen-fixe", 9, False)],
)
def test_ejp_and_base_above_6_kva_take_no_new_contracts(offer: str, power: int, closed: bool) -> None:
    assert is_closed(bundled_prices(), offer, power) is closed
