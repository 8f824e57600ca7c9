"""teleinfo2mqtt: raw text, number and stamp of each label."""

from datetime import UTC, datetime
from typing import Any

from common.contract.labels import Mode
from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from tests.support.decoded import decoder, payload, read, refusal

TOPIC = "teleinfo/021900000001"
STANDARD: dict[str, Any] = {
    "ADSC": {"raw": "021900000001", "value": 21900000001},
    "VTIC": {"raw": "02", "value": 2},
    "DATE": {"raw": "", "value": "", "timestamp": {"dst": "summer", "date": "2022-10-16T18:15:02.000Z"}},
    "NGTF": {"raw": "H PLEINE/CREUSE ", "value": "H PLEINE/CREUSE "},
    "EAST": {"raw": "020966534", "value": 20966534},
    "EASF01": {"raw": "010485700", "value": 10485700},
    "PREF": {"raw": "09000", "value": 9000},
    "SINSTS": {"raw": "00417", "value": 417},
    "SINSTS1": {"raw": "37059", "value": 37059},
    "SMAXSN": {"raw": "03210", "value": 3210, "timestamp": {"dst": "winter", "date": "2022-11-16T07:15:02.000Z"}},
}
HISTORIC: dict[str, Any] = {
    "ADCO": {"raw": "021900000001", "value": 21900000001},
    "OPTARIF": {"raw": "BBR(", "value": "BBR"},
    "BBRHCJB": {"raw": "001234567", "value": 1234567},
    "PTEC": {"raw": "HP..", "value": "HP"},
    "PAPP": {"raw": "00310", "value": 310},
    "MOTDETAT": {"raw": "000000", "value": 0},
}


def test_reads_standard_mode_with_the_meter_s_times() -> None:
    reading = read(TOPIC, STANDARD)
    assert (reading.publisher, reading.meter, reading.mode) == ("teleinfo2mqtt", "021900000001", Mode.STANDARD)
    assert reading.labels == {
        "ADSC": "021900000001", "VTIC": "02", "DATE": "", "NGTF": "H PLEINE/CREUSE", "EAST": 20966534,
        "EASF01": 10485700, "PREF": 9, "SINSTS": 417, "SINSTS1": 37059, "SMAXSN": 3210,
    }  # fmt: skip
    assert reading.stamps == {
        "DATE": datetime(2022, 10, 16, 16, 15, 2, tzinfo=UTC),
        "SMAXSN": datetime(2022, 11, 16, 6, 15, 2, tzinfo=UTC),
    }


def test_reads_historic_mode_by_the_raw_texts() -> None:
    reading = read(TOPIC, HISTORIC)
    assert reading.labels == {
        "ADCO": "021900000001", "OPTARIF": "BBR(", "BBRHCJB": 1234567, "PTEC": "HP..", "PAPP": 310,
        "MOTDETAT": "000000",
    }  # fmt: skip


def test_older_versions_have_kva() -> None:
    assert read(TOPIC, STANDARD | {"PREF": {"raw": "12", "value": 12}}).labels["PREF"] == 12


def test_a_line_that_was_refused_is_missing() -> None:
    reading = read(TOPIC, {label: entry for label, entry in STANDARD.items() if label not in ("ADSC", "EASF01")})
    assert "EASF01" not in reading.labels
    assert reading.meter == "021900000001"  # as the topic has it


def test_two_meters_have_a_topic_each() -> None:
    using = decoder("mqtt:teleinfo/+")
    assert read(TOPIC, STANDARD, using=using).meter == "021900000001"
    other = STANDARD | {"ADSC": {"raw": "021900000002", "value": 21900000002}}
    assert read("teleinfo/021900000002", other, using=using).meter == "021900000002"
    assert read(TOPIC, STANDARD, using=using).meter == "021900000001"
    assert refusal("teleinfo/status", "up", using=using) is Refusal.NO_METER


def test_stamps_that_are_none_are_left_out() -> None:
    for timestamp in (
        None, "summer", {}, {"dst": "spring", "date": "2022-10-16T18:15:02.000Z"}, {"dst": "summer", "date": 5},
        {"dst": "summer", "date": "2022-13-16T18:15:02.000Z"}, {"dst": "summer", "date": "0001-01-01T00:00:00.000Z"},
    ):  # fmt: skip
        reading = read(TOPIC, STANDARD | {"DATE": {"raw": "", "value": "", "timestamp": timestamp}})
        assert reading.stamps.keys() == {"SMAXSN"}
        assert "DATE" not in reading.labels


def test_is_recognised_by_raw_texts() -> None:
    assert recognise(TOPIC, payload({"PAPP": {"raw": "00310"}})) == "teleinfo2mqtt"
    assert recognise(TOPIC, payload({"PAPP": {"value": 310}})) is None
    assert recognise(TOPIC, payload({"temperature": {"raw": "21"}})) is None
