from storer.growth import Growth


def test_more_than_the_limit_within_an_hour_is_told_once() -> None:
    growth = Growth(100)
    told = [growth.exceeded(total, now) for total, now in ((0, 5.0), (100, 6.0), (101, 7.0), (5000, 3000.0))]
    assert told == [False, False, True, False]


def test_the_next_hour_is_told_of_again() -> None:
    growth = Growth(100)
    assert growth.exceeded(500, 0.0)
    assert not growth.exceeded(600, 3600.0)
    assert growth.exceeded(601, 3601.0)


def test_the_same_in_many_hours_is_nothing() -> None:
    growth = Growth(100)
    assert not any(growth.exceeded(hour * 100, hour * 3600.0) for hour in range(1, 100))


def test_the_numbers_of_before_it_looked_count() -> None:
    assert Growth(100).exceeded(101, 1e6)
