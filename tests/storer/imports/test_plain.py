import pytest

from common.errors import FileRefused
from storer.imports.plain import parse_plain
from tests.support.imports import PARIS, content, energy, of


def test_hours_with_and_without_an_offset_and_whole_days() -> None:
    parsed = parse_plain(content("plain.csv"), PARIS)
    assert energy(parsed, "supplier_2") == {"2024-03-31 02:00": 700, "2024-03-31 03:00": 650}
    assert [(f"{one.end:%d %H}", one.hours, one.wh) for one in of(parsed, "supplier_1")] == [
        ("30 23", 24, 9000),
        ("31 01", 1, 500),
    ]


def test_quarters_of_an_hour_become_hours() -> None:
    lines = "".join(f"2024-06-01T0{n // 4}:{n % 4 * 15:02}:00Z;total;{n}\n" for n in range(8))
    parsed = parse_plain(b"\xef\xbb\xbfstart;register;wh\n" + lines.encode(), PARIS)
    assert energy(parsed) == {"2024-06-01 01:00": 6, "2024-06-01 02:00": 22}


def test_hours_need_no_neighbours() -> None:
    parsed = parse_plain(b"start,register,wh\n2024-06-01T00:00Z,total,7\n2024-06-01T05:00Z,total,8\n", PARIS)
    assert energy(parsed) == {"2024-06-01 01:00": 7, "2024-06-01 06:00": 8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("when,register,wh\n", "start,register,wh"),
        ("start,register,wh\n2024-06-01T00:00Z,total\n", "line 2: 3 cells"),
        ("start,register,wh\n2024-06-01T00:00Z,total,-1\n", "line 2: -1 Wh"),
        ("start,register,wh\n2024-06-01T00:00Z,total,1\n2024-06-01T02:00+02:00,total,2\n", "has several values"),
        ("start,register,wh\n2024-06-01,total,1000000\n", "line 2: 1e.06 Wh in 24 h"),
    ],
)
def test_other_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(FileRefused, match=message):
        parse_plain(text.encode(), PARIS)


def test_registers_that_count_the_same_energy_are_refused() -> None:
    text = b"start,register,wh\n2024-06-01T00:00Z,total,7\n2024-06-01T01:00Z,EASF01,8\n"
    with pytest.raises(FileRefused, match="same energy"):
        parse_plain(text, PARIS)
    with pytest.raises(FileRefused, match="line 2: 'PAPP' "):
        parse_plain(text.replace(b"total", b"PAPP"), PARIS)
