"""What is recorded for a visitor of the static demo, by its dates."""

from datetime import date

from demo.questions import paths, questions

METER = "031961123456"


def asked(today: date, route: str) -> list[dict[str, str]]:
    return [parameters for name, parameters in questions(METER, today) if name == route]


def test_a_month_that_goes_on_is_set_against_as_many_days_of_others() -> None:
    spans = [(one["from"], one["to"]) for one in asked(date(2026, 3, 6), "energy") if one["by"] == "day"]
    assert {
        ("2026-03-01", "2026-04-01"),
        ("2026-03-01", "2026-03-06"),
        ("2026-02-01", "2026-02-06"),
        ("2025-03-01", "2025-03-06"),
    } <= set(spans)


def test_a_month_that_is_over_is_set_against_whole_months() -> None:
    spans = [(one["from"], one["to"]) for one in asked(date(2026, 3, 6), "energy") if one["by"] == "day"]
    assert {("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-02-01"), ("2025-02-01", "2025-03-01")} <= set(spans)


def test_the_last_day_of_february_has_one_a_year_before() -> None:
    spans = [(one["from"], one["to"]) for one in asked(date(2028, 3, 2), "energy") if one["by"] == "day"]
    assert ("2028-02-01", "2028-03-01") in spans
    assert ("2027-02-01", "2027-03-01") in spans


def test_each_day_that_can_be_visited_has_its_curve() -> None:
    today = date(2026, 12, 2)
    days = {path.removeprefix("jour/") for path in paths(today) if path.startswith("jour/")}
    assert min(days) == "2026-11-18"
    assert max(days) == "2026-12-02"
    assert {one["from"] for one in asked(today, "series")} == days


def test_weeks_months_and_years_can_be_visited_under_the_names_that_the_page_gives_them() -> None:
    found = set(paths(date(2026, 1, 1)))
    assert {"jour", "bilan", "contrats", "etat", "reglages"} <= found
    assert {"bilan/2026-W01", "bilan/2025-W52", "bilan/2026-01", "bilan/2025-01", "bilan/2026", "bilan/2025"} <= found


def test_before_september_the_season_of_tempo_began_last_year() -> None:
    assert [one["season"] for one in asked(date(2026, 8, 31), "tempo")] == ["2025"]
    assert [one["season"] for one in asked(date(2026, 9, 1), "tempo")] == ["2026"]
