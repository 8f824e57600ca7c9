"""Now or later: the block says when a kWh costs less, and nothing where that makes no difference."""

import json
import urllib.request
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.home import Home
from tests.browser.stand import Stand
from tests.browser.test_views import findings
from tests.browser.visit import DEVICES, change_answers

BLOCK = ".block.later"


def asked(house: Home) -> Any:
    with urllib.request.urlopen(f"{house.address}api/v1/later?meter={house.tempo}") as answer:
        return json.load(answer)


def staged(stand: Stand, path: str = "", **answer: Any) -> Page:
    """Open the page with another answer of `later`; it is 14:32 on 25 November in Paris."""
    known = {"meter": "041234567890", "price": 1871, "change": None, "cheaper": []}
    change_answers(stand.page, "later", lambda _: known | answer)
    page = stand.open(path)
    expect(page.locator(".tariff .board-now")).to_be_visible()
    return page


def test_the_page_says_what_the_prices_to_come_are(visit: Visits, house: Home) -> None:
    page = visit(f"?compteur={house.tempo}")
    answer = asked(house)
    if answer["change"] is None:  # at night, before the colour of tomorrow is known
        expect(page.locator(BLOCK)).to_be_hidden()
        return
    expect(page.locator(BLOCK)).to_contain_text("Une lessive")
    for one in answer["cheaper"] or [answer["change"]]:
        cents = (Decimal(one["price"]) / 10_000).quantize(Decimal("0.01"), ROUND_HALF_UP)
        expect(page.locator(BLOCK)).to_contain_text(f"{cents}".replace(".", ","))


def test_two_cheaper_moments_stand_beside_the_price_of_now(stand: Stand) -> None:
    stand.page.set_viewport_size(DEVICES["phone"]["viewport"])
    night = {"at": "2026-11-26T03:00:00Z", "price": 1499}
    blue = {"at": "2026-11-26T05:00:00Z", "price": 1412, "colour": "blue"}
    page = staged(stand, change=night, cheaper=[{**night, "colour": None}, blue])
    said = " ".join(page.locator(f"{BLOCK} p").inner_text().split())
    assert said == ("Une lessive (1 kWh) : 0,19 € maintenant, 0,15 € demain à 4 h, 0,14 € demain à 6 h (Bleu).")
    assert findings(page) == []


def test_a_constant_price_and_a_wall_show_nothing(stand: Stand) -> None:
    expect(staged(stand).locator(BLOCK)).to_be_hidden()
    soon = {"at": "2026-11-25T14:32:00Z", "price": 1412}
    expect(staged(stand, change=soon).locator(BLOCK)).to_be_visible()
    expect(staged(stand, "?mode=kiosk", change=soon).locator(BLOCK)).to_be_hidden()


UNKNOWN: dict[str, Any] = {"price": None, "change": None, "cheaper": []}


def look_again(stand: Stand) -> None:
    """Let the page ask again for what it shows."""
    stand.pass_by(timedelta(seconds=6))
    with stand.page.expect_response("**/api/v1/energy?*"), stand.page.expect_response("**/api/v1/later?*"):
        stand.page.evaluate("dispatchEvent(new Event('focus'))")
    stand.visit.rest()


def test_prices_that_a_new_monitor_learns_move_nothing_and_stand_in_the_next_view(stand: Stand) -> None:
    change_answers(stand.page, "later", lambda _: UNKNOWN)
    page = stand.open("")
    today = page.locator(".today")
    expect(today.locator(".bars")).to_be_visible()
    before = today.bounding_box()
    page.unroute_all()
    look_again(stand)
    assert today.bounding_box() == before
    page.get_by_role("link", name="Jour", exact=True).click()
    page.get_by_role("link", name="Maintenant", exact=True).click()
    expect(page.locator(BLOCK)).to_contain_text("Une lessive")


def test_prices_that_a_monitor_has_to_learn_again_stay_meanwhile(stand: Stand) -> None:
    page = stand.open("")
    before = page.locator(BLOCK).inner_text()
    change_answers(page, "later", lambda _: UNKNOWN)
    look_again(stand)
    assert page.locator(BLOCK).inner_text() == before
