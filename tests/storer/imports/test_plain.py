from storer.imports.plain import parse_plain
from tests.support.imports import PARIS, content, energy, of


def test_hours_with_and_without_an_offset_and_whole_days() -> None:
    parsed = parse_plain(content("csv.csv"), PARIS)
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
