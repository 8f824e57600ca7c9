"""Newer prices are shown, taken by a press and given back by another, and never by themselves."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.machine.deployment import VARIABLE
from monitor.fetch.state import Attempts, note
from monitor.money.cre import HPHC, read_option, table
from tests.monitor.money.test_cre import HPHC_FILE
from tests.services.test_settings_page import CONTRACT, Page, page, read

__all__ = ["page"]
#: So far ahead that no table of the project has them.
LATER = date(2099, 2, 1)
FILE = HPHC_FILE.replace("2027", "2099")
TABLE = {
    "source": "www.cre.fr",
    "name": "update_cre.yaml",
    "checked": "2099-01-20",
    "text": table(read_option(FILE.encode(), HPHC), date(2099, 1, 20)),
}
RELEASE = {"version": "99.0.0", "published": "2099-01-01", "url": "https://github.com/a/b/releases/tag/v99.0.0"}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    note(tmp_path / "state", "prices", Attempts(kept={"tables": [TABLE]}))
    return tmp_path / "state"


def offers(page: Page, name: str = "prices", language: str = "en") -> Any:
    entries = read(page.get("fetch", language))["providers"]
    return next(one["offers"] for one in entries if one["name"] == name)


def price(page: Page) -> Decimal | None:
    return page.parts.actions._household.now.prices.kwh("hchp", "HCHC", 6, LATER)


def test_nothing_was_found_so_nothing_is_proposed(page: Page) -> None:
    assert [one["offers"] for one in read(page.get("fetch"))["providers"]] == [None] * 6


def test_a_proposal_says_from_whom_from_when_and_what_changes(page: Page, state: Path) -> None:
    read(page.save("contracts", [{**CONTRACT, "offer": "hchp", "power": 6}], 0))
    (one,) = offers(page)
    assert (one["source"], one["date"], one["from"]) == ("www.cre.fr", "2099-01-20", "2099-02-01")
    assert (one["name"], one["taken"], one["bill"]) == ("EDF · Tarif Bleu, option Heures Creuses", False, None)
    low, high, subscription = one["rows"]
    assert (low["unit"], low["before"], low["after"]) == ("€/kWh", 0.1589, 0.1612)
    assert (high["before"], high["after"]) == (0.2142, 0.2212)
    # 15.86 EUR a month as EDF prints it; 200.40 EUR a year as the CRE does.
    assert subscription == {"name": "Subscription, 6 kVA", "unit": "€/month", "before": 15.86, "after": 16.7}
    assert offers(page, language="fr")[0]["rows"][2]["name"] == "Abonnement, 6 kVA"
    assert price(page) == Decimal("0.1589")


def test_a_press_takes_them_and_another_gives_them_back(page: Page, state: Path) -> None:
    (one,) = offers(page)
    for _ in range(2):  # a second press changes nothing
        assert read(page.send("POST", "fetch/prices/take", {"id": one["id"]})) == {"id": one["id"], "taken": True}
    assert price(page) == Decimal("0.1612")
    assert [(again["id"], again["taken"]) for again in offers(page)] == [(one["id"], True)]
    assert read(page.send("DELETE", f"fetch/prices/take/{one['id']}")) == {"id": one["id"], "taken": False}
    assert price(page) == Decimal("0.1589")
    assert [(again["id"], again["taken"]) for again in offers(page)] == [(one["id"], False)]
    assert sorted(path.name for path in state.iterdir()) == ["fetch.json"]


def test_prices_that_the_owner_wrote_stay_before_those_that_were_taken(page: Page, state: Path) -> None:
    own = {"offers": [{"id": "hchp", "rows": [{"from": "2026-08-01", "kwh": {"HCHC": 0.11, "HCHP": 0.22}}]}]}
    read(page.save("prices", own, 0))
    (one,) = offers(page)
    read(page.send("POST", "fetch/prices/take", {"id": one["id"]}))
    assert price(page) == Decimal("0.11")


@pytest.mark.parametrize("body", [None, {}, {"id": 7}, {"id": "0" * 12}, {"id": "0" * 12, "more": 1}, [], "x"])
def test_what_is_not_proposed_cannot_be_taken(page: Page, state: Path, body: Any) -> None:
    assert page.send("POST", "fetch/prices/take", body).status in (400, 404, 422)
    assert not (state / "update_cre.yaml").exists()


def test_what_was_not_taken_cannot_be_given_back(page: Page, state: Path) -> None:
    (one,) = offers(page)
    assert "not proposed any more" in read(page.send("DELETE", f"fetch/prices/take/{one['id']}"), 404)["detail"]


def test_a_state_folder_that_cannot_be_written_is_said(page: Page, state: Path) -> None:
    (one,) = offers(page)
    (state / "update_cre.yaml.before").mkdir()  # in the place of the file
    assert "cannot be written" in read(page.send("POST", "fetch/prices/take", {"id": one["id"]}), 503)["detail"]
    assert price(page) == Decimal("0.1589")


@pytest.mark.parametrize(
    ("deployment", "version", "how"),
    [
        ("compose", "99.0.0", "In the folder of compose.yaml: `docker compose pull && docker compose up -d`."),
        ("app", None, "Home Assistant offers updates."),
    ],
)
def test_a_newer_release_is_shown_with_how_to_get_it_here(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deployment: str, version: str | None, how: str
) -> None:
    monkeypatch.setenv(VARIABLE, deployment)
    note(tmp_path / "state", "release", Attempts(kept=RELEASE))
    found = offers(page, "release")
    assert (found["version"], found["how"]) == (version, how)
