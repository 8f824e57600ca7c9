from datetime import UTC, datetime, timedelta

from monitor.readings.curves import MinuteFacts
from monitor.readings.events import (
    BadVoltage,
    MinuteGap,
    Overload,
    bad_voltages,
    gaps,
    is_outage,
    joined_overloads,
    pace,
)
from monitor.readings.power import VoltageMinute

AT = datetime(2026, 1, 5, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 24, 1, tzinfo=UTC)
END = START + timedelta(hours=1)


def overloaded(number: int, power: int | None, second: int, overload: int | None, frames: int = 60) -> MinuteFacts:
    return MinuteFacts(int(AT.timestamp()) + number * 60, 60, frames, 1, 1, 1, power, second, overload)


def test_minutes_of_an_overload_that_follow_each_other_are_one_with_the_highest_power() -> None:
    line = [
        overloaded(0, 9300, 50, 10),
        overloaded(1, 9800, 3, 20),
        overloaded(2, 500, 0, None),
        overloaded(5, None, 0, 1),
    ]
    assert joined_overloads(line) == [
        Overload(AT + MINUTE + timedelta(seconds=3), 30, 9800),
        Overload(AT + 5 * MINUTE, 1, None),
    ]


def test_an_overload_lasts_as_long_as_its_share_of_frames_also_of_a_slow_line() -> None:
    assert joined_overloads([overloaded(0, 9300, 0, 10, frames=40)])[0].seconds == 15
    assert joined_overloads([overloaded(0, 9300, 0, 1, frames=600)])[0].seconds == 1


def test_a_bad_voltage_has_the_worst_of_its_phase() -> None:
    found = bad_voltages(
        [
            VoltageMinute(AT, 1, 250, 256),
            VoltageMinute(AT, 2, 201, 230),
            VoltageMinute(AT + MINUTE, 1, 250, 254),
            VoltageMinute(AT + 3 * MINUTE, 1, 250, 255),
        ]
    )
    assert found == [
        BadVoltage(AT, AT + 2 * MINUTE, 256, 1),
        BadVoltage(AT, AT + MINUTE, 201, 2),
        BadVoltage(AT + 3 * MINUTE, AT + 4 * MINUTE, 255, 1),
    ]


def test_what_was_fed_in_had_current() -> None:
    assert not is_outage(0, 40, 500, 60)


def test_a_short_gap_or_an_unknown_index_is_no_outage() -> None:
    assert is_outage(0, 0, 500, 10)
    assert not is_outage(0, 0, 500, 9)
    assert not is_outage(None, 0, 500, 60)
    assert not is_outage(3, 0, 500, 60)
    assert not is_outage(0, 0, None, 60)


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


def decoded(number: int, interval: int, wh: int = 1) -> MinuteFacts:
    return minute(number, wh, wh)._replace(frames=1, usual_interval=interval)


def test_a_decoded_meter_has_gaps_where_its_next_reading_was_due_minutes_ago() -> None:
    line = [decoded(number, 60) for number in (0, 2, 3, 14, *range(15, 60))]
    assert [(gap.start, gap.end) for gap in gaps(line, None, START, END)] == [(START + 5 * MINUTE, START + 14 * MINUTE)]
    line = [decoded(number, 900) for number in (0, 15, 31, 55)]
    assert [(gap.start, gap.end) for gap in gaps(line, None, START, END)] == [
        (START + 48 * MINUTE, START + 55 * MINUTE)
    ]


def test_a_decoded_meter_is_silent_once_its_reading_is_five_minutes_late() -> None:
    line = [decoded(0, 900)]
    assert gaps(line, None, START, START + 22 * MINUTE) == []
    assert [gap.start for gap in gaps(line, None, START, START + 23 * MINUTE)] == [START + 17 * MINUTE]


def test_a_register_that_may_be_behind_does_not_tell_that_there_was_no_current() -> None:
    (gap,) = gaps([decoded(0, 60, 100), *(decoded(n, 60, 100) for n in range(30, 60))], None, START, END)
    assert (gap.wh, gap.outage) == (0, False)


def test_where_each_reading_holds_the_pace_needs_no_wider_steps() -> None:
    assert pace([decoded(number, 900) for number in (0, 15, 30)]) == 1


def test_the_pace_is_the_usual_time_between_frames() -> None:
    line = [minute(number, 1, 1) for number in range(10)]
    assert pace(line) == 1
    assert pace([one._replace(frames=40) for one in line]) == 1.5
    assert pace([minute(number, 1, 1) for number in range(0, 50, 5)]) == 300
    assert pace(line[:2]) == 1
