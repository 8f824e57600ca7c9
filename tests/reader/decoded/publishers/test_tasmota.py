"""Tasmota: the official driver, and the raw frames of Bernaerts' fork."""

from datetime import UTC, datetime
from typing import Any

from common.contract.labels import Mode
from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from tests.support.decoded import decoder, payload, read, refusal

TOPIC = "tele/linky/SENSOR"
HISTORIC: dict[str, Any] = {
    "Time": "2021-10-26T17:28:45",
    "ENERGY": {
        "TotalStartTime": "2021-10-25T15:22:04", "Total": 9098.245, "Yesterday": 6822.685, "Today": 2275.560,
        "Period": 9, "Power": 170, "Current": 1.000, "Load": 6,
    },
    "TIC": {
        "ADCO": "021500000001", "OPTARIF": "HC..", "ISOUSC": 15, "HCHC": 920750, "HCHP": 2275560, "PTEC": "HP..",
        "IINST": 1, "IMAX": 2, "PAPP": 170, "HHPHC": "A", "MOTDETAT": 0,
    },
}  # fmt: skip
STANDARD: dict[str, Any] = {
    "TIC": {
        "ADSC": "031700000001", "VTIC": 2, "NGTF": "      BASE      ", "LTARF": "      BASE      ", "EAST": 27416857,
        "EASF01": 15506794, "EASF02": 9861893, "EASD04": 6253358, "IRMS1": 2, "URMS1": 225, "PREF": 12, "PCOUP": 12,
        "SINSTS": 1305, "SINSTS1": 482, "SMAXSN": 6243, "SMAXSN-1": 5714, "CCASN": 790, "CCASN-1": 1550,
        "UMOY1": 229, "STGE": "003A4001", "PRM": 12345678901234, "RELAIS": 0,
    }
}  # fmt: skip
FORK: dict[str, Any] = {
    "Time": "2024-02-15T00:20:00",
    "TIC": {
        "ADSC": "031700000001", "VTIC": "02", "DATE": "H240215002000", "NGTF": "     TEMPO      ",
        "LTARF": "    HC  BLEU    ", "EAST": "027416857", "EASF01": "015506794", "SMAXSN": "H240215001741 02432",
        "CCASN": "H240215000000 00790", "STGE": "013A4001", "RELAIS": "008", "MSG1": "PAS DE          MESSAGE",
    },
}  # fmt: skip


def test_reads_historic_mode_of_the_official_driver() -> None:
    reading = read(TOPIC, HISTORIC)
    assert (reading.publisher, reading.meter, reading.mode) == ("tasmota", "021500000001", Mode.HISTORIC)
    assert reading.labels == {
        "ADCO": "021500000001", "OPTARIF": "HC..", "ISOUSC": 15, "HCHC": 920750, "HCHP": 2275560, "PTEC": "HP..",
        "IINST": 1, "IMAX": 2, "PAPP": 170, "HHPHC": "A", "MOTDETAT": "000000",
    }  # fmt: skip
    assert not reading.steps
    assert not reading.stamps


def test_reads_standard_mode_of_the_official_driver() -> None:
    assert read(TOPIC, STANDARD).labels == {
        "ADSC": "031700000001", "VTIC": "02", "NGTF": "BASE", "LTARF": "BASE", "EAST": 27416857, "EASF01": 15506794,
        "EASF02": 9861893, "EASD04": 6253358, "IRMS1": 2, "URMS1": 225, "PREF": 12, "PCOUP": 12, "SINSTS": 1305,
        "SINSTS1": 482, "SMAXSN": 6243, "SMAXSN-1": 5714, "CCASN": 790, "CCASN-1": 1550, "UMOY1": 229,
        "STGE": "003A4001", "PRM": "12345678901234", "RELAIS": 0,
    }  # fmt: skip


def test_reads_raw_frames_of_the_fork_with_their_stamps() -> None:
    reading = read("tele/linky/TIC", FORK)
    assert reading.labels == {
        "ADSC": "031700000001", "VTIC": "02", "DATE": "", "NGTF": "TEMPO", "LTARF": "HC  BLEU", "EAST": 27416857,
        "EASF01": 15506794, "SMAXSN": 2432, "CCASN": 790, "STGE": "013A4001", "MSG1": "PAS DE          MESSAGE",
        "RELAIS": 8,
    }  # fmt: skip
    assert reading.stamps == {
        "DATE": datetime(2024, 2, 14, 23, 20, tzinfo=UTC),
        "SMAXSN": datetime(2024, 2, 14, 23, 17, 41, tzinfo=UTC),
        "CCASN": datetime(2024, 2, 14, 23, 0, tzinfo=UTC),
    }


def test_a_line_with_a_wrong_checksum_is_missing() -> None:
    without = {label: value for label, value in FORK["TIC"].items() if label != "EASF01"}
    assert "EASF01" not in read("tele/linky/TIC", {"TIC": without}).labels


def test_energy_of_tasmota_is_not_the_meter_s() -> None:
    using = decoder(f"mqtt:{TOPIC}")
    assert refusal(TOPIC, {"ENERGY": HISTORIC["ENERGY"]}, using=using) is Refusal.NO_METER
    read(TOPIC, HISTORIC, using=using)
    assert refusal(TOPIC, {"ENERGY": HISTORIC["ENERGY"]}, using=using) is Refusal.NOTHING


def test_only_changed_labels_may_be_sent() -> None:
    using = decoder(f"mqtt:{TOPIC}")
    read(TOPIC, HISTORIC, using=using)
    reading = read(TOPIC, {"TIC": {"PAPP": 180}}, using=using)
    assert (reading.labels, reading.meter) == ({"PAPP": 180}, "021500000001")


def test_is_recognised_wherever_the_topic_is() -> None:
    assert recognise("emoncms/linky/tele/SENSOR", payload(HISTORIC)) == "tasmota"
    assert recognise("stat/linky/STATUS10", payload({"TIC": {}})) is None
    assert recognise(TOPIC, payload({"TIC": {"Kr": "]00000rc\\|'"}})) is None
    assert recognise(TOPIC, payload({"TIC": "EAST"})) is None
