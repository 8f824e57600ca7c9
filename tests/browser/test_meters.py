"""Whose numbers the page shows: a meter that is chosen, all of them, or none that is known."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.home import Home

CHOICE = ".rail-foot .meter-choice select"
ALL = "Tous"


def again(page: Page, house: Home, path: str = "") -> Page:
    page.goto(house.address + path)
    page.wait_for_selector("main .page")
    return page


def test_the_meter_that_was_chosen_last_is_shown_on_the_next_visit(visit: Visits, house: Home) -> None:
    page = visit()
    before = page.input_value(CHOICE)
    other = ({house.tempo, house.producer} - {before}).pop()
    page.select_option(CHOICE, other)
    expect(page).to_have_url(re.compile(f"compteur={other}"))
    assert again(page, house).input_value(CHOICE) == other
    assert again(page, house, f"?compteur={before}").input_value(CHOICE) == before
    assert again(page, house).input_value(CHOICE) == other  # an address chooses for itself only


def test_a_meter_that_is_not_there_is_not_replaced_by_another_one(visit: Visits, house: Home) -> None:
    page = visit("bilan/2026?compteur=999")
    expect(page.locator("h1")).to_have_text("Compteur inconnu")
    expect(page.locator("main")).to_contain_text("999")
    links = page.locator("main a.button")
    expect(links).to_have_count(2)
    links.first.click()
    expect(page.locator("h1")).to_have_text(re.compile("2026"))


def test_all_meters_together_are_the_sum_of_each(visit: Visits, house: Home) -> None:
    page = visit()
    page.select_option(CHOICE, label=ALL)
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page).to_have_title(re.compile(ALL))
    shown = [[number(text) for text in row.locator("td").all_inner_texts()] for row in page.locator("tbody tr").all()]
    first, second, together = shown
    for one, other, both in zip(first, second, together, strict=True):
        if one is None or other is None:
            assert both is None
        else:
            assert both is not None
            assert abs(one + other - both) < 0.11  # each is rounded
    page.locator("nav a[href*=etat]").first.click()
    expect(page.locator("h1")).to_have_text("État")
    assert ALL not in page.locator(CHOICE).inner_text()


def number(text: str) -> float | None:
    digits = re.sub(r"[^\d,]", "", text)
    return float(digits.replace(",", ".")) if digits else None
