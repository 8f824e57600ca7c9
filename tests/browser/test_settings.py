"""What is set in the page, with the made-up answers of the stand: forms, undo, what is wrong, two tabs, keyboard."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.stand import Stand
from tests.browser.test_views import findings
from tests.browser.visit import DEVICES, change_answers

SAVED = "Enregistré"


def group(page: Page, title: str) -> Locator:
    return page.locator("details.group").filter(has=page.get_by_role("heading", name=title, exact=True))


def section(page: Page, name: str) -> Locator:
    return page.locator(f'[data-section="{name}"]')


def saved(stand: Stand, name: str) -> Any:
    return stand.page.evaluate("(name) => fetch(`api/v1/settings/${name}`).then((r) => r.json())", name)["value"]


def fill(field: Locator, text: str) -> None:
    field.fill(text)
    field.blur()


def test_a_field_is_saved_when_it_is_left_and_can_be_undone(stand: Stand) -> None:
    page = stand.open("reglages/budget")
    budget = section(page, "budget")
    fill(budget.get_by_label("Budget ou mensualité"), "120")
    page.clock.run_for(1000)
    expect(budget.get_by_role("status")).to_contain_text(SAVED)
    assert saved(stand, "budget") == {"euros": 120}
    budget.get_by_role("button", name="Annuler").click()
    expect(budget.get_by_label("Budget ou mensualité")).to_have_value("")
    assert saved(stand, "budget") == {"euros": None}


def test_what_is_wrong_is_said_at_its_field(stand: Stand) -> None:
    stand.visit.expected = ("422",)
    page = stand.open("reglages/budget")
    field = section(page, "budget").get_by_label("Budget ou mensualité")
    fill(field, "neuf")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("Un nombre est attendu"))
    fill(field, "200000")
    page.clock.run_for(1000)
    expect(field).to_have_accessible_description(re.compile("au plus 100000"))
    fill(field, "200")
    page.clock.run_for(1000)
    expect(section(page, "budget").get_by_role("status")).to_contain_text(SAVED)
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_a_second_tab_is_told_that_another_was_first(stand: Stand) -> None:
    stand.visit.expected = ("412",)
    page = stand.open("reglages/budget")
    page.evaluate(
        """fetch('api/v1/settings/budget', { method: 'PUT', body: '{"value": {"euros": 90}}',
             headers: { 'Content-Type': 'application/json', 'If-Match': '"0"' } })"""
    )
    field = section(page, "budget").get_by_label("Budget ou mensualité")
    fill(field, "120")
    page.clock.run_for(1000)
    expect(section(page, "budget").get_by_role("status")).to_contain_text("Modifié entre-temps ailleurs")
    expect(field).to_have_value("90")
    fill(field, "120")
    page.clock.run_for(1000)
    expect(section(page, "budget").get_by_role("status")).to_contain_text(SAVED)


def test_while_the_database_is_away_a_change_is_kept_and_sent_again(stand: Stand) -> None:
    stand.visit.expected = ("503",)
    page = stand.open("reglages/budget")
    stand.ask("stage/database")
    fill(section(page, "budget").get_by_label("Budget ou mensualité"), "120")
    page.clock.run_for(1000)
    status = section(page, "budget").get_by_role("status")
    expect(status).to_contain_text("La base ne répond pas")
    stand.ask("stage/ok")
    status.get_by_role("button", name="Réessayer").click()
    expect(status).to_contain_text(SAVED)
    assert saved(stand, "budget") == {"euros": 120}


def test_what_is_entered_just_before_leaving_is_saved(stand: Stand) -> None:
    page = stand.open("reglages/budget")
    fill(section(page, "budget").get_by_label("Budget ou mensualité"), "120")
    page.get_by_role("link", name="État").click()
    expect(page.locator("h1")).to_have_text("État")
    page.wait_for_function(
        "fetch('api/v1/settings/budget').then((r) => r.json()).then(({ value }) => value.euros === 120)"
    )


def test_a_contract_is_saved_once_its_line_is_whole(stand: Stand) -> None:
    page = stand.open("reglages/contrat")
    contracts = section(page, "contracts")
    contracts.get_by_role("button", name="Ajouter un contrat").click()
    line = contracts.get_by_role("group", name="Contrat 1")
    expect(line.get_by_label("Puissance souscrite")).to_have_value("9")  # as the meter says
    expect(contracts.get_by_role("status").last).to_contain_text("Enregistré dès que")
    assert saved(stand, "contracts") == []
    line.get_by_label("Chercher une offre").fill("zen")
    line.get_by_label("Offre", exact=True).select_option(label="Zen Fixe")
    fill(line.get_by_label("Depuis le"), "2025-02-01")
    page.clock.run_for(1000)
    expect(contracts.get_by_role("status").last).to_contain_text(SAVED)
    assert saved(stand, "contracts") == [
        {"meter": "041234567890", "power": 9, "offer": "edf-zen-fixe", "from": "2025-02-01"}
    ]
    expect(page.locator(".bill")).to_contain_text("avant 229,53 €, après 212,10 €")
    fill(page.locator(".bill").get_by_label("Votre facture"), "210")
    expect(page.locator(".bill")).to_contain_text("1,0 % de plus ici que sur votre facture")
    fill(line.get_by_label("Puissance souscrite"), "6")
    page.clock.run_for(1000)
    expect(line).to_contain_text("Le compteur dit 9 kVA, le contrat 6 kVA.")


def test_prices_from_a_bill_become_an_offer_and_the_contract(stand: Stand) -> None:
    page = stand.open("reglages/contrat?compteur=051234560042")
    prices = section(page, "prices")
    prices.get_by_role("button", name="Ajouter mes prix").click()
    offer = prices.get_by_role("group", name="Mes prix")
    fill(offer.get_by_label("Heures creuses"), "0,1579")
    fill(offer.get_by_label("Heures pleines"), "0.2146")
    expect(prices.get_by_role("status").last).to_contain_text("Enregistré dès que")
    fill(offer.get_by_label("Abonnement, 12 kVA"), "23,40")
    page.clock.run_for(1000)
    expect(prices.get_by_role("status").last).to_contain_text(SAVED)
    row = {"from": "2026-11-01", "kwh": {"HCHC": 0.1579, "HCHP": 0.2146}, "subscription": {"12": 23.4}}
    assert saved(stand, "prices")["offers"] == [{"id": "mes-prix", "name": "Mes prix", "rows": [row]}]
    offer.get_by_role("button", name="C’est mon offre").click()
    page.clock.run_for(1000)
    expect(section(page, "contracts").get_by_role("status").last).to_contain_text(SAVED)
    assert saved(stand, "contracts") == [
        {"meter": "051234560042", "from": "2026-11-01", "offer": "mes-prix", "power": 12}
    ]


def test_an_offer_of_the_ranking_becomes_the_contract(stand: Stand) -> None:
    page = stand.open("contrats")
    place = page.locator('[data-offer="alpiq-stable-hc"]')
    place.locator("summary").first.click()
    place.get_by_text("C’est mon offre").click()
    fill(place.get_by_label("Depuis le"), "2026-03-01")
    place.get_by_role("button", name="Enregistrer").click()
    status = page.locator(".offers").get_by_role("status").filter(has_text=SAVED)
    expect(status).to_be_visible()
    line = {"meter": "041234567890", "from": "2026-03-01", "offer": "alpiq-stable-hc", "power": 9}
    assert saved(stand, "contracts") == [line]
    status.get_by_role("button", name="Annuler").click()
    expect(page.locator(".offers")).to_contain_text("Annulé")
    assert saved(stand, "contracts") == []


def test_a_note_is_made_on_the_day_it_belongs_to(stand: Stand) -> None:
    page = stand.open("jour/2026-11-20")
    page.get_by_text("Noter…").click()
    page.get_by_label("Qu’est-ce qui a changé").fill("Nouveau frigo")
    page.keyboard.press("Enter")
    expect(page.locator(".note-form").get_by_role("status")).to_contain_text(SAVED)
    assert saved(stand, "notes") == [{"at": "2026-11-20", "text": "Nouveau frigo", "meter": "041234567890"}]


def test_assumed_prices_lead_to_where_the_right_ones_are_set(stand: Stand) -> None:
    page = stand.open("jour/2026-11-20")
    page.get_by_role("link", name="Pas le vôtre").click()
    expect(page.locator("h1")).to_have_text("Réglages")
    expect(group(page, "Contrat et prix")).to_have_attribute("open", "")


def test_a_source_is_entered_with_where_its_values_are(stand: Stand) -> None:
    page = stand.open("reglages/appareils")
    sources = section(page, "sources")
    sources.get_by_role("button", name="Ajouter un appareil").click()
    one = sources.get_by_role("group", name="Appareil 1")
    fill(one.get_by_label("Nom"), "Chauffe-eau")
    one.get_by_label("Nature").select_option(label="Appareil")
    one.get_by_label("Énergie (compteur").check()
    fill(one.get_by_label("Topic MQTT"), "boiler/status")
    one.get_by_role("button", name="Voir ce qui est envoyé").click()
    one.get_by_role("button", name="aenergy.total").click()
    expect(one.get_by_label("Chemin dans le message")).to_have_value("aenergy.total")
    one.get_by_label("Unité").select_option("Wh")
    page.clock.run_for(1000)
    expect(sources.get_by_role("status").last).to_contain_text(SAVED)
    assert saved(stand, "sources") == [
        {
            "name": "Chauffe-eau",
            "kind": "device",
            "topic": "boiler/status",
            "energy": "aenergy.total",
            "unit": {"energy": "Wh"},
        }
    ]


def test_a_topic_that_the_broker_refuses_is_told_at_its_source_and_in_the_state(stand: Stand) -> None:
    stand.ask("stage/refused")
    page = stand.open("etat")
    page.evaluate(
        """fetch('api/v1/settings/sources', { method: 'PUT', body: JSON.stringify({ value: [{ name: 'Chauffe-eau',
             kind: 'device', topic: 'boiler/status', power: 'apower' }] }),
             headers: { 'Content-Type': 'application/json', 'If-Match': '"0"' } })"""
    )
    expect(page.locator(".notices")).to_contain_text("« boiler/status »")
    page.locator(".notices").get_by_role("link", name="Corriger").click()
    one = section(page, "sources").get_by_role("group", name="Appareil 1")
    expect(one).to_contain_text("refuse la lecture de « boiler/status »")


def test_files_are_looked_at_then_imported_then_taken_back(stand: Stand) -> None:
    page = stand.open("reglages/passe")
    past = group(page, "Le passé")
    files = [{"name": name, "mimeType": "text/csv", "buffer": b"a;b"} for name in ("2024.csv", "2025.csv")]
    past.locator("input[type=file]").set_input_files(files)
    first = past.locator(".entries > li").first
    expect(first).to_contain_text("À ajouter : 17 520 heures, 8 412 kWh")
    expect(past.locator(".entries > li")).to_have_count(2)
    first.get_by_role("button", name="Importer").click()
    expect(first).to_contain_text("Importé.")
    past.get_by_role("button", name="Retirer 2024.csv, Maison").click()
    expect(past.get_by_role("button", name="Retirer 2024.csv, Maison")).to_have_count(0)


@pytest.mark.parametrize("meter", [None, "041234567890", "051234560042"])
def test_taking_back_what_was_fetched_for_a_meter_turns_its_switch_off(stand: Stand, meter: str | None) -> None:
    page = stand.open("reglages/budget")
    page.evaluate(
        """async (meter) => {
             const send = (path, body, more) => fetch(`api/v1/${path}`, { ...more, body: JSON.stringify(body),
               headers: { 'Content-Type': 'application/json', ...more.headers } }).then((r) => r.json());
             const { value } = await (await fetch('api/v1/settings/fetch')).json();
             await send('settings/fetch', { value: { ...value, enedis: { on: true, meter } } },
               { method: 'PUT', headers: { 'If-Match': '"0"' } });
             const { id } = await send('requests',
               { kind: 'import', arguments: { kind: 'conso', name: 'Conso API 2026-11-24.json', dry_run: false } },
               { method: 'POST' });
             await fetch(`api/v1/requests/${id}/start`, { method: 'POST' });
           }""",
        meter,
    )
    page = stand.open("reglages/passe")
    past = group(page, "Le passé")
    past.get_by_role("button", name="Retirer Conso API 2026-11-24.json, Maison").click()
    expect(past.get_by_role("button", name=re.compile("^Retirer"))).to_have_count(0)
    is_of_another = meter == "051234560042"
    expect(past.get_by_text(re.compile(r"Années passées d’Enedis.* est éteint"))).to_have_count(
        0 if is_of_another else 1
    )
    assert saved(stand, "fetch")["enedis"]["on"] is is_of_another
    assert findings(page) == []


def test_what_home_assistant_counted_is_ticked_tried_and_imported(stand: Stand) -> None:
    page = stand.open("reglages/passe")
    past = group(page, "Le passé")
    past.get_by_text("Reprendre le passé de Home Assistant").click()
    past.get_by_label("linkytic HC").first.check()
    machine = past.get_by_label("Shelly Plug").first
    machine.check()
    past.get_by_role("button", name="Voir ce qui serait ajouté").click()
    expect(past.get_by_role("alert")).to_have_text("Choisissez l’index de chaque ligne cochée.")
    machine.uncheck()
    expect(past.get_by_label("Index du compteur pour linkytic HC")).to_have_value("HCHC")
    past.get_by_role("button", name="Voir ce qui serait ajouté").click()
    expect(past.locator(".entries > li")).to_contain_text("À ajouter")
    assert findings(page) == []


def test_the_energy_dashboard_is_shown_filled_and_undone_by_a_click(stand: Stand) -> None:
    page = stand.open("reglages/homeassistant")
    there = group(page, "Home Assistant")
    expect(there).to_contain_text("Sera ajouté")
    expect(there).to_contain_text("Le tableau compte déjà linkytic HP")
    there.get_by_role("button", name="Ajouter au tableau").click()
    expect(there).to_contain_text("Déjà dans le tableau")
    there.get_by_role("button", name="Retirer ce qui a été ajouté").click()
    expect(there.get_by_role("button", name="Ajouter au tableau")).to_be_visible()
    assert findings(page) == []


def test_what_is_gone_is_forgotten_after_its_name_and_every_place_can_cancel_it(stand: Stand) -> None:
    page = stand.open("etat")
    expect(page.locator(".notice").filter(has_text="Ancien compteur")).to_contain_text("depuis le 10 mars 2026")
    page.get_by_role("link", name="Oublier ce compteur").click()
    gone = group(page, "Ce qui n’est plus là")
    forget = gone.get_by_role("button", name="Oublier")
    expect(forget).to_be_disabled()
    gone.get_by_label("Pour confirmer").fill("ancien compteur")
    forget.click()
    expect(page.locator(".waiting")).to_contain_text("sera oublié à 15 h 32")
    page.get_by_role("link", name="Bilan").click()
    page.locator(".waiting").get_by_role("button", name="Annuler").click()
    expect(page.locator(".waiting")).to_have_count(0)
    page.get_by_role("link", name="État").click()
    expect(page.locator("h1")).to_have_text("État")
    expect(page.locator(".waiting")).to_have_count(0)


def test_the_port_of_the_meter_is_chosen_where_the_reader_lets_it(stand: Stand) -> None:
    page = stand.open("reglages/port")
    ports = section(page, "ports")
    ports.get_by_label("FTDI FT230X").check()
    page.clock.run_for(1000)
    expect(ports.get_by_role("status").last).to_contain_text(SAVED)
    port = "/dev/serial/by-id/usb-FTDI_FT230X_Basic_UART_DK0AAAAA-if00-port0"
    assert saved(stand, "ports") == {"reader": "cave", "ports": [port], "labels": {port: "FTDI FT230X Basic UART"}}


def test_a_meter_that_arrives_decoded_is_chosen_with_its_limits_and_what_the_reader_says_of_it(stand: Stand) -> None:
    page = stand.open("reglages/port")
    ports = section(page, "ports")
    expect(ports).to_contain_text(re.compile(r"10\sWh avec un ZLinky"))
    ports.get_by_label("Linky (Zigbee2MQTT)").check()
    page.clock.run_for(1000)
    expect(ports.get_by_role("status").last).to_contain_text(SAVED)
    topic = "mqtt:zigbee2mqtt/Linky"
    assert saved(stand, "ports")["ports"] == [topic]
    expect(ports.locator(".said")).to_contain_text("transmis")

    def say(**read: Any) -> None:
        whole = {"name": topic, "state": "listening", "why": None, "meter": None, "source": None, "interval": None}
        change_answers(page, "ports", lambda given: {"readers": [given["readers"][0] | {"reads": [whole | read]}]})
        page.clock.run_for(6000)

    say()
    expect(ports.locator(".said")).to_contain_text(re.compile(r"jusqu’à 15\sminutes"))
    expect(ports.locator(".warn-text")).to_have_count(0)
    say(state="reading", meter="031961123456", source="zigbee2mqtt", interval=60)
    expect(ports.locator(".said")).to_contain_text("Compteur 031961123456 reçu. Décodé par Zigbee2MQTT")
    say(state="silent")
    expect(ports.locator(".said.warn-text")).to_contain_text("Aucun message")
    ports.get_by_label("Linky (Zigbee2MQTT)").uncheck()
    expect(ports.locator(".said")).to_have_count(0)


def test_what_each_value_of_an_owner_s_names_is_can_be_said_and_said_anew(stand: Stand) -> None:
    page = stand.open("reglages/port")
    ports = section(page, "ports")
    ports.get_by_label("linky-garage (ESPHome)").check()
    expect(ports.get_by_label("index_total")).to_have_value('"EAST"')
    unit = ports.get_by_label("Unité des index")
    expect(unit.locator("option:checked")).to_have_text(re.compile(r"Wh \(index de 12.346.kWh\)"))
    ports.get_by_label("linky_sinsts").focus()
    ports.get_by_label("linky_sinsts").select_option(value='"EAST"')  # of two names only one can be it
    expect(ports.get_by_label("linky_sinsts")).to_be_focused()
    expect(ports.get_by_label("index_total")).to_have_value("null")
    ports.get_by_label("index_total").select_option(value='"EASF01"')
    ports.get_by_label("linky_sinsts").select_option(value="null")
    page.clock.run_for(1000)
    assert saved(stand, "ports")["ports"] == []
    ports.get_by_role("button", name="Lire ces valeurs").click()
    expect(ports.get_by_role("button", name="Lire ces valeurs")).to_have_count(0)
    page.clock.run_for(1000)
    expect(ports.get_by_role("status").last).to_contain_text(SAVED)
    assert saved(stand, "ports") == {
        "reader": "cave",
        "ports": ["mqtt:linky-garage/sensor/+/state?unit=Wh&index_total=EASF01"],
        "labels": {"mqtt:linky-garage/sensor/+/state?unit=Wh&index_total=EASF01": "linky-garage (ESPHome)"},
    }
    ports.get_by_role("button", name="Modifier les valeurs").click()
    unit.select_option(value='"kWh"')
    ports.get_by_role("button", name="Lire ces valeurs").click()
    expect(ports.get_by_role("button", name="Lire ces valeurs")).to_have_count(0)
    page.clock.run_for(1000)
    assert saved(stand, "ports")["ports"] == ["mqtt:linky-garage/sensor/+/state?unit=kWh&index_total=EASF01"]


def test_a_topic_that_nothing_announces_is_typed_and_what_is_wrong_with_it_is_said_at_its_field(stand: Stand) -> None:
    page = stand.open("reglages/port")
    ports = section(page, "ports")
    ports.get_by_text("Autre…").click()
    field = ports.get_by_label("Topic MQTT du compteur")
    field.fill("tele/linky/#")
    page.clock.run_for(11_000)  # what the reader says is asked for again meanwhile
    ports.get_by_role("button", name="Écouter").click()
    expect(field).to_have_accessible_description(re.compile("d’autres appareils"))
    expect(field).to_be_focused()
    field.fill("tele/linky/SENSOR")
    ports.get_by_role("button", name="Écouter").click()
    expect(ports.get_by_label("tele/linky/SENSOR")).to_be_checked()
    page.clock.run_for(1000)
    expect(ports.get_by_role("status").last).to_contain_text(SAVED)
    assert saved(stand, "ports") == {"reader": "cave", "ports": ["mqtt:tele/linky/SENSOR"], "labels": {}}


def test_where_no_password_is_asked_the_page_says_so(stand: Stand) -> None:
    stand.ask("stage/open")
    page = stand.open("reglages")
    expect(page.locator(".notice")).to_contain_text("sans mot de passe")


def test_all_of_a_group_can_be_done_by_keyboard(stand: Stand) -> None:
    page = stand.open("reglages")
    page.locator("details.group summary").filter(has_text="Notes").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Ajouter une note")
    page.keyboard.press("Enter")  # the day is that of today, and has the focus
    for _ in range(5):  # the parts of a date, and its calendar
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "text":
            break
    page.keyboard.type("Poêle")
    page.keyboard.press("Tab")
    page.clock.run_for(1000)
    expect(section(page, "notes").get_by_role("status").last).to_contain_text(SAVED)
    assert saved(stand, "notes") == [{"at": "2026-11-25", "text": "Poêle"}]


def fill_all(page: Page) -> None:
    """Open each group, and one entry of each list."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for name in ("Ajouter un contrat", "Ajouter mes prix", "Ajouter une note", "Ajouter un appareil"):
        page.get_by_role("button", name=name).click()
    page.locator("[data-section=sources] select").first.select_option(index=2)
    page.get_by_label("Énergie (compteur").check()
    page.get_by_label("linky-garage (ESPHome)").check()
    expect(page.locator(".table-plain")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desk", "phone"])
def test_axe_finds_nothing_in_any_group(stand: Stand, device: str, theme: str) -> None:
    stand.page.emulate_media(color_scheme=theme)
    stand.page.set_viewport_size(DEVICES[device]["viewport"])
    page = stand.open("reglages")
    fill_all(page)
    assert findings(page) == []


def test_nothing_of_any_group_stands_beside_a_screen_of_320_pixels(stand: Stand) -> None:
    stand.page.set_viewport_size({"width": 320, "height": 640})
    page = stand.open("reglages")
    fill_all(page)
    page.wait_for_function("document.documentElement.scrollWidth <= 320")


def test_the_english_settings_show_no_french(stand: Stand) -> None:
    page = stand.open("reglages?lang=en")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    expect(page.locator(".table-plain")).to_be_visible()
    french = re.compile(r"[éèêàâçùôîœ]|\b(?:compteur|jours?|depuis|ajouter|prix)\b", re.IGNORECASE)
    text = re.sub("Ancien compteur|Heures|Français", "", page.inner_text("main"))
    assert french.findall(text) == []
