"""Which entities a meter gets, and what they are called."""

import re

import pytest

from common.contract.labels import Mode
from reader.home_assistant.profile import COMPLETE_FRAMES
from reader.simulator.meter import KINDS
from tests.reader.home_assistant.expected import expected
from tests.reader.home_assistant.meters import OLD_METER, WEEK_END, Meter, message_of, names


def test_entities_are_those_that_the_meter_and_its_contract_need() -> None:
    for kind in KINDS:
        assert set(message_of(kind)[0]["cmps"]) == expected(kind), kind


@pytest.mark.parametrize("kind", ["standard-single-phase-tempo", "standard-three-phase-producer"])
def test_names_are_french_or_english_and_never_the_device(kind: str) -> None:
    french, english = message_of(kind, "fr")[0], message_of(kind, "en")[0]
    assert french["cmps"].keys() == english["cmps"].keys()
    alike = {key for key, name in names(french).items() if name == names(english)[key]}
    assert not alike
    for message in (french, english):
        for name in names(message).values():
            assert "linky" not in name.lower()
            assert not re.search(r"\d{5}", name)
    for component in french["cmps"].values():
        assert component["val_tpl"]  # ids are the same in both languages
        same = english["cmps"][component["uniq_id"].split("_", 2)[2]]
        assert component["def_ent_id"] == same["def_ent_id"]


def test_options_are_in_the_language_of_the_configuration() -> None:
    french, english = (message_of("historic-three-phase-tempo", language)[0]["cmps"] for language in ("fr", "en"))
    assert french["tempo_today"]["ops"] == ["Bleu", "Blanc", "Rouge", "Non annoncé"]
    assert english["tempo_today"]["ops"] == ["Blue", "White", "Red", "Not announced"]
    assert french["period"]["ops"][1] == "Heures pleines jour bleu"
    assert "'HPJB':'Peak blue'" in english["period"]["val_tpl"]
    # What the meter calls its periods is no closed set.
    assert "ops" not in message_of("standard-single-phase-weekend")[0]["cmps"]["period"]


def test_the_colour_of_tomorrow_is_the_meters_own_else_the_announced_one() -> None:
    for kind in ("historic-three-phase-tempo", "standard-single-phase-tempo"):
        template = message_of(kind, "en")[0]["cmps"]["tempo_tomorrow"]["val_tpl"]
        assert template == (
            "{% set m=value_json.get('tempo_tomorrow') %}"
            "{{ {'blue':'Blue','white':'White','red':'Red','unknown':'Not announced'}"
            ".get(value_json.get('tempo_announced',m) if m in (none,'unknown') else m)}}"
        )


def test_entities_with_personal_data_are_disabled() -> None:
    for kind in KINDS:
        components = message_of(kind)[0]["cmps"]
        for key in components.keys() & {"prm", "adsc", "adco", "msg1", "vtic", "stge"}:
            assert components[key]["en"] is False
            assert components[key]["ent_cat"] == "diagnostic"


def test_the_power_in_w_is_enabled_for_the_energy_dashboard() -> None:
    for kind in KINDS:
        power = message_of(kind)[0]["cmps"]["estimated_power"]
        assert (power["dev_cla"], power["unit_of_meas"], power["stat_cla"]) == ("power", "W", "measurement")
        assert "en" not in power


def test_constants_of_a_linky_have_no_entities() -> None:
    state = {"IMAX": 90, "HHPHC": "A", "MOTDETAT": "000000", "PMAX": 5000, "PAPP": 100}
    (linky,) = Meter(mode=Mode.HISTORIC).see(state, COMPLETE_FRAMES)
    assert not linky["cmps"].keys() & {"imax", "hhphc", "motdetat"}
    assert (linky["cmps"]["pmax"]["name"], linky["cmps"]["pmax"]["unit_of_meas"]) == (
        "Puissance maximale de la veille",
        "VA",
    )
    (old,) = Meter(OLD_METER, mode=Mode.HISTORIC).see(state, COMPLETE_FRAMES)
    assert old["cmps"].keys() >= {"imax", "hhphc", "motdetat"}
    assert old["cmps"]["pmax"]["unit_of_meas"] == "W"


