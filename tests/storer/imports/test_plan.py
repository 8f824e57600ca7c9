from datetime import timedelta

import pytest

from common.contract.registers import INJECTED, TOTAL
from common.errors import FileRefused
from storer.imports.model import HOUR, Period
from storer.imports.plan import Plan, Stored, check_past, gaps, make_plan
from tests.support.imports import PARIS, utc

DAY = utc("2024-06-01 22:00")


def hour(number: int, wh: int = 100, register: int = TOTAL) -> Period:
    return Period(DAY + (number + 1) * HOUR, 1, register, wh)


def day(number: int, wh: int = 2400, register: int = TOTAL) -> Period:
    return Period(DAY + timedelta(days=number + 1), 24, register, wh)


def plan(new: list[Period], *there: Period, read: set[int] | None = None) -> Plan:
    stored = Stored()
    for period in there:
        stored.add(period, 3)
    return make_plan(new, stored, {DAY + number * HOUR for number in read or ()}, -1)


def test_what_is_there_already_is_not_new() -> None:
    made = plan([hour(0), hour(1)], hour(0))
    assert (made.new, made.same) == ([hour(1)], 1)


def test_another_value_for_the_same_hour_changes_nothing_and_is_told() -> None:
    made = plan([hour(0, 101)], hour(0, 100))
    assert (made.new, made.different) == ([], {3: 1})


def test_hours_in_which_the_meter_was_read_keep_its_readings() -> None:
    made = plan([hour(0), hour(1), hour(2), day(0)], read={0, 2})
    assert (made.new, made.read, made.between) == ([hour(1)], 3, 1)


def test_finer_data_is_never_replaced_by_coarser_nor_coarser_by_finer() -> None:
    assert plan([day(0)], hour(5)).others == {3: 1}
    assert plan([hour(5)], day(0)).others == {3: 1}
    assert plan([day(1)], hour(5)).new == [day(1)]


def test_a_file_with_hours_and_days_gives_its_hours_and_the_other_days() -> None:
    made = plan([day(0), day(1), hour(5)])
    assert (made.new, made.finer) == ([hour(5), day(1)], 1)


def test_the_total_and_its_parts_are_the_same_energy() -> None:
    assert plan([hour(0, register=1)], hour(0)).others == {3: 1}
    assert plan([hour(0)], hour(0, register=2)).others == {3: 1}
    assert plan([hour(0, register=1)], hour(0, register=2)).new == [hour(0, register=1)]
    assert plan([hour(0, register=INJECTED)], hour(0)).new == [hour(0, register=INJECTED)]


def corrections(new: list[Period], *there: Period, read: set[int] | None = None, own: Period | None = None) -> Plan:
    """Plan a file of a kind that corrects itself, after one of that kind and one of the owner."""
    stored = Stored()
    for period in there:
        stored.add(period, 3, "conso")
    if own is not None:
        stored.add(own, 4, "csv")
    return make_plan(new, stored, {DAY + number * HOUR for number in read or ()}, -1, "conso", corrects=True)


def test_a_service_that_corrects_itself_replaces_what_it_said_before() -> None:
    made = corrections([hour(0, 101), hour(1)], hour(0), hour(1), hour(2))
    assert (made.new, made.replaced, made.same) == ([hour(0, 101)], [hour(0)], 1)
    assert corrections([day(0, 2500)], day(0)).replaced == [day(0)]


def test_whole_hours_replace_their_day_and_a_day_replaces_hours_that_are_not_whole() -> None:
    hours = [hour(number) for number in range(24)]
    made = corrections(hours, day(0))
    assert (made.new, made.replaced) == (hours, [day(0)])
    assert corrections(hours[1:], day(0)).replaced == []
    assert corrections([day(0)], *hours).replaced == []
    made = corrections([day(0)], *hours[1:])
    assert (made.new, made.replaced) == ([day(0)], hours[1:])


def test_a_correction_leaves_what_the_meter_and_the_owner_say() -> None:
    assert corrections([hour(0, 101)], hour(0), read={0}).replaced == []
    made = corrections([day(0)], hour(1), own=hour(2))
    assert (made.new, made.replaced, made.others) == ([], [], {3: 1})
    assert corrections([hour(2, 101)], own=hour(2)).different == {4: 1}


def test_holes_are_what_no_period_of_the_file_is_about() -> None:
    found = gaps([hour(0), hour(1), hour(4), day(1), hour(48)])
    assert [((gap.start - DAY) // HOUR, gap.hours) for gap in found] == [(2, 2), (5, 19)]


def test_energy_of_the_future_is_refused_with_how_many_and_from_when() -> None:
    """A wrong year. The hour and the day that run are known to who reads a meter, and clocks differ a little."""
    now = utc("2024-06-05 12:10")
    check_past([hour(85), hour(86), day(3)], now, PARIS)  # from 11:00, from 12:00, and the 5 June
    check_past([hour(87)], now, PARIS)  # from 13:00: less than an hour ahead
    with pytest.raises(FileRefused, match=r"^2 periods .*future.*2024-06-05 16:00 \(Europe/Paris\)"):
        check_past([hour(86), hour(89), hour(88)], now, PARIS)
    with pytest.raises(FileRefused, match=r"^1 period .*future.* 2030-06-01 02:00"):
        check_past([Period(utc("2030-06-01 01:00"), 1, TOTAL, 5000)], now, PARIS)
