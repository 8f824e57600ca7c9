"""Whose numbers the page shows: a meter that is chosen, all of them, or none that is known."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.browser.home import YESTERDAY, Home

CHOICE = ".rail-foot .meter-choice select"
ALL = "Tous"


def test_the_meter_that_was_chosen_last_is_shown_on_the_next_visit(visit: Visits, house: Home) -> None:
    page = visit()
    before = page.input_value(CHOICE)
    other = ({house.tempo, house.producer} - {before}).pop()
    page.select_option(CHOICE, other)
    expect(page).to_have_url(re.compile(f"compteur={other}"))
    for path, shown in (("", other), (f"?compteur={before}", before), ("", other)):  # an address chooses for itself
        page.goto(house.address + path)
        expect(page.locator(CHOICE)).to_have_value(shown)


def test_a_meter_that_is_not_there_is_not_replaced_by_another_one(visit: Visits, house: Home) -> None:
    page = visit(f"bilan/{YESTERDAY.year}?compteur=999")
    expect(page.locator("h1")).to_have_text("Compteur inconnu")
    expect(page.locator("main")).to_contain_text("999")
    links = page.locator("main a.button")
    expect(links).to_have_count(2)
    links.first.click()
    expect(page.locator("h1")).to_have_text(re.compile(f"{YESTERDAY.year}"))


def test_all_meters_together_have_a_row_each_and_one_in_all_on_the_first_place(visit: Visits, house: Home) -> None:
    page = visit()
    page.select_option(CHOICE, label=ALL)
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody")).to_contain_text("kWh")
    expect(page).to_have_title(re.compile(ALL))
    page.locator("nav a[href*=etat]").first.click()
    expect(page.locator("h1")).to_have_text("État")
    expect(page.locator(CHOICE)).not_to_contain_text(ALL)
