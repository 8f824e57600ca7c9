import itertools
import random
from datetime import datetime, timedelta

import pytest

from storer.adoption.doubled_hour import split

HOUR = datetime.fromisoformat("2023-10-29")


def night(seed: int) -> tuple[list[tuple[datetime, int]], list[bool]]:
    """Make both passes of an hour as the table has them; return its rows, and which are of the second pass."""
    rng = random.Random(seed)
    step, watts, first = rng.choice([1, 2, 3, 60]), rng.choice([30, 100, 400, 1500, 6000, 36_000]), 10**6
    held: dict[int, tuple[int, bool]] = {}
    for second_pass in (False, True):
        for second in range(rng.randrange(step), 3600, step):
            if rng.random() < 0.02 or second in held:
                continue  # a row whose second is there already was refused
            held[second] = first + watts * (second + 3600 * second_pass) // 3600, second_pass
    rows = [(HOUR + timedelta(seconds=second), held[second][0]) for second in sorted(held)]
    return rows, [held[second][1] for second in sorted(held)]


def test_the_passes_are_told_apart_on_most_nights() -> None:
    recognised = 0
    for seed in range(100):
        rows, second = night(seed)
        found = split(HOUR, rows)
        if found is None:  # nothing was drawn, or the first pass had each second
            assert not any(later < earlier for (_, earlier), (_, later) in itertools.pairwise(rows)), seed
            continue
        recognised += 1
        wrong = [(row, truth) for row, truth in zip(rows, second, strict=True) if found.is_second(*row) != truth]
        assert wrong == [], seed
    assert recognised > 50


def rows_of(*indexes: int) -> list[tuple[datetime, int]]:
    return [(HOUR + timedelta(minutes=minute), index) for minute, index in enumerate(indexes)]


@pytest.mark.parametrize(
    "indexes",
    [
        (),
        (100,),
        (100, 100, 100),  # nothing drawn
        (100, 110, 120),  # one pass
        (9_000_000, 12, 13),  # another meter
        (100, 200, 50, 90, 20, 10),  # an index that goes backwards is no pass of an hour
    ],
)
def test_what_is_no_doubled_hour_is_left_as_it_is(indexes: tuple[int, ...]) -> None:
    assert split(HOUR, rows_of(*indexes)) is None


def test_the_half_of_the_hour_decides_between_the_limits() -> None:
    found = split(HOUR, rows_of(100, 200, 101, 201))
    assert found is not None
    assert (found.low, found.high) == (101, 200)
    late = HOUR + timedelta(minutes=59)
    assert [found.is_second(HOUR, index) for index in (100, 101, 102, 199, 200)] == [False, False, True, True, True]
    assert [found.is_second(late, index) for index in (100, 101, 102, 199, 200)] == [False, False, False, False, True]
