"""Contracts on the page: what is said of offers that cannot be ranked, of a part of a year, and of old prices."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.test_views import VIEWS

Change = Callable[[dict[str, Any]], None]


def contracts(visit: Visits, change: Change) -> Page:
    """Open the contracts, with another answer."""
    page = visit("etat")
    changed(page, change, "compare")
    page.get_by_role("link", name="Tempo et contrats").first.click()
    return page


def changed(page: Page, change: Change, name: str) -> None:
    """Let the page get other answers."""

    def answer(route: Route) -> None:
        reply = route.fetch()
        data = json.loads(reply.text())
        change(data)
        route.fulfill(response=reply, body=json.dumps(data))

    page.route(re.compile(rf"/api/v1/{name}\?"), answer)


def full(data: dict[str, Any], **values: Any) -> None:
    """Two offers that can be compared on a year."""
    whole = {"rankable": True, "why": None, "energy": 15_000_000, "subscription": 2_000_000, "parts": None}
    offers: list[dict[str, Any]] = [
        {**whole, "id": "tempo", "name": "Tempo", "yours": True, "total": 17_000_000},
        {**whole, "id": "base", "name": "Base", "yours": False, "total": 18_000_000},
    ]
    known = {"hours": 8760, "hours_known": 8760, "hours_read": 8760, "wh": 8_000_000, "recovered_wh": 0}
    state = {"rankable": True, "why": None, "days": 365, "without": None, "measured_from": None}
    for offer in offers:
        offer.update(wh={}, hours_known=8760)
    data.update(offers=offers, **known)
    data.update(state)
    data.update(values)


def test_a_range_that_was_hardly_measured_has_no_ranking_and_says_why(visit: Visits) -> None:
    def change(data: dict[str, Any]) -> None:
        full(data, why="hours", rankable=False, hours=480, hours_read=72, wh=160_000, recovered_wh=159_000)
        for offer in data["offers"]:
            offer.update(rankable=False, why="hours", total=None, energy=None, subscription=None)

    block = contracts(visit, change).locator("#contrats")
    expect(block).to_contain_text("72 heures seulement sur 480 ont des relevés")
    expect(block).to_contain_text("159 kWh sur 160 kWh ont été rattrapés")
    expect(block.locator(".verdict, .shares, table")).to_have_count(0)


def test_a_verdict_on_two_months_begins_with_them(visit: Visits) -> None:
    block = contracts(visit, lambda data: full(data, days=60, without="winter")).locator("#contrats")
    expect(block.locator(".verdict")).to_have_text(re.compile(r"^Sur deux mois \(sans hiver\), avec vos habitudes"))


def test_a_verdict_on_a_year_is_one_and_prices_of_today_need_no_word(visit: Visits) -> None:
    block = contracts(visit, full).locator("#contrats")
    expect(block.locator(".verdict")).to_have_text(re.compile("^Avec vos habitudes inchangées, Tempo vous a coûté"))
    expect(block).not_to_contain_text("à vérifier")


def test_old_prices_are_told_beside_the_comparison(visit: Visits) -> None:
    def change(data: dict[str, Any]) -> None:
        full(data)
        data["prices"]["old"] = [{"offer": "tempo", "since": "2026-08-01", "regulated": True}]

    expect(contracts(visit, change).locator("#contrats")).to_contain_text("Prix du 01/08/2026, à vérifier")


def test_one_offer_alone_is_no_ranking_and_assumed_off_peak_hours_are_told(visit: Visits) -> None:
    def change(data: dict[str, Any]) -> None:
        full(data)
        data["offers"][1].update(
            id="mine", name="mine", rankable=False, why="assumed", total=None, energy=None, subscription=None
        )

    block = contracts(visit, change).locator("#contrats")
    expect(block).to_contain_text("une seule offre peut être calculée")
    expect(block).to_contain_text("heures creuses supposées identiques aux vôtres")
    expect(block.locator(".verdict, .shares, table")).to_have_count(0)


def test_the_colours_that_are_known_lead_to_the_months_that_have_them(visit: Visits) -> None:
    def change(data: dict[str, Any]) -> None:
        full(data, colours_until="2026-08-31")
        data.update({"from": "2025-11-28"})
        data["offers"].append(
            data["offers"][1]
            | {"id": "x", "name": "Autre", "rankable": False, "why": "colours", "total": None, "energy": None}
        )

    link = contracts(visit, change).get_by_role("link", name="Comparer avec Tempo jusqu’au 31 août 2026")
    expect(link).to_have_attribute("href", re.compile("du=2025-09-01&au=2026-08-31"))


@pytest.mark.parametrize("view", ["now", "day", "month"])
def test_old_prices_are_told_beside_each_cost(visit: Visits, view: str) -> None:
    def change(data: dict[str, Any]) -> None:
        data["prices"]["old"] = [{"offer": "tempo", "since": "2026-08-01", "regulated": True}]

    page = visit("etat")
    changed(page, change, "energy")
    page.goto(page.url.replace("etat", VIEWS[view]))
    expect(page.locator(".page")).to_contain_text("Prix du 01/08/2026, à vérifier")
