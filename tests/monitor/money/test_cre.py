"""The regulator's files of the regulated tariff."""

from datetime import date
from decimal import Decimal

import pytest

from common.errors import ConfigError
from monitor.money.cre import BASE, HPHC, TEMPO, read_option, table
from monitor.money.price_files import read_table

HEAD = "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HT;PART_VARIABLE_TTC\n"
#: Lines as the file of the regulator had them in 2026-08; those of 2027 are made up.
BASE_FILE = (
    HEAD + "23/07/2012;31/07/2013;6;65,64;82,98;0,0828;0,1263\n"
    "01/02/2026;31/01/2027;6;141,6;188,2;0,1308;0,19398\n"
    "01/02/2026;31/01/2027;9;176,16;235,9;0,1297;0,19266\n"
    "01/02/2027;;6;150;199,2;0,1408;0,20598\n"
    "01/02/2027;;9;186;247,9;0,1397;0,20466\n"
    ";;;;;;\n;;;;;;\n"
)
HPHC_FILE = (
    "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_HT;PART_FIXE_TTC;PART_VARIABLE_HC_HT;PART_VARIABLE_HC_TTC;"
    "PART_VARIABLE_HP_HT;PART_VARIABLE_HP_TTC\n01/02/2027;;6;150;200,4;0,1;0,1612;0,15;0,2212\n"
)
_COLOURS = ("Bleu", "Blanc", "Rouge")
TEMPO_FILE = (
    "DATE_DEBUT;DATE_FIN;P_SOUSCRITE;PART_FIXE_TTC;"
    + ";".join(f"PART_VARIABLE_{hours}{colour}_TTC" for colour in _COLOURS for hours in ("HC", "HP"))
    + "\n01/02/2027;;9;240;0,14;0,17;0,16;0,2;0,17;0,75\n"
)


def test_each_change_is_a_row_with_prices_by_power() -> None:
    old, now, later = read_option(BASE_FILE.encode(), BASE)
    assert (old.start, now.start, later.start) == (date(2012, 7, 23), date(2026, 2, 1), date(2027, 2, 1))
    assert later.kwh == {0: {"BASE": Decimal("0.2060")}, 9: {"BASE": Decimal("0.2047")}}
    assert later.subscription == {6: Decimal("199.2"), 9: Decimal("247.9")}
    assert now.kwh_price("BASE", 6) == Decimal("0.1940")


def test_the_other_options_have_their_columns() -> None:
    (row,) = read_option(HPHC_FILE.encode("utf-8-sig"), HPHC)
    assert row.kwh[0] == {"HCHC": Decimal("0.1612"), "HCHP": Decimal("0.2212")}
    (row,) = read_option(TEMPO_FILE.encode(), TEMPO)
    assert row.kwh[0] == {
        "BBRHCJB": Decimal("0.14"), "BBRHPJB": Decimal("0.17"), "BBRHCJW": Decimal("0.16"),
        "BBRHPJW": Decimal("0.2"), "BBRHCJR": Decimal("0.17"), "BBRHPJR": Decimal("0.75"),
    }  # fmt: skip


def test_what_is_written_is_read_again_as_a_table_of_prices() -> None:
    rows = read_option(BASE_FILE.encode(), BASE)[1:] + read_option(TEMPO_FILE.encode(), TEMPO)
    found = read_table(table(rows, date(2027, 1, 20)).encode(), "cre")
    assert found.checked == date(2027, 1, 20)
    assert list(found.rows) == rows
    assert [offer.id for offer in found.offers] == ["trv-base", "trv-tempo"]


def line(text: str) -> str:
    return HEAD + text + "\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "DATE_DEBUT is missing"),
        ("<html><body>maintenance</body></html>", "is missing"),
        (HEAD, "no prices"),
        (BASE_FILE.replace("PART_VARIABLE_TTC", "PRIX_TTC"), "PART_VARIABLE_TTC is missing"),
        (line("2027-02-01;;6;150;199,2;0,14;0,2059"), "a day such as"),
        (line("31/02/2027;;6;150;199,2;0,14;0,2059"), "a day such as"),
        (line(";;6;150;199,2;0,14;0,2059"), "DATE_DEBUT is empty"),
        (line("02/01/2027;;6;150;199,2;0,14;0,2059"), "day and month swapped"),
        (line("01/02/2027;31/01/2027;6;150;199,2;0,14;0,2059"), "is before"),
        (line("01/02/2027;;6;150;199,2;0,14;20,59"), "cannot be right"),
        (line("01/02/2027;;6;150;199,2;0,14;0.2059"), "cannot be right"),
        (line("01/02/2027;;6;150;199,2;0,14;"), "cannot be right"),
        (line("01/02/2027;;6;150;1,2;0,14;0,2059"), "cannot be right"),
        (line("01/02/2027;;60;150;199,2;0,14;0,2059"), "no power"),
        (line("01/02/2027;;6;150"), "cannot be right"),
        (line("01/02/2027;;6;150;199,2;0,14;0,2\n01/02/2027;;6;150;199,2;0,14;0,3"), "two prices"),
        (line("01/02/2026;30/06/2027;6;150;199,2;0,14;0,2\n01/02/2027;;6;150;199,2;0,14;0,3"), "overlap"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_as_a_whole(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read_option(text.encode(), BASE)
