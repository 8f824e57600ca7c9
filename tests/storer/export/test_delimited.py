import csv
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storer.export.columns import Column, ColumnKind
from storer.export.delimited import Locale, csv_lines, json_lines

PARIS = ZoneInfo("Europe/Paris")
COLUMNS = [
    Column("hour", ColumnKind.TIME, ""),
    Column("meter", ColumnKind.TEXT, ""),
    Column("drawn_wh", ColumnKind.ENERGY, ""),
    Column("total_last", ColumnKind.NUMBER, ""),
]
ROWS: list[list[Any]] = [
    [datetime.fromisoformat("2026-10-25 00:00"), "031961123456", 1204, 8735124],
    [datetime.fromisoformat("2026-10-25 01:00"), 'a "b";\nc,d', None, None],
]


def test_csv_for_programs() -> None:
    text = b"".join(csv_lines(COLUMNS, ROWS, Locale.C, UTC)).decode()
    assert text.splitlines()[:2] == [
        "hour,meter,drawn_wh,total_last",
        "2026-10-25T00:00:00Z,031961123456,1204,8735124",
    ]
    assert list(csv.reader(text.splitlines(keepends=True)))[2] == ["2026-10-25T01:00:00Z", 'a "b";\nc,d', "", ""]


def test_both_passes_of_an_hour_have_different_times_in_csv_for_programs() -> None:
    lines = list(csv_lines(COLUMNS, ROWS, Locale.C, PARIS))
    assert [line.partition(b",")[0] for line in lines[1:]] == [
        b"2026-10-25T02:00:00+02:00",
        b"2026-10-25T02:00:00+01:00",
    ]


def test_csv_for_a_french_spreadsheet() -> None:
    text = b"".join(csv_lines(COLUMNS, ROWS, Locale.FR, PARIS))
    assert text.startswith(b"\xef\xbb\xbfhour;meter;drawn_kwh;total_last\r\n")
    rows = list(csv.reader(text.decode("utf-8-sig").splitlines(keepends=True), delimiter=";"))
    assert rows[1] == ["25/10/2026 02:00:00", "031961123456", "1,204", "8735124"]
    assert rows[2] == ["25/10/2026 02:00:00", 'a "b";\nc,d', "", ""]


@pytest.mark.parametrize("locale", Locale)
def test_what_a_meter_says_is_no_formula(locale: Locale) -> None:
    """The names of contracts and periods come by MQTT; 16 characters are enough to start a program."""
    row = [ROWS[0][0], "=cmd|'/C calc'!0", 1204, -5]
    text = b"".join(csv_lines(COLUMNS, [row], locale, UTC)).decode("utf-8-sig")
    _, cells = csv.reader(text.splitlines(), delimiter=";" if locale is Locale.FR else ",")
    assert cells[1] == "'=cmd|'/C calc'!0"
    assert cells[3] == "-5"
    assert json.loads(next(json_lines(COLUMNS, [row], UTC)))["meter"] == "=cmd|'/C calc'!0"


def test_json_is_an_object_a_line() -> None:
    lines = [json.loads(line) for line in json_lines(COLUMNS, ROWS, UTC)]
    assert lines[0] == {
        "hour": "2026-10-25T00:00:00Z",
        "meter": "031961123456",
        "drawn_wh": 1204,
        "total_last": 8735124,
    }
    assert lines[1]["drawn_wh"] is None


def test_lines_are_made_as_rows_come() -> None:
    """An export of ten years does not wait for its end, and is not kept in memory."""

    def rows() -> Any:
        yield ROWS[0]
        raise EOFError

    lines = csv_lines(COLUMNS, rows(), Locale.C, UTC)
    assert len([next(lines), next(lines)]) == 2
