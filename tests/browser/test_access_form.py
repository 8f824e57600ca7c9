"""*Accès* in the settings, with the made-up answers of the stand: password, browsers, tokens, accounts, broker."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.stand import Stand
from tests.browser.test_settings import fill, group
from tests.browser.test_views import findings

HOST = "127.0.0.1"


def part(page: Page, title: str) -> Locator:
    return group(page, "Accès").locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_a_password_is_changed_by_whoever_knows_the_present_one(stand: Stand) -> None:
    stand.visit.expected = ("422",)
    page = stand.open("reglages/acces")
    password = part(page, "Mot de passe")
    change = password.get_by_role("button", name="Changer le mot de passe")
    change.click()
    expect(password.get_by_label("Mot de passe actuel")).to_have_attribute("aria-invalid", "true")
    fill(password.get_by_label("Mot de passe actuel"), "wrong")
    fill(password.get_by_label("Nouveau mot de passe"), "maison-verte")
    change.click()
    expect(password.locator('[data-at="password[0].current"]')).to_contain_text("Mot de passe incorrect.")
    fill(password.get_by_label("Mot de passe actuel"), "maison-bleue")
    change.click()
    expect(password.get_by_role("status")).to_contain_text("Mot de passe enregistré")
    expect(password.get_by_label("Nouveau mot de passe")).to_have_value("")


def test_other_browsers_are_logged_out(stand: Stand) -> None:
    page = stand.open("reglages/acces")
    sessions = part(page, "Navigateurs connectés")
    expect(sessions.get_by_role("listitem")).to_have_count(3)
    sessions.get_by_role("button", name="Fermer Safari, iPhone").click()
    expect(sessions.get_by_role("listitem")).to_contain_text(["Firefox, Linux (celui-ci)", "Chrome, Android"])
    expect(sessions.get_by_role("button", name="Fermer toutes les autres")).to_have_count(0)


def test_a_token_is_shown_once_and_can_be_revoked(stand: Stand) -> None:
    page = stand.open("reglages/acces")
    tokens = part(page, "Jetons")
    fill(tokens.get_by_label("Nom"), "tableur")
    tokens.get_by_role("button", name="Créer un jeton").click()
    expect(tokens.get_by_role("status").first).to_contain_text("kJ2c9_wY0bq3T7rLx5VnZ1dH8mSa6EfP")
    tokens.get_by_role("button", name="Copier Jeton").click()
    expect(tokens.get_by_role("button", name="Copié")).to_be_visible()
    tokens.get_by_role("button", name="Révoquer tableur").click()
    tokens.get_by_role("button", name="Oui, révoquer").click()
    expect(tokens.get_by_role("listitem")).to_have_count(0)


def test_an_account_comes_with_the_line_to_copy(stand: Stand) -> None:
    stand.visit.expected = ("422",)
    page = stand.open("reglages/acces")
    broker = part(page, "Serveur MQTT et comptes")
    name, add = broker.get_by_label("Nom du compte"), broker.get_by_role("button", name="Ajouter un compte")
    fill(name, "Téléphone")
    add.click()
    expect(broker).to_contain_text("un nom tel que onduleur est attendu")
    fill(name, "telephone")
    broker.get_by_label("Pour").select_option(label="Lecture seule")
    add.click()
    expect(broker.locator(".shown-once")).to_contain_text(
        f"mosquitto_sub -h {HOST} -p 1883 -u telephone -P 'r4Nd0m-Pa55' -v -t 'teleinfo/+/state'"
    )
    broker.get_by_role("button", name="Retirer telephone").click()
    broker.get_by_role("button", name="Oui, retirer").click()
    expect(broker.get_by_role("listitem")).to_have_count(1)


def test_another_broker_is_tried_before_it_is_used_and_left_again(stand: Stand) -> None:
    stand.visit.expected = ("422",)
    page = stand.open("reglages/acces")
    broker = part(page, "Serveur MQTT et comptes")
    broker.get_by_text("Utiliser un autre serveur MQTT").click()
    for host, answer in (("192.168.1.9", "aucune réponse de 192.168.1.9:1883"), ("192.168.1.5", "192.168.1.5")):
        fill(broker.get_by_label("Serveur", exact=True), host)
        broker.get_by_role("button", name="Essayer et utiliser").click()
        expect(broker).to_contain_text(answer)
    broker.get_by_role("button", name="Revenir au serveur fourni").click()
    broker.get_by_role("button", name="Oui, revenir").click()
    expect(broker).to_contain_text(HOST)
    assert findings(page) == []
