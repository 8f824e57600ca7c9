from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from monitor.money.price_document import read_document
from monitor.money.prices import PriceFile, PriceTable


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


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: 10}}]}]", "cents"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: 0.2}, kwh: {BASE: 0.3}}]}]", "kwh"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, subscription: {0: 10}, kwh: {BASE: 0.2}}]}]", "1 to 36"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, subscription: {37: 10}, kwh: {BASE: 0.2}}]}]", "1 to 36"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, subscription: {6.0: 10}, kwh: {BASE: 0.2}}]}]", "1 to 36"),
        ('offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: "0,194"}}]}]', "dot"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: 0,194}}]}]", "194: .* dot"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, grade: 1, kwh: {BASE: 0.194}}]}]", "grade"),
        ("offers: [{id: base, refused: because}]", "driven_charge"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwH: {BASE: 0.194}}]}]", "did you mean 'kwh'"),
        ("offers: [{id: base, rows: [{from: 2026-02-01}]}]", "neither"),
        ("offers: [{id: base, rows: [{from: tomorrow, kwh: {BASE: 0.194}}]}]", "a day"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, to: 2026-02-01, kwh: {BASE: 0.194}}]}]", "later"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: -1}}]}]", "amount"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: true}}]}]", "amount"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, weekend: WE, kwh: {BASE: 0.2}}]}]", "weekend"),
        ("offers: {base: {from: 2026-02-01}}", "- id: my-offer"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: 0.2}]}]", r"\{BASE: 0\.1940\}"),
        ("offers: [{id: base, rows: [{from: 2026-02-01, kwh: {BASE: 0.2}, subscription: 15}]}]", r"\{6: 15\.86\}"),
        (
            "offers: [{id: a, rule: {hours: {any: {HC: meter, HP: rest}}}, rows: [{from: 2026-02-01, kwh: {HC: 1}}]}]",
            "no price of HP",
        ),
        ("offer: []", "did you mean 'offers'"),
        ("feed_in: [{from: 2025-04-01, price: 4}]", "cents"),
        ("feed_in: [{from: 2025-04-01, kwh: 0.04}]", "known here: from, price"),
        ("feed_in: [{from: 2025-04-01}]", "amount"),
        ("schema: 2", "schema"),
        ("- 1", "key: value"),
    ],
)
def test_a_wrong_row_is_named_with_what_is_expected(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        document(tmp_path, text)


def test_what_injection_earns_is_dated(tmp_path: Path) -> None:
    text = "feed_in:\n  - {from: 2025-04-01, price: 0.04}\n  - {from: 2024-01-01, price: 0.1269}\n"
    table = PriceTable([document(tmp_path, text), document(tmp_path, "{}")])
    days = (date(2023, 12, 31), date(2024, 1, 1), date(2025, 3, 31), date(2025, 4, 1))
    assert [table.feed_in_price(day) for day in days] == [None, Decimal("0.1269"), Decimal("0.1269"), Decimal("0.04")]


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("    name: 3", 3),
        ("    nmae: x", 3),
        ("    rule: quite", 3),
        ("    rows: {from: 2026-02-01}", 3),
        ("    rows:\n      - from: tomorrow\n        kwh: {BASE: 0.2}", 4),
        ("    rows:\n      - from: 2026-02-01\n        kwh:\n          BASE: 0.2\n          WE: 21", 7),
        ("    rows:\n      - from: 2026-02-01\n        kwh: {BASE: 0.2}\n        subscription:\n          60: 12", 7),
        ("    rows:\n      - {from: 2026-02-01, kwh: {BASE: 0.2}}\n      - {from: 2026-08-01}", 5),
        ("    rule:\n      days:\n        we: {weekdays: [sam]}", 5),
        ("    rule:\n      hours:\n        any:\n          HC: 22h-6h\n          HP: rest", 6),
        ("    rule:\n      hours:\n        any: {HC: meter}", 5),
        ("rules:\n  quiet:\n    hours: {any: {HP: rest}}\n    day_starts: 6", 6),
        ("taxes:\n  vat:\n    - {from: 2026-01-01, kwh: 0.2}", 5),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, wrong: str, line: int) -> None:
    with pytest.raises(ConfigError, match=rf"^prices\.yaml, line {line}: "):
        document(tmp_path, f"offers:\n  - id: mine\n{wrong}\n")
