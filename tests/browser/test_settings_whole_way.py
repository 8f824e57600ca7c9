"""From an installation without settings to a household that has all, in the page only; the same behind Ingress."""

import contextlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Frame, Locator, expect

from demo.history import History
from reader.simulator.meter import SimulatedMeter
from tests.browser.home import PARIS, STARTED_WITHIN, TODAY, YESTERDAY
from tests.browser.test_session import enter
from tests.browser.visit import DEVICES, FOREIGN, Visit
from tests.support.mqtt_client import MqttClient
from tests.support.passwords import lock
from tests.support.prefix_proxy import IngressProxy
from tests.support.programs import Service, run_command, wait_until
from tests.support.servers import UNSYNCED_DATABASE, Broker, Database, free_port
from tests.support.storing import client, make_tables

KIND = "standard-single-phase-base"
METER = SimulatedMeter(KIND).address
LONG = 180_000  # ms: a year is counted, and its costs
HALF_HOURS = 365 * 48
WATTS = 600  # in each of them
#: The last day of the file: what the meter said in the last hour may be of yesterday.
DAY = YESTERDAY - timedelta(days=1)
BEGIN, END = (datetime.combine(day, time(), PARIS).astimezone(UTC) for day in (DAY, YESTERDAY))
HOURS = (END - BEGIN) // timedelta(hours=1)  # 23 or 25 where the clock changed
FIRST = (END - HALF_HOURS * timedelta(minutes=30)).astimezone(PARIS).date()  # of the file
OFFER = "edf-zen-fixe"  # since then
SECOND = TODAY - timedelta(days=100)  # from which the owner has an offer of the ranking
OWN_SINCE = TODAY - timedelta(days=40)  # from which own prices hold
OWN_PRICE = "0,2"  # € per kWh
COST = round(WATTS * HOURS / 1000 * 0.2 * 10_000)  # of that day, in 1/10,000 €, without the subscription
WASHER = "devices/washer/status"


class Way:
    """A household in front of its page, which is a page of its own or one in Home Assistant's frame."""

    def __init__(self, frame: Frame, address: str, broker: Broker, config: Path) -> None:
        self.frame = frame
        self.address = address
        self.broker = broker
        self.config = config

    def go(self, path: str) -> Frame:
        self.frame.goto(self.address + path)
        expect(self.frame.locator("#main:not([aria-busy]) h1")).to_be_visible()
        return self.frame

    def section(self, group: str, name: str) -> Locator:
        """Open a group of the settings; return the form of one of its sections."""
        return self.go(f"reglages/{group}").locator(f"[data-section={name}]")

    def ask(self, question: str) -> Any:
        """Return an answer of the API to whoever looks at the page."""
        return self.frame.evaluate("async (path) => (await fetch(path)).json()", f"{self.address}api/v1/{question}")

    def command(self, *arguments: str) -> str:
        """Return what a command of the monitor prints."""
        done = run_command("monitor", *arguments, "--config", str(self.config))
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextlib.contextmanager
def programs(folder: Path, broker: Broker, database: Database) -> Iterator[Service]:
    """Start all programs as they are installed: none has a setting of the household. Return the monitor."""
    mqtt = {"host": broker.host, "port": broker.port}
    access = {key: getattr(database, key) for key in ("host", "port", "user", "password", "name")}
    reader = {"name": "cellar", "port": f"simulate://{KIND}", "mqtt": mqtt, "clock": {"patience": "0s"}}
    reader["spool"] = {"journal": str(folder / "journal"), "path": str(folder / "spool")}
    monitor = {"mqtt": mqtt, "database": access, "state": str(folder / "state")}
    monitor |= {"listen": {"port": free_port(), "names": [FOREIGN]}, "ingress": {"port": free_port()}}
    monitor |= {"password_file": str(lock(folder / "password"))}
    with (
        Service("storer", folder, {"name": "main", "mqtt": mqtt, "database": access}).start(),
        Service("reader", folder, reader).start(),
        Service("monitor", folder, monitor).start() as page,
    ):
        page.wait_for_log("Home Assistant opens the page", within=STARTED_WITHIN)
        yield page


def log_in(visit: Visit) -> Frame:
    """Open the page by its password."""
    enter(visit.page, visit.address)
    return visit.page.main_frame


def open_panel(visit: Visit, proxy: IngressProxy) -> Frame:
    """Open the page in Home Assistant."""
    visit.page.goto(f"http://{FOREIGN}:{proxy.port}{proxy.PANEL}")
    expect(visit.page.frame_locator("iframe").locator("#main:not([aria-busy]) h1")).to_be_visible()
    (frame,) = visit.page.main_frame.child_frames
    return frame


