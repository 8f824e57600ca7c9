"""zigbee2mqtt with a ZLinky_TIC, with messages as owners see them."""

from typing import Any

import pytest

from common.contract.labels import Mode
from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from tests.support.decoded import decoder, payload, read, refusal

TOPIC = "zigbee2mqtt/Linky"
METER = "021961000001"

HISTORIC: dict[str, Any] = {
    "active_register_tier_delivered": "HC..", "apparent_power": 310, "available_power": 30, "current_tarif": "HC..",
    "current_tier1_summ_delivered": 12501.313, "current_tier2_summ_delivered": 12287.491, "linkquality": 120,
    "meter_serial_number": METER, "rms_current": 1, "rms_current_max": 90, "schedule_h_p_h_c": 0, "warn_d_p_s": 0,
}  # fmt: skip
PRODUCER: dict[str, Any] = {
    "active_enerfy_out_d01": 16604, "active_enerfy_out_d02": 17379, "active_power": 1888, "active_power_max": 7380,
    "active_power_ph_b": 2374, "apparent_power": 2040, "available_power": 9, "average_rms_voltage_meas_period": 227,
    "current_date": "H231207214030", "current_index_tarif": 2, "current_price": "HEURE PLEINE",
    "current_summ_delivered": 41045, "current_summ_received": 1634, "current_tarif": "H PLEINE/CREUSE",
    "current_tier1_summ_delivered": 19901, "current_tier2_summ_delivered": 21144, "drawn_v_a_max_n1": 6320,
    "injected_active_load_n": 0, "injected_active_load_n1": 0, "injected_v_a": 0, "injected_v_a_max_n": 920,
    "injected_v_a_max_n1": 210, "linkquality": 100, "message1": "PAS DE MESSAGE", "message2": "",
    "meter_serial_number": METER, "power_threshold": 9, "reactive_power": 3781, "reactive_power_ph_b": -22188,
    "reactive_power_ph_c": -5450, "relais": 0, "rms_current": 3, "rms_voltage": 229, "site_id": "12345678901234",
}  # fmt: skip
TEMPO: dict[str, Any] = {
    "active_energy_out_d01": 4634.2, "active_energy_out_d02": 6295.8, "active_power": 650, "active_power_max": 1346,
    "active_power_ph_b": 456, "apparent_power": 783, "average_rms_voltage_meas_period": 234,
    "current_date": "E260720154205", "current_price": "HP BLEU", "current_summ_delivered": 16494.4,
    "current_tarif": "TEMPO", "current_tier1_summ_delivered": 9340.7, "current_tier2_summ_delivered": 5508.8,
    "current_tier3_summ_delivered": 334.4, "current_tier4_summ_delivered": 794.7,
    "current_tier5_summ_delivered": 159.3, "current_tier6_summ_delivered": 356.7, "linkquality": 60,
    "message1": "PAS DE MESSAGE", "message2": "", "rms_current": 3, "rms_voltage": 234,
    "status_register": "013A4401",
    "status_register_breakout": {"tempo_jour": "BLEU", "tempo_demain": "UNDEF", "tarif_four": "index_2"},
}  # fmt: skip
THREE_PHASES: dict[str, Any] = {
    "apparent_power": 482, "apparent_power_ph_b": 390, "apparent_power_ph_c": 433, "total_apparent_power": 1305,
    "available_power": 12, "current_summ_delivered": 27416.85, "current_tarif": "BASE", "current_price": "BASE",
    "current_date": "E210410194907", "current_tier1_summ_delivered": 27416.85, "meter_serial_number": "031761000001",
    "rms_current": 2, "rms_current_ph_b": 2, "rms_current_ph_c": 1, "rms_voltage": 225, "rms_voltage_ph_b": 237,
    "rms_voltage_ph_c": 245, "average_rms_voltage_meas_period": 229, "average_rms_voltage_measure_period_ph_b": 240,
    "average_rms_voltage_meas_period_ph_c": 239, "active_power_max": 3094, "active_power_max_ph_b": 3214,
    "active_power_max_ph_c": 2158, "drawn_v_a_max_n1": 3559, "drawn_v_a_max_n1_p2": 1954, "drawn_v_a_max_n1_p3": 2064,
}  # fmt: skip


