"""A cost in answers: known, known in part, or unknown."""

from datetime import date
from decimal import Decimal

import pytest

from monitor.money.amounts import CostAnswer
from monitor.money.bill import Cost, Missing

DAY = date(2026, 11, 3)


@pytest.mark.parametrize("what", ["contract", "HCHP"])
def test_an_hour_without_a_contract_or_a_price_leaves_the_cost_of_the_others(what: str) -> None:
    found = CostAnswer.of(Cost(energy=Decimal(120), subscription=Decimal(15), missing=[Missing(DAY, None, what)]))
    assert found is not None
    (missing,) = found.missing
    assert (found.total, missing.day, missing.offer, missing.what) == (Decimal(135), DAY, None, what)


@pytest.mark.parametrize("what", ["contract", "HCHP"])
def test_a_cost_of_which_all_is_missing_is_unknown_and_not_zero(what: str) -> None:
    assert CostAnswer.of(Cost(missing=[Missing(DAY, None, what)])) is None


def test_a_time_without_energy_costs_nothing() -> None:
    found = CostAnswer.of(Cost())
    assert found is not None
    assert found.total == 0
