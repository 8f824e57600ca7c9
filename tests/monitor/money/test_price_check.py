from datetime import date
from decimal import Decimal

import pytest

from monitor.base.household import ContractLine
from monitor.money.price_check import Issue, PriceProblem, check_prices
from monitor.money.prices import DatedAmount, PriceRow, PriceTable
from tests.support.prices import price_file, price_table

TODAY = date(2026, 3, 1)
ACCISE = (DatedAmount(date(2026, 2, 1), Decimal("30.85")),)
VAT = (DatedAmount(date(2014, 1, 1), Decimal("0.2")),)


def problems(*rows: PriceRow) -> list[PriceProblem]:
    return check_prices(price_table(*rows, accise=ACCISE, vat=VAT), TODAY)


def row(
    start: str, price: str = "0.1940", end: str | None = None, without_tax: str | None = None, **powers: str
) -> PriceRow:
    return PriceRow(
        offer="base",
        start=date.fromisoformat(start),
        end=None if end is None else date.fromisoformat(end),
        kwh={0: {"BASE": Decimal(price)}},
        kwh_ht={} if without_tax is None else {0: {"BASE": Decimal(without_tax)}},
        subscription={int(power[1:]): Decimal(amount) for power, amount in powers.items()},
    )


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row("2025-08-01", "0.1952"), row("2026-02-01", without_tax="0.1308", p6="187.80", p9="234.72")], []),
        # No row of the last change of prices; one of the future does not help.
        ([row("2025-07-01")], [Issue.OLD]),
        ([row("2025-08-15")], [Issue.OLD]),
        ([row("2026-02-01")], []),
        ([row("2025-07-01"), row("2026-08-01")], [Issue.OLD]),
        ([row("2025-02-01", end="2025-08-01"), row("2026-02-01")], [Issue.HOLE]),
        ([row("2026-02-01"), row("2026-02-01", "0.2")], [Issue.DOUBLED]),
        ([row("2025-08-01", end="2026-02-02"), row("2026-02-01")], [Issue.DOUBLED]),
        ([row("2025-08-01", end="2026-02-01"), row("2026-02-01")], []),
        ([row("2026-02-01", p6="187.80", p9="170.00")], [Issue.SUBSCRIPTION]),
        ([row("2026-02-01", p6="187.80", p9="187.80")], [Issue.SUBSCRIPTION]),
        # (0.1308 + 0.03085) x 1.2 = 0.19398; prices are rounded.
        ([row("2026-02-01", "0.1941", without_tax="0.1308")], []),
        ([row("2026-02-01", "0.19414", without_tax="0.1308")], []),
        ([row("2026-02-01", "0.19382", without_tax="0.1308")], []),
        ([row("2026-02-01", "0.19381", without_tax="0.1308")], [Issue.TAXES]),
        ([row("2026-02-01", "0.1980", without_tax="0.1308")], [Issue.TAXES]),
    ],
)
def test_what_is_wrong_with_rows(rows: list[PriceRow], found: list[Issue]) -> None:
    assert [problem.issue for problem in problems(*rows)] == found


def test_the_price_that_taxes_would_make_is_told() -> None:
    (found,) = problems(row("2026-02-01", "0.1942", without_tax="0.1308"))
    assert found.detail == "BASE: 0.1942, 0.1940"


def test_a_row_that_stands_before_a_newer_one_of_another_file_is_out_of_date() -> None:
    table = PriceTable([price_file("mine", [row("2025-07-01")]), price_file("bundled", [row("2026-01-01")])])
    assert [(one.issue, one.origin) for one in check_prices(table, TODAY)] == [(Issue.OLD, "mine")]


def test_a_contract_whose_offer_has_no_price_today_is_missing() -> None:
    table = price_table(row("2026-02-01", p6="187.80"))

    def missing(offer: str, power: int, start: str = "2025-01-01") -> list[str]:
        line = ContractLine("031961123456", date.fromisoformat(start), offer, power)
        return [one.detail for one in check_prices(table, TODAY, [line]) if one.issue is Issue.MISSING]

    assert missing("base", 6) == []
    assert missing("zen", 6, start="2027-01-01") == []


def test_a_power_that_an_offer_does_not_have_is_told_with_the_next_ones_that_it_has() -> None:
    line = ContractLine("031961123456", date(2025, 1, 1), "base", 10)
    (found,) = check_prices(price_table(row("2026-02-01", p6="187.80", p9="234.72", p12="281.52")), TODAY, [line])
    assert (found.issue, found.detail, found.powers) == (Issue.POWER, "10 kVA", (9, 12))
    (none,) = check_prices(price_table(row("2026-02-01")), TODAY, [line])
    assert (none.issue, none.detail) == (Issue.MISSING, "10 kVA")


def test_an_offer_without_any_price_is_told_once_with_those_that_have_some() -> None:
    table = price_table(row("2026-02-01", p6="187.80"))
    line = ContractLine("031961123456", date(2025, 1, 1), "zen", 6)
    (found,) = check_prices(table, TODAY, [line])
    assert (found.issue, found.offer, found.detail) == (Issue.UNKNOWN, "zen", "base")


def test_a_contract_that_begins_today_is_the_present_one() -> None:
    table = price_table(row("2026-02-01", p6="187.80"))
    lines = [ContractLine("031961123456", day, "base", power) for day, power in ((date(2025, 1, 1), 6), (TODAY, 9))]
    assert [one.detail for one in check_prices(table, TODAY, lines)] == ["9 kVA"]
