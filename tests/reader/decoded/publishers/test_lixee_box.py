"""LiXee-Box: a message an attribute."""

from collections.abc import Iterable

import pytest

from common.contract.labels import Mode
from reader.decoded.message import Decoder, recognise
from reader.decoded.publisher import Refusal
from reader.decoded.reading import Reading
from tests.support.decoded import decoder, payload, read, refusal

DEVICE = "homeassistant/sensor/00158d0006000001"


def told(attributes: Iterable[tuple[str, int | str]]) -> tuple[Decoder, dict[str, int | str]]:
    """Send attributes one after the other; return what was read of all of them."""
    using = decoder(f"mqtt:{DEVICE}")
    labels: dict[str, int | str] = {}
    for attribute, value in attributes:
        reading = using.read(f"{DEVICE}_{attribute}/state", payload({f"value_{attribute}": value}))
        labels.update(reading.labels if isinstance(reading, Reading) else {})
    return using, labels


def test_reads_standard_mode() -> None:
    using, labels = told(
        [
            ("65382_768", 1), ("1794_776", "021961000001"), ("1794_0", 12345678), ("1794_256", 5000000),
            ("1794_274", 7), ("1794_1", 17), ("2820_1295", 783), ("2820_1288", 3), ("2820_1285", 234),
            ("65382_0", "TEMPO"), ("65382_512", "HP BLEU"), ("65382_513", 2), ("65382_535", "013A4401"),
            ("65382_519", 0), ("1794_775", "12345678901234"), ("2820_1291", 650),
        ]
    )  # fmt: skip
    assert labels == {
        "ADSC": "021961000001", "EAST": 12345678, "EASF01": 5000000, "EASF10": 7, "EAIT": 17, "SINSTS": 783,
        "IRMS1": 3, "URMS1": 234, "NGTF": "TEMPO", "LTARF": "HP BLEU", "NTARF": 2, "STGE": "013A4401", "SINSTI": 0,
        "PRM": "12345678901234", "CCASN": 650,
    }  # fmt: skip
    reading = read(f"{DEVICE}_2820_1295/state", {"value_2820_1295": 790}, using=using)
    assert (reading.publisher, reading.meter, reading.mode) == ("lixee_box", "021961000001", Mode.STANDARD)
    assert not reading.steps


def test_reads_historic_mode() -> None:
    _, labels = told(
        [
            ("65382_768", 0), ("65382_0", "BBR("), ("1794_32", "HPJR"), ("65382_1", "BLEU"), ("1794_256", 1000),
            ("1794_266", 6000), ("1794_0", 3000), ("2820_1295", 310), ("65382_5", 0),
        ]
    )  # fmt: skip
    assert labels == {
        "OPTARIF": "BBR(", "PTEC": "HPJR", "DEMAIN": "BLEU", "BBRHCJB": 1000, "BBRHPJR": 6000, "PAPP": 310, "ADPS": 0,
    }  # fmt: skip


def test_reads_three_phases() -> None:
    _, labels = told(
        [
            ("65382_768", 3),
            ("2820_1295", 482),
            ("2820_2319", 390),
            ("2820_2575", 433),
            ("2820_774", 1305),
            ("2820_2309", 237),
        ]
    )
    assert labels == {"SINSTS1": 482, "SINSTS2": 390, "SINSTS3": 433, "SINSTS": 1305, "URMS2": 237}


def test_nothing_is_read_until_the_mode_is_known() -> None:
    using = decoder(f"mqtt:{DEVICE}")
    assert refusal(f"{DEVICE}_2820_1295/state", {"value_2820_1295": 783}, using=using) is Refusal.NO_MODE
    # The contract tells it, too.
    read(f"{DEVICE}_65382_0/state", {"value_65382_0": "H PLEINE/CREUSE"}, using=using)
    assert read(f"{DEVICE}_2820_1295/state", {"value_2820_1295": 783}, using=using).labels == {"SINSTS": 783}


@pytest.mark.parametrize("sent", [18446744073709551615, 4294967295, -1, None, "", [5], True])
def test_what_is_no_value_is_not_read(sent: object) -> None:
    using, _ = told([("65382_768", 1)])
    assert refusal(f"{DEVICE}_1794_0/state", {"value_1794_0": sent}, using=using) is Refusal.NOTHING


def test_other_devices_of_the_filter_are_not_read() -> None:
    using, _ = told([("65382_768", 1)])
    assert using.filter == "homeassistant/sensor/+/state"
    other = "homeassistant/sensor/00158d0006000002"
    assert refusal(f"{other}_1794_0/state", {"value_1794_0": 12345678}, using=using) is Refusal.NO_METER
    assert refusal("homeassistant/sensor/salon/state", "21.5", using=using) is Refusal.NO_METER


def test_is_recognised_by_topic_and_key() -> None:
    assert recognise(f"{DEVICE}_1794_0/state", payload({"value_1794_0": 12345678})) == "lixee_box"
    assert recognise("lixee/00158d0006000001_2820_1295/state", payload({"value_2820_1295": 783})) == "lixee_box"
    assert recognise(f"{DEVICE}_1794_0/config", payload({"value_1794_0": 12345678})) is None
    assert recognise(f"{DEVICE}_1026_0/state", payload({"value_1026_0": 2150})) is None  # a thermometer
    assert recognise(f"{DEVICE}_1794_0/state", payload({"value_1794_1": 12345678})) is None
