from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts.events import BEGIN, END, Event, Message
from monitor.alerts.words import line, place, title_and_body
from monitor.settings.alert_kinds import KINDS
from tests.support.wording import warnings_of

PARIS = ZoneInfo("Europe/Paris")
BEGAN = datetime(2026, 11, 28, 13, 2, tzinfo=UTC)  # a Saturday, 14:02 in Paris
ONE, TWO = {"0219": "Maison"}, {"0219": "Maison", "0220": "Atelier"}
SINCE = "2026-11-28T13:02:00Z"
WINDOWS = {"since": "2026-11-28", "old": "22:26–06:26", "new": "02:06–07:06, 13:36–16:36"}
#: kind, key, figures; then words of line, of the message, of the message that it is over, with plain spaces
CASES: list[tuple[str, str, Mapping[str, Any], str, str, str]] = [
    (
        "overload", "2", {"power": 9450, "limit": 9000, "phase": 2},
        "Risque de coupure : 9 450 VA sur la phase 2, limite 9 000 VA",
        "Risque de coupure : 9 450 VA sur la phase 2|La limite est de 9 000 VA. Arrêtez tout de suite",
        "Puissance revenue sous la limite|Pointe : 9 450 VA sur la phase 2, pour une limite de 9 000 VA. Durée :"
        " 2 h 38.",
    ),
    (
        "overload", "", {"power": 8700, "limit": 9000, "phase": None},
        "Risque de coupure : 8 700 VA, limite 9 000 VA", "Risque de coupure : 8 700 VA|La limite", "Puissance revenue|",
    ),
    (
        "silent", "meter", {"link": "meter", "since": SINCE},
        "Aucune donnée du compteur",
        "Aucune donnée du compteur|Le compteur n’envoie plus rien depuis 14 h 02. Vérifiez le câble",
        "Le compteur envoie à nouveau ses données|Interruption de 14 h 02 à 16 h 40.",
    ),
    ("silent", "reader", {"link": "reader", "since": SINCE}, "Le lecteur ne répond plus", "|", "Le lecteur|"),
    ("silent", "mqtt", {"link": "mqtt", "since": SINCE}, "Le serveur MQTT ne répond plus", "|", "Le serveur|"),
    (
        "power_cut", SINCE, {"start": SINCE, "end": "2026-11-28T13:45:00Z", "minutes": 43},
        "Coupure de courant (43 min), samedi 28 novembre de 14 h 02 à 14 h 45",
        "Coupure de courant : 43 min|Le courant a été coupé samedi 28 novembre de 14 h 02 à 14 h 45. Vérifiez", "",
    ),
    (
        "power_cut", SINCE, {"start": "2026-11-28T22:50:00Z", "end": "2026-12-01T00:20:00Z", "minutes": 2970},
        "Coupure de courant (49 h 30), du samedi 28 novembre à 23 h 50 au mardi 1er décembre à 1 h 20", "|", "",
    ),
    (
        "red", "2026-11-30", {"day": "2026-11-30", "price": 7060, "reminder": 0},
        "Jour rouge lundi 30 novembre : 0,71 € le kWh",
        "Demain, jour rouge|Lundi 30 novembre, de 6 h à 22 h, évitez chauffage, four et lave-linge : 0,71 € le kWh.",
        "",
    ),
    (
        "red", "2026-11-30", {"day": "2026-11-30", "price": None, "reminder": 1},
        "Jour rouge lundi 30 novembre", "Rappel : demain, jour rouge|Lundi 30 novembre", "",
    ),
    (
        "white", "2026-12-01", {"day": "2026-12-01", "price": 1894, "reminder": 0},
        "Jour blanc mardi 1er décembre : 0,19 € le kWh", "Demain, jour blanc|Mardi 1er décembre", "",
    ),
    (
        "off_peak", "2026-11-28", {**WINDOWS, "against": "meter"},
        "Vos heures creuses ont changé : 02:06–07:06, 13:36–16:36 au lieu de 22:26–06:26",
        "Vos heures creuses ont changé|Depuis le samedi 28 novembre : 02:06–07:06, 13:36–16:36, au lieu de", "",
    ),
    (
        "off_peak", "file", {**WINDOWS, "against": "file"},
        "Heures creuses du compteur : 02:06–07:06, 13:36–16:36 ; de la configuration : 22:26–06:26",
        "Heures creuses à corriger|Votre compteur applique 02:06–07:06, 13:36–16:36, votre configuration dit", "",
    ),
    (
        "forgotten", "", {"watts": 1200, "reason": "away", "cost_per_day": 57_000},
        "Appareil oublié ? 1 200 W de plus que le talon, maison vide",
        "Un appareil est resté allumé ?|La maison est vide, mais consomme 1 200 W de plus que son talon depuis 14 h 02,"
        " soit 5,70 € par jour.",
        "Appareil oublié : fin d’alerte|Il consommait 1 200 W en plus du talon, de 14 h 02 à 16 h 40.",
    ),
    (
        "forgotten", "", {"watts": 400, "reason": "night", "cost_per_day": None},
        "Appareil oublié ? 400 W de plus que le talon, en pleine nuit",
        "Un appareil tourne toute la nuit ?|La maison consomme 400 W de plus que son talon depuis 14 h 02. ", "|",
    ),
    (
        "talon", "", {"before": 180, "now": 260, "cost_per_year": 1_401_234},
        "Talon en hausse : 260 W au lieu de 180 W, soit 140 € par an",
        "Talon en hausse : 260 W au lieu de 180 W|La consommation permanente a augmenté de 80 W, soit 140 € par an.",
        "Talon revenu à la normale|Il était monté de 180 W à 260 W.",
    ),
    (
        "budget", "2026-11", {"expected": 1_350_000, "budget": 1_200_000},
        "Budget du mois : 135 € prévus pour 120 €",
        "Budget du mois : 135 € prévus pour 120 €|À ce rythme, le mois dépassera votre budget de 15 €.",
        "Budget du mois : de nouveau respecté|La prévision est repassée sous 120 €.",
    ),
    (
        "feed_in", "", {"days": 1, "usual_wh": 8400},
        "Injection arrêtée depuis 1 jour",
        "Injection arrêtée depuis 1 jour|D’habitude, vous injectez 8,40 kWh par jour.",
        "L’injection a repris|Elle s’était arrêtée pendant 1 jour.",
    ),
    (
        "backup", "", {"days": 9, "last": "2026-11-19T02:00:00Z"},
        "Dernière sauvegarde il y a 9 jours",
        "Dernière sauvegarde il y a 9 jours|Elle date du jeudi 19 novembre. Faites une sauvegarde",
        "Sauvegarde à jour|Il n’y en avait plus eu depuis 9 jours.",
    ),
    (
        "disk", "", {"days": 45, "free": 3_200_000_000},
        "Disque plein dans 45 jours : 3,2 Go libres", "Disque plein dans 45 jours|Il reste 3,2 Go.", "Le disque|",
    ),
    (
        "loss", SINCE, {"frames": 1200, "start": "2026-11-28T13:00:00Z", "end": "2026-11-28T15:00:00Z"},
        "Trames perdues : 1 200 (samedi 28 novembre de 14 h 00 à 16 h 00)", "Trames perdues : 1 200|Elles manquent", "",
    ),
    (
        "voltage", "1", {"volts": 258, "phase": None},
        "Tension anormale : 258 V", "Tension anormale : 258 V|La norme va de 207 à 253 V.",
        "Tension revenue à la normale|Valeur extrême : 258 V, de 14 h 02 à 16 h 40.",
    ),
    (
        "prices", "", {"months": 8, "oldest": "2026-02-01", "name": "Chez moi"},
        "Prix à vérifier : Chez moi, 8 mois sans mise à jour",
        "Prix à vérifier : Chez moi|Ils datent du 1er février 2026,", "Prix à jour : Chez moi|",
    ),
]  # fmt: skip


