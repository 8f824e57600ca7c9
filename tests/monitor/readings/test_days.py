"""How time is cut into local days, and what of them is found again."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.readings.cache import Cache
from monitor.readings.days import Days, in_periods
from monitor.readings.hours import Meter

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Midnights in Paris; the 25th has 25 hours.
NIGHTS = [datetime(2026, 10, 23, 22, tzinfo=UTC) + place * DAY for place in range(2)]
NIGHTS += [datetime(2026, 10, 25, 23, tzinfo=UTC) + place * DAY for place in range(3)]
METER = Meter(1, "a", NIGHTS[0] + 5 * HOUR, NIGHTS[-1] + 4 * HOUR)


class Looked:
    """Finds the hours between limits, and notes what it was asked for."""

    def __init__(self) -> None:
        self.days = Days(ZoneInfo("Europe/Paris"), Cache())
        self.asked: list[Sequence[datetime]] = []

    def find(self, limits: Sequence[datetime]) -> list[list[int]]:
        self.asked.append(limits)
        hours = [(end - start) // HOUR for start, end in itertools.pairwise(limits)]
        return [hours, [-one for one in hours]]

    def of(self, *limits: datetime) -> tuple[list[datetime], list[list[int]]]:
        self.asked.clear()
        return self.days.of(METER, ["here", "there"], limits, self.find)


def test_time_is_cut_at_its_limits_and_at_midnights() -> None:
    low, high = NIGHTS[0] + 5 * HOUR, NIGHTS[3] + 7 * HOUR
    starts, found = Looked().of(low, high)
    assert starts == [low, *NIGHTS[1:4]]
    assert found == [[19, 25, 24, 7], [-19, -25, -24, -7]]
    assert Looked().of(low, low + HOUR, low + 2 * HOUR) == ([low, low + HOUR], [[1, 1], [-1, -1]])
    assert Looked().of(NIGHTS[0], NIGHTS[2]) == (NIGHTS[:2], [[24, 25], [-24, -25]])


def test_only_what_is_not_remembered_is_looked_up() -> None:
    looked = Looked()
    looked.of(NIGHTS[0], NIGHTS[2])
    low, high = NIGHTS[0] - 2 * HOUR, NIGHTS[3]
    assert looked.of(low, high)[1][0] == [2, 24, 25, 24]
    assert looked.asked == [[low, NIGHTS[0]], [NIGHTS[2], NIGHTS[3]]]
    looked.of(NIGHTS[0], NIGHTS[3])
    assert looked.asked == []


def test_a_day_is_remembered_once_the_storer_is_done_with_it() -> None:
    looked = Looked()
    assert looked.days.all(METER) == [NIGHTS[0], NIGHTS[-1]]
    for _ in range(2):  # the last three hours of the meter still change, and today begins four hours before its end
        looked.of(NIGHTS[2], NIGHTS[4], NIGHTS[4] + 3 * HOUR)
    assert looked.asked == [[NIGHTS[4], NIGHTS[4] + 3 * HOUR]]


def test_pieces_go_to_the_period_in_which_they_begin() -> None:
    assert list(in_periods(NIGHTS[2:4], NIGHTS[:3], "abc")) == [["a", "b"], ["c"]]
    assert list(in_periods(NIGHTS[:2], [NIGHTS[0]], "a")) == [[], ["a"]]