def test_reads_historic_mode() -> None:
    reading = read(TOPIC, HISTORIC)
    assert (reading.publisher, reading.meter, reading.mode) == ("zigbee2mqtt", METER, Mode.HISTORIC)
    assert reading.labels == {
        "ADCO": METER, "OPTARIF": "HC..", "ISOUSC": 30, "HCHC": 12501313, "HCHP": 12287491, "PTEC": "HC..", "IINST": 1,
        "IMAX": 90, "PAPP": 310, "ADPS": 0,
    }  # fmt: skip
    assert not reading.steps
    assert list(reading.labels)[:3] == ["ADCO", "OPTARIF", "ISOUSC"]  # in the order of the line


def test_reads_a_producer_in_standard_mode() -> None:
    reading = read(TOPIC, PRODUCER)
    assert (reading.meter, reading.mode) == (METER, Mode.STANDARD)
    assert reading.labels == {
        "ADSC": METER, "PRM": "12345678901234", "NGTF": "H PLEINE/CREUSE", "LTARF": "HEURE PLEINE", "NTARF": 2,
        "EAST": 41045000, "EASF01": 19901000, "EASF02": 21144000, "EASD01": 16604000, "EASD02": 17379000,
        "EAIT": 1634000, "IRMS1": 3, "URMS1": 229, "UMOY1": 227, "PREF": 9, "PCOUP": 9, "SINSTS": 2040, "SINSTI": 0,
        "SMAXSN": 7380, "SMAXSN-1": 6320, "SMAXIN": 920, "SMAXIN-1": 210, "CCASN": 1888, "CCASN-1": 2374, "CCAIN": 0,
        "CCAIN-1": 0, "MSG1": "PAS DE MESSAGE", "RELAIS": 0,
    }  # fmt: skip
    assert set(reading.steps.values()) == {1000}  # `kWh_precision` of 0
    assert reading.steps.keys() == {"EAST", "EASF01", "EASF02", "EASD01", "EASD02", "EAIT"}


def test_reads_tempo_in_standard_mode() -> None:
    reading = read(TOPIC, TEMPO)
    registers = {label: value for label, value in reading.labels.items() if label.startswith("EAS")}
    assert registers == {
        "EAST": 16494400, "EASF01": 9340700, "EASF02": 5508800, "EASF03": 334400, "EASF04": 794700, "EASF05": 159300,
        "EASF06": 356700, "EASD01": 4634200, "EASD02": 6295800,
    }  # fmt: skip
    assert (reading.labels["STGE"], reading.labels["LTARF"], reading.meter) == ("013A4401", "HP BLEU", None)
    assert set(reading.steps.values()) == {100}


def test_reads_three_phases_in_standard_mode() -> None:
    labels = read(TOPIC, THREE_PHASES).labels
    assert [labels[label] for label in ("SINSTS", "SINSTS1", "SINSTS2", "SINSTS3")] == [1305, 482, 390, 433]
    assert [labels[label] for label in ("IRMS1", "IRMS2", "IRMS3", "URMS1", "URMS2", "URMS3")] == [
        2,
        2,
        1,
        225,
        237,
        245,
    ]
    assert [labels[label] for label in ("UMOY1", "UMOY2", "UMOY3")] == [229, 240, 239]
    assert [labels[label] for label in ("SMAXSN1", "SMAXSN2", "SMAXSN3")] == [3094, 3214, 2158]
    assert [labels[label] for label in ("SMAXSN1-1", "SMAXSN2-1", "SMAXSN3-1")] == [3559, 1954, 2064]
    assert "SMAXSN" not in labels


