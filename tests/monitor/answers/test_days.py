from monitor.answers.days import by_day
from monitor.readings.hour_curves import Drawn

HOUR = 3600


def test_days_have_their_hours_and_what_is_not_known_is_none() -> None:
    midnights = [0, 24 * HOUR, 49 * HOUR, 72 * HOUR]
    days = by_day([Drawn(0, 5), Drawn(23 * HOUR, 6), Drawn(48 * HOUR, 7), Drawn(49 * HOUR, 8)], midnights)
    assert [len(day) for day in days] == [24, 25, 23]
    assert (days[0][0], days[0][23], days[1][24], days[2][0]) == (5, 6, 7, 8)
    assert sum(value is not None for day in days for value in day) == 4
