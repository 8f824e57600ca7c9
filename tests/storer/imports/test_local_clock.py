from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError, FileRefused
from storer.imports.local_clock import LocalClock
from tests.support.imports import HOUR, PARIS, utc

OCTOBER, MARCH = utc("2025-10-25 22:00"), utc("2025-03-29 23:00")
local = datetime.fromisoformat


@given(
    start=st.sampled_from([OCTOBER, MARCH, utc("2025-06-01 22:00")]),
    minutes=st.sampled_from([10, 30, 60]),
    backwards=st.booleans(),
    copies=st.integers(1, 3),
)
def test_a_whole_curve_without_offsets_is_understood(
    start: datetime, minutes: int, backwards: bool, copies: int
) -> None:
    instants = [start + number * timedelta(minutes=minutes) for number in range(30 * 60 // minutes)]
    rows = [(PARIS.local(instant), number) for number, instant in enumerate(instants)]
    if backwards:
        rows.reverse()
    left_out: Counter[str] = Counter()
    assert PARIS.resolve(rows * copies, left_out) == [(instant, number) for number, instant in enumerate(instants)]
    assert sum(left_out.values()) == (copies - 1) * len(rows)


@given(missing=st.sets(st.integers(0, 59)), backwards=st.booleans())
def test_a_curve_with_holes_is_never_put_at_a_wrong_time(missing: set[int], backwards: bool) -> None:
    instants = [OCTOBER + number * timedelta(minutes=30) for number in range(60)]
    rows = [(PARIS.local(instant), number) for number, instant in enumerate(instants) if number not in missing]
    if backwards:
        rows.reverse()
    for instant, number in PARIS.resolve(rows, Counter()):
        assert instant == instants[number]


@given(st.integers(0, 400 * 24 * 2))
def test_an_instant_and_its_local_time_belong_together(half_hours: int) -> None:
    instant = utc("2025-01-01 00:00") + half_hours * timedelta(minutes=30)
    shown = PARIS.local(instant)
    assert instant in {PARIS.utc(shown), PARIS.utc(shown, second=True)}
    assert PARIS.is_twice(shown) == (f"{shown:%m-%d %H}" == "10-26 02")


def test_a_time_that_never_is_is_left_out() -> None:
    left_out: Counter[str] = Counter()
    assert PARIS.resolve([(local("2025-03-30 02:30"), 1)], left_out) == []
    assert left_out == {"times that the clock skips in March": 1}


def test_two_values_at_one_time_are_refused() -> None:
    for noon in (local("2025-06-01 12:00"), local("2025-06-01 12:00+02:00")):
        with pytest.raises(FileRefused, match=r"2025-06-01.12:00"):
            PARIS.resolve([(noon, 1), (noon, 2)], Counter())


def test_days_have_23_24_or_25_hours() -> None:
    days = [date(2025, 3, 29) + timedelta(days=number) for number in range(240)]
    hours = Counter(PARIS.hours_of(day, end) for day, end in pairwise(days))
    assert hours == {23: 1, 24: 237, 25: 1}
    assert all((PARIS.midnight(end) - PARIS.midnight(day)) % HOUR == timedelta(0) for day, end in pairwise(days))


def test_an_unknown_zone_is_told() -> None:
    with pytest.raises(ConfigError, match="Europe/Pari"):
        LocalClock("Europe/Pari")
