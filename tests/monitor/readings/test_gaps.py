from datetime import UTC, datetime, timedelta

from monitor.readings.curves import MinuteFacts
from monitor.readings.events import MinuteGap, gaps, pace

START = datetime(2026, 11, 24, 1, tzinfo=UTC)
END = START + timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def minute(
    number: int, first: int | None, last: int | None, power: int = 500, injected: int | None = None
) -> MinuteFacts:
    return MinuteFacts(int(START.timestamp()) + number * 60, 60, 60, 1, first, last, power, 0, None, injected, injected)


def test_a_gap_has_what_the_reading_after_it_shows() -> None:
    line = [
        minute(0, 100, 101),
        minute(1, 101, 102),
        minute(10, 180, 181),
        *(minute(n, 181, 181) for n in range(11, 60)),
    ]
    assert gaps(line, minute(-1, 99, 100), START, END) == [
        MinuteGap(START + 2 * MINUTE, START + 10 * MINUTE, 78, outage=False)
    ]


def test_one_missing_minute_is_a_slow_line_two_are_a_gap() -> None:
    def found(missing: int) -> int:
        rest = [minute(number, 1, 1) for number in range(1 + missing, 60)]
        return len(gaps([minute(0, 1, 1), *rest], None, START, END))

    assert (found(1), found(2)) == (0, 1)


def test_a_gap_that_began_before_the_range_is_cut_to_it_with_all_that_was_counted() -> None:
    line = [minute(number, 300, 300) for number in range(5, 60)]
    assert gaps(line, minute(-30, 100, 250), START, END) == [MinuteGap(START, START + 5 * MINUTE, 50, outage=False)]


def test_before_the_first_frame_ever_is_no_gap() -> None:
    assert gaps([minute(number, 1, 1) for number in range(30, 60)], None, START, END) == []


def test_a_meter_that_is_silent_now_has_a_gap_without_a_reading_and_a_rollup_that_lags_none() -> None:
    line = [minute(number, 1, 1) for number in range(20)]
    assert gaps(line, None, START, START + 24 * MINUTE) == []
    (gap,) = gaps(line, None, START, START + 50 * MINUTE)
    assert (gap.start, gap.end, gap.wh) == (START + 20 * MINUTE, START + 50 * MINUTE, None)


def test_a_house_that_drew_power_and_counted_nothing_had_no_current() -> None:
    rest = [minute(number, 100, 100) for number in range(30, 60)]
    assert gaps([minute(0, 100, 100), *rest], None, START, END)[0].outage
    assert not gaps([minute(0, 100, 100, power=0), *rest], None, START, END)[0].outage
    assert not gaps([minute(0, 100, 99), *rest], None, START, END)[0].outage


def test_a_house_that_fed_in_had_current() -> None:
    before = minute(0, 100, 100, injected=700)
    for injected, outage in ((700, True), (940, False)):
        rest = [minute(number, 100, 100, injected=injected) for number in range(30, 60)]
        assert gaps([before, *rest], None, START, END)[0].outage is outage


def test_a_register_that_fell_or_was_changed_tells_nothing() -> None:
    rest = [minute(number, 100, 100) for number in range(30, 60)]
    assert gaps([minute(0, 500, 500), *rest], None, START, END)[0].wh is None
    assert gaps([minute(0, 40, 40), *rest], None, START, END, {START})[0].wh is None


def test_a_line_with_a_frame_each_five_minutes_has_no_gaps_between_them() -> None:
    line = [minute(number, 1, 1) for number in (0, 5, 10, 15, 20, 40, 45, 50, 55)]
    assert [gap.start for gap in gaps(line, None, START, END)] == [START + 21 * MINUTE]


def test_the_pace_is_the_usual_time_between_frames() -> None:
    line = [minute(number, 1, 1) for number in range(10)]
    assert pace(line) == 1
    assert pace([one._replace(frames=40) for one in line]) == 1.5
    assert pace([minute(number, 1, 1) for number in range(0, 50, 5)]) == 300
    assert pace(line[:2]) == 1
