"""Files for spreadsheets: what a meter calls its registers is text in them, and never a formula."""

import csv
import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.base.formats import Formats
from monitor.money.bill import Cost
from monitor.money.costs import Answer, Period
from monitor.places.review.csv import write_csv
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy

START = datetime(2026, 11, 9, 23, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def written(names: dict[str, str], register: str = "EASF01", *, french: bool = True) -> list[list[str]]:
    end = START + timedelta(hours=1)
    energy = Energy(START, end, {register: -5}, None, 0, 0, 3600, 3600)
    period = Period(energy, Cost())
    answer = Answer(Meter(1, "031961000001", None, None), [period], period, names, [], [])
    text = io.StringIO()
    write_csv(answer, Formats("fr" if french else "en", PARIS), text, french=french)
    return list(csv.reader(io.StringIO(text.getvalue().removeprefix("\ufeff")), delimiter=";" if french else ","))


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_a_name_that_begins_as_a_formula_is_text(begin: str) -> None:
    head = written({"EASF01": f'{begin}CMD("x")'})[0]
    assert f'\'{begin}CMD("x") (Wh)' in head


def test_a_name_cannot_bring_a_new_row_or_column_of_its_own() -> None:
    rows = written({"EASF01": "a\tb\r\n=1"})
    assert [len(row) for row in rows] == [13, 13]
    assert "a\\tb\\r\\n=1 (Wh)" in rows[0]


def test_a_register_of_another_program_is_no_formula_either() -> None:
    assert "'=1+1_wh" in written({}, "=1+1", french=False)[0]


def test_numbers_stay_numbers() -> None:
    _, row = written({})
    assert row[3] == "-5"
