from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storer.imports.model import MAX_POWER
from storer.imports.periods import differences
from tests.support.imports import utc

START = utc("2025-06-01 12:00")


@given(st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 300)), min_size=1, max_size=60))
def test_the_energy_of_all_periods_is_the_difference_of_the_readings(steps: list[tuple[int, int]]) -> None:
    instant, index = START, 1_000_000
    readings = [(instant, index)]
    for seconds, wh in steps:
        instant += timedelta(seconds=seconds)
        index += wh
        readings.append((instant, index))
    periods = differences(readings, 0, Counter())
    assert sum(period.wh for period in periods) == index - max(wh for at, wh in readings if at <= START)
    for one, other in pairwise(periods):
        assert one.end == other.start


def test_a_reading_at_the_end_of_an_hour_belongs_to_it() -> None:
    readings = [(START, 100), (START + timedelta(hours=1), 150), (START + timedelta(minutes=61), 151)]
    assert [(period.end.hour, period.wh) for period in differences(readings, 0, Counter())] == [(13, 50), (14, 1)]


def test_what_an_index_loses_or_gains_beyond_reason_is_no_energy() -> None:
    values = [1000, 1100, 90, 190, 190 + MAX_POWER + 1, 300, 400]
    left_out: Counter[str] = Counter()
    periods = differences([(START + n * timedelta(hours=1), wh) for n, wh in enumerate(values)], 0, left_out)
    assert [period.wh for period in periods] == [100, 100, 100]
    assert sorted(left_out.values()) == [1, 2]
