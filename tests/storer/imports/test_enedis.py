from datetime import datetime, timedelta

import pytest

from storer.imports.enedis import parse_enedis, parse_index
from tests.support.imports import PARIS, content, energy, of, workbook

HEAD = b"Horodate;Valeur\n"
HOURS = ["Début", "Fin", "Valeur (en Kw)"]


def test_a_load_curve_becomes_whole_hours_in_utc() -> None:
    """A value is the mean power of the interval that ends at its time; the step changes within the file."""
    parsed = parse_enedis(content("enedis-hours.csv"), PARIS)
    assert energy(parsed) == {
        "2023-10-28 23:00": 500,  # of the day before
        "2023-10-29 00:00": 302,  # 301 and 302: half a Wh goes to the even one
        "2023-10-29 01:00": 130,  # the repeated hour is two hours
        "2023-10-29 02:00": 1100,
        "2023-10-29 04:00": 700,  # before it, a value is empty
        "2023-10-29 05:00": 800,
    }
    assert dict(parsed.left_out) == {"empty values": 1, "hours of which a part is missing": 1}
    assert energy(parsed, "injected") == {"2023-10-29 12:00": 1500, "2023-10-29 13:00": 900}  # a block of production
    assert {period.hours for period in parsed.periods} == {1}


def test_steps_of_ten_fifteen_and_sixty_minutes_that_the_file_names() -> None:
    found = energy(parse_enedis(content("enedis-steps.csv"), PARIS))
    assert found == {"2024-05-31 23:00": 900, "2024-06-01 00:00": 600, "2024-06-01 01:00": 2500}


