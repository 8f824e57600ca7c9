from datetime import UTC, datetime, timedelta

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


def test_half_watt_hours_of_hours_are_carried_on_within_a_day() -> None:
    # From 1 January 00:00 in Paris: 1,000 hours are 41 days of 24 and 16 hours.
    start = datetime(2023, 12, 31, 23, tzinfo=UTC)
    lines = "".join(f"{start + timedelta(hours=n):%Y-%m-%dT%H:%MZ},total,450.5\n" for n in range(1000))
    parsed = parse_plain(b"start,register,wh\n" + lines.encode(), PARIS)
    assert sum(energy(parsed).values()) == 450_500
    assert set(energy(parsed).values()) == {450, 451}
    # A download that begins on another day has the same hours.
    later = parse_plain(b"start,register,wh\n" + "".join(lines.splitlines(True)[24:]).encode(), PARIS)
    assert energy(later).items() < energy(parsed).items()


def test_an_hour_that_is_left_out_takes_nothing_from_the_others() -> None:
    quarters = "".join(f"2024-06-01T{n // 4:02}:{n % 4 * 15:02}:00Z,total,0.1\n" for n in range(9))
    parsed = parse_plain(b"start,register,wh\n" + quarters.encode(), PARIS)
    assert energy(parsed) == {"2024-06-01 01:00": 0, "2024-06-01 02:00": 1}  # 0.4, then 0.8 in all
    assert parsed.left_out == {"hours of which a part is missing": 1}


def test_parts_of_a_watt_hour_of_days_are_carried_on_within_a_month() -> None:
    lines = "".join(f"2024-01-{day:02},total,8000.4\n" for day in range(1, 32))
    parsed = parse_plain(b"start,register,wh\n" + lines.encode(), PARIS)
    assert sum(energy(parsed).values()) == 248_012  # 31 x 8,000.4 = 248,012.4
    later = parse_plain(b"start,register,wh\n2024-02-01,total,8000.4\n", PARIS)
    assert list(energy(later).values()) == [8000]
