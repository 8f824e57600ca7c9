"""The first visit: from the code in the log to the first value, the right bill and an alert, counted by clicks."""

import contextlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.home import PARIS, STARTED_WITHIN, TODAY, YESTERDAY
from tests.browser.test_views import findings
from tests.browser.visit import DEVICES, Visit, expect_to_fit
from tests.support.programs import Service, wait_until
from tests.support.servers import HOST, UNSYNCED_DATABASE, Broker, Database, free_port

PASSWORD = "cheval-agrafe"
LONG = 180_000  # ms: a year is counted, and its costs
OFFER = "edf-zen-fixe"
PRICE = Decimal("0.1835")  # € per kWh of that offer from 2026-08-01 on, 9 kVA and more
WATTS = 600  # in each half-hour of the file
DAY = YESTERDAY - timedelta(days=1)  # the last of the file
BEGIN, END = (datetime.combine(day, time(), PARIS).astimezone(UTC) for day in (DAY, YESTERDAY))
HOURS = (END - BEGIN) // timedelta(hours=1)  # 23 or 25 where the clock changed
SINCE = TODAY - timedelta(days=300)


@dataclass
class Work:
    """What a person does: clicks, keys that write, and views that are gone through; by goal."""

    page: Page
    rows: list[tuple[str, int, int, int]] = field(default_factory=list)
    clicks: int = 0
    typed: int = 0
    steps: int = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def write(self, where: Locator, text: str) -> None:
        """Enter a text, and leave the field; a click leads to it."""
        where.fill(text)
        where.blur()
        self.clicks += 1
        self.typed += len(re.sub(r"\W", "", text)) if where.get_attribute("type") == "date" else len(text)

    def choose(self, where: Locator, value: str) -> None:
        """Open a list, and choose from it."""
        where.select_option(value)
        self.clicks += 2

    def give_file(self, where: Locator, file: Path) -> None:
        """Open a window of the browser, choose a file, confirm."""
        where.set_input_files(file)
        self.clicks += 3

    def go_on(self, button: str, step: str) -> None:
        """Leave a step by a button; return when the next one stands."""
        self.click(self.page.get_by_role("button", name=button, exact=True))
        self.at(step)

    def at(self, step: str) -> None:
        expect(self.page.locator("h2#step")).to_have_text(step)
        expect(self.page.locator("h2#step")).to_be_focused()
        self.steps += 1

    def reached(self, goal: str) -> None:
        """Note what it took from the last goal to this one."""
        self.rows.append((goal, self.steps, self.clicks, self.typed))
        self.steps = self.clicks = self.typed = 0


@dataclass
class Installation:
    """What has just been installed."""

    address: str
    monitor: Service
    broker: Broker

    def code(self) -> str:
        """Return the code that the log shows."""
        found = re.findall(r"#(\d{4}-\d{2})", self.monitor.text())
        return str(found[-1])


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Installation]:
    """Everything as it is installed: no meter, no password, no setting."""
    with (
        Broker(tmp_path / "broker") as broker,
        Database(tmp_path / "database", options=UNSYNCED_DATABASE) as database,
    ):
        mqtt = {"host": broker.host, "port": broker.port}
        access = {key: getattr(database, key) for key in ("host", "port", "user", "password", "name")}
        reader = {"name": "cellar", "port": "ask", "mqtt": mqtt, "clock": {"patience": "0s"}}
        reader["spool"] = {"journal": str(tmp_path / "journal"), "path": str(tmp_path / "spool")}
        monitor = {"mqtt": mqtt, "database": access, "state": str(tmp_path / "state")}
        monitor |= {"listen": {"port": (port := free_port())}, "own_broker": {"port": None, "choose": True}}
        with (
            Service("storer", tmp_path, {"name": "main", "mqtt": mqtt, "database": access}).start(),
            Service("reader", tmp_path, reader).start(),
            Service("monitor", tmp_path, monitor).start() as page,
        ):
            page.wait_for_log(r"#\d{4}-\d{2}", within=STARTED_WITHIN)
            yield Installation(f"http://{HOST}:{port}/", page, broker)


@pytest.fixture
def visit(new: Installation, browser: Browser) -> Iterator[Visit]:
    """Somebody who opens the address of the log."""
    with visiting(new, browser, "desk") as one:
        yield one


@contextlib.contextmanager
def visiting(new: Installation, browser: Browser, device: str) -> Iterator[Visit]:
    context = browser.new_context(**DEVICES[device], locale="fr-FR", timezone_id="Europe/Paris")
    visit = Visit(context, new.address)
    visit.expected = ("Failed to fetch dynamically",)  # a place that is left while the files of others come
    yield visit
    assert visit.troubles() == []
    context.close()


