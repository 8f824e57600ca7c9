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


def compared(other: dict[str, Any] | None = None, **values: Any) -> Change:
    """Two offers that can be compared on a year, but for these values of the answer and of the other offer."""
    whole = {"rankable": True, "why": None, "energy": 15_000_000, "subscription": 2_000_000, "parts": None}
    yours = whole | {"id": "tempo", "name": "Tempo", "yours": True, "total": 17_000_000}
    base = whole | {"id": "base", "name": "Base", "yours": False, "total": 18_000_000} | (other or {})
    answer = {
        "offers": [offer | {"wh": {}, "hours_known": 8760} for offer in (yours, base)],
        "hours": 8760,
        "hours_known": 8760,
        "hours_read": 8760,
        "wh": 8_000_000,
        "recovered_wh": 0,
        "rankable": True,
        "why": None,
        "days": 365,
        "without": None,
        "measured_from": None,
    }
    return lambda data: data.update(answer | values)


OLD = [{"offer": "tempo", "since": "2026-08-01", "regulated": True}]


def no_total(why: str) -> dict[str, Any]:
    return {"rankable": False, "why": why, "total": None, "energy": None, "subscription": None}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (compared(), "^Avec vos habitudes inchangées, Tempo vous a coûté"),
        (compared(days=60, without="winter"), r"^Sur deux mois \(sans hiver\), avec vos habitudes"),
    ],
)
def test_a_verdict_says_what_part_of_a_year_it_is_on(visit: Visits, change: Change, verdict: str) -> None:
    block = contracts(visit, change).locator("#contrats")
    expect(block.locator(".verdict")).to_have_text(re.compile(verdict))
    expect(block).not_to_contain_text("à vérifier")  # of prices of today nothing is said


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (
            compared(no_total("hours"), why="hours", hours=480, hours_read=72, wh=160_000, recovered_wh=159_000),
            ["72 heures seulement sur 480 ont des relevés", "159 kWh sur 160 kWh ont été rattrapés"],
        ),
        (
            compared(no_total("assumed")),
            ["une seule offre peut être calculée", "heures creuses supposées identiques aux vôtres"],
        ),
    ],
)
def test_what_cannot_be_ranked_is_not_and_the_reason_is_said(visit: Visits, change: Change, reasons: list[str]) -> None:
    block = contracts(visit, change).locator("#contrats")
    for reason in reasons:
        expect(block).to_contain_text(reason)
    expect(block.locator(".verdict, .shares, table")).to_have_count(0)


def test_the_colours_that_are_known_lead_to_the_months_that_have_them(visit: Visits) -> None:
    def change(data: dict[str, Any]) -> None:
        compared(colours_until="2026-08-31")(data)
        data["from"] = "2025-11-28"
        data["offers"].append(data["offers"][1] | {"id": "x", "name": "Autre"} | no_total("colours"))

    link = contracts(visit, change).get_by_role("link", name="Comparer avec Tempo jusqu’au 31 août 2026")
    expect(link).to_have_attribute("href", re.compile("du=2025-09-01&au=2026-08-31"))


def test_old_prices_are_told_beside_the_comparison(visit: Visits) -> None:
    page = contracts(visit, compared(prices={"old": OLD}))
    expect(page.locator("#contrats")).to_contain_text("Prix du 01/08/2026, à vérifier")


@pytest.mark.parametrize("view", ["now", "day", "month"])
def test_old_prices_are_told_beside_each_cost(visit: Visits, view: str) -> None:
    def change(data: dict[str, Any]) -> None:
        data["prices"]["old"] = OLD

    page = visit("etat")
    changed(page, change, "energy")
    page.goto(page.url.replace("etat", VIEWS[view]))
    expect(page.locator(".page")).to_contain_text("Prix du 01/08/2026, à vérifier")
