from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from monitor.money.price_check import Issue, check_prices
from monitor.money.price_files import BUNDLED, load_prices


def test_the_bundled_table_knows_the_four_options_and_their_sources(tmp_path: Path) -> None:
    table = load_prices(None, tmp_path)
    assert [offer.id for offer in table.offers[:4]] == ["trv-base", "trv-hphc", "trv-tempo", "trv-ejp"]
    rows = [row for offer in read_yaml(BUNDLED)["offers"] for row in offer["rows"]]
    assert all(row["grade"] in ("A", "B") and row["src"] for row in rows)
    day = date(2026, 3, 1)
    assert table.kwh("base", "BASE", 6, day) == Decimal("0.1940")
    assert table.kwh("base", "BASE", 9, day) == Decimal("0.1927")
    assert table.kwh("tempo", "BBRHPJR", 9, day) == Decimal("0.7060")
    assert table.subscription("hchp", 6, day) == Decimal("187.80")


def test_the_bundled_table_leaves_days_without_a_proved_price_empty(tmp_path: Path) -> None:
    table = load_prices(None, tmp_path)
    assert table.kwh("hchp", "HCHP", 6, date(2023, 3, 1)) is None
    assert table.kwh("hchp", "HCHP", 6, date(2023, 1, 31)) is not None


def test_nothing_is_wrong_with_the_bundled_table_but_the_hole_that_is_known(tmp_path: Path) -> None:
    problems = check_prices(load_prices(None, tmp_path), date(2026, 11, 25))
    assert [(problem.issue, problem.offer, problem.start) for problem in problems] == [
        (Issue.HOLE, "trv-hphc", date(2023, 2, 1))
    ]


def test_the_users_rows_go_first(tmp_path: Path) -> None:
    mine = tmp_path / "prices.yaml"
    mine.write_text("offers: [{id: base, rows: [{from: 2025-02-01, kwh: {BASE: 0.1234}}]}]", encoding="utf-8")
    table = load_prices(mine, tmp_path)
    assert table.kwh("base", "BASE", 6, date(2026, 3, 1)) == Decimal("0.1234")
    assert table.subscription("base", 6, date(2026, 3, 1)) == Decimal("187.80")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml"):
        load_prices(tmp_path / "nothing.yaml", tmp_path)
