from datetime import date
from decimal import Decimal

from monitor.prices.model import PriceFile, PriceRow, PriceTable


def row(start: str, price: str, offer: str = "base", **more: object) -> PriceRow:
    kwh = {0: {"BASE": Decimal(price)}}
    return PriceRow(offer=offer, start=date.fromisoformat(start), kwh=kwh, **{"subscription": {}, **more})  # type: ignore[arg-type]


def test_a_row_holds_from_its_first_day_until_the_next_row() -> None:
    table = PriceTable([PriceFile("a", (row("2025-08-01", "0.2"), row("2025-02-01", "0.1")))])
    days = (date(2025, 1, 31), date(2025, 2, 1), date(2025, 7, 31), date(2025, 8, 1), date(2030, 1, 1))
    assert [table.kwh("base", "BASE", 6, day) for day in days] == [
        None,
        Decimal("0.1"),
        Decimal("0.1"),
        Decimal("0.2"),
        Decimal("0.2"),
    ]


def test_a_row_with_an_end_leaves_a_hole_and_does_not_go_on() -> None:
    table = PriceTable([PriceFile("a", (row("2025-02-01", "0.1", end=date(2025, 3, 1)),))])
    assert table.kwh("base", "BASE", 6, date(2025, 2, 28)) == Decimal("0.1")
    assert table.kwh("base", "BASE", 6, date(2025, 3, 1)) is None


def test_the_first_file_holds_and_the_next_one_gives_what_it_lacks() -> None:
    mine = PriceFile("mine", (row("2025-02-01", "0.15"),))
    bundled = PriceFile(
        "bundled",
        (
            row("2024-02-01", "0.25", subscription={6: Decimal(150)}),
            row("2025-08-01", "0.2", subscription={6: Decimal(180)}),
        ),
    )
    table = PriceTable([mine, bundled])
    day = date(2025, 9, 1)
    assert table.kwh("base", "BASE", 6, day) == Decimal("0.15")
    assert table.subscription("base", 6, day) == Decimal(180)
    assert table.kwh("base", "BASE", 6, date(2024, 12, 1)) == Decimal("0.25")


def test_a_row_with_base_alone_prices_every_register() -> None:
    assert row("2025-02-01", "0.1").kwh_price("HCHC", 6) == Decimal("0.1")


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
