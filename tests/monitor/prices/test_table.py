from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from monitor.prices.check import Issue, check_prices
from monitor.prices.table import BUNDLED, import_prices, load_prices
from tests.monitor.prices.test_cre import BASE


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


def test_an_imported_file_replaces_the_bundled_rows_and_an_earlier_import(tmp_path: Path) -> None:
    file = tmp_path / "Option_Base.csv"
    folder = tmp_path / "configuration"
    folder.mkdir()
    for price in ("0,9952", "0,8852"):
        file.write_text(BASE.replace("0,1952", price), encoding="utf-8")
        kept, prices = import_prices(file, folder)
    assert kept.parent == folder
    assert len(prices.rows) == 2
    table = load_prices(None, folder)
    assert table.kwh("base", "BASE", 6, date(2025, 9, 1)) == Decimal("0.8852")
    assert table.kwh("base", "BASE", 6, date(2024, 9, 1)) == Decimal("0.2516")
    assert sorted(path.name for path in folder.iterdir()) == [kept.name]


@pytest.mark.parametrize("cut", [3, 4, 12])  # within the last number, before it, and a column earlier
def test_a_file_that_was_cut_is_refused_and_the_earlier_one_kept(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "Option_Base.csv"
    file.write_bytes(BASE.encode())
    kept, _ = import_prices(file, tmp_path)
    file.write_bytes(BASE.encode()[:-cut])  # 0,1900 and the end of the line; 0,190 is a price, too
    with pytest.raises(ConfigError, match="cut"):
        import_prices(file, tmp_path)
    assert kept.read_bytes() == BASE.encode()


def test_a_line_that_lacks_columns_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "Option_Base.csv"
    file.write_bytes(BASE.replace("125,34;0,1343;0,2016", "125,34").encode())
    with pytest.raises(ConfigError, match="line 2"):
        import_prices(file, tmp_path)


def test_a_file_with_less_than_the_earlier_one_does_not_replace_it(tmp_path: Path) -> None:
    file = tmp_path / "Option_Base.csv"
    file.write_bytes(BASE.encode())
    kept, _ = import_prices(file, tmp_path)
    file.write_bytes("".join(BASE.splitlines(keepends=True)[:-1]).encode())
    with pytest.raises(ConfigError, match="has 3 lines of prices, the earlier one 4"):
        import_prices(file, tmp_path)
    assert kept.read_bytes() == BASE.encode()
    kept.unlink()
    import_prices(file, tmp_path)
    assert kept.read_bytes() == file.read_bytes()


def test_the_last_grid_of_an_imported_file_ends_where_the_bundled_table_has_a_newer_one(tmp_path: Path) -> None:
    (tmp_path / "cre_base.csv").write_text(BASE.replace("0,1952", "0,8852"), encoding="utf-8")
    table = load_prices(None, tmp_path)
    assert table.kwh("base", "BASE", 6, date(2026, 1, 31)) == Decimal("0.8852")
    assert table.kwh("base", "BASE", 6, date(2026, 2, 1)) == Decimal("0.1940")
    assert table.subscription("base", 6, date(2026, 9, 1)) == Decimal("190.32")


def test_the_users_rows_go_first(tmp_path: Path) -> None:
    mine = tmp_path / "prices.yaml"
    mine.write_text("offers: [{id: base, rows: [{from: 2025-02-01, kwh: {BASE: 0.1234}}]}]", encoding="utf-8")
    table = load_prices(mine, tmp_path)
    assert table.kwh("base", "BASE", 6, date(2026, 3, 1)) == Decimal("0.1234")
    assert table.subscription("base", 6, date(2026, 3, 1)) == Decimal("187.80")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml"):
        load_prices(tmp_path / "nothing.yaml", tmp_path)
    with pytest.raises(ConfigError, match=r"nothing\.csv"):
        import_prices(tmp_path / "nothing.csv", tmp_path)


def test_a_file_with_a_single_grid_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "Option_Base.csv"
    lines = BASE.splitlines(keepends=True)
    file.write_text("".join((lines[0], lines[3])), encoding="utf-8", newline="")
    kept, prices = import_prices(file, tmp_path)
    assert (kept.name, len(prices.rows)) == ("cre_base.csv", 1)
