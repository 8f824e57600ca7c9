"""Contracts on the page: what is said of offers that cannot be ranked, of a part of a year, and of old prices."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.stand import Stand
from tests.browser.test_views import findings
from tests.browser.visit import DEVICES, change_answers, expect_to_fit

Change = Callable[[dict[str, Any]], None]


def contracts(visit: Visits, change: Change, device: str = "desk") -> Page:
    """Open the contracts, with another answer."""
    page = visit("etat", device)
    answered(page, change)
    page.get_by_role("link", name="Contrats").first.click()
    return page


def answered(page: Page, change: Change) -> None:
    """Let the page get an answer to `compare`, whatever it asks."""

    def answer(route: Route) -> None:
        data = {"from": "2025-11-28", "last_day": "2026-11-27", "colours_until": None}
        change(data)
        route.fulfill(json=data)

    page.route(re.compile(r"/api/v1/compare\?"), answer)


def offer(rank: int | None, **values: Any) -> dict[str, Any]:
    """Return an offer of a supplier, the dearer the higher its rank."""
    total = None if rank is None else 17_000_000 + rank * 100_000
    found = {
        "id": f"offer-{rank}", "supplier": "Sélia", "name": f"Fixe {rank}", "kind": "fixed", "yours": False,
        "rank": rank, "energy": total and total - 2_000_000, "subscription": 2_000_000,
        "total": total, "wh": {"HC": 3_000_000, "HP": 5_000_000},
        "by_period": {"HC": 4_000_000, "HP": 11_000_000},
        "rule": {"HC": "La nuit de 22 h à 6 h", "HP": "Les autres heures"}, "choices": [], "why": None, "refused": None,
        "hours_known": 8760, "since": "2026-08-01", "grade": "B", "checked": "2026-09-25",
        "source": "la grille du fournisseur", "old": False, "closed": False,
    }  # fmt: skip
    return found | values


def compared(*offers: dict[str, Any], **values: Any) -> Change:
    """These offers on a year that is known, but for these values of the answer."""
    answer = {
        "offers": list(offers), "hours": 8760, "hours_known": 8760, "wh": 8_000_000,
        "recovered_wh": 0, "why": None, "refused": None, "verdict": "Sélia est moins cher.",
        "measured_from": None, "at": "today", "shift": 0, "power": 9,
        "prices": {"of": {"name": "Tempo", "assumed": True}},
    }  # fmt: skip
    return lambda data: data.update(answer | values)


MANY = [offer(number) for number in range(1, 21)]
MANY[11] = offer(12, kind="regulated", supplier="EDF", name="Tarif Bleu, option Base")
MANY[16] = offer(17, yours=True, supplier="EDF", name="Tempo")
OLD = [{"offer": "tempo", "name": "Tempo", "since": "2026-08-01", "regulated": True}]


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_the_cheapest_offers_are_shown_and_ones_own_and_all_on_demand(visit: Visits, device: str) -> None:
    page = contracts(visit, compared(*MANY), device)
    block = page.locator("#contrats")
    expect(block.locator(".summary-line")).to_have_text("Sélia est moins cher.")
    expect(block.locator(".ranking .rank")).to_have_text([*map(str, range(1, 6)), "17"])
    expect(block.locator("li.strong")).to_contain_text("Votre contrat (supposé)")
    expect(block).not_to_contain_text("à vérifier")
    block.get_by_role("button", name="Afficher les 14 autres offres").click()
    expect(block.locator(".ranking .rank")).to_have_count(20)
    expect(block.get_by_role("button", name=re.compile("Afficher"))).to_have_count(0)
    expect(page.locator(":focus .rank")).to_have_text("6")


@pytest.mark.parametrize(("device", "language"), [("desk", "en"), ("phone", "fr")])
def test_the_ranking_is_filtered_by_supplier_and_kind_of_price_and_a_link_keeps_both(
    stand: Stand, device: str, language: str
) -> None:
    stand.page.set_viewport_size(DEVICES[device]["viewport"])
    page = stand.open(f"contrats?lang={language}")
    block = page.locator("#contrats")
    ranks, supplier, kind = block.locator(".ranking .rank"), block.locator("select").first, block.locator("select").last
    supplier.select_option("EDF")
    expect(ranks).to_have_text(["2", "5", "7", "9", "13"])
    expect(block).to_contain_text("complet de 13 offres" if language == "fr" else "of 13 offers")
    kind.focus()
    kind.select_option("fixed")
    expect(ranks).to_have_text(["2", "5", "7"])  # one's own, of another kind, stays
    expect(kind).to_be_focused()
    expect(page).to_have_url(re.compile("fournisseur=EDF&type=fixed$"))
    page.reload()
    expect(ranks).to_have_text(["2", "5", "7"])
    assert page.evaluate("shifts") == []
    expect_to_fit(page)
    assert findings(page) == []
    supplier.select_option("JPME")  # refused
    expect(ranks).to_have_text(["2"])
    expect(block).to_contain_text("JPME · Fixe, Heures Creuses")
    expect(block).to_contain_text("Aucune offre classée" if language == "fr" else "No ranked offer")
    supplier.select_option("")
    kind.select_option("")
    expect(ranks).to_have_count(5)
    expect(page).not_to_have_url(re.compile("fournisseur"))


def test_other_dates_keep_what_else_the_comparison_was_asked_for(stand: Stand) -> None:
    page = stand.open("contrats?prix=epoque&du=2026-01-01&au=2026-06-30")
    page.locator("#contrats select").first.select_option("EDF")
    page.get_by_role("button", name="Douze derniers mois").click()
    expect(page.locator("#contrats .ranking .rank")).to_have_text(["2", "5", "7", "9", "13"])
    expect(page).to_have_url(re.compile(r"contrats\?prix=epoque&fournisseur=EDF$"))


def test_an_offer_opens_on_its_parts_its_choice_and_where_its_prices_are_from(visit: Visits) -> None:
    choices = [
        {"weekday": 2, "slot": None, "total": 17_100_000},
        {"weekday": 0, "slot": None, "total": 17_200_000},
    ]
    block = contracts(visit, compared(offer(1, choices=choices), offer(2, yours=True))).locator("#contrats")
    first = block.locator("[data-offer=offer-1]")
    expect(first.locator("summary")).to_contain_text("mercredi")
    first.locator("summary").press("Enter")
    rows = first.locator("tbody tr")
    expect(rows).to_have_text([
        re.compile("La nuit de 22 h à 6 h.*3\\D?000.*400,00"),
        re.compile("Les autres heures.*5\\D?000.*1\\D?100,00"),
        re.compile("Abonnement.*200,00"),
    ])  # fmt: skip
    expect(first).to_contain_text("lundi")
    for part in ("Prix du 25 septembre 2026", "la grille du fournisseur", "Qualité B"):
        expect(first).to_contain_text(part)
    assert findings(block.page) == []


def test_what_cannot_be_ranked_is_told_by_reason(visit: Visits) -> None:
    out = [offer(None, id=name, name=name, refused="Prix vus en février.", why="old") for name in ("un", "deux")]
    out.append(offer(None, id="trois", refused="Prix de marché inconnus.", why="spot"))
    block = contracts(visit, compared(offer(1), offer(2, yours=True), *out)).locator("#contrats")
    block.get_by_text("3 offres non classées").click()
    reason = block.locator(".refused li")
    expect(reason).to_have_count(2)
    expect(reason.first).to_contain_text("Prix vus en février.")
    expect(reason.first).to_contain_text(re.compile(r"Sélia · un\s; Sélia · deux"))
    expect(block.locator(".refused").get_by_role("link")).to_have_count(1)
    link = reason.last.get_by_role("link", name="Récupérer ces prix")
    expect(link).to_have_attribute("href", re.compile("reglages/exterieur$"))


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (compared(*MANY, verdict=None, why="hours", refused="Non classé : 72 heures seulement."), ["72 heures"]),
        (
            compared(offer(1, yours=True), offer(None, refused="Heures creuses inconnues."), verdict=None),
            ["une seule offre peut être calculée", "Heures creuses inconnues."],
        ),
    ],
)
def test_where_nothing_can_be_ranked_the_reason_is_said(visit: Visits, change: Change, reasons: list[str]) -> None:
    block = contracts(visit, change).locator("#contrats")
    for reason in reasons:
        expect(block).to_contain_text(reason)
    expect(block.locator(".summary-line:visible, .ranking, table")).to_have_count(0)


#: Moves a slider on, faster than anybody.
SLIDE = """(slider) => [10, 15, 20].forEach((percent) => {
  slider.value = percent;
  slider.dispatchEvent(new Event('input'));
})"""


def test_prices_of_then_and_a_shift_of_peak_hours_are_asked_for_and_kept_in_the_address(visit: Visits) -> None:
    asked: list[str] = []

    def change(data: dict[str, Any]) -> None:
        then, shift = "prices=then" in asked[-1], re.search("shift=(\\d+)", asked[-1])
        percent = int(shift[1]) if shift else 0
        compared(*MANY, at="then" if then else "today", shift=percent, verdict=f"{then}, {percent}")(data)

    page = visit("etat")
    page.on("request", lambda request: asked.append(request.url) if "/compare?" in request.url else None)
    answered(page, change)
    page.get_by_role("link", name="Contrats").first.click()
    block = page.locator("#contrats")
    expect(block.locator(".summary-line")).to_have_text("False, 0")
    first = block.locator("[data-offer=offer-2]")
    first.locator("summary").click()
    block.get_by_role("button", name="Prix de l’époque").click()
    expect(block.locator(".summary-line")).to_have_text("True, 0")
    expect(first.locator("table")).to_be_visible()  # what was opened stays open
    slider = block.get_by_role("slider", name="Et si je déplaçais")
    slider.press("ArrowRight")
    slider.evaluate(SLIDE)
    expect(block.locator(".summary-line")).to_have_text("True, 20")
    expect(block.locator(".partial")).to_contain_text("Hypothèse")
    expect(slider).to_be_focused()
    assert not [url for url in asked if re.search("shift=1[05]", url)]  # the slider rests before the server is asked
    page.reload()
    expect(block.locator(".summary-line")).to_have_text("True, 20")


def test_the_colours_that_are_known_lead_to_the_months_that_have_them(visit: Visits) -> None:
    def change(data: dict[str, Any]) -> None:
        unknown = offer(None, why="colours", refused="La couleur des jours Tempo est inconnue.")
        compared(offer(1), offer(2, yours=True), unknown, colours_until="2026-08-31")(data)

    link = contracts(visit, change).get_by_role("link", name="Comparer avec Tempo jusqu’au 31 août 2026")
    expect(link).to_have_attribute("href", re.compile("du=2025-09-01&au=2026-08-31"))


def test_old_prices_are_told_beside_their_offer(visit: Visits) -> None:
    page = contracts(visit, compared(offer(1, old=True, checked="2026-08-01"), offer(2, yours=True)))
    expect(page.locator("[data-offer=offer-1]")).to_contain_text("Prix du 1er août 2026, à vérifier")


@pytest.mark.parametrize("path", ["", "jour", "bilan"])
def test_old_prices_are_told_beside_each_cost(stand: Stand, path: str) -> None:
    change_answers(stand.page, "energy", lambda given: {"prices": given["prices"] | {"old": OLD}})
    expect(stand.open(path).locator(".page")).to_contain_text("Prix du 1er août 2026, à vérifier")


def test_the_power_that_the_house_needs_ends_in_a_verdict_and_the_powers_are_in_the_table(visit: Visits) -> None:
    page = visit("contrats")
    part = page.locator("section.block", has=page.get_by_role("heading", name="La puissance qu’il vous faut"))
    expect(part.locator(".summary-line")).to_contain_text(re.compile("suffi|Pas mesurable|plus petite"))
    part.get_by_text("Voir les chiffres").click()
    expect(part.locator("tbody tr", has_text="(la vôtre)")).to_have_count(1)
    assert not findings(page)


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_the_next_days_of_tempo_are_chances_in_words_and_a_difference_is_said(visit: Visits, device: str) -> None:
    page = visit("etat", device)

    def change(data: dict[str, Any]) -> dict[str, Any]:
        first = date.fromisoformat(data["first"])
        ahead = (first + timedelta(data["colours"][str(data["season"])].rindex("-"))).isoformat()
        return {
            "chances": [{"day": ahead, "colour": "red", "chance": 0.67}],
            "source_of_chances": "Open DPE",
            "differs": [{"day": data["first"], "meter": "white", "announced": "red"}],
        }

    change_answers(page, "tempo", change)
    page.get_by_role("link", name="Contrats").first.click()
    chances = page.locator(".chances")
    expect(chances.get_by_role("listitem")).to_have_count(1)
    expect(chances).to_contain_text(re.compile(r"rouge probable, 67\s%"))
    expect(chances).to_contain_text("Données prévisionnelles : Open DPE")
    expect(chances.locator(".badge, .swatch")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("le compteur dit blanc, l’annonce disait rouge")
    expect_to_fit(page)
    assert findings(page) == []
