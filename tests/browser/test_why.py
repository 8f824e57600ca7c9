"""Why a day, an interval or a month was different, and what the owner noted: asked for once somebody opens it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.home import NOTES, YESTERDAY, Home
from tests.browser.test_views import findings, with_meter
from tests.browser.visit import change_answers

NOTED = min(NOTES)
TITLE = "Pourquoi plus ou moins que d’habitude ?"


def asked(page: Page) -> list[str]:
    """Return what is asked of `why` and `notes` from now on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url))
    return found


@pytest.mark.parametrize(("device", "theme"), [("desk", "light"), ("phone", "dark")])
def test_a_day_is_explained_when_it_is_opened(visit: Visits, house: Home, device: str, theme: str) -> None:
    page = visit(with_meter(f"jour/{YESTERDAY}", house.tempo), device, theme=theme)
    urls = asked(page)
    page.get_by_text(TITLE).click()
    block = page.locator(".why")
    expect(block).to_contain_text("au lieu de")
    expect(block).to_contain_text(re.compile(r"Comparé à la moyenne des mêmes heures\s: .*Coûts hors abonnement"))
    assert len([url for url in urls if "api/v1/why" in url]) == 1
    assert findings(page) == []
    page.get_by_text(TITLE).click()
    page.get_by_text(TITLE).click()
    assert len([url for url in urls if "api/v1/why" in url]) == 1


def test_an_interval_is_explained_from_its_line(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"jour/{YESTERDAY}?t=18:30..19:40", house.tempo))
    page.get_by_role("button", name="Pourquoi ?").click()
    expect(page.locator(".why")).to_contain_text("18:30–19:40")


def test_causes_are_told_with_their_energy_and_cost(visit: Visits, house: Home) -> None:
    """The words of each kind, of a day that was cheaper; the rest is named where it is large."""
    figures = dict.fromkeys(("before", "now", "from", "to", "watts", "hours", "register"))
    parts = [
        {"kind": "colour", "register": "BBRHPJR", "before": 0.5, "now": 0.0, "wh": 0, "cost": -30_000},
        {"kind": "base", "before": 300, "now": 200, "wh": -2400, "cost": -4800},
        {"kind": "hours", "hours": [18, 22], "wh": -1000, "cost": -2000},
        {"kind": "hours", "wh": 500, "cost": 1000},
        {"kind": "price", "before": 1900, "now": 2100, "wh": 0, "cost": 700},
        {
            "kind": "step",
            "from": f"{YESTERDAY}T12:02:00Z",
            "to": f"{YESTERDAY}T14:02:00Z",
            "watts": 1850,
            "wh": 3700,
            "cost": 7000,
        },
    ]

    cheaper = {
        "why_not": None,
        "now": {"wh": 10_000, "cost": 20_000},
        "before": {"wh": 12_000, "cost": 50_000},
        "parts": [figures | part for part in parts],
        "rest": {"wh": -100, "cost": -20, "large": True},
    }
    page = visit(with_meter(f"jour/{YESTERDAY}", house.tempo), zone="Pacific/Auckland")
    change_answers(page, "why", lambda _: cheaper)
    page.get_by_text(TITLE).click()
    expect(page.locator(".why tbody tr")).to_have_count(7)
    rows = [re.sub(r"\s", " ", row) for row in page.locator(".why tbody tr").all_inner_texts()]
    hour = 13 if YESTERDAY.month in (1, 2, 11, 12) else 14
    assert rows[:5] == [
        "Moins en Rouge · Heures pleines : 0 % de l’énergie au lieu de 50 % – −3,00 €",
        "Talon : 200 W au lieu de 300 W −2,40 kWh −0,48 €",
        "Moins de consommation entre 18 h et 22 h −1,00 kWh −0,20 €",
        "Plus de consommation à toute heure +0,50 kWh +0,10 €",
        "Prix du kWh : 0,2100 € au lieu de 0,1900 € – +0,07 €",
    ]
    if YESTERDAY.month not in (3, 10):  # in which the clock changes
        assert rows[5] == f"1 850 W de plus, de {hour}:02 à {hour + 2}:02 (2 h) +3,70 kWh +0,70 €"
    assert rows[6] == "Le reste, sans cause nette −0,10 kWh 0,00 €"


@pytest.mark.parametrize(("why_not", "said"), [("same", "Rien de particulier"), ("before", "pas assez connus")])
def test_what_is_not_different_is_said_in_a_line(visit: Visits, house: Home, why_not: str, said: str) -> None:
    nothing: dict[str, Any] = {"why_not": why_not, "parts": [], "rest": None}
    if why_not == "before":
        nothing |= {"now": None, "before": None}
    page = visit(with_meter(f"jour/{YESTERDAY}", house.tempo))
    change_answers(page, "why", lambda _: nothing)
    page.get_by_text(TITLE).click()
    expect(page.locator(".why")).to_contain_text(said)
    expect(page.locator(".why table")).to_have_count(0)


def test_a_month_is_explained_and_a_year_is_not(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"bilan/{YESTERDAY:%Y-%m}", house.tempo))
    page.get_by_text(TITLE).click()
    expect(page.locator(".why .muted, .why .note, .why p").first).to_be_visible()
    expect(page.locator(".why")).not_to_contain_text("Pas de réponse")
    page.goto(page.url.replace(f"{YESTERDAY:%Y-%m}", f"{YESTERDAY:%Y}"))
    page.wait_for_selector(".key-values")
    expect(page.get_by_text(TITLE)).to_have_count(0)


@pytest.mark.parametrize(("device", "theme"), [("desk", "dark"), ("phone", "light")])
def test_a_note_is_a_flag_and_the_days_before_and_after_it(visit: Visits, house: Home, device: str, theme: str) -> None:
    page = visit(
        with_meter(f"bilan/{NOTED - timedelta(days=10)}..{NOTED + timedelta(days=5)}", house.tempo), device, theme=theme
    )
    note = page.locator(".notes")
    expect(note).to_contain_text("Spa")
    expect(page.locator("svg.bars .flag").first).to_be_attached()
    urls = asked(page)
    note.get_by_text("Avant et après").click()
    expect(note.locator("tbody tr")).to_have_count(3)
    expect(note).to_contain_text(re.compile(r"2\d jours de chaque côté.* La météo peut expliquer"))
    assert [url for url in urls if f"at={NOTED}" in url]
    assert findings(page) == []


def test_a_note_stands_on_its_day_and_in_the_words_of_its_bar(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"jour/{YESTERDAY}", house.tempo))
    expect(page.locator(".notes")).to_contain_text(NOTES[YESTERDAY])
    page.locator(".notes").get_by_text("Avant et après").click()
    expect(page.locator(".notes")).to_contain_text("Moins de sept jours")
    page = visit(with_meter(f"bilan/{NOTED}..{NOTED + timedelta(days=6)}", house.tempo))
    page.get_by_role("slider").first.press("Home")
    expect(page.locator(".reading").first).to_contain_text("Spa")
