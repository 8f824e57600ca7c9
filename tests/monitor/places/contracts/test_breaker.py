"""The rule of a Linky's breaker over minutes whose outcome is known, and weeks of winter that were measured."""

from datetime import date, timedelta

import pytest

from monitor.places.contracts.breaker import BusyMinute, missing_winter_weeks, most_trips


def steady(power: int, minutes: int, start: int = 0) -> list[BusyMinute]:
    return [BusyMinute(start + 60 * number, 60, power, (power,)) for number in range(minutes)]


@pytest.mark.parametrize(
    ("times", "last_calm"),
    # Y begins at (0.5 P)²: it opens after ln((times² - 1.69) / (times² - 0.25)) / ln(0.992) seconds, which are 229.8,
    # 158.5, 60.3 and 22.4.
    [(1.4, 3), (1.5, 2), (2, 1), (3, 0)],
)
def test_it_opens_after_the_time_that_the_specification_has(times: float, last_calm: int) -> None:
    power = round(6000 * times)
    assert most_trips(steady(power, last_calm), 6000) == 0
    assert most_trips(steady(power, last_calm + 1), 6000) == 1 + (times == 3)  # again 26 s after the first


def test_up_to_1_3_times_it_never_opens() -> None:
    assert most_trips(steady(7800, 600), 6000) == 0


def test_after_a_trip_the_filter_starts_from_rest() -> None:
    assert most_trips(steady(12_000, 10), 6000) == 8  # after 61 s, then every 69 s: 61 + 7 * 69 = 544 of 600


def test_a_short_peak_of_a_minute_with_a_low_mean_opens_nothing() -> None:
    # 20 kVA for a third of a minute at most, else 0: 20 s do not do it, but three of such minutes may.
    peak = [BusyMinute(60 * number, 60, 6600, (20_000,)) for number in range(3)]
    assert most_trips(peak[:1], 9000) == 0
    assert most_trips([one._replace(mean=20_000) for one in peak[:1]], 9000) > 0


def test_what_is_below_the_rest_or_not_measured_calms_it() -> None:
    assert most_trips([*steady(9000, 2), *steady(9000, 1, start=120)], 6000) == 1
    assert most_trips([*steady(9000, 2), *steady(9000, 1, start=720)], 6000) == 0
    assert most_trips([one._replace(seconds=20) for one in steady(9000, 3)], 6000) == 0


def test_each_phase_has_its_own_filter_and_a_third_of_the_power() -> None:
    # 9 kVA are 3 kVA a phase: 6 kVA on one phase are twice that
    one = [BusyMinute(60 * number, 60, 6000, (0, 6000, 0)) for number in range(2)]
    assert most_trips(one, 9000, phases=3) == 1
    spread = [BusyMinute(60 * number, 60, 2000, (2000, 2000, 2000)) for number in range(10)]
    assert most_trips(spread, 9000, phases=3) == 0


def test_a_trip_opens_all_phases() -> None:
    both = [BusyMinute(60 * number, 60, 6000, (6000, 6000, 0)) for number in range(2)]
    assert most_trips(both, 9000, phases=3) == 1


def test_the_bound_is_never_below_the_rule_second_by_second() -> None:
    # Minutes with a block of full power at any place in them: the rule from rest, as the specification has it.
    for offset in range(0, 31, 6):
        powers = [15_000 if second % 60 in range(offset, min(offset + 30, 60)) else 0 for second in range(1200)]
        filtered, trips = 0.0, 0
        for power in powers:
            filtered += 0.008 * (power * power - filtered)
            if filtered > (1.3 * 6000) ** 2:
                filtered, trips = 0.0, trips + 1
        minutes = [
            BusyMinute(start, 60, round(sum(powers[start : start + 60]) / 60), (15_000,))
            for start in range(0, 1200, 60)
        ]
        assert most_trips(minutes, 6000) >= trips > 0


def days(start: date, count: int) -> dict[date, float]:
    return {start + timedelta(number): 1.0 for number in range(count)}


@pytest.mark.parametrize(
    ("covered", "missing"),
    [
        (days(date(2025, 11, 28), 365), 0),
        (days(date(2026, 3, 1), 200), 13),
        (days(date(2025, 12, 1), 14), 11),
        (days(date(2026, 1, 1), 60), 5),  # four of December, and that of 29 December, of which four days are there
        ({**days(date(2025, 11, 28), 365), date(2026, 1, 5): 0.0}, 1),  # a day of a week is more than a tenth
        ({**days(date(2024, 11, 28), 120), **days(date(2025, 12, 8), 300)}, 0),  # what one winter lacks, another has
    ],
)
def test_weeks_of_winter_are_missing(covered: dict[date, float], missing: int) -> None:
    assert missing_winter_weeks(covered) == missing
