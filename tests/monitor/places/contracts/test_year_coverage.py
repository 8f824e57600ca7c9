from datetime import date

import pytest

from monitor.places.contracts.year_coverage import extent


@pytest.mark.parametrize(
    ("first", "last", "days", "without"),
    [
        ("2026-03-01", "2026-05-31", 92, "winter"),  # of both: winter is told
        ("2025-12-01", "2026-05-31", 182, "summer"),
        ("2025-12-01", "2026-06-01", 183, None),
        ("2026-02-28", "2026-08-31", 185, None),
        ("2026-03-01", "2026-11-30", 275, "winter"),
        ("2026-03-01", "2026-12-01", 276, None),
        ("2026-01-31", "2026-05-31", 121, "summer"),
        ("2026-07-01", "2026-12-31", 184, None),
        ("2026-08-31", "2027-01-01", 124, None),
        ("2026-09-01", "2027-05-31", 273, "summer"),
        ("2026-07-31", "2027-01-31", 185, None),
        ("2026-01-15", "2026-01-20", 6, "summer"),
        ("2026-07-15", "2026-07-20", 6, "winter"),
        ("2026-01-01", "2026-12-25", 359, None),
        ("2026-01-01", "2026-12-26", 360, None),
    ],
)
def test_a_part_of_a_year_is_told_by_its_days_and_the_season_that_it_lacks(
    first: str, last: str, days: int, without: str | None
) -> None:
    found = extent(date.fromisoformat(first), date.fromisoformat(last))
    assert (found.days, found.without) == (days, without)
    assert found.whole_year == (days >= 360)
