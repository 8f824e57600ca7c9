"""The household without an adapter: its year, bill and ranking of offers from Enedis; then the adapter comes."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from common.contract.topics import Topics
from tests.browser.home import STARTED_WITHIN, TODAY
from tests.browser.test_first_visit import LONG, OFFER, PASSWORD, STEPS, Installation, ask, open_by_code, visiting
from tests.browser.test_views import findings
from tests.browser.visit import Visit
from tests.support.conso_api import PRM, ConsoApi
from tests.support.frames import ADDRESS, simulated
from tests.support.mqtt_client import listen
from tests.support.outside_world import OutsideWorld
from tests.support.programs import ROOT, Service, wait_until
from tests.support.servers import HOST, UNSYNCED_DATABASE, Broker, Database, free_port

WEEKS = 8  # of which Enedis has something
BEGINS = TODAY - timedelta(weeks=WEEKS)
MONTH = (TODAY.replace(day=1) - timedelta(days=1)).replace(day=1)  # the last one that is over
NOW = "Aucune trame reçue pour l’instant."


@dataclass
class Home(Installation):
    """What has just been installed, without any reader, and the service that is asked."""

    api: ConsoApi
    world: OutsideWorld


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Everything as it is installed but a reader; Conso API stands in for the real one."""
    api = ConsoApi(TODAY)
    api.begins = BEGINS
    (tmp_path / "world").mkdir()
    with (
        Broker(tmp_path / "broker") as broker,
        Database(tmp_path / "database", options=UNSYNCED_DATABASE) as database,
        OutsideWorld(tmp_path / "world", api.table()) as world,
    ):
        mqtt = {"host": broker.host, "port": broker.port}
        access = {key: getattr(database, key) for key in ("host", "port", "user", "password", "name")}
        monitor = {"mqtt": mqtt, "database": access, "state": str(tmp_path / "state")}
        monitor |= {"listen": {"port": (port := free_port())}}
        outside = world.environment()
        outside["PYTHONPATH"] += f":{ROOT}"
        with (
            Service("storer", tmp_path, {"name": "main", "mqtt": mqtt, "database": access}).start(),
            Service("monitor", tmp_path, monitor).start(**outside) as page,
        ):
            page.wait_for_log(r"#\d{4}-\d{2}", within=STARTED_WITHIN)
            yield Home(f"http://{HOST}:{port}/", page, broker, api, world)
            assert (world.failures, world.refused) == ([], [])


@pytest.fixture
def visit(home: Home, browser: Browser) -> Iterator[Visit]:
    """Somebody who opens the address of the log."""
    with visiting(home, browser, "desk") as one:
        yield one


def expected(api: ConsoApi, first: date, end: date) -> int:
    """Return the Wh of local days by the stand-in's own sums."""
    return sum(api._day(first + timedelta(days=number), False) for number in range((end - first).days))


def meters(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(page, "meters")["meters"]
    return found


def fetch_the_past(page: Page, home: Home) -> None:
    """Set a password, and paste the token in the step of the meter."""
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator("h2#step")).to_have_text(STEPS[1])
    page.get_by_text("Pas encore d’adaptateur").click()
    assert findings(page) == []
    other = page.locator("details", has_text="Pas encore d’adaptateur")
    expect(other).to_contain_text("conso.boris.sh, le service d’un particulier, reçoit votre jeton")
    other.get_by_label("Jeton de Conso API").fill(home.api.token)
    other.get_by_role("button", name="Chercher mes années chez Enedis").click()
    expect(page.locator(".first-visit")).to_contain_text("Votre consommation est connue du", timeout=LONG)


