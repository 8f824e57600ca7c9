"""Devices that are found on the broker, in the settings: a tick makes one a source, with the answers of the stand."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.stand import Stand
from tests.browser.test_settings import SAVED, saved, section
from tests.browser.test_views import findings
from tests.browser.visit import change_answers


def test_a_tick_follows_what_was_found_and_can_be_undone(stand: Stand) -> None:
    page = stand.open("reglages/appareils")
    sources = section(page, "sources")
    page.clock.run_for(100)
    plug, roof = (sources.get_by_label(f"Suivre : {name}") for name in ("Lave-linge", "Toit sud"))
    expect(plug).to_have_accessible_name(
        "Suivre : Lave-linge 61 W · 312,41 kWh TuYa TS011F_plug_1 · zigbee2mqtt/Lave-linge"
    )
    expect(sources.get_by_text("ne peut pas être suivi")).to_be_visible()
    plug.check()
    roof.check()
    page.clock.run_for(1000)
    expect(sources.get_by_role("status").last).to_contain_text(SAVED)
    assert [(one["name"], one["kind"]) for one in saved(stand, "sources")] == [
        ("Lave-linge", "device"), ("Toit sud", "production"),
    ]  # fmt: skip
    expect(sources.get_by_role("group", name="Appareil 1").get_by_label("Nom")).to_have_value("Lave-linge")
    assert findings(page) == []
    sources.get_by_role("button", name="Annuler").click()
    expect(plug).not_to_be_checked()
    assert saved(stand, "sources") == []


def test_a_source_that_is_removed_below_is_ticked_no_more(stand: Stand) -> None:
    page = stand.open("reglages/appareils")
    sources = section(page, "sources")
    page.clock.run_for(100)
    plug = sources.get_by_label("Suivre : Lave-linge")
    plug.check()
    sources.get_by_role("group", name="Appareil 1").get_by_role("button", name="Retirer").click()
    expect(plug).not_to_be_checked()


def test_a_meter_that_is_found_leads_to_the_choice_of_the_port(stand: Stand) -> None:
    page = stand.open("reglages/appareils")
    page.clock.run_for(100)
    page.get_by_role("link", name="Le choisir comme compteur").first.click()
    expect(page.locator("details.group[open]").last).to_contain_text("Port du compteur")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"complete": False}, "Recherche…"),
        ({}, "Activez « MQTT Discovery »"),
        ({"connected": False, "complete": False}, "Le serveur MQTT ne répond pas."),
        ({"refused_topics": ["homeassistant/#"]}, "ne laisse pas TeleInfo lire homeassistant/#"),
    ],
)
def test_why_nothing_is_found_is_said(stand: Stand, answer: dict[str, Any], said: str) -> None:
    change_answers(stand.page, "discovered", lambda _: {"devices": [], "meters": []} | answer)
    page = stand.open("reglages/appareils")
    for _ in range(4):
        with page.expect_response("**/api/v1/discovered?*"):
            page.clock.run_for(3000)
    expect(section(page, "sources").get_by_role("status").first).to_contain_text(said)
