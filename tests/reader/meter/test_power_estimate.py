"""The active power that the indexes tell."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.meter.power_estimate import MINUTE, PowerEstimate


def estimates(
    power: Callable[[int], float], seconds: int, *, step: int = 1, produces: bool = False
) -> list[int | None]:
    """Return an estimate for each reading of a meter that draws (or feeds in, below 0) so many W at each second."""
    estimate, drawn, fed, made = PowerEstimate(), 5000.3, 700.6, []
    for second in range(seconds):
        watts = power(second)
        drawn, fed = drawn + max(0.0, watts) / 3600, fed + max(0.0, -watts) / 3600
        if second % step == 0:
            estimate.update(math.floor(drawn), math.floor(fed) if produces else None, float(second), 9000)
            made.append(estimate.power(float(second)))
    return made


@pytest.mark.parametrize("watts", [0, 30, 100, 500, 1234, 3000, 9000])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_steady_power_is_found(watts: int, step: int) -> None:
    made = estimates(lambda _: watts, 900, step=step)
    assert made[: 60 // step] == [None] * (60 // step)
    settled = [power for power in made[600 // step :] if power is not None]
    assert len(settled) == len(made[600 // step :])
    assert sum(settled) / len(settled) == pytest.approx(watts, abs=12)
    assert all(abs(power - watts) <= max(65, watts * 0.07) for power in settled)


def test_energy_that_is_fed_in_counts_below_zero() -> None:
    made = estimates(lambda second: 800 if second < 300 else -1500, 600, produces=True)
    assert made[299] == pytest.approx(800, abs=40)
    assert made[330] == pytest.approx(-350, abs=90)  # half a minute each
    assert made[599] == pytest.approx(-1500, abs=60)


def test_what_is_switched_off_is_gone_after_a_minute() -> None:
    made = estimates(lambda second: 2000 if second < 300 else 0, 420)
    assert made[-1] == 0


def test_each_estimate_is_a_multiple_of_ten() -> None:
    assert all(power % 10 == 0 for power in estimates(lambda second: 777 + second, 300) if power is not None)


def test_a_gap_begins_a_new_minute() -> None:
    estimate = PowerEstimate()
    for second in [*range(100), *range(161, 221)]:
        estimate.update(5000 + second // 4, None, float(second), 9000)
        assert (estimate.power(float(second)) is None) == (second < 60 or second > 160), second
    estimate.update(5056, None, 221.0, 9000)
    assert estimate.power(221.0) is not None
    assert estimate.power(282.0) is None  # the index has not been heard for a minute


@pytest.mark.parametrize("index", [4999, 5200, 900_000])
def test_a_leap_begins_a_new_minute(index: int) -> None:
    estimate = PowerEstimate()
    for second in range(100):
        estimate.update(5000 + second // 4, None, float(second), 9000)
    estimate.update(index, None, 100.0, 9000)
    assert estimate.power(100.0) is None


def mean_by_all_points(readings: list[tuple[float, int]]) -> float | None:
    """Return the mean of the last minute, in W, from all readings of an index that rises no faster than it may."""
    end, index = readings[-1]
    points = [(readings[0][0], readings[0][1] + 0.5)]
    points += [(time, energy) for (_, last), (time, energy) in pairwise(readings) if energy > last]

    def energy_at(instant: float) -> float:
        later = next((number for number, (time, _) in enumerate(points) if time > instant), None)
        if later is not None:
            (first, low), (second, high) = points[later - 1 : later + 1]
            return low + (instant - first) / (second - first) * (high - low)
        time, energy = points[-1]
        if len(points) > 1:
            previous, low = points[-2]
            energy += (energy - low) / (time - previous) * (instant - time)
        return min(energy, index + 1.0)

    return None if end - points[0][0] < MINUTE else (energy_at(end) - energy_at(end - MINUTE)) * 60


@given(st.lists(st.tuples(st.sampled_from([0.5, 1.0, 1.25, 7.0, 30.0, 60.0]), st.integers(0, 3)), max_size=150))
def test_the_mean_is_that_of_the_curve_through_all_readings(steps: list[tuple[float, int]]) -> None:
    estimate, readings = PowerEstimate(), [(0.0, 5000)]
    estimate.update(5000, None, 0.0, 36_000)
    for seconds, energy in steps:
        time, index = readings[-1][0] + seconds, readings[-1][1] + energy
        readings.append((time, index))
        estimate.update(index, None, time, 36_000)
        mean = mean_by_all_points(readings)
        assert estimate.power(time) == (None if mean is None else pytest.approx(mean, abs=5.001))