def open_by_code(visit: Visit, new: Installation) -> Page:
    visit.page.goto(f"{new.address}#{new.code()}")
    expect(visit.page.locator("h2#step")).to_have_text("Choisissez un mot de passe")
    return visit.page


def ask(page: Page, question: str) -> Any:
    """Return an answer of the API to whoever looks at the page."""
    return page.evaluate("async (path) => (await fetch(`api/v1/${path}`)).json()", question)


def load_curve() -> str:
    """Return a file as Enedis gives it: the mean power of each half-hour of 365 days, with the time of its end."""
    count = 365 * 48
    lines = [
        "Identifiant PRM;Type de donnees;Date de debut;Date de fin;"
        "Grandeur physique;Grandeur metier;Etape metier;Unite",
        f"12345678901234;Courbe de charge;{END - timedelta(days=365):%d/%m/%Y};{END:%d/%m/%Y};"
        "Energie active;Consommation;Comptage Brut;W",
        "Horodate;Valeur",
    ]
    ends = (END - number * timedelta(minutes=30) for number in reversed(range(count)))
    return "\n".join(lines + [f"{one.astimezone(PARIS).isoformat()};{WATTS}" for one in ends]) + "\n"


@contextlib.contextmanager
def phone() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Something that takes messages: its address, and what came."""
    came: list[dict[str, Any]] = []

    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((HOST, 0), Taker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"json://{HOST}:{server.server_port}", came
        server.shutdown()
        thread.join()


def see_the_first_value(work: Work) -> None:
    page = work.page
    work.at("Choisissez un mot de passe")
    work.write(page.get_by_label("Mot de passe", exact=True), PASSWORD)
    work.go_on("Enregistrer", "Avez-vous déjà un serveur MQTT\u202f?")
    work.go_on("Non", "Votre compteur")
    work.click(page.get_by_label("Compteur simulé"))
    facts = page.locator(".first-visit .pairs")
    expect(facts).to_contain_text(re.compile(r"Puissance[\d\s]+VA"))
    expect(facts).to_contain_text(re.compile(r"Dernière trame\d\d:\d\d:\d\d"))
    work.reached("first value")


def enter_the_contract(work: Work) -> None:
    page = work.page
    work.go_on("Continuer", "Votre contrat")
    expect(page.locator(".first-visit")).to_contain_text(re.compile(r"Votre compteur indique\s: Tempo, 9\skVA"))
    contracts = page.locator("[data-section=contracts]")
    work.choose(contracts.get_by_label("Offre", exact=True), OFFER)
    work.write(contracts.get_by_label("Depuis le"), SINCE.isoformat())
    expect(contracts.locator(".status-line")).to_contain_text("Enregistré")
    expect(page.get_by_role("button", name="Continuer")).to_be_visible()
    work.reached("right prices")


def import_the_past(work: Work, folder: Path) -> None:
    page, file = work.page, folder / "conso.csv"
    file.write_text(load_curve(), encoding="utf-8")
    work.go_on("Continuer", "Vos années précédentes")
    work.give_file(page.locator("#files"), file)
    entry = page.locator("li", has_text=file.name).first
    expect(entry).to_contain_text(re.compile(r"8\s760 heures, 5\s256\skWh"), timeout=LONG)
    work.click(entry.get_by_role("button", name="Importer"))
    expect(entry).to_contain_text("Importé.", timeout=LONG)
    work.reached("a year of energy")


def get_an_alert(work: Work, address: str, came: list[dict[str, Any]]) -> None:
    page = work.page
    work.go_on("Continuer", "Des alertes sur votre téléphone")
    work.choose(page.get_by_label("Par quel service"), "other")
    work.write(page.get_by_label("Adresse", exact=True), address)
    work.click(page.get_by_role("button", name="Envoyer un essai"))
    wait_until(lambda: bool(came), LONG / 1000, "the first message")
    work.reached("first alert")
    work.click(page.get_by_role("button", name="Enregistrer cette adresse"))
    expect(page.locator("[data-section=addresses]")).to_contain_text("Enregistré")


def test_from_the_code_to_value_bill_and_alert_it_takes_few_clicks(
    visit: Visit, new: Installation, tmp_path: Path
) -> None:
    work = Work(open_by_code(visit, new))
    see_the_first_value(work)
    enter_the_contract(work)
    import_the_past(work, tmp_path)
    with phone() as (address, came):
        get_an_alert(work, address, came)
    page = work.page
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("h1")).to_have_text("Maintenant")
    assert ask(page, "settings/page")["value"]["first_visit"] is True
    (meter,) = ask(page, "meters")["meters"]
    day = ask(page, f"energy?meter={meter['id']}&by=day&from={DAY}&to={YESTERDAY}")["whole"]
    assert day["total_wh"] == WATTS * HOURS
    assert day["cost"]["energy"] == round(PRICE * WATTS * HOURS / 1000 * 10_000)
    visit.go("reglages")
    expect(page.locator(".to-do")).to_have_count(0)
    print("\ngoal              steps  clicks  typed")
    for goal, steps, clicks, typed in work.rows:
        print(f"{goal:16}  {steps:5}  {clicks:6}  {typed:5}")
    assert work.rows == [
        ("first value", 3, 4, len(PASSWORD)),
        ("right prices", 1, 4, 8),
        ("a year of energy", 1, 5, 0),
        ("first alert", 1, 5, len(address)),
    ]


#: The steps after the password, as somebody without a broker and a meter has them.
STEPS = [
    "Avez-vous déjà un serveur MQTT\u202f?",
    "Votre compteur",
    "Votre contrat",
    "Vos années précédentes",
    "Des alertes sur votre téléphone",
]


def test_what_is_skipped_comes_back_in_the_settings_until_it_is_done(visit: Visit, new: Installation) -> None:
    page = open_by_code(visit, new)
    heading, skip = page.locator("h2#step"), page.get_by_role("button", name="Passer")
    for step in STEPS:
        assert findings(page) == []
        skip.click()
        expect(heading).to_have_text(step)
    page.get_by_role("link", name="Retour").click()
    expect(heading).to_have_text(STEPS[-2])
    page.reload()
    expect(heading).to_have_text(STEPS[-2])
    expect(page.locator("[aria-current=step]")).to_have_text("Le passé")
    skip.click()
    expect(heading).to_have_text(STEPS[-1])
    skip.click()
    expect(page.locator("h1")).to_have_text("Maintenant")
    expect(page.locator("#main")).to_contain_text("Aucune trame reçue")
    visit.go("")  # it does not open again
    expect(page.locator("h1")).to_have_text("Maintenant")
    visit.go("reglages")
    to_do = page.locator(".to-do li")
    expect(to_do).to_have_text(
        [
            "Choisir un mot de passe",
            "Choisir le port du compteur",
            "Indiquer votre contrat et vos prix",
            "Importer vos années précédentes",
            "Recevoir les alertes sur votre téléphone",
        ]
    )
    assert findings(page) == []
    to_do.nth(3).get_by_role("link").click()
    page.get_by_role("button", name="Je n’ai rien à importer").click()
    expect(heading).to_have_text(STEPS[-1])
    visit.go("reglages")
    expect(to_do).to_have_count(4)


def press_until(page: Page, name: str) -> None:
    """Go by the Tab key to what has a name, and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the Tab key does not lead to {name}")


