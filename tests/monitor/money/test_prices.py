from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from monitor.money.prices import DatedAmount, PriceFile, PriceRow, PriceTable
from tests.support.prices import price_file


def row(start: str, price: str, offer: str = "base", **more: object) -> PriceRow:
    kwh = {0: {"BASE": Decimal(price)}}
    return PriceRow(offer=offer, start=date.fromisoformat(start), kwh=kwh, **{"subscription": {}, **more})  # type: ignore[arg-type]


def test_changes_are_the_days_on_which_a_row_of_any_file_begins_or_ends() -> None:
    table = PriceTable(
        [
            PriceFile("mine", (row("2025-03-01", "0.1", end=date(2025, 5, 1)),)),
            PriceFile(
                "bundled", (row("2025-02-01", "0.1"), row("2025-08-01", "0.2"), row("2025-04-01", "1", offer="x"))
            ),
        ]
    )
    assert table.changes("base", date(2025, 2, 1), date(2025, 8, 1)) == [date(2025, 3, 1), date(2025, 5, 1)]


def hchp(start: str, **prices: str) -> PriceRow:
    kwh = {0: {register: Decimal(price) for register, price in prices.items()}}
    return PriceRow("hchp", date.fromisoformat(start), kwh, {})


BUNDLED = price_file(
    "bundled",
    (
        replace(hchp("2025-02-01", HCHC="0.11", HCHP="0.21"), subscription={6: Decimal(160), 9: Decimal(200)}),
        replace(hchp("2026-02-01", HCHC="0.12", HCHP="0.22"), subscription={6: Decimal(170), 9: Decimal(210)}),
    ),
)


DATED = (row("2025-08-01", "0.2"), row("2025-02-01", "0.1"))
PEAK, CHEAP = hchp("2025-08-01", HCHP="0.07"), hchp("2025-08-01", HCHC="0.05")


@pytest.mark.parametrize(
    ("mine", "register", "prices"),
    [
        # A row holds from its first day until the next one, or to its end; with BASE alone it prices each register.
        (DATED, "BASE", {"2025-01-31": None, "2025-02-01": "0.1", "2025-07-31": "0.1", "2025-08-01": "0.2"}),
        (DATED, "HCHC", {"2025-02-01": "0.1", "2030-01-01": "0.2"}),
        ((row("2025-02-01", "0.1", end=date(2025, 3, 1)),), "BASE", {"2025-02-28": "0.1", "2025-03-01": None}),
        # The user's row goes before newer bundled ones, up to its end.
        ((PEAK,), "HCHP", {"2025-07-31": "0.21", "2025-08-01": "0.07", "2026-02-28": "0.07", "2026-03-01": "0.07"}),
        (
            (replace(PEAK, end=date(2026, 3, 1)),),
            "HCHP",
            {"2025-07-31": "0.21", "2025-08-01": "0.07", "2026-02-28": "0.07", "2026-03-01": "0.22"},
        ),
        # What it does not price has the price of the bundled row of that day.
        ((CHEAP,), "HCHC", {"2025-07-31": "0.11", "2025-12-01": "0.05", "2026-03-01": "0.05"}),
        ((CHEAP,), "HCHP", {"2025-12-01": "0.21", "2026-03-01": "0.22"}),
    ],
)
def test_a_kwh_costs_what_the_row_of_its_day_says(
    mine: tuple[PriceRow, ...], register: str, prices: dict[str, str | None]
) -> None:
    table = PriceTable([price_file("mine", mine), BUNDLED])
    found = {day: table.kwh(mine[0].offer, register, 6, date.fromisoformat(day)) for day in prices}
    assert found == {day: None if price is None else Decimal(price) for day, price in prices.items()}


def test_without_a_power_a_price_that_does_not_depend_on_it_is_known() -> None:
    assert row("2026-01-01", "0.1").kwh_price("BASE", None) == Decimal("0.1")


def test_a_power_that_the_users_row_does_not_price_has_the_subscription_of_the_bundled_row() -> None:
    mine = replace(hchp("2026-02-01", HCHC="0.05", HCHP="0.06"), subscription={6: Decimal(99)})
    table = PriceTable([price_file("mine", [mine]), BUNDLED])
    assert [table.subscription("hchp", power, date(2026, 3, 1)) for power in (6, 9, 12, None)] == [99, 210, None, None]


def test_the_users_taxes_go_before_bundled_ones_and_these_fill_in() -> None:
    bundled = PriceFile(
        "bundled",
        accise=(DatedAmount(date(2025, 1, 1), Decimal(20)),),
        vat=(DatedAmount(date(2025, 1, 1), Decimal("0.2")),),
        vat_subscription=(DatedAmount(date(2025, 1, 1), Decimal("0.055")),),
    )
    day = date(2026, 1, 1)
    own = PriceFile("mine", accise=(DatedAmount(date(2025, 1, 1), Decimal(30)),))
    for first, accise in ((PriceFile("mine"), "0.020"), (own, "0.030")):
        table = PriceTable([first, bundled])
        assert (table.accise(day), table.vat(day)) == (Decimal(accise), Decimal("0.2"))
        assert table.vat_subscription(day) == Decimal("0.055")


def test_a_row_with_base_and_another_register_does_not_price_a_third_one() -> None:
    weekend = PriceRow("zen", date(2026, 1, 1), {0: {"BASE": Decimal("0.2"), "WE": Decimal("0.1")}}, {})
    assert weekend.kwh_price("HCHC", 6) is None
    assert weekend.kwh_price("WE", 6) == Decimal("0.1")


def test_a_row_of_the_future_does_not_make_the_table_newer_than_today() -> None:
    table = PriceTable(
        [
            PriceFile("mine", (row("2025-08-01", "0.1"), row("2027-02-01", "0.3"))),
            PriceFile("bundled", (row("2024-02-01", "0.1"), row("2026-08-01", "0.2"))),
        ]
    )
    assert table.newest_before(date(2026, 11, 28)) == date(2026, 8, 1)
    assert table.newest_before(date(2026, 8, 1)) == date(2026, 8, 1)  # it holds from today on
    assert table.newest_before(date(2026, 7, 31)) == date(2025, 8, 1)
    assert table.newest_before(date(2024, 1, 31)) is None


def test_prices_were_checked_when_the_last_of_their_files_was() -> None:
    files = [PriceFile("a", checked=date(2026, 2, 3)), PriceFile("b"), PriceFile("c", checked=date(2025, 9, 9))]
    assert PriceTable(files).checked == date(2026, 2, 3)
    assert PriceTable([PriceFile("b")]).checked is None
