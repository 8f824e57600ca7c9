from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.readings.curves import MinuteFacts
from monitor.readings.index_deltas import drawn_by_register

HOUR = datetime(2026, 11, 24, 5, tzinfo=UTC)
END = HOUR + timedelta(minutes=30)


def minute(number: int, last: int | None, supplier: int = 1) -> MinuteFacts:
    return MinuteFacts(int(HOUR.timestamp()) + number * 60, 60, 60, supplier, None, last, 500, 0, None)


def name(supplier: int | None, moment: int) -> str:
    return f"R{supplier}"


def test_each_minute_counts_for_the_register_that_ran_at_its_end() -> None:
    line = [minute(0, 110), minute(1, 130, 2), minute(2, 145, 2)]
    assert drawn_by_register(line, 100, 145, END, name, {}) == {"R1": 10, "R2": 35}


def test_of_a_minute_that_lies_in_it_in_part_the_reading_at_the_end_counts() -> None:
    assert drawn_by_register([minute(0, 110), minute(1, 130, 2)], 100, 118, HOUR + timedelta(seconds=90), name, {}) == {
        "R1": 10,
        "R2": 8,
    }


def test_without_minutes_all_is_of_one_register() -> None:
    assert drawn_by_register([], 100, 300, END, name, {}) == {"RNone": 200}
    assert drawn_by_register([], 100, 100, END, name, {}) == {}


def test_a_break_is_no_energy() -> None:
    fell = [minute(0, 5010), minute(1, 12), minute(2, 20)]
    assert drawn_by_register(fell, 5000, 20, END, name, {HOUR: -5000}) == {"R1": 20}
    jumped = [minute(0, 10), minute(1, 90_015)]
    assert drawn_by_register(jumped, 0, 90_015, END, name, {HOUR: 90_000}) == {"R1": 15}


def test_a_break_elsewhere_in_the_hour_changes_nothing() -> None:
    assert drawn_by_register([minute(0, 110), minute(1, 120)], 100, 120, END, name, {HOUR: -5000}) == {"R1": 20}


def test_what_was_counted_in_a_gap_is_no_break() -> None:
    assert drawn_by_register([minute(0, 10), minute(20, 9000)], 0, 9000, END, name, {HOUR: 77}) == {"R1": 9000}


def test_where_the_meter_goes_to_other_registers_their_readings_are_no_energy() -> None:
    line = [minute(0, 13_000_010), minute(1, 500_000, 2), minute(2, 500_007, 2)]
    assert drawn_by_register(line, 13_000_000, 500_007, END, name, {}, {HOUR}) == {"R1": 10, "R2": 7}
    line = [minute(0, 500_010), minute(1, 13_000_000, 2), minute(2, 13_000_007, 2)]
    assert drawn_by_register(line, 500_000, 13_000_007, END, name, {}, {HOUR}) == {"R1": 10, "R2": 7}
    # The hour does not know it yet: no house draws that much in a minute.
    assert drawn_by_register(line, 500_000, 13_000_007, END, name, {}) == {"R1": 10, "R2": 7}
    assert drawn_by_register(line[:1], 500_000, 13_000_007, HOUR + timedelta(minutes=2), name, {}) == {"R1": 10}


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 900), st.integers(1, 4)), max_size=10), st.integers(0, 500))
def test_the_registers_add_up_to_the_readings(steps: list[tuple[int, int, int]], rest: int) -> None:
    line, at, last = [], 0, 1000
    for minutes, wh, supplier in steps:
        at, last = at + minutes, last + wh
        line.append(minute(at, last, supplier))
    end = HOUR + timedelta(minutes=at + 1)
    assert sum(drawn_by_register(line, 1000, last + rest, end, name, {}).values()) == last + rest - 1000
