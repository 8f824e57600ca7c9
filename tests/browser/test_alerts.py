"""What is wrong is said on every place, and listed on « État »."""

import json
import re
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.home import Home
from tests.browser.stand import Stand
from tests.browser.test_views import VIEWS, findings, open_all, with_meter
from tests.browser.visit import DEVICES, Visit, change_answers, expect_to_fit, whole_page

BACKUP = re.compile(r"Dernière sauvegarde il y a 9\sjours")
#: The stream of the home, which has no alerts, must not take back the one that is put into the page.
DEAF = """
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, ...more) {
  if (kind !== 'alerts') listen.call(this, kind, ...more);
};"""
PLACES = ["", "jour", "bilan", "contrats", "etat", "reglages", "?compteur=tous", "?mode=kiosk"]


@pytest.mark.parametrize("path", PLACES)
def test_what_is_wrong_is_said_on_every_place(stand: Stand, path: str) -> None:
    stand.ask("stage/alarm")
    page = stand.open(path)
    expect(page.locator(".alerts")).to_contain_text(BACKUP)
    expect(page.locator(".alerts")).to_have_count(1)


def test_an_alert_leads_to_the_place_that_shows_more(stand: Stand) -> None:
    stand.ask("stage/alarm")
    page = stand.open("")
    page.locator(".alerts").get_by_role("link", name=BACKUP).click()
    expect(page.locator("h1")).to_have_text("État")
    expect(page.locator(".alerts")).to_contain_text(BACKUP)
    expect(page.locator(".alerts").get_by_role("link", name=BACKUP)).to_have_count(0)  # this is the place
    expect(page.locator(".summary-line")).to_have_text("La mesure fonctionne.")


def test_an_alert_comes_and_goes_by_itself_and_is_heard_once(stand: Stand) -> None:
    page = stand.open("")
    expect(page.locator(".alerts")).to_have_count(0)
    stand.ask("stage/alarm")
    expect(page.locator(".alerts .notice")).to_have_count(2)
    expect(page.locator("#say")).to_contain_text(BACKUP)
    stand.ask("stage/ok")
    expect(page.locator(".alerts")).to_have_count(0)


def test_the_place_says_an_overload_itself(stand: Stand) -> None:
    stand.ask("stage/overload")
    active = {"ended": None, "kind": "overload"}
    change_answers(stand.page, "alerts", lambda given: {"active": [given["past"][-2] | active]})
    stand.page.route("**/api/v1/live/stream?*", lambda route: route.abort())
    page = stand.open("jour")
    expect(page.locator(".alerts")).to_contain_text("Risque de coupure")
    page.get_by_role("link", name="Maintenant").click()
    expect(page.locator(".notices:not(.alerts)")).to_contain_text("Dépassement")
    expect(page.locator(".alerts")).to_have_count(0)
    page.get_by_role("link", name="Bilan").click()
    expect(page.locator(".alerts")).to_contain_text("Risque de coupure")
    stand.visit.expected = ("ERR_FAILED",)  # the stream that was refused


def test_what_needs_someone_now_is_said_before_what_lasts_for_weeks(stand: Stand) -> None:
    def many(given: dict[str, Any]) -> dict[str, Any]:
        (backup, *_) = given["active"]
        lasting = [backup | {"id": f"{kind}/", "kind": kind} for kind in ("backup", "disk", "budget", "prices")]
        overload = backup | {"id": "overload/", "kind": "overload", "text": {"fr": "Risque de coupure", "en": "Trip"}}
        return {"active": [*lasting, overload]}

    stand.ask("stage/alarm")
    change_answers(stand.page, "alerts", many)
    stand.page.route("**/api/v1/live/stream?*", lambda route: route.abort())
    page = stand.open("jour")
    expect(page.locator(".alerts .notice")).to_have_count(4)
    expect(page.locator(".alerts .notice").first).to_contain_text("Risque de coupure")
    expect(page.locator(".alerts").last).to_contain_text("1 autre alerte")
    stand.visit.expected = ("ERR_FAILED",)  # the stream that was refused


