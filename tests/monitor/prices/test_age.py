"""When prices are out of date."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from monitor.prices.age import OldPrice, old_price
from monitor.prices.model import PriceFile, PriceRow, PriceTable


def row(offer: str, start: str, end: str | None = None) -> PriceRow:
    first, last = date.fromisoformat(start), None if end is None else date.fromisoformat(end)
    return PriceRow(offer, first, {0: {"BASE": Decimal("0.2")}}, {}, end=last)


def table(*rows: PriceRow) -> PriceTable:
    return PriceTable([PriceFile("mine", rows)])


AUGUST = table(row("base", "2026-08-01"), row("zen", "2026-08-01"))


@pytest.mark.parametrize(
    ("today", "old"),
    [
        ("2026-08-01", False),
        ("2027-01-31", False),
        ("2027-02-01", False),  # the new prices are known a few days later
        ("2027-02-04", False),
        ("2027-02-05", True),
        ("2027-09-20", True),
    ],
)
def test_regulated_prices_are_old_once_a_change_has_passed_without_a_new_row(today: str, old: bool) -> None:
    day = date.fromisoformat(today)
    assert old_price(AUGUST, "base", day, day) == (OldPrice("base", date(2026, 8, 1), "mine") if old else None)


def test_a_new_row_ends_it() -> None:
    prices = table(row("base", "2026-08-01"), row("base", "2027-02-01"))
    assert old_price(prices, "base", date(2027, 2, 20), date(2027, 2, 20)) is None


def test_what_was_computed_with_the_prices_of_its_time_does_not_become_old() -> None:
    assert old_price(AUGUST, "base", date(2027, 1, 31), date(2030, 1, 1)) is None
    # But the three days are over when the first days of February are looked at later.
    assert old_price(AUGUST, "base", date(2027, 2, 2), date(2030, 1, 1)) is not None


def test_prices_of_another_supplier_are_old_after_seven_months() -> None:
    start = date(2026, 8, 1)
    for days, old in ((213, False), (214, False), (215, True)):
        day = start + timedelta(days)
        found = old_price(AUGUST, "zen", day, day)
        assert (found is not None) == old
        assert found is None or not found.regulated


def test_prices_that_a_contract_promises_up_to_a_day_are_not_old() -> None:
    prices = table(row("zen", "2026-08-01", "2028-08-01"))
    assert old_price(prices, "zen", date(2028, 7, 31), date(2028, 7, 31)) is None


def test_an_older_row_of_an_earlier_file_hides_the_newest() -> None:
    files = [PriceFile("mine", (row("base", "2025-08-01"),)), PriceFile("bundled", (row("base", "2026-08-01"),))]
    assert old_price(PriceTable(files), "base", date(2026, 11, 28), date(2026, 11, 28)) == OldPrice(
        "base", date(2025, 8, 1), "mine"
    )


def test_an_offer_without_prices_has_no_old_ones() -> None:
    assert old_price(AUGUST, "tempo", date(2027, 3, 1), date(2027, 3, 1)) is None


@pytest.mark.parametrize(("today", "old"), [("2026-07-31", False), ("2026-08-04", False), ("2026-08-05", True)])
def test_regulated_prices_of_february_are_old_three_days_after_the_first_of_august(today: str, old: bool) -> None:
    day = date.fromisoformat(today)
    assert (old_price(table(row("base", "2026-02-01")), "base", day, day) is not None) == old


def test_prices_become_old_with_the_day_on_which_they_change_and_not_a_day_later() -> None:
    # Looked at long after: the bill of 31 July is right, that of 1 August is not.
    prices, later = table(row("base", "2026-02-01")), date(2030, 1, 1)
    assert old_price(prices, "base", date(2026, 7, 31), later) is None
    assert old_price(prices, "base", date(2026, 8, 1), later) == OldPrice("base", date(2026, 2, 1), "mine")


def test_after_the_end_of_all_rows_the_newest_of_those_that_began_is_the_old_one() -> None:
    prices = table(
        row("base", "2024-02-01", "2024-08-01"), row("base", "2025-02-01", "2025-08-01"), row("base", "2027-02-01")
    )
    day = date(2026, 3, 1)
    assert old_price(prices, "base", day, day) == OldPrice("base", date(2025, 2, 1), "mine")
