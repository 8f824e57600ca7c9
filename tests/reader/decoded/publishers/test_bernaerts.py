"""Tasmota with Bernaerts' teleinfo: METER and CONTRACT."""

from typing import Any

from common.contract.labels import Mode
from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from tests.support.decoded import decoder, payload, read, refusal

TOPIC = "tele/denky/SENSOR"
METER: dict[str, Any] = {
    "PH": 1, "ISUB": 60, "PSUB": 12000, "PMAX": 12000, "U1": 229, "I1": 3.41, "P1": 782, "W1": 0, "U": 229, "I": 3.41,
    "P": 782, "W": 0, "C": 0.0, "YDAY": 22115, "TDAY": 5662,
}  # fmt: skip
TEMPO: dict[str, Any] = {
    "serial": 812100000022, "name": "Tempo", "period": "Pleines Blanc", "color": "Blanc", "hour": "Pleine",
    "tday": "Blanc", "tmrw": "Rouge", "CONSO": 21, "HCJB": 1, "HPJB": 2, "HCJW": 3, "HPJW": 4, "HCJR": 5, "HPJR": 6,
}  # fmt: skip
STANDARD_TEMPO: dict[str, Any] = TEMPO | {
    "CONSO": 53039008, "HC BLEU": 38629798, "HP BLEU": 11904545, "HC BLANC": 1000, "HP BLANC": 2000, "HC ROUGE": 3000,
    "HP ROUGE": 4000,
}  # fmt: skip
for _code in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"):
    del STANDARD_TEMPO[_code]


def message(contract: dict[str, Any], meter: dict[str, Any] = METER) -> dict[str, Any]:
    return {"Time": "2025-01-18T12:14:50", "METER": meter, "CONTRACT": contract}


def test_reads_tempo_in_historic_mode() -> None:
    reading = read(TOPIC, message(TEMPO))
    assert (reading.publisher, reading.meter, reading.mode) == ("bernaerts", "812100000022", Mode.HISTORIC)
    assert reading.labels == {
        "ADCO": "812100000022", "OPTARIF": "BBR?", "ISOUSC": 60, "BBRHCJB": 1, "BBRHPJB": 2, "BBRHCJW": 3,
        "BBRHPJW": 4, "BBRHCJR": 5, "BBRHPJR": 6, "PTEC": "HPJW", "DEMAIN": "ROUG", "PAPP": 782,
    }  # fmt: skip


def test_reads_off_peak_hours_and_base_in_historic_mode() -> None:
    contract = {
        "serial": 21961000001,
        "hour": "Creuse",
        "color": "Bleu",
        "CONSO": 3196310,
        "HC..": 920750,
        "HP..": 2275560,
    }
    labels = read(TOPIC, message(contract)).labels
    assert [labels[label] for label in ("ADCO", "OPTARIF", "HCHC", "HCHP", "PTEC")] == [
        "021961000001", "HC..", 920750, 2275560, "HC..",
    ]  # fmt: skip
    labels = read(TOPIC, message({"serial": 21961000001, "hour": "Pleine", "CONSO": 46578, "TH..": 46578})).labels
    assert [labels[label] for label in ("OPTARIF", "BASE", "PTEC")] == ["BASE", 46578, "TH.."]


def test_hours_of_ejp_are_no_off_peak_hours() -> None:
    labels = read(TOPIC, message({"serial": 21961000001, "hour": "Creuse", "CONSO": 9, "HN..": 4, "PM..": 5})).labels
    assert (labels["EJPHN"], labels["EJPHPM"]) == (4, 5)
    assert "PTEC" not in labels


def test_reads_tempo_in_standard_mode() -> None:
    labels = read(TOPIC, message(STANDARD_TEMPO)).labels
    assert labels == {
        "ADSC": "812100000022", "NGTF": "TEMPO", "EAST": 53039008, "EASF01": 38629798, "EASF02": 11904545,
        "EASF03": 1000, "EASF04": 2000, "EASF05": 3000, "EASF06": 4000, "URMS1": 229, "PREF": 12, "SINSTS": 782,
    }  # fmt: skip


