import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.base.calendar import midnight
from monitor.readings.curves import (
    Grid,
    MinuteFacts,
    aligned,
    choose_grid,
    covered,
    hold,
    reaches,
    runs,
    spread,
    without_end,
)

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_a_short_range_is_of_frames_a_day_of_minutes_a_year_of_hours() -> None:
    def chosen(length: timedelta, points: int = 9000) -> tuple[str, int]:
        grid = choose_grid(NOON, NOON + length, points)
        return grid.source, grid.step

    assert chosen(HOUR) == ("frames", 1)
    assert chosen(2 * HOUR) == ("frames", 1)
    assert chosen(3 * HOUR) == ("minutes", 60)
    assert chosen(DAY, 1500) == ("minutes", 60)
    assert chosen(7 * DAY, 1500) == ("minutes", 600)
    assert chosen(60 * DAY, 1500) == ("hours", 3600)
    assert chosen(365 * DAY, 1500) == ("hours", 6 * 3600)


@given(st.integers(1, 400 * 86_400), st.integers(1, 10_000), st.sampled_from([None, "minutes", "hours"]))
def test_a_grid_covers_its_range_with_at_most_the_points(seconds: int, points: int, source: str | None) -> None:
    start = NOON + timedelta(seconds=seconds % 86_400)
    end = start + timedelta(seconds=seconds)
    try:
        grid = choose_grid(start, end, points, source)
    except ValueError:
        return
    assert grid.count <= points
    assert grid.start <= start
    assert grid.end >= end
    assert grid.source == (source or grid.source)


def test_a_range_that_is_too_long_has_no_grid() -> None:
    for length, points, source, why in (
        (3 * HOUR, 10_000, "frames", "frames"),
        (365 * DAY, 10, None, "points"),
    ):
        with pytest.raises(ValueError, match=why):
            choose_grid(NOON, NOON + length, points, source)


def test_cells_of_frames_are_as_long_as_frames_are_apart() -> None:
    steps = {pace: choose_grid(NOON, NOON + HOUR, 9000, None, pace).step for pace in (1, 1.05, 1.6, 2.9, 60)}
    assert choose_grid(NOON, NOON + DAY, 9000, None, 300).step == 300
    assert steps == {1: 1, 1.05: 1, 1.6: 2, 2.9: 3, 60: 60}


def test_frames_that_are_asked_for_are_shown_however_far_they_are_apart() -> None:
    assert choose_grid(NOON, NOON + HOUR, 7200, "frames", 300).step == 60
    assert choose_grid(NOON, NOON + DAY, 7200, "minutes", 7200).step == 1800


def test_a_frame_holds_for_five_seconds() -> None:
    column = [1, None, None, None, None, None, None, 2, None, 3]
    assert hold(column, reaches([None] * 10, "frames", 1)) == [1, 1, 1, 1, 1, 1, None, 2, 2, 3]
    assert hold([None, 4, None, None], reaches([None] * 4, "frames", 10)) == [None, 4, 4, None]


@pytest.mark.parametrize(
    ("source", "step", "interval", "cells"),
    [
        ("frames", 1, 10, 11),
        ("frames", 60, 60, 1),
        ("frames", 1, 900, 990),
        ("minutes", 60, None, 0),
        ("minutes", 60, 45, 0),
        ("minutes", 60, 60, 1),
        ("minutes", 60, 900, 16),
        ("minutes", 600, 900, 1),
        ("hours", 3600, 900, 0),
    ],
)
def test_a_reading_of_a_decoded_meter_holds_until_the_next_one_is_due(
    source: str, step: int, interval: int | None, cells: int
) -> None:
    assert reaches([interval], source, step) == [cells]


def test_each_value_holds_as_long_as_its_own_interval_says_and_not_into_the_future() -> None:
    assert hold([1, None, None, 2, None, None, 3, None], [1, 0, 0, 2, 0, 0, 2]) == [1, 1, None, 2, 2, 2, 3, None]


NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def facts(minute: int, seconds: int, interval: int | None = None) -> MinuteFacts:
    at = int(NOON.timestamp()) + 60 * minute
    return MinuteFacts(at, seconds, 1, 1, 1, 1, 1, 1, None, usual_interval=interval)


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [
        ([], 0),
        ([facts(-1, 60), facts(0, 45), facts(2, 60)], 105),
        ([facts(0, 60, 60), facts(2, 60, 60), facts(5, 60, 60)], 360),  # minutes 4 and 7 to 9 are missing
        ([facts(-10, 60, 900)], 420),  # up to minute 6
        ([facts(-20, 60, 900)], 0),
        ([facts(-5, 60, 900), facts(9, 60, 900)], 600),
    ],
)
def test_what_is_measured_of_ten_minutes(minutes: list[MinuteFacts], seconds: int) -> None:
    assert covered(minutes, NOON, NOON + timedelta(minutes=10)) == seconds


def test_of_minutes_at_the_ends_counts_what_lies_within() -> None:
    minute = timedelta(minutes=1)
    assert covered([facts(0, 60), facts(1, 60)], NOON + minute / 2, NOON + 1.25 * minute) == 45
    assert covered([facts(0, 60, 900)], NOON + 2.5 * minute, NOON + 4 * minute) == 90


def test_values_stand_at_their_places() -> None:
    assert spread([0, 2], [7, 8], 4) == [7, None, 8, None]


def test_what_is_to_come_is_cut_and_what_is_known_is_not() -> None:
    assert without_end([[1, 2, None, None, None, None]], 60, 200) == 4
    assert without_end([[1, 2, None, None, 3, None]], 60, 200) == 5
    assert without_end([[None]], 60, 0) == 0


def day_grid(day: date, step: int = 600) -> Grid:
    start, end = midnight(day, PARIS), midnight(day + timedelta(1), PARIS)
    return Grid("minutes", start, step, math.ceil((end - start).total_seconds() / step))


@pytest.mark.parametrize("curve", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 24), date(2025, 11, 1)])
@pytest.mark.parametrize("shown", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 26)])
def test_days_lie_on_each_other_by_the_clock_on_the_wall(curve: date, shown: date) -> None:
    of_curve = day_grid(curve)
    grid, places = aligned(of_curve, midnight(shown, PARIS), PARIS)
    assert (grid.start, grid.step) == (midnight(shown, PARIS), 600)
    assert grid.end == midnight(shown + timedelta(1), PARIS)
    assert len(places) == grid.count

    def wall(start: datetime, place: int) -> tuple[int, int]:
        local = (start + timedelta(seconds=place * 600)).astimezone(PARIS)
        return local.hour, local.minute

    times = [wall(of_curve.start, place) for place in range(of_curve.count)]
    for number, place in enumerate(places):
        if place is None:
            assert wall(grid.start, number) not in times
        else:
            assert times[place] == wall(grid.start, number)


def test_an_hour_that_comes_twice_shows_both_passes_on_itself_and_the_same_one_twice_of_another_day() -> None:
    twice = date(2026, 10, 25)
    _, places = aligned(day_grid(twice, 3600), midnight(twice, PARIS), PARIS)
    assert places == list(range(25))
    _, places = aligned(day_grid(date(2026, 10, 24), 3600), midnight(twice, PARIS), PARIS)
    assert places == [0, 1, 2, 2, *range(3, 24)]


def test_runs_go_to_the_end_of_their_last_moment() -> None:
    assert runs([(0, "a"), (60, "a"), (300, "a"), (360, "b")], 60) == [(0, 360, "a"), (360, 420, "b")]
