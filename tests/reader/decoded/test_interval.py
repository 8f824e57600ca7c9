"""The usual interval follows what an adapter does, and not its bursts and outages."""

import json
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.decoded.interval import INTERVALS, LONGEST, UsualInterval

HOUR = 3600


def learnt(gaps: list[float]) -> UsualInterval:
    interval = UsualInterval()
    for at in accumulate([1000.0, *gaps]):
        interval.hear(at)
    return interval


def test_it_is_the_longest_until_five_gaps_are_known() -> None:
    assert [learnt([60.0] * gaps).seconds for gaps in (0, 4, 5)] == [900, 900, 60]


@pytest.mark.parametrize(
    ("gap", "seconds"), [(0.5, 10), (2, 10), (10, 10), (11, 10), (12, 15), (62, 60), (300, 300), (905, 900)]
)
def test_it_is_the_gap_between_messages_some_seconds_late_or_not(gap: float, seconds: int) -> None:
    assert learnt([gap] * 50).seconds == seconds


def test_a_burst_of_labels_is_one_message() -> None:
    assert learnt([*[0.02] * 29, 59.4] * 60).seconds == 60


def test_an_outage_is_no_interval() -> None:
    assert learnt([*[60.0] * 10, 8 * HOUR, *[60.0] * 10]).seconds == 60


def test_an_adapter_that_only_has_outages_has_the_longest_interval() -> None:
    assert learnt([1200.0] * 100).seconds == LONGEST


def test_a_message_lost_now_and_then_does_not_count() -> None:
    assert learnt([*[60.0] * 60, 120.0] * 5).seconds == 60


def test_a_quiet_night_makes_it_longer_within_an_hour_and_it_stays_so() -> None:
    day, hour_of_night = [60.0] * (16 * 60), [600.0] * 6
    assert learnt(day + hour_of_night).seconds == 600
    assert learnt((day + hour_of_night * 8) * 3 + day).seconds == 600


def test_an_adapter_that_sends_more_often_from_now_on_is_believed_after_some_days() -> None:
    assert learnt([300.0] * 500 + [10.0] * (5 * 24 * 360)).seconds == 10


@given(st.lists(st.floats(0, 1e6), max_size=200), st.floats(0, 1e6))
def test_it_is_always_an_interval_and_survives_a_restart(gaps: list[float], gap: float) -> None:
    interval = learnt(gaps)
    resumed = UsualInterval.from_json(json.loads(json.dumps(interval.to_json())))
    assert resumed.seconds == interval.seconds
    assert interval.seconds in INTERVALS
    interval.hear(gap)  # the clock is monotonic, but nothing breaks if it is not
    assert interval.seconds in INTERVALS


def test_intervals_of_another_version_are_refused() -> None:
    with pytest.raises(ValueError, match="other intervals"):
        UsualInterval.from_json([3, 1.0])