def test_it_is_gone_through_by_keys_on_a_small_screen_in_english_and_in_two_tabs(
    new: Installation, browser: Browser
) -> None:
    with visiting(new, browser, "tiny") as visit:
        visit.expected += ("422",)  # the password is too short at first
        page, heading = visit.page, visit.page.locator("h2#step")
        page.goto(f"{new.address}?lang=en#{new.code()}")
        expect(heading).to_have_text("Choose a password")
        expect(heading).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.type("short")
        page.keyboard.press("Enter")
        expect(page.locator(".wrong:not([hidden])")).to_have_text(re.compile(r"8 to \d+ characters"))
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(heading).to_have_text("Do you already have an MQTT broker?")
        expect_to_fit(page)
        other = visit.context.new_page()
        other.goto(f"{new.address}?lang=en")  # it goes on where the first tab is
        expect(other.locator("h2#step")).to_have_text("Do you already have an MQTT broker?")
        for name, step in (("No", "Your meter"), ("Skip", "Your contract"), ("Skip", "Your previous years")):
            press_until(page, name)
            expect(heading).to_have_text(step)
            expect(heading).to_be_focused()
            expect_to_fit(page)
        other.goto(f"{new.address}reglages/debut?lang=en&etape=alertes")
        other.get_by_role("button", name="I do not want alerts").click()
        expect(other.locator("h1")).to_have_text("Now")
        press_until(page, "Skip")  # the other tab has done the rest
        expect(heading).to_have_text("Alerts on your phone")
        expect_to_fit(page)
        press_until(page, "Continue")
        expect(page.locator("h1")).to_have_text("Now")
