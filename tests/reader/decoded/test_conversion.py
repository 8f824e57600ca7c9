"""What another device sends for a label becomes what the meter sends."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.labels import LABELS, LabelKind, Mode
from reader.decoded.conversion import MODE_OF, address_of, mode_of, number, split_stamp, text_of, value_of


@pytest.mark.parametrize(
    ("label", "sent", "value"),
    [
        ("EAST", "012345678", 12345678),
        ("EAST", 12345678, 12345678),
        ("EAST", "12345678.0", 12345678),
        ("EAST", Decimal("12345678.000"), 12345678),
        ("PAPP", " 00310 ", 310),
        ("SINSTS", 0, 0),
        ("PREF", "09", 9),
        ("PREF", 9, 9),
        ("PREF", "09000", 9),  # VA
        ("PCOUP", 12000, 12),
        ("RELAIS", "008", 8),
        ("ADCO", 812100000022, "812100000022"),
        ("ADSC", 21961000001, "021961000001"),
        ("ADSC", "21961000001", "021961000001"),
        ("PRM", 1234567890123, "01234567890123"),
        ("VTIC", 2, "02"),
        ("MOTDETAT", 0, "000000"),
        ("DPM1", 1, "01"),
        ("NGTF", "      BASE      ", "BASE"),
        ("MSG1", "PAS DE MESSAGE\0\0", "PAS DE MESSAGE"),
        ("STGE", "003A4001", "003A4001"),
        ("PTEC", "HP", "HP.."),
        ("PTEC", "HP..", "HP.."),
        ("PTEC", "HCJB", "HCJB"),
        ("OPTARIF", "BASE", "BASE"),
        ("OPTARIF", "HC", "HC.."),
        ("OPTARIF", "EJP", "EJP."),
        ("OPTARIF", "BBR(", "BBR("),
        ("DEMAIN", "BLANC", "BLAN"),
        ("DEMAIN", "ROUG", "ROUG"),
        ("DEMAIN", "Bleu", "BLEU"),
        ("DEMAIN", "----", "----"),
        ("DEMAIN", "Inconnu", "----"),
        ("HHPHC", "A", "A"),
    ],
)
def test_a_value_is_written_as_the_meter_does(label: str, sent: object, value: int | str) -> None:
    assert value_of(label, sent) == value


@pytest.mark.parametrize(
    ("label", "sent"),
    [
        *(
            ("EAST", sent)
            for sent in ("", " ", "null", "unknown", "Unavailable", "None", "12 345", "0x1F", "١٢٣", "1e6")
        ),
        *(("EAST", sent) for sent in (-1, 12.5, Decimal("12.5"), True, False, None)),
        *(("EAST", sent) for sent in ("-1", "12.5", "12345678 Wh")),
        ("EAST", []),
        ("EAST", {"raw": "012345678"}),
        *(("EAST", Decimal(sent)) for sent in ("NaN", "Infinity", "1e999999999", "-1e-9")),
        ("EAST", 1_000_000_000),  # ten digits
        ("EAST", 10**400),
        ("EAST", "9" * 5000),
        ("URMS1", 65535),
        ("CCASN", -32768),
        ("ADCO", 0),
        ("ADCO", 5),
        ("ADCO", "02196100000A"),
        ("ADCO", "0219610000011"),
        ("ADSC", True),
        ("PTEC", "HP BLEU"),
        ("PTEC", "off_peak"),
        ("DEMAIN", "GRIS"),
        ("DEMAIN", "\0"),
        ("STGE", "013A44"),
        ("STGE", "013A440Z"),
        ("STGE", 13),
        ("PPOT", 8),
        ("NGTF", 3),
        ("NGTF", "x" * 17),
        ("MSG1", "Été"),
        ("MSG1", "a\nb"),
        ("MSG1", "\ud800"),
        ("PJOURF+1", "00004001 06004002 NONU"),  # cut
        ("DATE", "E260720154205"),
    ],
)
def test_what_no_meter_sends_is_no_value(label: str, sent: object) -> None:
    assert value_of(label, sent) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(MODE_OF)), ANYTHING)
def test_whatever_is_sent_a_value_fits_its_label(label: str, sent: object) -> None:
    value, known = value_of(label, sent), LABELS[MODE_OF[label]][label]
    if known.kind is LabelKind.INTEGER:
        assert value is None or (type(value) is int and 0 <= value < 10**known.width)
    else:
        assert value is None or (type(value) is str and 0 < len(value) <= known.width and value.isprintable())


def test_the_digits_of_the_line_are_read_as_they_are() -> None:
    for label in (label for mode in Mode for label in LABELS[mode].values() if label.kind is LabelKind.INTEGER):
        assert value_of(label.name, "7".zfill(label.width)) == value_of(label.name, 7) == 7


def test_the_stamp_is_taken_off_a_raw_group() -> None:
    assert split_stamp("H240215001741 02432") == ("02432", datetime(2024, 2, 14, 23, 17, 41, tzinfo=UTC))
    assert split_stamp("E210410194907") == ("", datetime(2021, 4, 10, 17, 49, 7, tzinfo=UTC))
    for other in (
        "02432",
        "HEURE PLEINE",
        "HEURE PLEINE 123",
        "H240231001741 02432",
        "H24021500174102432",
        24,
        None,
        "",
    ):
        assert split_stamp(other) == (other, None)


def test_the_mode_is_that_of_the_address_or_of_most_labels() -> None:
    assert mode_of(["PAPP", "PTEC", "ADSC"]) is Mode.STANDARD
    assert mode_of(["PAPP", "PTEC", "EAST", "Time"]) is Mode.HISTORIC
    assert mode_of(["Time", "linkquality"]) is None


def test_the_address_is_found_in_both_modes() -> None:
    assert address_of({"PAPP": 310, "ADCO": "021961000001"}) == "021961000001"
    assert address_of({"ADSC": "021961000001"}) == "021961000001"
    assert address_of({"PAPP": 310}) is None


def test_numbers_and_texts_are_told_apart() -> None:
    assert number("0123") == 123
    assert number("12.30") == Decimal("12.3")
    assert number(Decimal("1e20")) is None
    assert text_of(" TEMPO ") == "TEMPO"
    assert text_of(5) is None
