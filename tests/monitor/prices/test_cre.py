from datetime import date
from decimal import Decimal

import pytest

from common.errors import ConfigError
from monitor.prices.cre import read_cre

BASE = (
    "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HT;PART_VARIABLE_TTC\r\n"
    "01/02/2025;31/07/2025;3;103,20;125,34;0,1343;0,2016\r\n"
    "01/02/2025;31/07/2025;6;134,16;165,17;0,1343;0,2016\r\n"
    "01/08/2025;;6;132,84;185,94;0,1327;0,1952\r\n"
    "01/08/2025;;9;165,48;233,70;0,1300;0,1900\r\n"
)


def test_a_line_is_a_grid_and_a_power() -> None:
    first, second = read_cre(BASE.encode(), "Option_Base.csv").rows
    assert (first.offer, first.start, first.end) == ("base", date(2025, 2, 1), date(2025, 8, 1))
    assert first.subscription == {3: Decimal("125.34"), 6: Decimal("165.17")}
    assert first.kwh == {0: {"BASE": Decimal("0.2016")}}
    assert second.end is None
    assert [second.kwh_price("BASE", power) for power in (6, 9)] == [Decimal("0.1952"), Decimal("0.1900")]
    assert second.kwh_ht == {0: {"BASE": Decimal("0.1327")}, 9: {"BASE": Decimal("0.1300")}}


def test_the_registers_of_the_other_options_are_those_of_historic_mode() -> None:
    hchp = (
        "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HC_HT;PART_VARIABLE_HC_TTC;"
        "PART_VARIABLE_HP_HT;PART_VARIABLE_HP_TTC\n01/02/2026;;6;1;187,80;0,1007;0,1579;0,1412;0,2065\n"
    )
    names = ("HCBleu", "HPBleu", "HCBlanc", "HPBlanc", "HCRouge", "HPRouge")
    prices = ("0,1325", "0,1612", "0,1499", "0,1871", "0,1575", "0,7060")
    tempo = (
        "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;"
        + ";".join(f"PART_VARIABLE_{name}_HT;PART_VARIABLE_{name}_TTC" for name in names)
        + "\n01/02/2026;;9;1;232,56;"
        + ";".join(f"0,1;{price}" for price in prices)
    )
    assert read_cre(hchp.encode(), "x").rows[0].kwh_price("HCHC", 6) == Decimal("0.1579")
    row = read_cre(tempo.encode(), "x").rows[0]
    assert set(row.band(9)) == {"BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"}
    assert row.kwh_price("BBRHPJR", 9) == Decimal("0.7060")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + BASE.encode() + b"\r\n;;;\r\n",
        BASE.replace("P_SOUSCRITE", "PUISSANCE").encode(),
    ],
)
def test_a_byte_order_mark_blank_lines_and_the_other_name_of_the_power_change_nothing(content: bytes) -> None:
    assert read_cre(content, "x").rows == read_cre(BASE.encode(), "x").rows


@pytest.mark.parametrize("power", [1, 36])
def test_powers_are_1_to_36_kva_and_a_part_may_be_free(power: int) -> None:
    (first, _) = read_cre(BASE.replace(";3;", f";{power};", 1).replace("0,2016", "0").encode(), "x").rows
    assert set(first.subscription) == {power, 6}
    assert first.kwh == {0: {"BASE": Decimal(0)}}


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ("", "Option_Base.csv"),
        ("a;b\n1;2\n", "Option_Base.csv"),
        *((BASE.replace(column, "X", 1), "Option_Tempo.csv") for column in ("DATE_DEBUT", "DATE_FIN", "P_SOUSCRITE")),
        (BASE.replace("PART_FIXE_TTC", "X", 1), "Option_Tempo.csv"),
        (BASE.replace("0,2016", "x", 1), "line 2"),
        (BASE.replace("01/02/2025", "2025", 1), "line 2"),
        *((BASE.replace(";3;", f";{power};", 1), f"'{power}'") for power in ("0", "37", "300")),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(content: str, fact: str) -> None:
    with pytest.raises(ConfigError, match=fact):
        read_cre(content.encode(), "Option_Base.csv")
