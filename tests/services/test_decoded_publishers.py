"""What each kind of adapter sends becomes the rows that the table of its keys says: message, frame, row and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.database.mariadb import Database
from tests.support.decoded import Published, frames_of
from tests.support.servers import Database as Server
from tests.support.storing import exported, make_tables, query, store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
Labels = Mapping[str, int | str]


@dataclass(frozen=True)
class Case:
    """What one adapter sends within some seconds, and the frame that its owner expects."""

    source: str
    port: str
    sent: Sequence[tuple[str, Any]]  # topic, content
    mode: str
    frame: Labels

    @property
    def meter(self) -> str:
        return str(self.frame.get("ADSC") or self.frame.get("ADCO") or "esphome-linky-cave")


def each(topic: str, **values: Any) -> list[tuple[str, Any]]:
    """A topic a label; `_` at the end of a name stands for `-1`."""
    return [(topic.replace("+", name), str(value)) for name, value in values.items()]


def raw(**values: str) -> Mapping[str, Any]:
    return {label: {"raw": text, "value": int(text) if text.isdigit() else text} for label, text in values.items()}


ZLINKY_TEMPO = {
    "meter_serial_number": "021961000001", "site_id": "12345678901234", "software_revision": "02",
    "current_tarif": "TEMPO", "current_price": "HP BLEU", "current_index_tarif": 2, "status_register": "013A4401",
    "available_power": 9, "power_threshold": 9, "current_date": "E260720154205", "relais": 0,
    "current_summ_delivered": 16494.43, "current_tier1_summ_delivered": 9340.71,
    "current_tier2_summ_delivered": 5508.81, "current_tier3_summ_delivered": 334.42,
    "current_tier4_summ_delivered": 794.73, "current_tier5_summ_delivered": 159.34,
    "current_tier6_summ_delivered": 356.42, "active_energy_out_d01": 4634.25, "apparent_power": 783,
    "rms_current": 3, "rms_voltage": 234, "average_rms_voltage_meas_period": 233, "active_power": 650,
    "active_power_ph_b": 456, "active_power_max": 1346, "drawn_v_a_max_n1": 3559, "linkquality": 60,
    "reactive_power": None, "reactive_power_ph_b": -22188,
}  # fmt: skip
ZLINKY_THREE_PHASES = {
    "meter_serial_number": "031761000002", "current_tarif": "BASE", "current_price": "BASE", "available_power": 12,
    "current_summ_delivered": 27416.85, "current_tier1_summ_delivered": 27416.85, "current_date": "E210410194907",
    "current_summ_received": 17.5, "injected_v_a": 0, "total_apparent_power": 1305, "apparent_power": 482,
    "apparent_power_ph_b": 390, "apparent_power_ph_c": 433, "rms_current": 2, "rms_current_ph_b": 2,
    "rms_current_ph_c": 1, "rms_voltage": 225, "rms_voltage_ph_b": 237, "rms_voltage_ph_c": 245,
}  # fmt: skip
ZLINKY_HISTORIC = {
    "active_register_tier_delivered": "HPJW", "apparent_power": 310, "available_power": 30, "current_tarif": "BBR(",
    "current_summ_delivered": 0, "current_tier1_summ_delivered": 12501.31, "current_tier2_summ_delivered": 12287.49,
    "current_tier3_summ_delivered": 334.42, "current_tier4_summ_delivered": 794.73,
    "current_tier5_summ_delivered": 159.34, "current_tier6_summ_delivered": 356.42, "linkquality": 120,
    "meter_serial_number": "021961000003", "rms_current": 1, "rms_current_max": 90, "schedule_h_p_h_c": 0,
    "tomorrow_color": "ROUG", "warn_d_p_s": 0,
}  # fmt: skip
TICMETER_ZIGBEE = {
    "tic_mode": "STANDARD", "elec_mode": "MONOPHASE", "contract_type": "TEMPO", "current_tarif": "HP BLEU",
    "meter_serial_number": "021961000004", "max_contract_power": 9, "current_summ_delivered": 27416857,
    "current_tier1_summ_delivered": 15506794, "current_tier2_summ_delivered": 11910063, "apparent_power": 482,
    "rms_voltage": 225, "rms_current": 2, "current_index": 2, "uptime": 12.5,
}  # fmt: skip
TASMOTA = {
    "ADCO": "021500000005", "OPTARIF": "HC..", "ISOUSC": 15, "HCHC": 920750, "HCHP": 2275560, "PTEC": "HP..",
    "IINST": 1, "IMAX": 2, "PAPP": 170, "HHPHC": "A", "MOTDETAT": 0,
}  # fmt: skip
BERNAERTS = {
    "serial": 21961000006, "name": "Tempo", "period": "Pleines Blanc", "color": "Blanc", "hour": "Pleine",
    "tday": "Blanc", "tmrw": "Rouge", "CONSO": 12501310, "HCJB": 4501310, "HPJB": 3000000, "HCJW": 2000000,
    "HPJW": 1500000, "HCJR": 1000000, "HPJR": 500000,
}  # fmt: skip
CASES = [
    Case("zigbee2mqtt", "mqtt:zigbee2mqtt/Tempo", [("zigbee2mqtt/Tempo", ZLINKY_TEMPO)], "standard", {
        "ADSC": "021961000001", "VTIC": "02", "NGTF": "TEMPO", "LTARF": "HP BLEU", "EAST": 16494430,
        "EASF01": 9340710, "EASF02": 5508810, "EASF03": 334420, "EASF04": 794730, "EASF05": 159340, "EASF06": 356420,
        "EASD01": 4634250, "IRMS1": 3, "URMS1": 234, "PREF": 9, "PCOUP": 9, "SINSTS": 783, "SMAXSN": 1346,
        "SMAXSN-1": 3559, "CCASN": 650, "CCASN-1": 456, "UMOY1": 233, "STGE": "013A4401", "PRM": "12345678901234",
        "RELAIS": 0, "NTARF": 2}),
    Case("zigbee2mqtt", "mqtt:zigbee2mqtt/Trois", [("zigbee2mqtt/Trois", ZLINKY_THREE_PHASES)], "standard", {
        "ADSC": "031761000002", "NGTF": "BASE", "LTARF": "BASE", "EAST": 27416850, "EASF01": 27416850, "EAIT": 17500,
        "IRMS1": 2, "IRMS2": 2, "IRMS3": 1, "URMS1": 225, "URMS2": 237, "URMS3": 245, "PREF": 12, "SINSTS": 1305,
        "SINSTS1": 482, "SINSTS2": 390, "SINSTS3": 433, "SINSTI": 0}),
    Case("zigbee2mqtt", "mqtt:zigbee2mqtt/Ancien", [("zigbee2mqtt/Ancien", ZLINKY_HISTORIC)], "historic", {
        "ADCO": "021961000003", "OPTARIF": "BBR(", "ISOUSC": 30, "BBRHCJB": 12501310, "BBRHPJB": 12287490,
        "BBRHCJW": 334420, "BBRHPJW": 794730, "BBRHCJR": 159340, "BBRHPJR": 356420, "PTEC": "HPJW", "DEMAIN": "ROUG",
        "IINST": 1, "IMAX": 90, "PAPP": 310}),
    Case("zigbee2mqtt_ticmeter", "mqtt:zigbee2mqtt/TIC", [("zigbee2mqtt/TIC", TICMETER_ZIGBEE)], "standard", {
        "ADSC": "021961000004", "NGTF": "TEMPO", "LTARF": "HP BLEU", "EAST": 27416857, "EASF01": 15506794,
        "EASF02": 11910063, "IRMS1": 2, "URMS1": 225, "PREF": 9, "SINSTS": 482, "NTARF": 2}),
    Case("tasmota", "mqtt:tele/linky/SENSOR", [("tele/linky/SENSOR", {"ENERGY": {"Total": 9098.2}, "TIC": TASMOTA})],
         "historic", {
        "ADCO": "021500000005", "OPTARIF": "HC..", "ISOUSC": 15, "HCHC": 920750, "HCHP": 2275560, "PTEC": "HP..",
        "IINST": 1, "IMAX": 2, "PAPP": 170, "HHPHC": "A", "MOTDETAT": "000000"}),
    Case("bernaerts", "mqtt:tele/denky/SENSOR", [("tele/denky/SENSOR", {
        "METER": {"PH": 1, "ISUB": 60, "P": 782, "I1": 3.41, "U1": 230, "TDAY": 5662}, "CONTRACT": BERNAERTS})],
         "historic", {
        "ADCO": "021961000006", "OPTARIF": "BBR?", "ISOUSC": 60, "BBRHCJB": 4501310, "BBRHPJB": 3000000,
        "BBRHCJW": 2000000, "BBRHPJW": 1500000, "BBRHCJR": 1000000, "BBRHPJR": 500000, "PTEC": "HPJW",
        "DEMAIN": "ROUG", "PAPP": 782}),
    Case("ticmeter", "mqtt:TICMeter/AB12CD", each("TICMeter/AB12CD/+", **{
        "ADSC": "021961000007", "EAST": 27416857, "EASF01": 27416857, "NGTF": "BASE", "SINSTS": 783, "NJOURF_1": 3,
        "PREF": 9, "mode-tic": "Standard", "uptime": 12, "total": 27416857}), "standard", {
        "ADSC": "021961000007", "NGTF": "BASE", "EAST": 27416857, "EASF01": 27416857, "PREF": 9, "SINSTS": 783,
        "NJOURF+1": 3}),
    Case("esphome", "mqtt:linky-cave/sensor/+/state?unit=kWh&linky_east=EAST&puissance=SINSTS",
         each("linky-cave/sensor/+/state", linky_east="16494.4", puissance="783.0", uptime="12"), "standard", {
        "EAST": 16494400, "SINSTS": 783}),
    Case("teleinfo2mqtt", "mqtt:teleinfo/021900000008", [("teleinfo/021900000008", raw(
        ADSC="021900000008", VTIC="02", NGTF="H PLEINE/CREUSE ", EAST="020966534", EASF01="010485700",
        EASF02="010480834", PREF="09000", SINSTS="00417"))], "standard", {
        "ADSC": "021900000008", "VTIC": "02", "NGTF": "H PLEINE/CREUSE", "EAST": 20966534, "EASF01": 10485700,
        "EASF02": 10480834, "PREF": 9, "SINSTS": 417}),
    Case("teleinfokit", "mqtt:teleinfokit-1a2b3c", each("teleinfokit-1a2b3c/data/+", ADCO="062769000009",
        OPTARIF="BASE", ISOUSC="45", BASE="012345678", PTEC="TH..", PAPP="00310"), "historic", {
        "ADCO": "062769000009", "OPTARIF": "BASE", "ISOUSC": 45, "BASE": 12345678, "PTEC": "TH..", "PAPP": 310}),
    Case("wteleinfo", "mqtt:WTeleInfo/A0B1C2D3E4F5", each("WTeleInfo/A0B1C2D3E4F5/+", ADCO="062769000010",
        OPTARIF="HC..", HCHC="012345678", HCHP="002345678", PTEC="HP..", PAPP="00310"), "historic", {
        "ADCO": "062769000010", "OPTARIF": "HC..", "HCHC": 12345678, "HCHP": 2345678, "PTEC": "HP..", "PAPP": 310}),
    Case("labels", "mqtt:teleinfo/+", each("teleinfo/+", ADCO="062769000011", EJPHN="012345678", EJPHPM="000345678",
        OPTARIF="EJP.", PTEC="HN..", PAPP="00310"), "historic", {
        "ADCO": "062769000011", "OPTARIF": "EJP.", "EJPHN": 12345678, "EJPHPM": 345678, "PTEC": "HN..", "PAPP": 310}),
    Case("lixee_box", "mqtt:homeassistant/sensor/00158d0006000001", [
        (f"homeassistant/sensor/00158d0006000001_{attribute}/state", {f"value_{attribute}": value})
        for attribute, value in (("65382_768", 1), ("1794_776", "021961000012"), ("1794_0", 12345678),
                                 ("1794_256", 12345678), ("65382_0", "BASE"), ("2820_1295", 783), ("2820_1285", 234))],
         "standard", {
        "ADSC": "021961000012", "NGTF": "BASE", "EAST": 12345678, "EASF01": 12345678, "URMS1": 234, "SINSTS": 783}),
]  # fmt: skip


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """All these meters in one database."""
    database.create_database()
    tables = make_tables(database, NOON)
    for case in CASES:
        sent = [Published(NOON + timedelta(seconds=n / 10), *one) for n, one in enumerate(case.sent)]
        store(tables, frames_of(case.port, sent))
    return tables


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}-{case.mode}-{case.meter}")
def test_a_message_becomes_a_row_and_comes_back_as_it_was_published(tables: Database, case: Case) -> None:
    rows = [row for text in exported(tables) if (row := json.loads(text))["meter"] == case.meter]
    assert [(row["source"], row["mode"], dict(row["frame"])) for row in rows] == [
        (case.source, case.mode, dict(case.frame))
    ]
    power = case.frame.get("SINSTS", case.frame.get("PAPP"))
    ((stored,),) = query(
        tables, f"SELECT power FROM frames WHERE meter_id = (SELECT id FROM meters WHERE identifier = '{case.meter}')"
    )
    assert stored == power
