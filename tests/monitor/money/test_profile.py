from datetime import date

from monitor.money.profile import base_load, by_day, profile
from monitor.readings.hours import Night, WeekHour

HOUR = 3600


def test_the_base_load_is_the_median_of_the_nights() -> None:
    result = base_load([Night(20458, 210), Night(20459, 205), Night(20460, 1500)])
    assert result.watts == 210
    assert result.nights == [(date(2026, 1, 5), 210), (date(2026, 1, 6), 205), (date(2026, 1, 7), 1500)]
    assert base_load([]).watts is None


def test_a_profile_is_the_mean_of_each_hour_of_the_week() -> None:
    result = profile([WeekHour(8, 1000, 1), WeekHour(8, 2000, 1), WeekHour(6 * 24 + 23, 900, 3)])
    assert result[0][8] == 1500
    assert result[6][23] == 300
    assert result[0][9] is None


def test_days_have_their_hours_and_what_is_not_known_is_none() -> None:
    midnights = [0, 24 * HOUR, 49 * HOUR, 72 * HOUR]
    days = by_day({0: 5, 23 * HOUR: 6, 48 * HOUR: 7, 49 * HOUR: 8}, midnights)
    assert [len(day) for day in days] == [24, 25, 23]
    assert (days[0][0], days[0][23], days[1][24], days[2][0]) == (5, 6, 7, 8)
    assert sum(value is not None for day in days for value in day) == 4
