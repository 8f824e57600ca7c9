import pytest

from common.contract import tariff
from common.contract.frame import Value

# What simulated and captured meters call their calendars (NGTF), with the padding of the wire.
BASE, HCHP, EJP, TEMPO = "      BASE      ", "H PLEINE/CREUSE ", "      EJP       ", "     TEMPO      "


@pytest.mark.parametrize(
    ("calendar", "contract"),
    [
        (BASE, "BASE"),
        (HCHP, "HC.."),
        ("HC", "HC.."),
        ("hphc            ", "HC.."),
        ("h  pleine/creuse", "HC.."),
        (EJP, "EJP."),
        (TEMPO, "BBR?"),
        # offers that historic mode does not know
        ("HC et Week-End  ", None),
        ("H SUPER CREUSES ", None),
        ("ZEN Flex        ", None),
        ("   PRODUCTEUR   ", None),
        ("TEMPO 2         ", None),
        ("                ", None),
        ("", None),
        (5, None),
    ],
)
def test_names_the_contract_as_historic_mode_would(calendar: Value, contract: str | None) -> None:
    assert tariff.contract({"NGTF": calendar}) == contract


@pytest.mark.parametrize(
    ("calendar", "periods"),
    [
        (BASE, ["TH.."]),
        (HCHP, ["HC..", "HP.."]),
        (EJP, ["HN..", "PM.."]),
        # 54E, 6.1: the order of the supplier's registers, HC before HP, blue, white, red
        (TEMPO, ["HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"]),
        ("H SUPER CREUSES ", []),
    ],
)
def test_names_the_period_as_historic_mode_would(calendar: str, periods: list[str]) -> None:
    named = [tariff.period({"NGTF": calendar, "NTARF": number}) for number in range(1, 11)]
    assert named == periods + [None] * (10 - len(periods))


def test_without_a_calendar_there_is_no_period() -> None:
    assert tariff.contract({}) is None
    assert tariff.period({"NTARF": 1}) is None
    assert tariff.period({"NGTF": TEMPO}) is None


@pytest.mark.parametrize(
    ("status", "supplier", "distributor"),
    [
        # the worked examples of TIC.md, 4.1
        ("003A0001", 1, 1),
        ("013AC401", 2, 4),
        ("013A0000", 1, 1),
        ("423A4C01", 4, 2),
        ("9B3A9000", 5, 3),
        ("003A4501", 2, 2),
        ("003A2401", 10, 1),
        ("003A2801", None, 1),  # there is no register 11
        ("003A3C01", None, 1),
        ("9b3a9000", 5, 3),
    ],
)
def test_reads_the_current_registers_from_the_status(
    status: str, supplier: int | None, distributor: int | None
) -> None:
    assert tariff.supplier_register({"STGE": status}) == supplier
    assert tariff.distributor_register({"STGE": status}) == distributor


@pytest.mark.parametrize("status", ["", "003A", "003A00010", "XYZ", "zzzzzzzz", 5])
def test_an_invalid_status_is_ignored(status: Value) -> None:
    assert tariff.supplier_register({"STGE": status}) is None
    assert tariff.distributor_register({"STGE": status}) is None


def test_ntarf_has_precedence_over_the_status() -> None:
    assert tariff.supplier_register({"NTARF": 3, "STGE": "003A0001"}) == 3
    assert tariff.supplier_register({"NTARF": "03", "STGE": "003A0001"}) == 1
    assert [tariff.supplier_register({"NTARF": number}) for number in (0, 1, 10, 11, -1)] == [None, 1, 10, None, None]


@pytest.mark.parametrize("status", ["0x3A0001", "+03A0001", "-03A0001", "003A_001", " 3A0001 "])
def test_a_status_has_only_hexadecimal_digits(status: str) -> None:
    assert tariff.supplier_register({"STGE": status}) is None


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("HEURE  CREUSE   ", "Heure creuse"),
        ("HEURE WEEK-END", "Heure week-end"),
        ("HEURE SUPER CREU", "Heure super creuse"),
        ("HP WE", "Heures pleines week-end"),
        ("HC  BLEU        ", "Heures creuses bleu"),
        ("INDEX NON CONSO", "Index unique (producteur)"),
        ("INDEX INACTIF 2 ", "Index inactif 2"),
        ("Heures creuses", "Heures creuses"),
        ("EJP", "EJP"),
        ("", ""),
    ],
)
def test_names_of_periods_are_written_without_abbreviations(label: str, text: str) -> None:
    assert tariff.capitalise(tariff.expand_abbreviations(label)) == text