def test_reads_three_phases_in_historic_mode() -> None:
    message = HISTORIC | {
        "rms_current_ph_b": 4, "rms_current_ph_c": 0, "rms_current_max_ph_b": 60, "active_power_max": 9876,
        "warn_d_i_r2": 47,
    }  # fmt: skip
    labels = read(TOPIC, message).labels
    assert [labels[label] for label in ("IINST1", "IINST2", "IINST3", "IMAX1", "IMAX2")] == [1, 4, 0, 90, 60]
    assert (labels["PAPP"], labels["PMAX"], labels["ADIR2"]) == (310, 9876, 47)
    assert "IINST" not in labels


def test_the_power_of_one_phase_is_not_that_of_three() -> None:
    using = decoder(f"mqtt:{TOPIC}")
    read(TOPIC, THREE_PHASES, using=using)
    # Without a cache, a message has what was reported only.
    labels = read(TOPIC, {"apparent_power": 500, "linkquality": 90}, using=using).labels
    assert labels == {"SINSTS1": 500}
    # A single-phase meter has zeros, or the largest number, for the other phases.
    labels = read(TOPIC, TEMPO | {"apparent_power_ph_b": 0, "rms_voltage_ph_b": 65535, "rms_current_ph_c": None}).labels
    assert labels["SINSTS"] == 783


def test_reads_base_in_historic_mode() -> None:
    message = {
        "active_register_tier_delivered": "TH..", "current_tarif": "BASE", "current_summ_delivered": 22239.12,
        "current_tier1_summ_delivered": 22239.12, "current_tier2_summ_delivered": 0, "apparent_power": 90,
    }  # fmt: skip
    reading = read(TOPIC, message)
    assert reading.labels == {"OPTARIF": "BASE", "BASE": 22239120, "PTEC": "TH..", "PAPP": 90}
    assert reading.steps == {"BASE": 10}


def test_the_total_of_historic_tempo_is_no_register() -> None:
    message = {
        "active_register_tier_delivered": "HPJR", "current_tarif": "BBR(", "tomorrow_color": "ROUG",
        "current_summ_delivered": 300.5, "current_tier1_summ_delivered": 100.11, "current_tier2_summ_delivered": 200.39,
        "current_tier3_summ_delivered": 3, "current_tier4_summ_delivered": 4, "current_tier5_summ_delivered": 5,
        "current_tier6_summ_delivered": 6, "current_tier7_summ_delivered": 7,
    }  # fmt: skip
    assert read(TOPIC, message).labels == {
        "OPTARIF": "BBR(", "BBRHCJB": 100110, "BBRHPJB": 200390, "BBRHCJW": 3000, "BBRHPJW": 4000, "BBRHCJR": 5000,
        "BBRHPJR": 6000, "PTEC": "HPJR", "DEMAIN": "ROUG",
    }  # fmt: skip


def test_keys_of_the_other_mode_in_a_cache_are_not_read() -> None:
    # It was in historic mode once.
    labels = read(
        TOPIC, TEMPO | {"active_register_tier_delivered": "HCJB", "rms_current_max": 90, "warn_d_p_s": 0}
    ).labels
    assert "PTEC" not in labels
    assert labels["LTARF"] == "HP BLEU"
    # And back: both modes share the name of the contract.
    reading = read(TOPIC, TEMPO | {"active_register_tier_delivered": "HCJB", "current_tarif": "BBR)"})
    assert reading.mode is Mode.HISTORIC
    assert reading.labels["BBRHPJB"] == 5508800
    assert not {"EAST", "LTARF", "STGE"} & reading.labels.keys()


@pytest.mark.parametrize(
    ("period", "labels"),
    [("HP..", {"PTEC": "HP..", "PAPP": 310}), ("HP BLEU", {"LTARF": "HP BLEU", "SINSTS": 310})],
)
def test_one_attribute_may_fill_both_keys_of_the_period(period: str, labels: dict[str, Any]) -> None:
    message = {"active_register_tier_delivered": period, "current_price": period, "apparent_power": 310}
    assert read(TOPIC, message).labels == labels


