"""*Alertes* in the settings, with the made-up answers of the stand: addresses, rules, quiet hours."""

import re

from playwright.sync_api import expect

from tests.browser.stand import Stand
from tests.browser.test_settings import SAVED, fill, saved, section
from tests.browser.test_views import findings


def test_a_topic_is_made_up_tried_and_saved_without_typing(stand: Stand) -> None:
    page = stand.open("reglages/alertes")
    addresses = section(page, "addresses")
    topic = addresses.locator(".topic code").inner_text()
    assert re.fullmatch("teleinfo-[a-z2-9]{16}", topic)
    expect(addresses.get_by_role("img", name="Code QR")).to_be_visible()
    expect(addresses.get_by_role("link")).to_have_attribute("href", f"https://ntfy.sh/{topic}")
    addresses.get_by_role("button", name="Envoyer un essai").click()
    expect(addresses.get_by_role("status")).to_contain_text("le service a accepté le message")
    addresses.get_by_role("button", name="Enregistrer cette adresse").click()
    expect(addresses.get_by_role("status")).to_contain_text(SAVED)
    assert saved(stand, "addresses") == [{"service": "ntfys", "id": "a1"}]
    addresses.get_by_role("button", name="Retirer").click()
    addresses.get_by_role("button", name="Oui, retirer").click()
    expect(addresses).to_contain_text("Aucune adresse n’est enregistrée")
    assert saved(stand, "addresses") == []


def test_what_a_mail_server_refuses_is_said_and_an_empty_field_sends_nothing(stand: Stand) -> None:
    page = stand.open("reglages/alertes")
    addresses = section(page, "addresses")
    addresses.get_by_label("Par quel service").select_option("mail")
    addresses.get_by_role("button", name="Envoyer un essai").click()
    expect(addresses.get_by_role("status")).to_contain_text("Il manque un champ")
    fill(addresses.get_by_label("Serveur SMTP"), "smtp.example.org")
    fill(addresses.get_by_label("Identifiant"), "me@example.org")
    fill(addresses.get_by_label("Mot de passe"), "wrong")
    fill(addresses.get_by_label("Destinataire"), "you@example.org")
    with page.expect_request("**/api/v1/alerts/test?*") as asked:
        addresses.get_by_role("button", name="Envoyer un essai").click()
    assert asked.value.post_data_json["addresses"][0].startswith("mailtos://smtp.example.org:587?")
    expect(addresses.get_by_role("status")).to_contain_text("identifiant ou mot de passe refusé (535)")


def test_rules_and_quiet_hours_are_saved(stand: Stand) -> None:
    page = stand.open("reglages/alertes")
    alerts = section(page, "alerts")
    alerts.get_by_label("Jour blanc").check()
    alerts.get_by_label("Trames perdues").uncheck()
    alerts.get_by_label("Heures calmes").check()
    fill(alerts.get_by_label("Fin"), "06:30")
    alerts.get_by_label("Résumé").select_option(label="chaque semaine")
    page.clock.run_for(1000)
    expect(alerts.get_by_role("status")).to_contain_text(SAVED)
    assert saved(stand, "alerts") == {
        "rules": {"white": True, "loss": False},
        "quiet": "22:00-06:30",
        "digest": "weekly",
    }
    assert findings(page) == []
