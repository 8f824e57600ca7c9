from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from common.contract.offers import Window
from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from monitor.prices.document import read_document
from monitor.prices.model import PriceFile, PriceTable


def document(tmp_path: Path, text: str) -> PriceFile:
    file = tmp_path / "prices.yaml"
    file.write_text(text, encoding="utf-8")
    return read_document(read_yaml(file), "prices.yaml")


def test_monthly_and_yearly_subscriptions_become_amounts_a_year(tmp_path: Path) -> None:
    prices = document(
        tmp_path,
        "offers:\n"
        "  - id: base\n"
        "    rows:\n"
        "      - {from: 2026-02-01, subscription: {6: 15.65}, subscription_year: {9: 238.56}, kwh: {BASE: 0.1940}}\n",
    )
    assert prices.rows[0].subscription == {6: Decimal("187.80"), 9: Decimal("238.56")}


def test_a_price_may_depend_on_the_power(tmp_path: Path) -> None:
    text = "offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: 0.1940}, kwh_from: {9: {BASE: 0.1927}}}]}]"
    row = document(tmp_path, text).rows[0]
    found = [row.kwh_price("BASE", power) for power in (1, 8, 9, 36, None)]
    assert found == [Decimal("0.194"), Decimal("0.194"), Decimal("0.1927"), Decimal("0.1927"), None]


@pytest.mark.parametrize("price", ["0", "0.1", "9.99"])
def test_prices_are_exactly_what_is_written(tmp_path: Path, price: str) -> None:
    prices = document(tmp_path, f"offers: [{{id: base, rows: [{{from: 2026-02-01, kwh: {{BASE: {price}}}}}]}}]")
    assert prices.rows[0].kwh_price("BASE", 6) == Decimal(price)


@pytest.mark.parametrize("power", [1, 36])
def test_prices_are_known_of_powers_of_1_to_36_kva(tmp_path: Path, power: int) -> None:
    text = f"offers: [{{id: base, rows: [{{from: 2026-02-01, subscription: {{{power}: 10}}, kwh: {{BASE: 0.2}}}}]}}]"
    assert document(tmp_path, text).rows[0].subscription == {power: Decimal(120)}


def test_off_peak_windows_are_dated_and_may_differ_in_summer(tmp_path: Path) -> None:
    table = PriceTable(
        [
            document(
                tmp_path,
                "off_peak:\n"
                '  - {from: 2020-01-01, windows: ["22:30-06:30"]}\n'
                '  - {from: 2026-12-01, winter: ["23:00-07:00"], summer: ["02:00-07:00", "12:00-15:00"]}\n',
            )
        ]
    )
    before, winter, summer = (table.off_peak(day) for day in (date(2026, 7, 1), date(2027, 1, 1), date(2027, 7, 1)))
    assert before is not None
    assert winter is not None
    assert summer is not None
    assert before[0].holds(time(3))
    assert not before[0].holds(time(12))
    assert winter[0].holds(time(23, 30))
    assert not winter[0].holds(time(22, 45))
    assert any(window.holds(time(12)) for window in summer)
    assert table.off_peak(date(2019, 12, 31)) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: 10}}]}]", "cents"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: 0.2}, kwh: {BASE: 0.3}}]}]", "kwh"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, subscription: {0: 10}, kwh: {BASE: 0.2}}]}]", "1 to 36"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, subscription: {37: 10}, kwh: {BASE: 0.2}}]}]", "1 to 36"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, subscription: {6.0: 10}, kwh: {BASE: 0.2}}]}]", "1 to 36"),
        ('off_peak: [{from: 2026-02-01, summer: ["22:00-06:00"]}]', "winter"),
        ('off_peak: [{from: 2026-02-01, winter: ["22:00-06:00"]}]', "summer"),
        ('offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: "0,194"}}]}]', "dot"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwH: {BASE: 0.194}}]}]", "did you mean 'kwh'"),
        ("offers: [{id: base, rows: [{from: 2026-02-01}]}]", "neither"),
        ("offers: [{id: base, rows: [{from: tomorrow, kwh: {BASE: 0.194}}]}]", "a day"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, to: 2026-02-01, kwh: {BASE: 0.194}}]}]", "later"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: -1}}]}]", "amount"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: true}}]}]", "amount"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, weekend: WE, kwh: {BASE: 0.2}}]}]", "weekend"),
        ("offers: {base: {from: 2026-02-01}}", "list"),
        ("options: {base: []}", "offers"),
        ("offer: []", "did you mean 'offers'"),
        ("off_peak: [{from: 2026-02-01, windows: [22h-6h]}]", "22:30-06:30"),
        ("schema: 2", "schema"),
        ("- 1", "key: value"),
    ],
)
def test_a_wrong_row_is_named_with_what_is_expected(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        document(tmp_path, text)


def test_a_window_may_end_at_midnight(tmp_path: Path) -> None:
    found = document(tmp_path, 'off_peak: [{from: 2026-02-01, windows: ["22:00-24:00"]}]')
    assert found.off_peak[0].winter == found.off_peak[0].summer == (Window(time(22), time(0)),)
