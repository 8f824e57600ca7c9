"""The rule of a Linky's breaker, over curves whose outcome is known."""

import pytest

from monitor.power_need.breaker import Moment, simulate


def steady(power: int, seconds: int, start: int = 0, every: int = 1) -> list[tuple[int, tuple[int, ...]]]:
    return [(start + second, (power,)) for second in range(0, seconds, every)]


@pytest.mark.parametrize(
    ("times", "opens_after"),
    # ln(1 - 1.69 / times²) / ln(0.992) is 246.8, 173.2, 68.4 and 39.2: it opens at the end of that second.
    [(1.4, 247), (1.5, 174), (2, 69), (2.5, 40)],
)
def test_from_rest_it_opens_as_soon_as_the_specification_has_it(times: float, opens_after: int) -> None:
    power = round(6000 * times)
    assert simulate(steady(power, opens_after - 1), opens_after - 1, 6000).trips == 0
    assert simulate(steady(power, opens_after), opens_after, 6000).trips == 1


def test_up_to_1_3_times_it_never_opens() -> None:
    found = simulate(steady(7800, 7200), 7200, 6000)
    assert (found.trips, found.above, found.beyond) == (0, 7200, 0)
    assert found.share == pytest.approx(1)


def test_after_a_trip_the_filter_starts_from_rest() -> None:
    found = simulate(steady(12_000, 150), 150, 6000)  # 69 s and 69 s
    assert found.trips == 2
    assert found.moments == [Moment(start=0, end=150, power=12_000, phase=1, trips=2)]


def test_a_peak_of_a_second_proves_nothing() -> None:
    found = simulate([*steady(500, 600), (600, (20_000,)), *steady(500, 600, start=601)], 1201, 6000)
    assert (found.trips, found.above, found.beyond) == (0, 1, 1)


def test_a_reading_holds_until_the_next_one() -> None:
    assert simulate(steady(12_000, 70, every=2), 69, 6000).trips == 1
    assert simulate(steady(12_000, 68, every=2), 68, 6000).trips == 0


def test_of_two_readings_in_one_second_the_last_one_counts() -> None:
    found = simulate([(0, (9000,)), (0, (100,)), (1, (100,))], 2, 6000)
    assert found.above == 0


def test_what_is_not_measured_counts_as_rest() -> None:
    # 60 s of 12 kVA, of which the last reading holds 5 s; then ten minutes of nothing
    known, again = steady(12_000, 60), steady(12_000, 20, start=660)
    assert simulate([*known, *again], 680, 6000).trips == 0
    assert simulate([*known, *steady(12_000, 20, start=60)], 80, 6000).trips == 1
    assert simulate([*known, *again], 680, 6000).above == 59 + 5 + 20


def test_each_phase_has_its_own_filter_and_a_third_of_the_power() -> None:
    # 9 kVA are 3 kVA a phase: 6 kVA on one phase are twice that
    one = [(second, (0, 6000, 0)) for second in range(69)]
    assert simulate(one, 69, 9000, phases=3).trips == 1
    assert simulate(one, 68, 9000, phases=3).trips == 0
    spread = [(second, (2000, 2000, 2000)) for second in range(600)]
    assert simulate(spread, 600, 9000, phases=3).trips == 0
    assert simulate(one, 69, 9000, phases=3).moments[0].phase == 2


def test_a_trip_opens_all_phases() -> None:
    both = [(second, (6000, 6000, 0)) for second in range(69)]
    assert simulate(both, 69, 9000, phases=3).trips == 1


def test_moments_end_after_a_minute_below_the_power() -> None:
    first, rest = steady(12_000, 70), [*steady(100, 59, start=70)]
    assert len(simulate([*first, *rest, *steady(12_000, 70, start=129)], 199, 6000).moments) == 1
    rest = steady(100, 60, start=70)
    assert len(simulate([*first, *rest, *steady(12_000, 70, start=130)], 200, 6000).moments) == 2


def test_it_stops_after_the_most_trips() -> None:
    found = simulate(steady(12_000, 1000), 1000, 6000, most=2)
    assert (found.trips, found.until) == (2, 138)