def an_event(kind: str, key: str = "", figures: Mapping[str, Any] | None = None) -> Event:
    return Event(kind, "0219", key, BEGAN, BEGAN + timedelta(hours=2, minutes=38), figures or {})


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(("kind", "key", "figures", "shown", "begin", "end"), CASES)
def test_an_alert_says_what_happened_and_what_it_costs_or_what_to_do(
    kind: str, key: str, figures: Mapping[str, Any], shown: str, begin: str, end: str
) -> None:
    event = an_event(kind, key, figures)
    assert plain(line(event, "fr", PARIS, ONE)) == shown
    for phase, expected in ((BEGIN, begin), (END, end)):
        if expected:
            found = map(plain, title_and_body(Message(event, phase), "fr", PARIS, ONE, None, BEGAN))
            for text, words in zip(found, expected.split("|"), strict=True):
                assert words in text


def test_english_has_the_same_alerts() -> None:
    for kind, key, figures, *_ in CASES:
        for phase in (BEGIN, END) if KINDS[kind].lasts else (BEGIN,):
            title, body = title_and_body(Message(an_event(kind, key, figures), phase), "en", PARIS, ONE, None, BEGAN)
            assert body, kind
            assert len(title) <= 60, kind  # a phone shows no more


def test_every_kind_has_its_words() -> None:
    assert {case[0] for case in CASES} == set(KINDS)


