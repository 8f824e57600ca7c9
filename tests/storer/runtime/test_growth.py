from storer.runtime.growth import GrowthAlarm


def test_more_than_the_limit_within_an_hour_is_reported_once() -> None:
    alarm = GrowthAlarm(100)
    exceeded = [alarm.exceeded(total, now) for total, now in ((0, 5.0), (100, 6.0), (101, 7.0), (5000, 3000.0))]
    assert exceeded == [False, False, True, False]


def test_the_next_hour_is_reported_again() -> None:
    alarm = GrowthAlarm(100)
    assert alarm.exceeded(500, 0.0)
    assert not alarm.exceeded(600, 3600.0)
    assert alarm.exceeded(601, 3601.0)


def test_growth_spread_over_many_hours_is_not_reported() -> None:
    alarm = GrowthAlarm(100)
    assert not any(alarm.exceeded(hour * 100, hour * 3600.0) for hour in range(1, 100))


def test_growth_before_the_first_check_counts() -> None:
    assert GrowthAlarm(100).exceeded(101, 1e6)