def test_a_household_without_an_adapter_has_its_year_bill_and_ranking_and_keeps_them(visit: Visit, home: Home) -> None:
    page = open_by_code(visit, home)
    fetch_the_past(page, home)
    assert [(one["id"], one["first"], one["known_since"]) for one in meters(page)] == [(PRM, None, f"{BEGINS}")]

    page.get_by_role("button", name="Continuer", exact=True).click()
    expect(page.locator("h2#step")).to_have_text("Votre contrat")
    contracts = page.locator("[data-section=contracts]")
    contracts.get_by_label("Offre", exact=True).select_option(OFFER)
    contracts.get_by_label("Puissance souscrite").fill("9")
    contracts.get_by_label("Depuis le").fill(f"{BEGINS}")
    contracts.get_by_label("Depuis le").blur()
    page.get_by_role("button", name="Continuer", exact=True).click()
    expect(page.locator("h2#step")).to_have_text("Des alertes sur votre téléphone")

    page.get_by_role("button", name="Je ne veux pas d’alertes").click()
    expect(page.locator("#main")).to_contain_text(NOW)
    expect(page.locator("#main")).to_contain_text("Votre consommation est connue du")
    assert findings(page) == []
    page.get_by_role("link", name=re.compile("^Bilan 20")).click()
    expect(page.locator("#main")).to_contain_text(re.compile(r"\d\skWh"))
    expect(page.locator("#main")).to_contain_text(re.compile(r"\d\s€"))
    whole = ask(page, f"energy?meter={PRM}&by=month&from={MONTH}&to={TODAY.replace(day=1)}")["whole"]
    assert whole["total_wh"] == expected(home.api, MONTH, TODAY.replace(day=1))
    assert whole["cost"]["total"] > 0
    visit.go("contrats")
    expect(page.locator("#main")).to_contain_text("Votre contrat", timeout=LONG)
    assert len([one for one in ask(page, f"compare?meter={PRM}&prices=today&shift=0")["offers"] if one["rank"]]) > 10
    for place in ("jour", "etat", "reglages"):
        visit.go(place)
        assert findings(page) == []
    assert PRM not in home.monitor.text()
    assert home.api.token not in home.monitor.text()

    the_adapter_comes(page, home)
    visit.go("bilan")
    question = f"energy?meter={ADDRESS}&by=month&from={MONTH}&to={TODAY.replace(day=1)}"
    # The monitor looks every few seconds for settings that changed.
    wait_until(lambda: ask(page, question)["whole"]["cost"] == whole["cost"], LONG / 1000, "the bill of the meter")
    assert ask(page, question)["whole"]["total_wh"] == whole["total_wh"]
    assert ask(page, "settings/contracts")["value"][0]["meter"] == ADDRESS
    (meter,) = meters(page)
    assert (meter["id"], meter["known_since"]) == (ADDRESS, f"{BEGINS}")
    assert ask(page, f"compare?meter={ADDRESS}&prices=today&shift=0")["power"] == 9


def test_files_stand_under_a_number_and_the_owner_says_which_meter_is_theirs(visit: Visit, home: Home) -> None:
    page = open_by_code(visit, home)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator("h2#step")).to_have_text(STEPS[1])
    page.get_by_text("Pas encore d’adaptateur").click()
    page.get_by_role("link", name="J’ai des fichiers d’Enedis ou d’EDF").click()
    expect(page.locator("h2#step")).to_have_text("Vos années précédentes")
    lines = [f"{BEGINS + timedelta(days=number)}T12:00:00Z,total,1000" for number in range(30)]
    file = {"name": "past.csv", "mimeType": "text/csv", "buffer": "\n".join(["start,register,wh", *lines]).encode()}
    page.locator("#files").set_input_files(file)
    entry = page.locator("li", has_text="past.csv").first
    expect(entry).to_contain_text("PRM, 14 chiffres", timeout=LONG)
    page.get_by_label("Point de livraison").fill(PRM)
    page.locator("#files").set_input_files(file)
    entry = page.locator("li", has_text="past.csv").nth(1)
    entry.get_by_role("button", name="Importer").click(timeout=LONG)
    expect(entry).to_contain_text("Importé.", timeout=LONG)

    with listen(home.broker) as mqtt:  # of historic mode, which does not say the delivery point
        (frame,) = simulated("historic-single-phase-base", 1, start=datetime.now(UTC), every=timedelta(seconds=1))
        mqtt.publish(Topics("teleinfo").frame(frame.meter), frame.to_json())
        wait_until(lambda: len(meters(page)) == 2, LONG / 1000, "the meter is stored")
    page.get_by_role("button", name="Plus tard").click()
    page.get_by_role("link", name=re.compile("est-ce celui de vos années importées")).click()
    expect(page.locator("#main")).to_contain_text(re.compile(rf"Est-ce ce compteur\s\? Compteur …{frame.meter[-4:]}"))
    assert findings(page) == []
    page.get_by_role("button", name="Oui, c’est lui").click()
    wait_until(lambda: [one["id"] for one in meters(page)] == [frame.meter], LONG / 1000, "they are one")
    expect(page.get_by_role("button", name="Oui, c’est lui")).to_have_count(0)

    visit.go("reglages/compteurs")
    page.get_by_role("button", name=re.compile("^Séparer")).click()
    page.get_by_role("button", name=re.compile("^Séparer de nouveau")).click()
    wait_until(lambda: len(meters(page)) == 2, LONG / 1000, "they are two")
    visit.go("reglages")
    expect(page.get_by_role("button", name="Oui, c’est lui")).to_have_count(0)  # it is not asked again


def the_adapter_comes(page: Page, home: Home) -> None:
    """Send frames that say the delivery point, until the home has become that of the meter."""
    with listen(home.broker) as mqtt:

        def is_joined() -> bool:
            (frame,) = simulated("standard-single-phase-base", 1, start=datetime.now(UTC), every=timedelta(seconds=1))
            frame = dataclasses.replace(frame, meter=ADDRESS, values={**frame.values, "ADSC": ADDRESS, "PRM": PRM})
            mqtt.publish(Topics("teleinfo").frame(ADDRESS), frame.to_json())
            page.wait_for_timeout(1000)
            return [one["id"] for one in meters(page)] == [ADDRESS]

        wait_until(is_joined, 2 * LONG / 1000, "the home becomes that of the meter")
