"""A newer table of prices, which an owner takes."""

import errno
import hashlib
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.errors import ConfigError
from common.settings.yaml_file import read_yaml
from monitor.money import price_files as update
from monitor.money.price_check import Issue, check_prices
from monitor.money.price_document import read_document
from monitor.money.price_files import BUNDLED, all_prices, give_back, is_taken, load_tables, update_prices
from monitor.money.prices import PriceFile

TODAY = date(2026, 12, 10)
NEWER = """
schema: 1
checked: 2026-12-05
rules: {hphc_meter: {hours: {any: {HC: meter, HP: rest}}}}
offers:
  - id: edf-zen-fixe-hc
    supplier: EDF
    name: Zen Fixe, option Heures Creuses
    kind: fixed
    rule: hphc_meter
    checked: 2026-12-05
    rows: [{from: 2026-12-01, grade: A, subscription: {9: 20.00}, kwh: {HC: 0.1400, HP: 0.1900}}]
"""


def test_the_bundled_table_knows_the_four_options_and_their_sources(tmp_path: Path) -> None:
    table = all_prices(load_tables(tmp_path))
    assert [offer.id for offer in table.offers[:4]] == ["trv-base", "trv-hphc", "trv-tempo", "trv-ejp"]
    rows = [row for offer in read_yaml(BUNDLED)["offers"] for row in offer["rows"]]
    assert all(row["grade"] in ("A", "B") and row["src"] for row in rows)
    day = date(2026, 3, 1)
    assert table.kwh("base", "BASE", 6, day) == Decimal("0.1940")
    assert table.kwh("base", "BASE", 9, day) == Decimal("0.1927")
    assert table.kwh("tempo", "BBRHPJR", 9, day) == Decimal("0.7060")
    assert table.subscription("hchp", 6, day) == Decimal("187.80")


def test_the_bundled_table_leaves_days_without_a_proved_price_empty(tmp_path: Path) -> None:
    table = all_prices(load_tables(tmp_path))
    assert table.kwh("hchp", "HCHP", 6, date(2023, 3, 1)) is None
    assert table.kwh("hchp", "HCHP", 6, date(2023, 1, 31)) is not None


def test_nothing_is_wrong_with_the_bundled_table_but_the_hole_that_is_known(tmp_path: Path) -> None:
    problems = check_prices(all_prices(load_tables(tmp_path)), date(2026, 11, 25))
    assert [(problem.issue, problem.offer, problem.start) for problem in problems] == [
        (Issue.HOLE, "trv-hphc", date(2023, 2, 1))
    ]


def test_the_owners_rows_go_first(tmp_path: Path) -> None:
    own = read_document(
        {"offers": [{"id": "base", "rows": [{"from": date(2025, 2, 1), "kwh": {"BASE": 0.1234}}]}]}, "mine"
    )
    table = all_prices(load_tables(tmp_path), own)
    assert table.kwh("base", "BASE", 6, date(2026, 3, 1)) == Decimal("0.1234")
    assert table.subscription("base", 6, date(2026, 3, 1)) == Decimal("187.80")


def write(folder: Path, text: str = NEWER) -> tuple[Path, str]:
    """Return the file, and its SHA-256."""
    file = folder / "offers.yaml"
    file.write_text(text, encoding="utf-8")
    return file, hashlib.sha256(text.encode()).hexdigest()


def test_a_newer_table_goes_before_the_bundled_one_and_older_rows_stay(tmp_path: Path) -> None:
    kept, changes = update_prices(*write(tmp_path), tmp_path, TODAY)
    assert kept == tmp_path / "update_offers.yaml"
    (change,) = changes
    assert change.offer == "edf-zen-fixe-hc"
    assert change.before is None or change.before.start == date(2026, 8, 1)
    table = all_prices(load_tables(tmp_path))
    prices = [table.kwh("edf-zen-fixe-hc", "HP", 9, day) for day in (date(2026, 11, 30), date(2026, 12, 1))]
    assert prices == [Decimal("0.1966"), Decimal("0.1900")]
    offer = table.offer("edf-zen-fixe-hc")
    assert offer is not None
    assert offer.checked == date(2026, 12, 5)
    # An offer that the newer table does not have is as it was.
    assert table.kwh("edf-zen-fixe", "BASE", 6, date(2026, 12, 1)) == Decimal("0.1847")


def test_a_table_that_was_taken_does_not_hide_the_prices_of_a_later_release(tmp_path: Path) -> None:
    update_prices(*write(tmp_path), tmp_path, TODAY)
    kept = tmp_path / "update_offers.yaml"
    kept.write_text(NEWER.replace("2026-12", "2026-08"), encoding="utf-8")  # older than the bundled one
    assert all_prices(load_tables(tmp_path)).kwh("edf-zen-fixe-hc", "HP", 9, TODAY) == Decimal("0.1966")


def test_a_table_that_is_not_what_the_release_states_is_refused(tmp_path: Path) -> None:
    file, _ = write(tmp_path)
    with pytest.raises(ConfigError, match="refused"):
        update_prices(file, "0" * 64, tmp_path, TODAY)
    assert [path.name for path in tmp_path.iterdir()] == ["offers.yaml"]


