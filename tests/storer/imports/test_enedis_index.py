from storer.imports.enedis_index import parse_index
from tests.support.imports import PARIS, content, energy, of


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
