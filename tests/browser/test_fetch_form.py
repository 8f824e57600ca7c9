"""*Données extérieures* in the settings, with the made-up answers of the stand: switches, tries, the token."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.stand import Stand
from tests.browser.test_settings import fill, group
from tests.browser.test_views import findings

SERVICES = (
    "Couleurs Tempo",
    "Années passées d’Enedis",
    "Prix de marché",
    "Températures",
    "Nouveaux prix et offres",
    "Nouvelle version",
)


def service(page: Page, name: str) -> Locator:
    return group(page, "Données extérieures").get_by_role("group", name=name, exact=True)


def test_each_service_says_what_is_sent_to_whom_and_is_off(stand: Stand) -> None:
    page = stand.open("reglages/exterieur")
    for name in SERVICES:
        switch = service(page, name).get_by_role("checkbox").first
        expect(switch).not_to_be_checked()
    expect(service(page, "Températures")).to_contain_text("arrondi à une dizaine de kilomètres")
    expect(service(page, "Couleurs Tempo")).to_contain_text("services-rte.com")
    link = service(page, "Années passées d’Enedis").get_by_role("link", name="conso.boris.sh", exact=True)
    expect(link).to_have_attribute("href", "https://conso.boris.sh/")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noreferrer")


def test_the_place_of_temperatures_has_towns_to_choose_from(stand: Stand) -> None:
    page = stand.open("reglages/exterieur")
    place = service(page, "Températures").get_by_label("Lieu")
    options = page.locator(f"datalist#{place.get_attribute('list')} option")
    expect(options).to_have_count(4)
    assert [one.get_attribute("value") for one in options.all()] == ["Bordeaux", "Lille", "Lyon", "Paris"]


def test_a_switch_is_saved_at_once_and_can_be_undone(stand: Stand) -> None:
    page = stand.open("reglages/exterieur")
    switch = service(page, "Prix de marché").get_by_role("checkbox").first
    switch.check()
    expect(service(page, "Prix de marché")).to_contain_text("ce sera fait dans la minute")
    group(page, "Données extérieures").get_by_role("button", name="Annuler").first.click()
    expect(service(page, "Prix de marché").get_by_role("checkbox").first).not_to_be_checked()


def test_a_try_says_what_came_or_what_is_wrong(stand: Stand) -> None:
    page = stand.open("reglages/exterieur")
    tempo, enedis = service(page, "Couleurs Tempo"), service(page, "Années passées d’Enedis")
    tempo.get_by_role("button", name="Essayer maintenant").click()
    expect(tempo).to_contain_text("Demain est rouge.")
    enedis.get_by_role("button", name="Essayer maintenant").click()
    expect(enedis).to_contain_text("Collez d’abord un jeton")


def test_a_token_is_pasted_replaced_and_removed_and_never_shown(stand: Stand) -> None:
    page = stand.open("reglages/exterieur")
    enedis = service(page, "Années passées d’Enedis")
    fill(enedis.get_by_label("Jeton de Conso API"), "eyJ.secret.token")
    enedis.get_by_role("button", name="Garder le jeton").click()
    expect(enedis).to_contain_text("Le jeton est gardé sur cette machine.")
    assert "secret" not in page.content()
    enedis.get_by_role("button", name="Essayer maintenant").click()
    expect(enedis).to_contain_text("104 semaines de courbe")
    enedis.get_by_role("button", name="Remplacer").click()
    expect(enedis.get_by_label("Jeton de Conso API")).to_be_focused()
    enedis.get_by_role("button", name="Essayer maintenant").click()  # looks again at what is there
    expect(enedis.get_by_role("button", name="Essayer maintenant")).to_be_enabled()
    expect(enedis.get_by_label("Jeton de Conso API")).to_be_visible()


def test_newer_prices_are_taken_and_undone(stand: Stand) -> None:
    page = stand.open("reglages/exterieur")
    prices = service(page, "Nouveaux prix et offres")
    prices.get_by_role("button", name="Essayer maintenant").click()
    proposal = prices.get_by_role("article", name="EDF Tarif Bleu, base")
    expect(proposal).to_contain_text("0,2016 → 0,1940 €/kWh")
    proposal.get_by_role("button", name="Prendre").click()
    expect(proposal).to_contain_text("Pris.")
    proposal.get_by_role("button", name="Annuler").click()
    expect(proposal.get_by_role("button", name="Prendre")).to_be_visible()
    expect(proposal).not_to_contain_text("Pris.")


@pytest.mark.parametrize("width", [320, 1200])
def test_everybody_can_read_it(stand: Stand, width: int) -> None:
    page = stand.open("reglages/exterieur")
    page.set_viewport_size({"width": width, "height": 800})
    expect(service(page, "Nouvelle version")).to_be_visible()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