def test_an_older_table_than_the_one_that_is_there_is_not_taken(tmp_path: Path) -> None:
    update_prices(*write(tmp_path), tmp_path, TODAY)
    older = NEWER.replace("checked: 2026-12-05", "checked: 2026-12-04")
    with pytest.raises(ConfigError, match="2026-12-04"):
        update_prices(*write(tmp_path, older), tmp_path, TODAY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("offers: [{id: x", ", line 1: "),
        ("offers: [{id: X}]\nchecked: 2026-12-05\n", ", line 1: "),
        (NEWER.replace("schema: 1", "schema: 2"), "schema 2"),
        (NEWER.replace("checked: 2026-12-05\nrules", "rules"), ": it has no `checked`"),
        ("checked: 2026-12-05\n", ": it contains no prices"),
    ],
)
def test_what_is_no_table_is_refused_by_its_name_and_leaves_nothing(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=rf"offers\.yaml.*{why}"):
        update_prices(*write(tmp_path, text), tmp_path, TODAY)
    assert [path.name for path in tmp_path.iterdir()] == ["offers.yaml"]


def test_two_that_run_at_once_do_not_disturb_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_while_the_other_runs(document: Any, origin: str) -> PriceFile:
        monkeypatch.setattr(update, "read_document", read_document)
        update_prices(*write(tmp_path), tmp_path, TODAY)
        return read_document(document, origin)

    monkeypatch.setattr(update, "read_document", read_while_the_other_runs)
    kept, _ = update_prices(*write(tmp_path), tmp_path, TODAY)
    assert kept.read_text(encoding="utf-8") == NEWER
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "offers.yaml",
        "update_offers.yaml",
        "update_offers.yaml.before",
    ]


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match=r"update_offers\.yaml: cannot be written: No space left on device"):
        update_prices(*write(tmp_path), tmp_path, TODAY)
    assert [path.name for path in tmp_path.iterdir()] == ["offers.yaml"]


def test_what_is_kept_is_the_monitors_alone(tmp_path: Path) -> None:
    kept, _ = update_prices(*write(tmp_path), tmp_path, TODAY)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.stat().st_uid == tmp_path.stat().st_uid


def test_a_table_that_was_taken_is_given_back_for_the_one_from_before(tmp_path: Path) -> None:
    update_prices(*write(tmp_path), tmp_path, TODAY)
    later = NEWER.replace("checked: 2026-12-05", "checked: 2026-12-06").replace("HP: 0.1900", "HP: 0.2000")
    update_prices(*write(tmp_path, later), tmp_path, TODAY)
    assert is_taken(tmp_path, "update_offers.yaml", later.encode())
    assert all_prices(load_tables(tmp_path)).kwh("edf-zen-fixe-hc", "HP", 9, TODAY) == Decimal("0.2000")
    without = all_prices(load_tables(tmp_path, without="update_offers.yaml"))
    assert without.kwh("edf-zen-fixe-hc", "HP", 9, TODAY) == Decimal("0.1900")
    give_back(tmp_path, "update_offers.yaml")
    assert all_prices(load_tables(tmp_path)).kwh("edf-zen-fixe-hc", "HP", 9, TODAY) == Decimal("0.1900")
    assert not is_taken(tmp_path, "update_offers.yaml", NEWER.encode())  # only the last one


def test_the_first_table_that_was_taken_is_given_back_for_the_bundled_one(tmp_path: Path) -> None:
    update_prices(*write(tmp_path), tmp_path, TODAY)
    without = all_prices(load_tables(tmp_path, without="update_offers.yaml"))
    assert without.kwh("edf-zen-fixe-hc", "HP", 9, TODAY) == Decimal("0.1966")
    give_back(tmp_path, "update_offers.yaml")
    assert [path.name for path in tmp_path.iterdir()] == ["offers.yaml"]


def test_a_state_folder_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    kept, _ = update_prices(*write(tmp_path), tmp_path / "state", TODAY)
    assert kept == tmp_path / "state" / "update_offers.yaml"


def test_a_table_of_regulated_offers_replaces_that_of_them_only(tmp_path: Path) -> None:
    text = (
        "checked: 2027-02-02\nrules: {base: {hours: {any: {BASE: rest}}}}\n"
        "offers: [{id: trv-base, kind: regulated, meter: base, rule: base,"
        " rows: [{from: 2027-02-01, kwh: {BASE: 0.2100}, subscription: {6: 16.00}}]}]\n"
    )
    kept, changes = update_prices(*write(tmp_path, text), tmp_path, date(2027, 2, 3))
    assert (kept.name, [change.offer for change in changes]) == ("update_tarif_bleu.yaml", ["trv-base"])
    table = all_prices(load_tables(tmp_path))
    assert table.kwh("base", "BASE", 6, date(2027, 2, 3)) == Decimal("0.2100")
    assert table.kwh("tempo", "BBRHPJR", 9, date(2027, 2, 3)) == Decimal("0.7295")
