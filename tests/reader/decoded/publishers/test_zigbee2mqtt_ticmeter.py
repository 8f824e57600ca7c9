"""zigbee2mqtt with a TICMeter: registers in Wh, under keys that a ZLinky has in kWh."""

from typing import Any

from common.contract.labels import Mode
from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from tests.support.decoded import decoder, payload, read, refusal

TOPIC = "zigbee2mqtt/TICMeter"
METER = "021961000001"

HISTORIC: dict[str, Any] = {
    "tic_mode": "HISTORIQUE", "elec_mode": "MONOPHASE", "contract_type": "BBR(", "current_tarif": "HPJW",
    "tomorow_color": "ROUG", "meter_serial_number": METER, "max_contract_power": 6, "current_summ_delivered": 12345678,
    "current_tier1_summ_delivered": 5000001, "current_tier2_summ_delivered": 4000002,
    "current_tier3_summ_delivered": 3000003, "current_tier4_summ_delivered": 345672,
    "current_tier5_summ_delivered": 0, "current_tier6_summ_delivered": 0, "apparent_power": 310, "rms_current": 1,
    "rms_current_max": 90, "power_overrun": 0, "motdetat": "000000", "uptime": 1234.5, "refresh_rate": 60,
    "linkquality": 120,
}  # fmt: skip
STANDARD: dict[str, Any] = {
    "tic_mode": "STANDARD", "elec_mode": "TRIPHASE", "contract_type": "TEMPO", "current_tarif": "HP BLEU",
    "meter_serial_number": METER, "max_contract_power": 12, "current_summ_delivered": 27416857,
    "current_tier1_summ_delivered": 15506794, "index1_dist": 9975618, "current_summ_received": 17,
    "apparent_power": 482, "apparent_power_ph_b": 390, "apparent_power_ph_c": 433, "rms_voltage": 225,
    "rms_current": 2, "power_injected": 0, "power_max_yesterday1": 3559, "power_max_yesterday2": 1954,
    "current_index": 2, "relays": "008", "site_id": "12345678901234", "tic_version": "02", "motdetat": "013A4401",
    "short_msg": "PAS DE MESSAGE", "date": "20/07/2026 15:42:05", "active_power": 790, "active_power_ph_b": 1550,
}  # fmt: skip


def test_reads_historic_mode_in_watt_hours() -> None:
    reading = read(TOPIC, HISTORIC)
    assert (reading.publisher, reading.meter, reading.mode) == ("zigbee2mqtt_ticmeter", METER, Mode.HISTORIC)
    assert reading.labels == {
        "ADCO": METER, "OPTARIF": "BBR(", "BBRHCJB": 5000001, "BBRHPJB": 4000002, "BBRHCJW": 3000003,
        "BBRHPJW": 345672, "BBRHCJR": 0, "BBRHPJR": 0, "PTEC": "HPJW", "DEMAIN": "ROUG", "IINST": 1, "IMAX": 90,
        "PAPP": 310, "ADPS": 0, "MOTDETAT": "000000",
    }  # fmt: skip
    assert not reading.steps


def test_reads_three_phases_in_standard_mode() -> None:
    labels = read(TOPIC, STANDARD).labels
    assert labels == {
        "ADSC": METER, "VTIC": "02", "NGTF": "TEMPO", "LTARF": "HP BLEU", "EAST": 27416857, "EASF01": 15506794,
        "EASD01": 9975618, "EAIT": 17, "IRMS1": 2, "URMS1": 225, "PREF": 12, "SINSTS1": 482, "SINSTS2": 390,
        "SINSTS3": 433, "SMAXSN1-1": 3559, "SMAXSN2-1": 1954, "SINSTI": 0, "CCASN": 790, "CCASN-1": 1550,
        "STGE": "013A4401", "MSG1": "PAS DE MESSAGE", "PRM": "12345678901234", "RELAIS": 8, "NTARF": 2,
    }  # fmt: skip


def test_reads_off_peak_hours() -> None:
    message = {
        "tic_mode": "HISTORIQUE", "contract_type": "HC..", "current_tarif": "HC..",
        "current_tier1_summ_delivered": 920750, "current_tier2_summ_delivered": 2275560,
    }  # fmt: skip
    assert read(TOPIC, message).labels == {"OPTARIF": "HC..", "HCHC": 920750, "HCHP": 2275560, "PTEC": "HC.."}


def test_without_a_cache_the_mode_is_remembered() -> None:
    using = decoder(f"mqtt:{TOPIC}")
    assert refusal(TOPIC, {"elec_mode": "MONOPHASE", "rms_current": 1}, using=using) is Refusal.NO_MODE
    read(TOPIC, STANDARD, using=using)
    assert read(TOPIC, {"current_summ_delivered": 27416858}, using=using).labels == {"EAST": 27416858}


def test_is_told_from_a_zlinky() -> None:
    assert recognise(TOPIC, payload(HISTORIC)) == "zigbee2mqtt_ticmeter"
    assert recognise(TOPIC, payload({"tic_mode": "AUTO"})) == "zigbee2mqtt_ticmeter"
    # What both have is not read as kWh before it is known whose it is.
    assert recognise(TOPIC, payload({"current_tier5_summ_delivered": 356700, "current_tarif": "HPJR"})) is None