@pytest.fixture(params=["password", "ingress"])
def way(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Way]:
    """A new household, whose meter is known since an hour."""
    with (
        Broker(tmp_path / "broker") as broker,
        Database(tmp_path / "database", options=UNSYNCED_DATABASE) as database,
        contextlib.ExitStack() as stack,
    ):
        write_an_hour(database)
        monitor = stack.enter_context(programs(tmp_path, broker, database))
        context = browser.new_context(**DEVICES["desk"], locale="fr-FR", timezone_id="Europe/Paris")
        if request.param == "password":
            visit = Visit(context, f"http://127.0.0.1:{monitor.settings['listen']['port']}/")
            frame = log_in(visit)
        else:
            proxy = stack.enter_context(IngressProxy(monitor.settings["ingress"]["port"]))
            visit = Visit(context, f"http://{FOREIGN}:{proxy.port}{proxy.prefix}/")
            frame = open_panel(visit, proxy)
        visit.expected = ("Failed to fetch dynamically",)  # a place that is left while the files of others come
        found = Way(frame, visit.address, broker, monitor.config)
        wait_until(lambda: bool(found.ask("meters")["meters"]), STARTED_WITHIN, "the meter is known")
        yield found
        assert visit.troubles() == []
        context.close()


def write_an_hour(database: Database) -> None:
    """Let the meter be known since an hour: its subscribed power is in the hours that are over."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    make_tables(database, end)
    with contextlib.closing(client(database).connect()) as connection:
        History(connection, SimulatedMeter(KIND)).write(end - timedelta(hours=1), end)


def load_curve(end: datetime) -> str:
    """Return a file as Enedis gives it: the mean power of each half-hour of 365 days, with the time of its end."""
    lines = [
        "Identifiant PRM;Type de donnees;Date de debut;Date de fin;"
        "Grandeur physique;Grandeur metier;Etape metier;Unite",
        f"12345678901234;Courbe de charge;{end - timedelta(days=365):%d/%m/%Y};{end:%d/%m/%Y};"
        "Energie active;Consommation;Comptage Brut;W",
        "Horodate;Valeur",
    ]
    ends = (end - number * timedelta(minutes=30) for number in reversed(range(HALF_HOURS)))
    return "\n".join(lines + [f"{one.astimezone(PARIS).isoformat()};{WATTS}" for one in ends]) + "\n"


def fill(field: Locator, text: str) -> None:
    """Enter something, and leave the field: then it is saved."""
    field.fill(text)
    field.blur()


def expect_saved(section: Locator) -> None:
    expect(section.locator(".status-line")).to_contain_text("Enregistré")
    expect(section.locator(".status-line")).to_contain_text("Annuler")


def import_a_year(way: Way, file: Path) -> None:
    file.write_text(load_curve(END), encoding="utf-8")
    page = way.go("reglages/passe")
    page.set_input_files("#files", file)
    entry = page.locator("li", has_text=file.name).first
    expect(entry).to_contain_text(re.compile(r"8\s760 heures, 5\s256\skWh"), timeout=LONG)
    entry.get_by_role("button", name="Importer").click()
    expect(entry).to_contain_text("Importé.", timeout=LONG)
    expect(page.get_by_role("heading", name="Imports")).to_be_visible()


def choose_a_market_offer(way: Way) -> None:
    """Say which offer one has had since the first day of the file."""
    section = way.section("contrat", "contracts")
    section.get_by_role("button", name="Ajouter un contrat").click()
    fill(section.get_by_label("Depuis le"), FIRST.isoformat())
    section.get_by_label("Offre", exact=True).select_option(OFFER)
    fill(section.get_by_label("Puissance souscrite"), "6")
    expect_saved(section)
    expect(way.frame.locator(".bill")).to_contain_text("€")


def take_an_offer_of_the_ranking(way: Way) -> str:
    """Say that another offer of the market is one's own since a day; return its id."""
    page = way.go("contrats")
    expect(page.locator("li.strong")).to_contain_text("Votre contrat", timeout=LONG)
    expect(page.locator("li.strong")).not_to_contain_text("supposé")
    offer = page.locator(".ranking [data-offer]:not(.strong)").filter(has_not_text="Tarif Bleu").first
    name: str | None = offer.get_attribute("data-offer")
    assert name
    chosen = page.locator(f"[data-offer='{name}']")
    chosen.locator("summary").first.click()
    chosen.get_by_text("C’est mon offre").click()
    chosen.get_by_label("Depuis le").fill(SECOND.isoformat())
    chosen.get_by_role("button", name="Enregistrer").click()
    expect(page.locator("#contrats .status-line").first).to_contain_text("Enregistré")
    expect(page.locator(f".strong[data-offer='{name}']")).to_be_visible()
    return name