def test_english_writes_times_and_numbers_as_english_people_do() -> None:
    cut = an_event("power_cut", SINCE, {"start": SINCE, "end": "2026-11-28T13:45:00Z", "minutes": 43})
    assert plain(line(cut, "en", PARIS, ONE)) == "Power cut (43 min) on Saturday 28 November, 14:02 to 14:45"
    red = an_event("red", "2026-12-01", {"day": "2026-12-01", "price": 7060, "reminder": 0})
    assert plain(line(red, "en", PARIS, ONE)) == "Red day on Tuesday 1 December (€0.71 per kWh)"


def test_of_several_meters_the_message_names_one_and_links_to_it() -> None:
    silent = an_event("silent", "meter", {"link": "meter", "since": SINCE})
    assert line(silent, "fr", PARIS, TWO) == "Maison · Aucune donnée du compteur"
    title, body = title_and_body(Message(silent, BEGIN), "fr", PARIS, TWO, "https://energie.example.org", BEGAN)
    assert title == "Maison · Aucune donnée du compteur"
    assert body.splitlines()[-1] == "https://energie.example.org/etat?compteur=0219"


def test_the_link_of_a_single_meter_is_the_place_alone() -> None:
    cut = an_event("power_cut", SINCE, {"start": SINCE, "end": SINCE, "minutes": 1})
    assert place(cut, PARIS) == "jour/2026-11-28"
    body = title_and_body(Message(cut, BEGIN), "fr", PARIS, ONE, "https://energie.example.org", BEGAN)[1]
    assert body.splitlines()[-1] == "https://energie.example.org/jour/2026-11-28"


@pytest.mark.parametrize("reminder", [0, 1])
@pytest.mark.parametrize(
    ("language", "kind", "title"),
    [
        ("fr", "red", "Aujourd’hui, jour rouge"), ("fr", "white", "Aujourd’hui, jour blanc"),
        ("en", "red", "Today is a red day"), ("en", "white", "Today is a white day"),
    ],
)  # fmt: skip
def test_after_midnight_the_day_that_begins_at_six_is_today(
    language: str, kind: str, title: str, reminder: int
) -> None:
    event = an_event(kind, "2026-11-29", {"day": "2026-11-29", "price": None, "reminder": reminder})
    midnight = datetime(2026, 11, 28, 23, tzinfo=UTC)
    before, after = (
        title_and_body(Message(event, BEGIN), language, PARIS, ONE, None, now)
        for now in (midnight - timedelta(seconds=1), midnight)
    )
    assert after[0] == title
    assert "emain" in before[0] or "omorrow" in before[0]
    assert after[1] == before[1]


def test_what_has_no_text_has_its_name(caplog: pytest.LogCaptureFixture) -> None:
    event = an_event("talon", "", {"before": None})
    assert line(event, "fr", PARIS, ONE) == "Talon en hausse"
    title, body = title_and_body(Message(event, END), "en", PARIS, ONE, "https://energie.example.org", BEGAN)
    assert (title, body) == ("Base load up", "Base load up\nhttps://energie.example.org/bilan")
    assert event.id in warnings_of(caplog)[0]


def test_the_name_of_a_meter_forges_no_line() -> None:
    assert "\n" not in line(
        an_event("talon", "", {"before": 1, "now": 2, "cost_per_year": None}), "fr", PARIS, {"0219": "a\nb", "1": "c"}
    )