@pytest.mark.parametrize("minutes", [10, 15, 30, 60])
def test_a_step_that_the_file_does_not_name_is_seen(minutes: int) -> None:
    start = datetime.fromisoformat("2024-06-01T00:00:00+02:00")
    stamps = [start + number * timedelta(minutes=minutes) for number in range(1, 12 * 60 // minutes + 1)]
    lines = [f"{stamp.isoformat()};{600 + number % 2}" for number, stamp in enumerate(stamps)]
    parsed = parse_enedis(HEAD + "\n".join(lines).encode(), PARIS)
    assert len(parsed.periods) == 12
    assert {period.wh for period in parsed.periods} <= {600, 601}


def test_a_missing_half_hour_is_not_filled_by_its_neighbour() -> None:
    text = "".join(f"2024-06-01T{hour:02}:{minute}:00+02:00;600\n" for hour in range(8) for minute in ("00", "30"))
    parsed = parse_enedis(HEAD + text.replace("2024-06-01T03:30:00+02:00;600\n", "").encode(), PARIS)
    found = energy(parsed)
    assert "2024-06-01 02:00" not in found
    assert set(found.values()) == {600}
    assert parsed.left_out["hours of which a part is missing"] >= 1


def test_a_doubled_block_counts_once() -> None:
    once = content("enedis-hours.csv")
    twice = parse_enedis(once + once.removeprefix(b"\xef\xbb\xbf"), PARIS)
    assert sorted(twice.periods) == sorted(parse_enedis(once, PARIS).periods)
    assert twice.left_out["doubled lines"] > 0


def test_the_bookmarklets_file_has_mean_power_in_local_time() -> None:
    parsed = parse_enedis(content("enedis-bookmarklet.csv"), PARIS)
    assert energy(parsed) == {"2023-12-12 00:00": 698, "2023-12-12 02:00": 1000}
    assert parsed.left_out == {"empty values": 1, "hours of which a part is missing": 1}
    assert energy(parse_enedis(content("enedis-bookmarklet-kwh.csv"), PARIS)) == {"2023-12-12 00:00": 698}


def test_a_workbook_of_hours_with_text_and_serial_times() -> None:
    rows: list[list[str | float | None]] = [
        ["Type de comptage : Consommation Horaire"],
        [],
        [*HOURS],
        ["07/12/2025 00:00", "07/12/2025 01:00", 0.512],
        [45998 + 1 / 24, 45998 + 2 / 24, "0,25"],
        ["07/12/2025 02:00", "07/12/2025 03:00", None],
    ]
    parsed = parse_enedis(workbook(rows), PARIS)
    assert energy(parsed) == {"2025-12-07 00:00": 512, "2025-12-07 01:00": 250}
    assert parsed.left_out == {"empty values": 1}


def test_the_hour_that_march_skips_does_not_exist() -> None:
    rows: list[list[str | float | None]]
    rows = [["30/03/2025 01:00", "30/03/2025 03:00", 0.1], ["30/03/2025 03:00", "30/03/2025 04:00", 0.2]]
    assert energy(parse_enedis(workbook([[*HOURS], *rows]), PARIS)) == {
        "2025-03-30 01:00": 100,
        "2025-03-30 02:00": 200,
    }


def test_a_workbook_of_days_is_kept_by_day() -> None:
    rows: list[list[str | float | None]] = [
        ["Type de comptage : Consommation Quotidienne"],
        ["Date", "Valeur (en kWh)"],
        ["25/10/2025", 10.5],
        ["26/10/2025", 12.25],
        ["27/10/2025", "NA"],
    ]
    parsed = parse_enedis(workbook(rows), PARIS)
    assert [(period.hours, period.wh) for period in of(parsed)] == [(24, 10500), (25, 12250)]
    assert [f"{period.start:%d %H:%M}" for period in of(parsed)] == ["24 22:00", "25 22:00"]
    assert parsed.left_out == {"empty values": 1}


def test_each_sheet_of_a_workbook_is_read() -> None:
    hours: list[list[str | float | None]] = [[*HOURS], ["07/12/2025 00:00", "07/12/2025 01:00", 0.5]]
    days: list[list[str | float | None]] = [["Date", "Valeur (en kWh)"], ["08/12/2025", 9]]
    parsed = parse_enedis(workbook([["Bonjour"]], hours, days), PARIS)
    assert sorted((period.hours, period.wh) for period in parsed.periods) == [(1, 500), (24, 9000)]


@pytest.mark.parametrize(("date1904", "serial"), [("1", 44536), ("true", 44536), ("0", 45998), ("false", 45998)])
def test_serial_dates_count_from_the_epoch_that_the_workbook_states(date1904: str, serial: int) -> None:
    # 7 December 2025 is day 45,998 of the calendar of 1900, and day 44,536 of that of 1904.
    hours: list[list[str | float | None]] = [[*HOURS], [serial + 1 / 24, serial + 2 / 24, 0.25]]
    days: list[list[str | float | None]] = [["Date", "Valeur (en kWh)"], [serial + 1, 9]]
    parsed = parse_enedis(workbook(hours, days, date1904=date1904), PARIS)
    assert energy(parsed) == {"2025-12-07 01:00": 250, "2025-12-08 23:00": 9000}


def test_a_day_is_the_difference_of_its_indexes_by_register() -> None:
    parsed = parse_index(content("enedis-index.csv"), PARIS)
    assert energy(parsed, "supplier_1") == {"2023-10-28 22:00": 4000, "2023-10-29 23:00": 5000}
    assert energy(parsed, "supplier_2") == {"2023-10-28 22:00": 6000}  # at rest on the second day
    assert [period.hours for period in of(parsed, "supplier_1")] == [24, 25]


def test_where_the_supplier_begins_anew_the_total_tells_the_day() -> None:
    parsed = parse_index(content("enedis-index.csv"), PARIS)
    assert energy(parsed) == {"2023-10-30 23:00": 5000}
    assert parsed.left_out == {
        "readings that are not of the end of a day": 1,
        "days whose registers do not add up to the total, kept as total": 1,
    }


def test_registers_without_a_total_count_alone_and_missing_days_stay_together() -> None:
    text = (
        "Horodate;Type de releve;EAS F1;EAS F2\n"
        "2024-01-01T00:00:00+01:00;Arrêté quotidien;100;200\n"
        "2024-01-04T00:00:00+01:00;Arrêté quotidien;150;290\n"
    )
    parsed = parse_index(text.encode("iso-8859-1"), PARIS)
    assert [(period.hours, period.register, period.wh) for period in sorted(parsed.periods)] == [
        (72, 1, 50),
        (72, 2, 90),
    ]


def test_a_day_without_consumption_is_a_day_of_nothing() -> None:
    text = "Horodate;EAS F1;EAS T\n2024-01-01T00:00:00+01:00;7;7\n2024-01-02T00:00:00+01:00;7;7\n"
    assert [(period.hours, period.wh) for period in parse_index(text.encode(), PARIS).periods] == [(24, 0)]