def enter_an_own_price(way: Way) -> None:
    """Enter a price of a bill, and say since when it is one's own."""
    section = way.section("contrat", "prices")
    section.get_by_role("button", name="Ajouter mes prix").click()
    fill(section.get_by_label("À partir du"), OWN_SINCE.isoformat())
    fill(section.locator("[data-at*='.kwh.'] input"), OWN_PRICE)
    fill(section.locator("[data-at*='.subscription.'] input"), "12")
    expect_saved(section)
    section.get_by_role("button", name="C’est mon offre").click()
    expect_saved(way.frame.locator("[data-section=contracts]"))


def add_a_device(way: Way) -> None:
    section = way.section("appareils", "sources")
    section.get_by_role("button", name="Ajouter un appareil").click()
    fill(section.get_by_label("Nom", exact=True), "Lave-linge")
    section.get_by_label("Nature").select_option(label="Appareil")
    section.get_by_label("Puissance").check()
    fill(section.get_by_label("Topic MQTT"), WASHER)
    fill(section.get_by_label("Chemin dans le message"), "apower")
    expect_saved(section)
    live = section.locator(".live")
    with MqttClient(way.broker.port) as washer:

        def is_shown() -> bool:
            washer.publish(WASHER, json.dumps({"apower": 1234}))
            with contextlib.suppress(AssertionError):
                expect(live).to_contain_text(re.compile(r"En ce moment\s: 1\s234\sW"), timeout=1000)
                return True
            return False

        wait_until(is_shown, LONG / 1000, "what the device sends")


def enter_the_rest(way: Way) -> None:
    """Enter a name, a note and a budget."""
    meters = way.section("compteurs", "meters")
    fill(meters.get_by_label("Nom"), "Maison")
    expect_saved(meters)
    notes = way.section("notes", "notes")
    notes.get_by_role("button", name="Ajouter une note").click()
    fill(notes.get_by_label("Jour"), DAY.isoformat())
    fill(notes.get_by_label("Note", exact=True), "LED")
    expect_saved(notes)
    budget = way.section("budget", "budget")
    fill(budget.get_by_label("Budget ou mensualité"), "120")
    expect_saved(budget)


def expect_sections(way: Way, offer: str) -> None:
    """Expect that all that was entered is saved, and that API and command say the same of it."""
    value = {name: one["value"] for name, one in way.ask("settings").items()}
    assert [(one["meter"], one["from"], one["offer"]) for one in value["contracts"]] == [
        (METER, FIRST.isoformat(), OFFER),
        (METER, SECOND.isoformat(), offer),
        (METER, OWN_SINCE.isoformat(), "mes-prix"),
    ]
    (own,) = value["prices"]["offers"]
    (row,) = own["rows"]
    assert (row["from"], row["kwh"], list(row["subscription"].values())) == (OWN_SINCE.isoformat(), {"BASE": 0.2}, [12])
    assert value["meters"] == {METER: {"name": "Maison"}}
    assert [(one["at"], one["text"]) for one in value["notes"]] == [(DAY.isoformat(), "LED")]
    assert value["budget"] == {"euros": 120}
    (source,) = value["sources"]
    assert source == source | {"name": "Lave-linge", "kind": "device", "topic": WASHER, "power": "apower"}
    assert yaml.safe_load(way.command("settings", "show")) == value


def expect_figures(way: Way) -> None:
    """Expect the same of a day in the API, in the report of the meter by its name, and on the page."""
    (meter,) = way.ask("meters")["meters"]
    assert meter["name"] == "Maison"
    assert way.ask(f"forecast?meter={METER}")["budget"] == 120 * 10_000
    day = way.ask(f"energy?meter={METER}&by=day&from={DAY}&to={YESTERDAY}")["whole"]
    assert (day["total_wh"], day["cost"]["energy"]) == (WATTS * HOURS, COST)
    told = way.command("report", "--meter", "Maison", "--from", str(DAY), "--to", str(YESTERDAY), "--json")
    (row,) = json.loads(told)
    assert (sum(row["wh"].values()), Decimal(row["cost"]["energy"])) == (WATTS * HOURS, Decimal(COST) / 10_000)
    page = way.go(f"jour/{DAY}")
    expect(page.locator(".notes")).to_contain_text("LED")
    euros = f"{Decimal(day['cost']['total']) / 10_000:.2f}".replace(".", ",")
    expect(page.locator(".key-values")).to_contain_text(euros)


def test_a_household_sets_up_everything_in_the_page(way: Way, tmp_path: Path) -> None:
    assert all(one["version"] == 0 for one in way.ask("settings").values())
    import_a_year(way, tmp_path / "conso.csv")
    choose_a_market_offer(way)
    offer = take_an_offer_of_the_ranking(way)
    enter_an_own_price(way)
    enter_the_rest(way)
    add_a_device(way)
    expect_sections(way, offer)
    expect_figures(way)
