"""The live part: values move, and what fails is said and recovers, without a reload."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.home import YESTERDAY, Home
from tests.browser.stand import Stand
from tests.support.programs import wait_until

SOON = 120_000  # ms: a connection that hangs is noticed, and tried again

POWER = ".power .figure-xl"
NOTICES = ".notices"


def test_the_power_moves_and_is_that_of_the_meter(visit: Visits, house: Home) -> None:
    page = visit(f"?compteur={house.tempo}")
    before = page.inner_text(POWER)
    page.wait_for_function(
        "([first, where]) => document.querySelector(where).innerText !== first", arg=[before, POWER], timeout=SOON
    )
    shown = int(re.sub(r"\D", "", page.inner_text(POWER)))
    latest = (
        "SELECT f.power FROM frames f JOIN meters m ON m.id = f.meter_id WHERE m.identifier = %s"
        " ORDER BY f.timestamp DESC LIMIT 30"
    )
    # The page may be faster than the database.
    wait_until(lambda: (shown,) in house.query(latest, house.tempo), 60, f"{shown} VA in the database")


def test_what_is_left_is_that_of_the_tightest_of_three_phases(visit: Visits, house: Home) -> None:
    page = visit(f"?compteur={house.producer}")
    expect(page.locator(".headroom")).to_contain_text(re.compile("Il reste .* sur la phase [123]"))
    texts = page.locator(".headroom, .phases .muted").all_inner_texts()  # of one moment
    said, *left = (int(re.sub(r"\D", "", text.partition("VA")[0])) for text in texts)
    assert said == min(left)


@pytest.mark.parametrize("path", ["", "?mode=kiosk"])
def test_of_a_meter_that_arrives_decoded_the_last_reading_and_its_rhythm_are_said(stand: Stand, path: str) -> None:
    stand.ask("stage/decoded")
    page = stand.open(path)
    expect(page.locator(".clock")).to_contain_text(re.compile(r"14:\d\d:00"))  # it comes each minute
    expect(page.locator(".link")).to_have_text(re.compile(r"toutes les 60\s+s environ"))
    for place in (".headroom", ".peak-note"):
        expect(page.locator(place)).to_contain_text("pas mesurable avec cet adaptateur")


@pytest.mark.parametrize(
    ("stop", "start", "said"),
    [("stop", "start", "Le direct est interrompu"), ("pause", "resume", "Le direct est interrompu|Aucune donnée")],
)
def test_a_broker_that_is_gone_or_hangs_is_said_and_comes_back(
    visit: Visits, house: Home, stop: str, start: str, said: str
) -> None:
    page = visit()
    interrupted(page, getattr(house.broker, stop), getattr(house.broker, start), said)
    expect(page.locator(".link")).to_have_class(re.compile("on"), timeout=SOON)


def test_without_a_database_the_live_part_goes_on(visit: Visits, house: Home) -> None:
    page = visit()
    house.database.stop()
    try:
        expect(page.locator(NOTICES)).to_contain_text("La base ne répond pas", timeout=SOON)
        before = page.inner_text(".clock")
        expect(page.locator(".clock")).not_to_have_text(before, timeout=SOON)
        page.goto(house.address + f"jour/{YESTERDAY}")
        visit.expect_trouble("503", "Problem")
        expect(page.locator("#main")).to_contain_text("La base ne répond pas", timeout=SOON)
        page.goto(house.address + "contrats")  # where nothing can be compared, nothing is said of the contract
        expect(page.locator("#main")).to_contain_text("La base ne répond pas", timeout=SOON)
        expect(page.locator("#main")).not_to_contain_text("premier jour complet")
        page.goto(house.address + "etat")
        expect(page.locator("#main")).to_contain_text("La base ne répond pas", timeout=SOON)
        expect(page.locator(".pairs").first).not_to_contain_text("aucune")  # a backup that cannot be seen is not none
        page.goto(house.address + f"jour/{YESTERDAY}")
        expect(page.locator("#main")).to_contain_text("La base ne répond pas", timeout=SOON)
    finally:
        house.database.start()
    page.locator("#main button", has_text=re.compile("Réessayer")).click()
    expect(page.locator("#main h1")).to_contain_text(re.compile(rf"\b{YESTERDAY.day}(er)? "), timeout=SOON)


def test_a_meter_that_is_silent_is_unknown_and_not_zero(visit: Visits, house: Home) -> None:
    page = visit(f"?compteur={house.tempo}")
    interrupted(page, house.reader.stop, house.reader.start, "Aucune donnée du compteur.*est inconnue")


def test_a_monitor_that_restarts_is_found_again(visit: Visits, house: Home) -> None:
    page = visit()
    visit.expect_trouble("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "Failed to fetch", "ERR_")
    house.monitor.kill()
    try:
        expect(page.locator(".link")).to_contain_text("Reconnexion", timeout=SOON)
        expect(page.locator(NOTICES)).to_contain_text("Le serveur ne répond pas", timeout=SOON)
        expect(page.locator(".headroom")).to_have_text("inconnu")
    finally:
        house.monitor.start()
    expect(page.locator(".link")).to_contain_text("direct", ignore_case=True, timeout=SOON)


def test_a_proxy_that_holds_events_back_is_noticed(visit: Visits, house: Home) -> None:
    page = visit("etat")
    page.route("**/live/stream*", lambda route: None)  # it opens, and stays silent
    page.goto(house.address)
    expect(page.locator("#main")).to_contain_text("Direct ralenti", timeout=SOON)
    before = page.inner_text(".clock")
    expect(page.locator(".clock")).not_to_have_text(before, timeout=SOON)


def test_who_asked_for_less_motion_gets_none(visit: Visits) -> None:
    page = visit(reduced_motion="reduce")
    moving = page.evaluate(
        "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 10).length"
    )
    assert moving == 0


def test_a_button_speaks_the_power_once(visit: Visits) -> None:
    page = visit()
    page.get_by_role("button", name="Lire la puissance").click()
    expect(page.locator("[aria-live=polite]").filter(has_text="VA").first).to_contain_text("VA")


def interrupted(page: Page, stop: Callable[[], object], start: Callable[[], object], text: str) -> None:
    stop()
    try:
        expect(page.locator(NOTICES)).to_contain_text(re.compile(text), timeout=SOON)
    finally:
        start()
    expect(page.locator(NOTICES)).not_to_contain_text(re.compile(text), timeout=SOON)


def test_a_backup_that_was_not_repeated_is_said_with_its_age(visit: Visits, house: Home) -> None:
    # A table of the storer's, which the account of the page cannot write.
    house.database.sql(
        f"INSERT INTO {house.database.name}.backups (slot, finished_at, saved_rows)"
        " VALUES (1, NOW() - INTERVAL 12 DAY - INTERVAL 1 HOUR, 5000)"
    )
    try:
        page = visit("etat")
        expect(page.locator(".summary-line")).to_contain_text("sauvegarde")
        expect(page.locator(".pairs").first).to_contain_text("il y a 12 jours")
        page.goto(house.address)
        expect(page.locator(NOTICES)).to_contain_text("sauvegarde", timeout=SOON)
    finally:
        house.database.sql(f"DELETE FROM {house.database.name}.backups")