def test_no_value_is_no_value() -> None:
    message = TEMPO | {
        "current_tier2_summ_delivered": None, "active_power": -32768, "rms_voltage": 65535, "injected_v_a": None,
        "total_reactive_power": None, "message2": "\0" * 16, "current_summ_delivered": float("nan"), "relais": True,
        "rms_current": "unknown", "status_register": "", "apparent_power": [783],
    }  # fmt: skip
    missing = {"EASF02", "CCASN", "URMS1", "SINSTI", "ERQ1", "MSG2", "EAST", "RELAIS", "IRMS1", "STGE", "SINSTS"}
    labels = read(TOPIC, message).labels
    assert not missing & labels.keys()
    assert labels["EASF01"] == 9340700


def test_only_zeros_are_sent_while_nothing_is_received_from_the_meter() -> None:
    zeros = {key: 0 if isinstance(value, int | float) else "" for key, value in TEMPO.items()} | {
        "current_tarif": "BASE"
    }
    using = decoder(f"mqtt:{TOPIC}")
    assert refusal(TOPIC, zeros, using=using) is Refusal.NO_MODE
    read(TOPIC, TEMPO, using=using)
    assert refusal(TOPIC, zeros, using=using) is Refusal.NOTHING


def test_one_register_of_zero_is_passed_on_to_be_judged() -> None:
    assert read(TOPIC, TEMPO | {"current_tier2_summ_delivered": 0}).labels["EASF02"] == 0


def test_the_step_is_that_of_the_finest_register_that_was_seen() -> None:
    using = decoder(f"mqtt:{TOPIC}")
    assert read(TOPIC, {"current_price": "HP BLEU", "current_summ_delivered": 16494.4}, using=using).steps == {
        "EAST": 100
    }
    assert read(TOPIC, {"current_summ_delivered": 16494.41}, using=using).steps == {"EAST": 10}
    assert read(TOPIC, {"current_summ_delivered": 16495}, using=using).steps == {"EAST": 10}


def test_energy_is_exact() -> None:
    # As a float, 1000 * 1.001 is below 1001.
    labels = read(TOPIC, HISTORIC | {"current_tier2_summ_delivered": 1.001}).labels
    assert (labels["HCHC"], labels["HCHP"]) == (12501313, 1001)


def test_watt_hours_that_are_called_kwh_have_too_many_digits() -> None:
    assert "HCHC" not in read(TOPIC, HISTORIC | {"current_tier1_summ_delivered": 12501313}).labels


def test_the_keys_of_2021_are_not_read() -> None:
    old = {
        "activeRegisterTierDelivered": "TH..",
        "availablePower": 30,
        "currentSummDelivered": 4571435,
        "rmsCurrent": 2,
    }
    assert refusal(TOPIC, old) is Refusal.TOO_OLD
    assert read(TOPIC, HISTORIC | old).labels["HCHC"] == 12501313


def test_the_right_spelling_counts_where_a_cache_has_both() -> None:
    assert read(TOPIC, TEMPO | {"active_enerfy_out_d01": 17}).labels["EASD01"] == 4634200


def test_another_meter_on_the_topic_is_judged_anew() -> None:
    using = decoder(f"mqtt:{TOPIC}")
    read(TOPIC, THREE_PHASES, using=using)
    assert read(TOPIC, PRODUCER, using=using).meter == METER
    assert read(TOPIC, PRODUCER, using=using).labels["SINSTS"] == 2040


def test_other_devices_are_not_recognised() -> None:
    for message in (
        {"state": "ON", "power": 310, "energy": 12.3, "linkquality": 90},
        {"battery": 90, "temperature": 21.3},
        {"apparent_power": 310, "current_summ_delivered": 310.1},
    ):
        assert recognise(TOPIC, payload(message)) is None
    assert recognise(TOPIC, payload({"warn_d_p_s": None})) == "zigbee2mqtt"
