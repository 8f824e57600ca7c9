"""What cannot be true by itself, or beside other values, is in no frame."""

import pytest

from common.contract.frame import Value
from common.contract.labels import Mode
from reader.decoded.values import possible

HISTORIC, STANDARD = Mode.HISTORIC, Mode.STANDARD


def kept(mode: Mode, labels: dict[str, Value], **before: Value) -> set[str]:
    values = possible(mode, labels, before)
    assert values.items() <= labels.items()
    return set(values)


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("CCASN", -32_768),  # "active_power" of a ZLinky in historic mode
        ("URMS1", 65_535),  # "rms_voltage"
        ("SINSTS", 65_535),
        ("SINSTS", 32_767),
        ("SINSTS", -310),
        ("EAST", 12_501_313_000),  # Wh called kWh
        ("EAST", 10**400),
        ("EAST", "12501313"),
        ("SINSTS", True),
        ("IRMS1", 1000),
        ("PREF", 0),
        ("PREF", 45),
        ("NTARF", 0),
        ("NTARF", 11),
        ("RELAIS", 256),
        ("NGTF", 3),
        ("MSG1", "x" * 33),
        ("DATE", "E260720154205"),
        ("linkquality", 60),
        ("BBRHPJR", 12),  # of the other mode
        ("PTEC", "HCJB"),
    ],
)
def test_what_a_label_cannot_be_is_dropped(label: str, value: Value) -> None:
    assert kept(STANDARD, {label: value, "SINSTS1": 310}) == {"SINSTS1"}


def test_what_a_meter_sends_is_kept() -> None:
    labels: dict[str, Value] = {
        "ADSC": "021961000001", "DATE": "", "NGTF": "TEMPO", "LTARF": "HP BLEU", "EAST": 16_494_400,
        "EASF01": 9_340_700, "EASF07": 0, "EAIT": 0, "IRMS1": 3, "URMS1": 234, "PREF": 9, "SINSTS": 783, "SINSTI": 0,
        "CCASN": 650, "CCASN-1": 456, "STGE": "013A4401", "MSG1": "PAS DE MESSAGE", "RELAIS": 0, "NTARF": 2,
    }  # fmt: skip
    assert kept(STANDARD, labels) == set(labels)
    labels = {
        "ADCO": "021961000001", "OPTARIF": "BBR(", "ISOUSC": 45, "BBRHCJB": 0, "BBRHPJB": 5_508_800, "PTEC": "HPJB",
        "DEMAIN": "----", "IINST": 46, "ADPS": 46, "IMAX": 90, "PAPP": 9_650, "HHPHC": "A", "MOTDETAT": "000000",
    }  # fmt: skip
    assert kept(HISTORIC, labels) == set(labels)


def test_keys_of_the_other_mode_are_not_of_this_meter() -> None:
    cached: dict[str, Value] = {"PTEC": "HCJB", "LTARF": "HP BLEU", "EASF02": 5_508_800, "HCHP": 12_287_490}
    assert kept(STANDARD, cached) == {"LTARF", "EASF02"}
    assert kept(HISTORIC, cached) == {"PTEC", "HCHP"}


@pytest.mark.parametrize(
    ("period", "running", "right"),
    [
        ("HP BLEU", {"NTARF": 6}, False),  # frozen for days: it is red
        ("HP  ROUGE", {"NTARF": 6}, True),
        ("HC ROUGE", {"NTARF": 6}, False),
        ("HP BLEU", {"STGE": "033A1401"}, False),  # bits 10 to 13: the sixth register
        ("HP ROUGE", {"NTARF": 6, "STGE": "013A0401"}, True),  # NTARF wins, as for the tariff
        ("HP BLEU", {}, True),
    ],
)
def test_the_number_of_the_register_wins_over_a_frozen_period(
    period: str, running: dict[str, Value], right: bool
) -> None:
    assert ("LTARF" in kept(STANDARD, {"NGTF": "TEMPO", "LTARF": period, **running})) is right
    assert ("LTARF" in kept(STANDARD, {"LTARF": period}, NGTF="TEMPO", **running)) is right


def test_the_period_of_an_unknown_offer_is_what_the_meter_says() -> None:
    assert "LTARF" in kept(STANDARD, {"NGTF": "HC SEM WE MERCR", "NTARF": 3, "LTARF": "HP SEMAINE"})
    assert "LTARF" in kept(STANDARD, {"NGTF": "BASE", "NTARF": 1, "LTARF": "HEURE PLEINE"})


@pytest.mark.parametrize(
    ("labels", "registers"),
    [
        ({"OPTARIF": "BBR(", "BASE": 14_849_500, "BBRHCJB": 9_340_700}, {"BBRHCJB"}),  # two of six tiers
        ({"BASE": 14_849_500, "BBRHCJB": 9_340_700}, {"BBRHCJB"}),
        ({"BASE": 14_849_500, "HCHC": 0}, {"BASE", "HCHC"}),  # unused, as far as that is known
        ({"OPTARIF": "BASE", "BASE": 14_849_500, "HCHC": 14_849_500}, {"BASE"}),
        ({"OPTARIF": "HC..", "BASE": 0, "HCHC": 0, "HCHP": 12}, {"HCHC", "HCHP"}),
        ({"OPTARIF": "????", "HCHC": 1, "HCHP": 12}, {"HCHC", "HCHP"}),
    ],
)
def test_a_contract_has_its_own_registers(labels: dict[str, Value], registers: set[str]) -> None:
    assert kept(HISTORIC, labels) - {"OPTARIF"} == registers


@pytest.mark.parametrize(
    ("amperes", "subscribed", "overload"), [(1, {}, False), (3, {"ISOUSC": 15}, False), (0, {"ISOUSC": 15}, False),
                                            (14, {"ISOUSC": 15}, False), (15, {"ISOUSC": 15}, True), (32, {}, True)]
)  # fmt: skip
def test_an_overload_is_no_number_of_a_phase(amperes: int, subscribed: dict[str, Value], overload: bool) -> None:
    assert ("ADPS" in kept(HISTORIC, {"ADPS": amperes, **subscribed})) is overload
    assert ("ADIR2" in kept(HISTORIC, {"ADIR2": amperes}, **subscribed)) is overload


def test_a_phase_draws_no_more_than_is_subscribed() -> None:
    first_linkys: dict[str, Value] = {"SINSTS": 1407, "SINSTS1": 48_370, "SINSTS2": 300, "SINSTS3": 41_187}
    assert kept(STANDARD, {"PREF": 12, **first_linkys}) == {"PREF", "SINSTS", "SINSTS2"}
    assert kept(STANDARD, first_linkys) == {"SINSTS", "SINSTS2"}
