from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.fetch.schedule import after_failure, daily_moment, is_due

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 12, 1, 11, tzinfo=UTC)  # 12:00 in Paris
MORNING = (time(6), time(10))


def test_the_daily_moment_is_within_the_window_and_the_same_each_day() -> None:
    first = daily_moment("ours", "conso", MORNING, NOON, PARIS)
    assert datetime(2026, 12, 2, 5, tzinfo=UTC) <= first < datetime(2026, 12, 2, 9, tzinfo=UTC)
    assert daily_moment("ours", "conso", MORNING, first, PARIS) == first + timedelta(days=1)
    assert daily_moment("ours", "conso", MORNING, first - timedelta(seconds=1), PARIS) == first


def test_it_keeps_its_local_time_when_the_clocks_change() -> None:
    before = daily_moment("ours", "conso", MORNING, datetime(2026, 10, 23, 11, tzinfo=UTC), PARIS)
    after = daily_moment("ours", "conso", MORNING, datetime(2026, 10, 25, 11, tzinfo=UTC), PARIS)
    assert after - before == timedelta(days=2, hours=1)


def test_other_installations_and_other_services_have_other_moments() -> None:
    moments = {
        daily_moment(seed, key, MORNING, NOON, PARIS) for seed in ("a", "b", "c") for key in ("conso", "spot", "tempo")
    }
    assert len(moments) == 9


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 15), (2, 30), (3, 60), (4, 120), (5, 240), (6, 360), (7, 360), (1000, 360)]
)
def test_pauses_double_up_to_six_hours_and_differ_by_a_quarter(failures: int, minutes: int) -> None:
    pauses = [after_failure(NOON, failures, None, chance) - NOON for chance in (0, 0.5, 1)]
    assert pauses == [timedelta(minutes=minutes) * share for share in (0.75, 1, 1.25)]


def test_what_a_service_asks_to_wait_counts_where_it_is_longer_for_a_day_at_most() -> None:
    assert after_failure(NOON, 1, 7200, 0.5) == NOON + timedelta(hours=2)
    assert after_failure(NOON, 1, 1, 0.5) == NOON + timedelta(minutes=15)
    assert after_failure(NOON, 1, 1e9, 0.5) == NOON + timedelta(days=1)


def test_what_was_never_asked_or_is_past_is_due_and_what_a_wrong_clock_noted() -> None:
    there = NOON.timestamp()
    assert [is_due(NOON, moment) for moment in (None, there - 1, there, there + 1, there + 86_400)] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert is_due(NOON, there + 3 * 86_400)
