"""Frames in the shape of teleinfo2mqtt."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from reader.home_assistant.teleinfo2mqtt import message, topic_safe
from tests.support.frames import DAY, every_kind, historic, standard


def shape(frame: Frame) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(message(frame))
    return written


def test_the_sample_of_its_own_tests() -> None:
    # app/mqtt/index.test.js, but for the address, which stays text here.
    frame = historic(
        ADCO="012345678912",
        OPTARIF="BASE",
        ISOUSC=45,
        BASE=22304568,
        PTEC="TH..",
        IINST=3,
        IMAX=90,
        PAPP=720,
        HHPHC="A",
    )
    assert shape(frame) == {
        "ADCO": {"raw": "012345678912", "value": "012345678912"},
        "OPTARIF": {"raw": "BASE", "value": "BASE"},
        "ISOUSC": {"raw": "45", "value": 45},
        "BASE": {"raw": "022304568", "value": 22304568},
        "PTEC": {"raw": "TH..", "value": "TH"},
        "IINST": {"raw": "003", "value": 3},
        "IMAX": {"raw": "090", "value": 90},
        "PAPP": {"raw": "00720", "value": 720},
        "HHPHC": {"raw": "A", "value": "A"},
    }


@pytest.mark.parametrize(
    ("label", "value", "raw", "read"),
    [
        ("ADSC", "031961123456", "031961123456", "031961123456"),
        ("PRM", "01234567890123", "01234567890123", "01234567890123"),
        ("STGE", "00300001", "00300001", "00300001"),
        ("VTIC", "02", "02", 2),
        ("PREF", 9, "09000", 9000),
        ("PCOUP", 12, "12000", 12000),
        ("LTARF", "    HC  BLEU    ", "    HC  BLEU    ", "    HC  BLEU    "),
        ("PJOURF+1", "00004001 NONUTILE", "00004001 NONUTILE", "00004001 NONUTILE"),
        ("PPOINTE", "00004001", "00004001", "00004001"),
        ("MSG2", "3 jours", "3 jours", "3 jours"),  # parseInt would say 3
        ("UNKNOWN1", 7, "7", 7),
    ],
)
def test_values(label: str, value: int | str, raw: str, read: int | str) -> None:
    assert shape(standard(**{label: value}))[label] == {"raw": raw, "value": read}


@pytest.mark.parametrize(
    ("stamp", "season"),
    [
        (datetime(2022, 6, 9, 4, 5, 31, tzinfo=UTC), "summer"),
        (datetime(2026, 11, 24, 5, 0, tzinfo=UTC), "winter"),
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "winter"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "summer"),
        (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), "summer"),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), "winter"),
    ],
)
def test_times_are_utc_and_tell_the_season(stamp: datetime, season: str) -> None:
    frame = Frame(meter="1", timestamp=DAY, mode=Mode.STANDARD, values={"SMAXSN": 2740}, stamps={"SMAXSN": stamp})
    date = stamp.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert shape(frame) == {"SMAXSN": {"raw": "02740", "value": 2740, "timestamp": {"date": date, "dst": season}}}


def test_labels_have_their_own_names_and_safe_ones() -> None:
    assert topic_safe("SMAXSN-1") == "smaxsn_minus_1"
    written = shape(standard(**{"NJOURF+1": 3, "EAST": 1}))
    assert written["NJOURF+1"] == written["njourf_plus_1"] == {"raw": "03", "value": 3}
    assert set(written) == {"NJOURF+1", "njourf_plus_1", "EAST"}


def test_every_kind_says_all_it_has() -> None:
    for frame in every_kind(1, every=timedelta(seconds=2)):
        written = shape(frame)
        assert frame.values.keys() <= written.keys()
        for label, value in frame.values.items():
            assert isinstance(written[label]["raw"], str)
            if isinstance(value, str):
                assert written[label]["raw"] == value
        assert {label for label in written if "timestamp" in written[label] and label in frame.values} == set(
            frame.stamps or {}
        )
