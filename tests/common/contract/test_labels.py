"""The catalogue of labels: complete, consistent, and as the specifications have it."""

import pytest

from common.contract.labels import ADDRESS, LABELS, OTHER_FAMILIES, LabelKind, Mode


def test_has_every_label_of_the_two_modes() -> None:
    assert {mode.value: len(rows) for mode, rows in LABELS.items()} == {"historic": 36, "standard": 74}
    assert {family: len(rows) for family, rows in OTHER_FAMILIES.items()} == {
        "PME-PMI": 25,
        "ICE (tarif Vert)": 13,
        "CJE (tarif Jaune)": 10,
    }


def test_each_row_is_consistent() -> None:
    for mode in Mode:
        for name, row in LABELS[mode].items():
            assert name == row.name
            assert 1 <= len(name) <= 9
            assert (row.width == 0) is (row.kind is LabelKind.DATE), name
            assert row.meaning_fr, name
            assert row.meaning_en, name
            assert mode is Mode.STANDARD or not row.stamped, name
            assert row.kind is LabelKind.INTEGER or not (row.cumulative or row.unit), name
            assert row.width == (7 if row.unit == "dal" else 9) or not row.cumulative, name


# Facts of 54E and 02E, not of the table: kind, unit, width, stamped, moves, index.
@pytest.mark.parametrize(
    ("mode", "name", "facts"),
    [
        ("historic", "ADCO", (LabelKind.TEXT, "", 12, False, False, False)),
        ("historic", "BASE", (LabelKind.INTEGER, "Wh", 9, False, True, True)),
        ("historic", "ISOUSC", (LabelKind.INTEGER, "A", 2, False, False, False)),
        ("historic", "PAPP", (LabelKind.INTEGER, "VA", 5, False, True, False)),
        ("historic", "HHPHC", (LabelKind.CHOICE, "", 1, False, False, False)),
        ("historic", "PPOT", (LabelKind.BITS, "", 2, False, False, False)),
        ("standard", "DATE", (LabelKind.DATE, "", 0, True, True, False)),
        ("standard", "EAIT", (LabelKind.INTEGER, "Wh", 9, False, True, True)),
        ("standard", "ERQ4", (LabelKind.INTEGER, "VArh", 9, False, True, True)),
        ("standard", "SMAXSN3-1", (LabelKind.INTEGER, "VA", 5, True, False, False)),
        ("standard", "CCAIN-1", (LabelKind.INTEGER, "W", 5, True, False, False)),
        ("standard", "DPM3", (LabelKind.TEXT, "", 2, True, False, False)),
        ("standard", "STGE", (LabelKind.BITS, "", 8, False, False, False)),
        ("standard", "MSG1", (LabelKind.TEXT, "", 32, False, False, False)),
        ("standard", "RELAIS", (LabelKind.INTEGER, "", 3, False, False, False)),
        ("standard", "PJOURF+1", (LabelKind.PROFILE, "", 98, False, False, False)),
    ],
)
def test_rows_are_as_in_the_specifications(mode: str, name: str, facts: tuple[object, ...]) -> None:
    row = LABELS[Mode(mode)][name]
    assert (row.kind, row.unit, row.width, row.stamped, row.volatile, row.cumulative) == facts


def test_names_the_address_of_each_mode() -> None:
    assert dict(ADDRESS) == {Mode.HISTORIC: "ADCO", Mode.STANDARD: "ADSC"}
    assert all(name in LABELS[mode] for mode, name in ADDRESS.items())


def test_no_family_has_a_label_of_an_address() -> None:
    assert not any({"ADCO", "ADSC"} & labels for labels in OTHER_FAMILIES.values())


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        LABELS[Mode.HISTORIC]["PAPP"] = LABELS[Mode.HISTORIC]["BASE"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        LABELS[Mode.HISTORIC]["PAPP"].width = 6  # type: ignore[misc]
