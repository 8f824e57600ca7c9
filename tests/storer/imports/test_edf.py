import zipfile
from io import BytesIO

from storer.imports.edf import parse_edf
from tests.support.imports import PARIS, content, energy, of


def test_half_hours_belong_to_the_day_above_them_and_midnight_is_its_end() -> None:
    found = energy(parse_edf(content("edf-30min.csv"), PARIS))
    assert len(found) == 48
    assert found["2025-01-18 23:00"] == 1500  # its second half is the line 00:00:00
    assert found["2025-01-18 00:00"] == 1000  # 1000.5 to the even
    assert found["2025-01-17 23:00"] == 500


def test_a_doubled_day_counts_once() -> None:
    parsed = parse_edf(content("edf-30min.csv"), PARIS)
    assert sum(energy(parsed).values()) == 24 * 500 + 24 * 1000 + 500
    assert parsed.left_out["doubled lines"] == 48


def test_the_repeated_hour_occurs_twice_the_later_first() -> None:
    found = energy(parse_edf(content("edf-october.csv"), PARIS))
    assert len(found) == 25
    assert [found[f"2025-10-26 {hour:02}:00"] for hour in range(3)] == [100, 500, 500]


def test_a_doubled_october_day_counts_once() -> None:
    head, _, body = content("edf-october.csv").partition(b"26/10/2025")
    parsed = parse_edf(head + (b"26/10/2025" + body) * 2, PARIS)
    assert energy(parsed) == energy(parse_edf(content("edf-october.csv"), PARIS))


def test_an_october_day_that_has_the_hour_once_is_partial_even_if_it_is_doubled() -> None:
    lines = content("edf-october.csv").splitlines(keepends=True)
    once = [line for line in lines if line.split(b";")[1:2] not in ([b"900"], [b"700"])]
    head, _, body = b"".join(once).partition(b"26/10/2025")
    for copies in (1, 2):
        parsed = parse_edf(head + (b"26/10/2025" + body) * copies, PARIS)
        assert parsed.left_out["times of the repeated hour of October that occur once"] == 2 * copies
        assert {f"2025-10-26 {hour:02}:00" for hour in range(3)}.isdisjoint(energy(parsed))


def test_days_are_kept_by_day_and_estimates_are_told() -> None:
    parsed = parse_edf(content("edf-days.csv"), PARIS)
    assert [(period.hours, period.wh) for period in of(parsed)] == [(24, 8000), (24, 9000), (25, 12500)]
    assert parsed.left_out == {"estimated values, which are kept": 1}


def test_months_are_kept_by_month_and_the_sums_of_years_are_none() -> None:
    parsed = parse_edf(content("edf-months.csv"), PARIS)
    assert [(period.hours, period.wh) for period in of(parsed)] == [
        (30 * 24, 1045000),
        (31 * 24, 1300000),
        (31 * 24, 1016000),
    ]
    assert f"{of(parsed)[0].start:%Y-%m-%d %H}" == "2023-10-31 23"


def test_indexes_are_energy_by_register_between_them() -> None:
    parsed = parse_edf(content("edf-indexes.csv"), PARIS)
    ends = ["2023-12-31 23:00", "2024-01-01 23:00", "2024-01-02 23:00"]
    assert energy(parsed, "supplier_1") == dict(zip(ends, [55000, 2000, 3000], strict=True))  # HC
    assert energy(parsed, "supplier_2") == dict(zip(ends, [100000, 4000, 6000], strict=True))  # HP
    assert [period.hours for period in of(parsed, "supplier_1")] == [61 * 24, 24, 24]


def test_a_zip_has_all_of_it() -> None:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("edf-30min.csv", "edf-days.csv", "edf-months.csv"):
            archive.writestr(name, content(name))
        archive.writestr("notes.txt", "nothing")
    parsed = parse_edf(made.getvalue(), PARIS)
    assert sorted({period.hours for period in parsed.periods}) == [1, 24, 25, 720, 744]