def test_a_register_gets_its_entity_when_it_moves() -> None:
    meter = Meter()
    state = {"EAST": 5, "NGTF": "TEMPO", "contract": "tempo", "EASF01": 5, "EASF05": 0, "EASF07": 900}
    (message,) = meter.see(state, 100)
    assert "easf01" in message["cmps"]
    assert not message["cmps"].keys() & {
        "easf05",
        "easf07",
    }  # a red day is to come; the other is of an earlier contract
    (message,) = meter.see(state | {"EASF05": 1}, 100)
    assert message["cmps"]["easf05"]["name"] == "Énergie HC jours rouges"
    (message,) = meter.see(state | {"EASF05": 1, "EASF07": 901}, 100)
    assert message["cmps"]["easf07"]["name"] == "Énergie index 7"


def test_relays_get_their_entities_when_they_close() -> None:
    meter = Meter()
    state: dict[str, object] = {"EAST": 5, **{f"relay_{n}": False for n in range(1, 9)}}
    (message,) = meter.see(state, 100)
    assert {key for key in message["cmps"] if key.startswith("relay")} == {"relay_1"}
    (message,) = meter.see(state | {"relay_3": True}, 100)
    assert meter.see(state, 100) == []
    assert {key for key in message["cmps"] if key.startswith("relay")} == {"relay_1", "relay_3"}


def test_exporting_has_an_entity_once_energy_was_exported() -> None:
    meter = Meter()
    (message,) = meter.see({"EAST": 5, "exporting": False, "producer": False}, 100)
    assert "exporting" not in message["cmps"]
    (message,) = meter.see({"EAST": 5, "exporting": True, "producer": False}, 100)  # a panel on a balcony
    assert "exporting" in message["cmps"]


def test_offers_with_off_peak_hours_get_an_entity_when_they_come() -> None:
    (message,) = Meter().see(WEEK_END | {"off_peak": False}, 50)
    assert "off_peak" not in message["cmps"]
    (message,) = Meter().see(WEEK_END | {"off_peak": True}, 50)
    assert "off_peak" in message["cmps"]


def test_peaks_are_named_by_the_contract() -> None:
    peaks: dict[str, object] = {"peak": True, "peak_notice": False, "DPM1_at": "x", "FPM2_at": "x"}
    (tempo,) = Meter().see({"EAST": 5, "contract": "tempo", **peaks}, 50)
    assert names(tempo)["dpm1"] == "Début du jour blanc"
    assert names(tempo)["fpm2"] == "Fin du jour rouge"
    assert not tempo["cmps"].keys() & {"peak", "peak_notice"}  # the colours say it
    (ejp,) = Meter().see({"EAST": 5, "contract": "ejp", **peaks}, 50)
    assert names(ejp)["dpm1"] == "Début de pointe mobile"
    (other,) = Meter(language="en").see({"EAST": 5, "contract": "ZEN FLEX", **peaks}, 50)
    assert names(other)["dpm1"] == "Mobile peak start 1"
    assert other["cmps"].keys() >= {"peak", "peak_notice"}


def test_a_meter_of_the_pilot_has_its_power_and_its_maxima() -> None:
    (message,) = Meter().see({"EAST": 5, "SINST1": 4, "SMAXN": 5, "SMAXN-1": 6}, 50)
    assert names(message)["sinst1"] == "Puissance apparente soutirée"
    assert names(message)["smaxn"] == "Puissance maximale du jour"
    assert names(message)["smaxn_1"] == "Puissance maximale de la veille"


def test_link_quality_is_computed_from_groups() -> None:
    template = message_of("standard-single-phase-base")[0]["cmps"]["link_quality"]["val_tpl"]
    assert "l.get('groups',0)" in template
    assert "implausible" in template  # the line brought those well
    assert "frames" not in template


def test_the_total_of_another_contract_is_another_entity() -> None:
    meter = Meter(mode=Mode.HISTORIC)
    (message,) = meter.see({"contract": "hchp", "HCHC": 1, "HCHP": 2, "import_total": 3}, 50)
    # Home Assistant keeps the entity: it must not show what the other contract has counted.
    template = message["cmps"]["import_total_hchp"]["val_tpl"]
    assert "get('contract')=='hchp'" in template
    assert "get('mode')=='historic'" in template
    messages = meter.see({"contract": "tempo", "BBRHCJB": 1, "import_total": 1}, 200)
    assert "import_total_tempo" in messages[-1]["cmps"]
    assert all("import_total_hchp" not in message["cmps"] for message in messages)