def test_reads_three_phases_in_standard_mode() -> None:
    meter = {
        "PH": 3, "ISUB": 20, "PSUB": 4000, "U1": 225, "U2": 237, "U3": 245, "I1": 2.1, "P1": 482, "P2": 390,
        "P3": 433, "P": 1305,
    }  # fmt: skip
    labels = read(
        TOPIC, message({"serial": 31700000001, "name": "Base", "CONSO": 27416857, "BASE": 27416857}, meter)
    ).labels
    assert labels == {
        "ADSC": "031700000001", "NGTF": "BASE", "EAST": 27416857, "EASF01": 27416857, "URMS1": 225, "URMS2": 237,
        "URMS3": 245, "PREF": 12, "SINSTS": 1305, "SINSTS1": 482, "SINSTS2": 390, "SINSTS3": 433,
    }  # fmt: skip


def test_what_is_injected_is_measured_where_the_meter_counts_it() -> None:
    meter = METER | {"PP": 920}
    labels = read(TOPIC, message(STANDARD_TEMPO | {"PROD": 1634000}, meter)).labels
    assert (labels["EAIT"], labels["SINSTI"]) == (1634000, 920)
    # Else it is estimated from the current.
    assert "SINSTI" not in read(TOPIC, message(STANDARD_TEMPO, meter)).labels


def test_of_unknown_periods_the_total_is_read_only() -> None:
    contract = {"serial": 21961000001, "CONSO": 300, "HC SEM": 100, "HEURE PLEINE": 200}
    labels = read(TOPIC, message(contract)).labels
    assert labels["EAST"] == 300
    assert not any(label.startswith("EASF") for label in labels)


def test_periods_of_a_former_contract_are_not_taken_for_registers() -> None:
    labels = read(TOPIC, message(STANDARD_TEMPO | {"HEURE CREUSE": 77, "HEURE PLEINE": 88})).labels
    assert labels["EAST"] == 53039008
    assert not any(label.startswith("EASF") for label in labels)
    labels = read(TOPIC, message(TEMPO | {"HC..": 77, "HP..": 88})).labels
    assert not any(label.startswith(("BBR", "HC")) for label in labels)
    assert labels["PAPP"] == 782


def test_a_contract_without_registers_says_nothing() -> None:
    contract = {
        "serial": 21961000001,
        "name": "HC SEM WE MERCR",
        "period": "HC SEM WE MERCR",
        "hour": "Pleine",
        "CONSO": 0,
    }
    using = decoder(f"mqtt:{TOPIC}")
    assert refusal(TOPIC, message(contract), using=using) is Refusal.NO_MODE
    read(TOPIC, message(STANDARD_TEMPO | {"serial": 21961000001}), using=using)
    assert "EAST" not in read(TOPIC, message(contract), using=using).labels


def test_the_mode_is_remembered_for_the_other_topics_of_the_device() -> None:
    using = decoder("mqtt:tele/denky/+")
    assert refusal("tele/denky/LIVE", {"METER": METER}, using=using) is Refusal.NO_MODE
    read(TOPIC, message(TEMPO), using=using)
    reading = read("tele/denky/LIVE", {"METER": METER | {"P": 790}}, using=using)
    assert (reading.meter, reading.labels) == ("812100000022", {"ISOUSC": 60, "PAPP": 790})


def test_is_recognised_by_its_objects() -> None:
    assert recognise(TOPIC, payload(message(TEMPO))) == "bernaerts"
    assert recognise("tele/denky/LIVE", payload({"METER": METER})) == "bernaerts"
    assert recognise(TOPIC, payload({"METER": {"Total": 12}, "CONTRACT": []})) is None
    # A frame says more than what was made of it.
    assert recognise(TOPIC, payload(message(TEMPO) | {"TIC": {"PAPP": 782}})) == "tasmota"
