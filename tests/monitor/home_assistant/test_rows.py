"""Rows of statistics: sums hour by hour, what of them is sent, and how they are joined. All numbers by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from monitor.home_assistant.rows import Row, Running, gap, mark, own_wh

#: The last Sunday of October: in Paris 02:00 comes twice, in UTC each hour once.
START = datetime(2026, 10, 25, tzinfo=UTC)
MARK = mark(40)


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


def row(number: int, total: float, state: float | None = None) -> Row:
    return Row(hour(number), total, state, MARK)


def test_sums_go_on_from_part_to_part_and_each_hour_is_its_own() -> None:
    running = Running(marked=MARK)
    assert running.rows({hour(0): 5, hour(1): 7}, {}) == [row(0, 5), row(1, 12)]
    assert running.rows({hour(2): 1}, {}) == [row(2, 13)]
    assert (running.total, running.hours, running.first, running.last) == (13, 3, hour(0), hour(2))


def test_hours_of_nothing_need_no_row() -> None:
    assert Running(marked=MARK).rows({hour(0): 0, hour(1): 7, hour(2): 0}, {}) == [row(1, 7)]


def test_what_is_right_is_not_sent_again() -> None:
    there = {hour(0): row(0, 5), hour(1): row(1, 12)}
    assert Running(marked=MARK).rows({hour(0): 5, hour(1): 7}, there) == []


def test_a_late_hour_changes_its_sum_and_all_that_follow() -> None:
    there = {hour(number): row(number, 10.0 * (number + 1)) for number in range(3)}
    amounts = {hour(0): 10, hour(1): 13, hour(2): 10}
    assert Running(marked=MARK).rows(amounts, there) == [row(1, 23), row(2, 33)]


def test_an_hour_that_has_no_energy_any_more_keeps_the_sum() -> None:
    there = {hour(0): row(0, 5), hour(1): row(1, 12)}
    assert Running(marked=MARK).rows({hour(0): 5}, there) == [row(1, 5)]


def test_units_and_states() -> None:
    running = Running(1000, MARK)
    assert running.rows({hour(0): 1234}, {}, {hour(0): 7_000_001}) == [row(0, 1.234, 7000.001)]


def test_money_adds_up_exactly() -> None:
    running = Running()
    cents = [found.sum for found in running.rows({hour(number): Decimal("0.1") for number in range(3)}, {})]
    assert cents == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("reading", "state", "own", "expected"),
    [
        (1000, 1060, 40, 560 - 40),  # 500 before, 60 in the first own hour, of which 40 were counted
        (1000, 1060, 560, 0),  # joined already
        (None, 1060, 40, 500),  # nobody read the register before: only what was counted is in it
        (1000, 20, 20, 520),  # the register began anew
    ],
)
def test_own_sums_continue_ours(reading: int | None, state: float, own: float, expected: float) -> None:
    first = Row(hour(3), own, state)
    assert gap(500, reading, first, 1, 40) == expected


def test_a_gap_is_in_wh_whatever_the_unit() -> None:
    assert gap(500, 1000, Row(hour(3), 0.040, 1.060), 1000, 40) == pytest.approx(520)
    assert gap(500, 1000, Row(hour(3), 0.560, 1.060), 1000, 40) == 0


def test_rows_of_home_assistant_are_told_from_ours() -> None:
    assert row(0, 1).ours
    assert not Row(hour(0), 1.0).ours
    assert not Row(hour(0), 1.0, last_reset=datetime(2024, 1, 1, tzinfo=UTC)).ours
    assert own_wh(mark(99_999_999)) == 99_999_999
    assert Row(hour(0), 1.0, last_reset=mark(99_999_999)).ours