def test_the_list_has_what_goes_on_what_is_over_and_what_was_sent(stand: Stand) -> None:
    stand.ask("stage/alarm")
    page = stand.open("etat")
    block = page.locator(".event-list", has=page.get_by_role("heading", name="Alertes"))
    rows = block.locator("table").first.locator("tbody tr")
    expect(rows).to_have_count(2 + 5)
    expect(rows.nth(0)).to_contain_text("en cours")
    expect(rows.nth(2)).to_contain_text("12\u202fmin")
    block.locator("summary", has_text="3 plus anciennes").click()
    expect(block.locator("table").last).to_contain_text("Jour rouge jeudi 19 novembre")
    expect(block).to_contain_text(re.compile(r"ntfy 1\s*12 envoyés"))
    expect(block.locator(".pairs .warn-text")).to_contain_text("1 en attente, 2 non envoyés (mot de passe refusé (535)")
    block.get_by_text("Règles").click()
    expect(block).to_contain_text("Jour blanc (désactivée)")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desk", "phone"])
@pytest.mark.parametrize("path", ["", "etat"])
def test_axe_finds_nothing(stand: Stand, browser: Browser, path: str, device: str, theme: str) -> None:
    stand.ask("stage/alarm")
    context = browser.new_context(**DEVICES[device], color_scheme=theme, locale="fr-FR")
    one = Visit(context, stand.address)
    stand.set_clock(one.page)
    one.go(path)
    expect(one.page.locator(".alerts")).to_contain_text(BACKUP)
    open_all(one.page)
    expect_to_fit(one.page)
    found = findings(one.page)
    context.close()
    assert found == []


@pytest.mark.parametrize("device", ["desk", "phone"])
@pytest.mark.parametrize("view", ["now", "day", "month", "contracts", "status"])
def test_what_is_known_at_first_moves_nothing(house: Home, browser: Browser, view: str, device: str) -> None:
    alert = {
        "id": "backup///1795870920", "kind": "backup", "meter": None, "began": "2026-11-28T13:02:00Z", "ended": None,
        "path": "etat", "text": dict.fromkeys(("fr", "en"), "Dernière sauvegarde il y a 9\u202fjours"),
    }  # fmt: skip

    def with_alert(route: Route) -> None:
        answer = whole_page(route, "later" if view == "now" else "meters")
        body = answer.text().replace('"active":[]', f'"active":{json.dumps([alert])}', 1)
        route.fulfill(response=answer, body=body)

    settings: dict[str, Any] = DEVICES[device] | {"locale": "fr-FR"}
    context = browser.new_context(**settings)
    context.add_init_script(DEAF)
    # A page does not wait for the day so far where nobody has asked for it lately.
    urllib.request.urlopen(f"{house.address}api/v1/live?meter={house.tempo}").close()
    one = Visit(context, house.address)
    one.page.route(house.address + with_meter(VIEWS[view], house.tempo), with_alert)
    one.go(with_meter(VIEWS[view], house.tempo))
    expect(one.page.locator(".alerts")).to_contain_text(BACKUP)
    shifts = one.page.evaluate("shifts")
    asked = [request.url for request in one.requests if "api/v1/alerts" in request.url]
    context.close()
    assert (shifts, asked) == ([], [])


def test_an_alert_that_was_put_away_comes_back_when_it_begins_again(stand: Stand) -> None:
    def again(given: dict[str, Any]) -> dict[str, Any]:
        return {"active": [one | {"id": f"{one['id']}0"} for one in given["active"]]}

    stand.ask("stage/alarm")
    stand.page.add_init_script(DEAF)
    page = stand.open("")
    page.get_by_role("button", name=re.compile("Vu : Dernière sauvegarde")).click()
    expect(page.locator(".alerts .notice")).to_have_count(1)
    page = stand.open("etat")
    expect(page.locator(".alerts .notice")).to_have_count(1)
    expect(page.locator(".event-list").first).to_contain_text(BACKUP)  # the list has them all
    change_answers(page, "alerts", again)
    page = stand.open("jour")
    expect(page.locator(".alerts .notice")).to_have_count(2)


def test_on_a_phone_the_power_stands_before_what_may_wait(stand: Stand) -> None:
    def both(given: dict[str, Any]) -> dict[str, Any]:
        return {"active": [*given["active"], given["active"][0] | {"id": "silent/", "kind": "silent"}]}

    stand.ask("stage/alarm")
    stand.page.add_init_script(DEAF)
    change_answers(stand.page, "alerts", both)
    stand.page.set_viewport_size({"width": 390, "height": 844})
    page = stand.open("")
    expect(page.locator(".alerts .notice.warn")).to_have_count(1)
    tops = [
        box["y"]
        for selector in (".notice.warn", ".power", ".notice.advice")
        if (box := page.locator(selector).first.bounding_box())
    ]
    assert len(tops) == 3
    assert tops == sorted(tops)
