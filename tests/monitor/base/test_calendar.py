import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.base.calendar import BY, Calendar, midnight, offsets, one_day, whole_days

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
CALENDAR = Calendar(PARIS)


def hours(by: str, start: date, end: date) -> list[int]:
    limits = CALENDAR.boundaries(by, midnight(start, PARIS), midnight(end, PARIS))
    return [(high - low) // HOUR for low, high in itertools.pairwise(limits)]


def test_the_days_of_the_changes_of_time_have_23_and_25_hours() -> None:
    assert hours("day", date(2026, 3, 28), date(2026, 3, 31)) == [24, 23, 24]
    assert hours("day", date(2026, 10, 24), date(2026, 10, 27)) == [24, 25, 24]
    assert hours("month", date(2026, 3, 1), date(2026, 5, 1)) == [31 * 24 - 1, 30 * 24]


def test_a_week_begins_on_monday_and_a_range_may_begin_in_its_middle() -> None:
    limits = CALENDAR.boundaries("week", midnight(date(2026, 11, 18), PARIS), midnight(date(2026, 12, 1), PARIS))
    assert [limit.astimezone(PARIS).date() for limit in limits] == [
        date(2026, 11, 18),
        date(2026, 11, 23),
        date(2026, 11, 30),
        date(2026, 12, 1),
    ]


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    limits = CALENDAR.boundaries("hour", midnight(date(2026, 10, 25), PARIS), midnight(date(2026, 10, 26), PARIS))
    assert len(limits) == 26
    assert [limit.astimezone(PARIS).hour for limit in limits[1:5]] == [1, 2, 2, 3]


def test_a_year_ends_with_december() -> None:
    limits = CALENDAR.boundaries("month", midnight(date(2025, 11, 1), PARIS), midnight(date(2026, 2, 1), PARIS))
    assert [limit.astimezone(PARIS).month for limit in limits] == [11, 12, 1, 2]


def test_an_unknown_cut_is_an_error() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        CALENDAR.boundaries("fortnight", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@given(st.sampled_from(BY), st.integers(0, 40_000), st.integers(1, 2_000))
def test_boundaries_begin_and_end_with_the_range_and_increase(by: str, first: int, length: int) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC) + first * HOUR
    end = start + length * HOUR
    limits = CALENDAR.boundaries(by, start, end)
    assert (limits[0], limits[-1]) == (start, end)
    assert all(low < high for low, high in itertools.pairwise(limits))
    assert all(CALENDAR.floor(by, limit) == limit for limit in limits[1:-1])


@pytest.mark.parametrize(
    ("year_start", "first"), [((3, 15), date(2025, 3, 15)), ((12, 31), date(2024, 12, 31)), ((2, 29), date(2025, 3, 1))]
)
def test_the_year_of_a_contract_begins_on_its_day(year_start: tuple[int, int], first: date) -> None:
    calendar = Calendar(PARIS, year_start)
    moment = midnight(date(2025, 11, 25), PARIS)
    assert calendar.floor("year", moment).astimezone(PARIS).date() == first
    limits = calendar.boundaries("year", calendar.floor("year", moment), midnight(date(2027, 11, 25), PARIS))
    assert [limit.astimezone(PARIS).year for limit in limits[:3]] == [first.year + number for number in range(3)]


def test_the_year_of_a_contract_of_29_february_begins_on_that_day_where_there_is_one() -> None:
    limits = Calendar(PARIS, (2, 29)).boundaries(
        "year", midnight(date(2024, 2, 29), PARIS), midnight(date(2029, 1, 1), PARIS)
    )
    days = [limit.astimezone(PARIS).date() for limit in limits[:5]]
    assert days == [date(2024, 2, 29), *(date(year, 3, 1) for year in (2025, 2026, 2027)), date(2028, 2, 29)]


@given(
    st.integers(0, 90 * 8766).map(lambda number: datetime(2001, 1, 1, tzinfo=UTC) + number * HOUR),
    st.timedeltas(HOUR, timedelta(days=800)),
    st.sampled_from(["Europe/Paris", "America/Miquelon", "Indian/Reunion", "UTC"]),
)
def test_offsets_are_those_of_each_hour(start: datetime, length: timedelta, name: str) -> None:
    zone = ZoneInfo(name)
    found = offsets(zone, start, start + length)
    assert found[0][0] == start
    assert [moment for moment, _ in found] == sorted({moment for moment, _ in found})
    for number in range(0, length // HOUR, 7):
        moment = start + number * HOUR
        known = [seconds for since, seconds in found if since <= moment][-1]
        assert timedelta(seconds=known) == moment.astimezone(zone).utcoffset()


def test_offsets_change_at_the_hour_of_the_change() -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert offsets(PARIS, start, start + 25 * HOUR) == [(start, 7200), (datetime(2026, 10, 25, 1, tzinfo=UTC), 3600)]


def test_whole_days_hold_the_range_also_over_a_change_of_time() -> None:
    noon = datetime(2026, 10, 25, 11, tzinfo=UTC)
    start, end = whole_days(noon, noon + timedelta(hours=1), PARIS)
    assert (start, end) == (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    assert whole_days(start, end, PARIS) == one_day(start, PARIS) == (start, end)
