from datetime import date
from decimal import Decimal

from monitor.prices.check import Issue, check_prices
from monitor.prices.model import PriceFile, PriceRow, PriceTable, Tax
from monitor.readings.periods import ContractLine

TODAY = date(2026, 3, 1)
ACCISE = (Tax(date(2026, 2, 1), Decimal("30.85")),)
VAT = (Tax(date(2014, 1, 1), Decimal("0.2")),)


def issues(*rows: PriceRow) -> list[Issue]:
    table = PriceTable([PriceFile("mine", rows, accise=ACCISE, vat=VAT)])
    return [problem.issue for problem in check_prices(table, TODAY)]


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


def test_a_good_table_has_no_problem() -> None:
    assert issues(row("2025-08-01", "0.1952"), row("2026-02-01", without_tax="0.1308", p6="187.80", p9="234.72")) == []


def test_a_table_without_a_row_of_the_last_change_of_prices_is_out_of_date() -> None:
    assert issues(row("2025-07-01")) == [Issue.OLD]
    assert issues(row("2025-08-15")) == [Issue.OLD]
    assert issues(row("2026-02-01")) == []


def test_a_row_that_stands_before_a_newer_one_of_another_file_is_out_of_date() -> None:
    table = PriceTable([PriceFile("mine", (row("2025-07-01"),)), PriceFile("bundled", (row("2026-01-01"),))])
    assert [(one.issue, one.origin) for one in check_prices(table, TODAY)] == [(Issue.OLD, "mine")]


def test_a_row_of_the_future_does_not_make_a_table_recent() -> None:
    assert issues(row("2025-07-01"), row("2026-08-01")) == [Issue.OLD]


def test_days_without_a_price_between_rows_are_a_hole() -> None:
    assert issues(row("2025-02-01", end="2025-08-01"), row("2026-02-01")) == [Issue.HOLE]


def test_two_rows_for_the_same_days_are_doubled() -> None:
    assert issues(row("2026-02-01"), row("2026-02-01", "0.2")) == [Issue.DOUBLED]
    assert issues(row("2025-08-01", end="2026-02-02"), row("2026-02-01")) == [Issue.DOUBLED]


def test_the_price_without_tax_and_the_taxes_must_make_the_price() -> None:
    assert issues(row("2026-02-01", "0.1980", without_tax="0.1308")) == [Issue.TAXES]


def test_a_contract_whose_offer_or_power_has_no_price_today_is_missing() -> None:
    table = PriceTable([PriceFile("mine", (row("2026-02-01", p6="187.80"),))])

    def missing(offer: str, power: int, start: str = "2025-01-01") -> list[str]:
        line = ContractLine("031961123456", date.fromisoformat(start), offer, power)
        return [one.detail for one in check_prices(table, TODAY, [line]) if one.issue is Issue.MISSING]

    assert missing("base", 6) == []
    assert missing("base", 9) == ["9 kVA"]
    assert missing("zen", 6, start="2027-01-01") == []


def test_an_offer_without_any_price_is_told_once_with_those_that_have_some() -> None:
    table = PriceTable([PriceFile("mine", (row("2026-02-01", p6="187.80"),))])
    line = ContractLine("031961123456", date(2025, 1, 1), "zen", 6)
    (found,) = check_prices(table, TODAY, [line])
    assert (found.issue, found.offer, found.detail) == (Issue.UNKNOWN, "zen", "base")


def test_a_subscription_grows_with_the_power() -> None:
    assert issues(row("2026-02-01", p6="187.80", p9="170.00")) == [Issue.SUBSCRIPTION]


def test_two_rows_that_meet_are_not_doubled() -> None:
    assert issues(row("2025-08-01", end="2026-02-01"), row("2026-02-01")) == []


def test_a_price_that_is_rounded_is_no_problem_and_what_was_expected_is_told() -> None:
    # (0.1308 + 0.03085) x 1.2 = 0.19398: 0.1941 is 0.00012 more, 0.1942 is 0.00022 more.
    for price in ("0.1941", "0.19414", "0.19382"):
        assert issues(row("2026-02-01", price, without_tax="0.1308")) == []
    assert issues(row("2026-02-01", "0.19381", without_tax="0.1308")) == [Issue.TAXES]
    table = PriceTable(
        [PriceFile("mine", (row("2026-02-01", "0.1942", without_tax="0.1308"),), accise=ACCISE, vat=VAT)]
    )
    (found,) = check_prices(table, TODAY)
    assert (found.issue, found.detail) == (Issue.TAXES, "BASE: 0.1942, 0.1940")


def test_a_subscription_that_two_powers_share_is_told() -> None:
    assert issues(row("2026-02-01", p6="187.80", p9="187.80")) == [Issue.SUBSCRIPTION]


def test_a_contract_that_begins_today_is_the_present_one() -> None:
    table = PriceTable([PriceFile("mine", (row("2026-02-01", p6="187.80"),))])
    lines = [ContractLine("031961123456", day, "base", power) for day, power in ((date(2025, 1, 1), 6), (TODAY, 9))]
    assert [one.detail for one in check_prices(table, TODAY, lines)] == ["9 kVA"]
