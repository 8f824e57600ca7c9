"""Publishers of a topic a label, as the line has it."""

import pytest

from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from tests.support.decoded import decoder, read, refusal


@pytest.mark.parametrize(
    ("port", "topics", "topic", "publisher"),
    [
        ("teleinfokit-1a2b3c", "teleinfokit-1a2b3c/data/+", "teleinfokit-1a2b3c/data/EAST", "teleinfokit"),
        ("WTeleInfo/A0B1C2D3E4F5", "WTeleInfo/A0B1C2D3E4F5/+", "WTeleInfo/A0B1C2D3E4F5/EAST", "wteleinfo"),
        ("maison/WTeleInfo/linky", "maison/WTeleInfo/linky/+", "maison/WTeleInfo/linky/EAST", "wteleinfo"),
        ("teleinfo/+", "teleinfo/+", "teleinfo/EAST", "labels"),
    ],
)
def test_what_an_owner_writes_subscribes_to_all_labels(port: str, topics: str, topic: str, publisher: str) -> None:
    using = decoder(f"mqtt:{port}")
    assert using.filter == topics
    reading = read(topic, "012345678", using=using)
    assert (reading.publisher, reading.labels) == (publisher, {"EAST": 12345678})
    assert recognise(topic, b"012345678") == publisher


@pytest.mark.parametrize(
    ("name", "sent", "labels"),
    [
        ("adc0", "062769000001", {"ADCO": "062769000001"}),
        ("isousc", "45", {"ISOUSC": 45}),
        ("hp", "24784235", {"HCHP": 24784235}),
        ("hc", "14582447", {"HCHC": 14582447}),
        ("base", "46578", {"BASE": 46578}),
        ("papp", "1580", {"PAPP": 1580}),
        ("iinst", "7", {"IINST": 7}),
        ("imax", "90", {"IMAX": 90}),
        ("ptec", "HC..", {"PTEC": "HC.."}),
    ],
)
def test_the_first_teleinfokit_had_names_of_its_own(name: str, sent: str, labels: dict[str, int | str]) -> None:
    using = decoder("mqtt:teleinfokit")
    assert using.filter == "teleinfokit/+"
    assert read(f"teleinfokit/{name}", sent, using=using).labels == labels
    assert refusal("teleinfokit/log", "Startup", using=using) is Refusal.NOTHING


def test_a_plus_may_be_written_as_an_underscore() -> None:
    assert read("teleinfokit-1a2b3c/data/NJOURF_1", "03").labels == {"NJOURF+1": 3}


def test_messages_of_other_things_are_not_recognised() -> None:
    for topic, sent in (
        ("teleinfo/status", "up"),
        ("maison/salon/BASE", "12"),
        ("maison/DATE", "2026-07-20"),
        ("maison/GAZ", "1234"),
        ("maison/PAPP", "beaucoup"),
        ("maison/PAPP", "-5"),
        ("maison/PAPP/config", "310"),
        ("PAPPA", "310"),
    ):
        assert recognise(topic, sent.encode()) is None, topic
