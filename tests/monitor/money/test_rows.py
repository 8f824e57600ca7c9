"""Every row of the bundled tables: what is there is what was meant, and follows from taxes where these are known."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from monitor.money.price_files import all_prices, load_tables
from monitor.money.prices import PriceRow, PriceTable

GOLDEN = Path(__file__).with_name("rows.golden")
#: EUR a year: share of the fixed network charge, its two fixed parts, and its part a kVA of Base (OFFERS of the CRE).
CTA = {
    "2023-08-01": ("0.2193", "15.48", "19.92", "9.00", "0.055"),
    "2024-11-01": ("0.2193", "16.20", "20.88", "9.36", "0.055"),
    "2025-02-01": ("0.2193", "16.92", "22.44", "10.08", "0.055"),
    "2025-08-01": ("0.2193", "16.80", "22.00", "10.11", "0.20"),
    "2026-02-01": ("0.15", "16.80", "22.00", "10.11", "0.20"),
}


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> PriceTable:
    return all_prices(load_tables(tmp_path_factory.mktemp("prices")))


def _golden() -> Iterator[list[str]]:
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split(";")


def _numbers(text: str) -> Mapping[str, Decimal]:
    return {name: Decimal(value) for name, value in (part.split("=") for part in text.split(",") if part)}


def _yearly(text: str) -> Mapping[int, Decimal]:
    parts = (part.split("=") for part in text.split(",") if part)
    return {int(power): Decimal(value.removesuffix("Y")) * (1 if value.endswith("Y") else 12) for power, value in parts}


def test_each_row_is_as_it_was_checked(prices: PriceTable) -> None:
    rows = {(row.offer, row.start.isoformat()): row for file in prices.files for row in file.rows}
    expected = {}
    for offer, start, end, grade, subscription, kwh, by_power in _golden():
        bands: dict[int, dict[str, Decimal]] = {0: dict(_numbers(kwh))} if kwh else {}
        for name, price in _numbers(by_power).items():
            power, _, period = name.partition(":")
            bands.setdefault(int(power), {})[period] = price
        expected[offer, start] = (date.fromisoformat(end) if end else None, grade, _yearly(subscription), bands)
    assert rows.keys() == expected.keys()
    for key, row in rows.items():
        assert (row.end, row.grade, row.subscription, row.kwh) == expected[key], key


def test_a_subscription_is_that_without_tax_with_cta_and_vat(prices: PriceTable) -> None:
    checked = 0
    for row, document in _regulated(prices):
        rate = next((CTA[start] for start in sorted(CTA, reverse=True) if start <= row.start.isoformat()), None)
        without = document.get("subscription_year_ht") or {}
        if rate is None or row.start >= date(2026, 8, 1) or "subscription" not in document:
            continue
        share, management, metering, per_kva, vat = map(Decimal, rate)
        if document["offer"] != "trv-base" and row.start < date(2025, 8, 1):
            continue  # another part a kVA then
        for power, amount in without.items():
            cta = share * (management + metering + per_kva * power)
            month = (Decimal(str(amount)) + cta) * (1 + vat) / 12
            assert abs(month - Decimal(str(document["subscription"][power]))) <= Decimal("0.015"), (row.start, power)
            checked += 1
    assert checked > 40


@pytest.mark.parametrize(
    ("offer", "power", "day", "cta"),
    [
        ("base", 6, "2025-08-01", "21.811578"),  # 0.2193 x (38.80 + 10.11 x 6)
        ("hchp", 9, "2024-12-01", "29.921292"),  # 0.2193 x (37.08 + 11.04 x 9)
        ("tempo", 9, "2024-12-01", "26.605476"),  # 0.2193 x (37.08 + 9.36 x 9)
        ("tempo", 9, "2026-07-31", "19.4685"),  # 0.15 x (38.80 + 10.11 x 9)
        ("base", 6, "2026-08-01", None),  # the network's coefficients were not found
        ("base", None, "2025-08-01", None),
        ("edf-zen-fixe", 6, "2025-09-01", None),  # which formula another offer takes is not known
    ],
)
def test_the_cta_of_a_year(prices: PriceTable, offer: str, power: int | None, day: str, cta: str | None) -> None:
    assert prices.cta(offer, power, date.fromisoformat(day)) == (None if cta is None else Decimal(cta))


def test_a_kwh_is_the_price_without_tax_with_accise_and_vat(prices: PriceTable) -> None:
    checked = 0
    for row, _ in _regulated(prices):
        accise = prices.accise(row.start)
        if accise is None or row.start < date(2023, 2, 1):
            continue
        for power, band in row.kwh_ht.items():
            for period, without in band.items():
                price = (without + accise) * Decimal("1.2")
                assert abs(price - row.kwh[power][period]) < Decimal("0.00016"), (row.start, period)
                checked += 1
    assert checked > 15


def _regulated(prices: PriceTable) -> Iterator[tuple[PriceRow, dict[str, Any]]]:
    from common.settings.yaml_file import read_yaml
    from monitor.money.price_files import BUNDLED

    rows = {(row.offer, row.start): row for file in prices.files for row in file.rows}
    for offer in read_yaml(BUNDLED)["offers"]:
        for document in offer["rows"]:
            yield rows[offer["id"], document["from"]], {**document, "offer": offer["id"]}


def test_market_prices_are_not_far_from_regulated_ones(prices: PriceTable) -> None:
    for file in prices.files[1:]:
        for row in file.rows:
            base = prices.kwh("trv-base", "BASE", 6, row.start)
            assert base is not None
            for price in (price for band in row.kwh.values() for price in band.values()):
                assert Decimal("0.1") <= price / base <= 4, (row.offer, row.start)
