"""TICMeter over MQTT: a topic a label."""

import pytest

from common.contract.labels import Mode
from reader.decoded.message import recognise
from reader.decoded.publisher import Refusal
from tests.support.decoded import decoder, read, refusal

BASE = "TICMeter/AB12CD"


def test_each_message_is_a_reading_of_one_label() -> None:
    using = decoder(f"mqtt:{BASE}")
    assert (using.filter, using.publisher) == ("TICMeter/AB12CD/+", "ticmeter")
    reading = read(f"{BASE}/SINSTS", "783", using=using)
    assert (reading.labels, reading.meter, reading.mode) == ({"SINSTS": 783}, None, Mode.STANDARD)
    assert read(f"{BASE}/ADSC", "021961000001", using=using).labels == {"ADSC": "021961000001"}
    assert read(f"{BASE}/EAST", "27416857", using=using).meter == "021961000001"


@pytest.mark.parametrize(
    ("name", "sent", "labels"),
    [
        ("NJOURF_1", "3", {"NJOURF+1": 3}),
        ("SMAXSN-1", "5714", {"SMAXSN-1": 5714}),
        ("CCASN", "790", {"CCASN": 790}),
        ("STGE", "003A4001", {"STGE": "003A4001"}),
        ("NTARF", "1", {"NTARF": 1}),
        ("PREF", "12", {"PREF": 12}),
        ("PTEC", "HCJR", {"PTEC": "HCJR"}),
        ("DEMAIN", "BLANC", {"DEMAIN": "BLAN"}),
        ("OPTARIF", "BBR(", {"OPTARIF": "BBR("}),
        ("BBRHCJB", "3241993", {"BBRHCJB": 3241993}),
    ],
)
def test_labels_of_the_meter_are_read(name: str, sent: str, labels: dict[str, int | str]) -> None:
    assert read(f"{BASE}/{name}", sent).labels == labels
    assert recognise(f"{BASE}/{name}", sent.encode()) == "ticmeter"


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("pref", "6"),  # kVA of historic mode
        ("total", "12345678"),
        ("aujour", "BLEU"),
        ("demain", "ROUGE"),
        ("date_time", "1768000000"),
        ("DATE", "1768000000"),
        ("smaxsn_time", "1768000000"),
        ("mode-tic", "Standard"),
        ("mode-elec", "Monophasé"),
        ("set-refresh", "60"),
        ("now-refresh", "60"),
        ("uptime", "1234"),
        ("PJOURF_1", "00004001 06004002 NON"),
        ("EAST", ""),
    ],
)
def test_its_own_labels_are_not_read(name: str, sent: str) -> None:
    using = decoder(f"mqtt:{BASE}")
    assert refusal(f"{BASE}/{name}", sent, using=using) is Refusal.NOTHING
    assert recognise(f"{BASE}/{name}", sent.encode()) is None


def test_a_base_that_its_owner_chose_is_read_by_the_labels() -> None:
    using = decoder("mqtt:maison/linky/+")
    assert read("maison/linky/EAST", "27416857", using=using).labels == {"EAST": 27416857}
    assert recognise("maison/linky/EAST", b"27416857") == "labels"
