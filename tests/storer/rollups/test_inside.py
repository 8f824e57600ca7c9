"""What is counted from frame to frame of an hour whose ends alone do not tell; all figures by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.registers import INJECTED, REGISTERS, TOTAL, Readings
from storer.rollups.breaks import Before, HourReadings, Inside, ends_suffice, judge

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STANDARD, HISTORIC = True, False
S1, S2 = REGISTERS.index("supplier_1"), REGISTERS.index("supplier_2")


def values(**named: int) -> Readings:
    return tuple(named.get(name) for name in REGISTERS)


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def inside(*frames: tuple[bool, Readings]) -> Inside:
    """A frame every ten seconds."""
    return Inside((at(10 * n), standard, readings) for n, (standard, readings) in enumerate(frames))


def energy(found: Inside) -> dict[str, int]:
    return {name: wh for name, wh in zip(REGISTERS, found.energy, strict=True) if wh}


def test_the_total_says_what_was_drawn_and_each_register_what_it_counted() -> None:
    found = inside(
        (STANDARD, values(total=100, supplier_1=50, injected=7)),
        (STANDARD, values(total=110, supplier_1=58, injected=7)),
        (STANDARD, values(total=130, supplier_1=70, injected=11)),
    )
    assert (found.drawn, energy(found)) == (30, {"total": 30, "supplier_1": 20, "injected": 4})
    assert found.first[TOTAL] == Before(100, NOON, STANDARD)
    assert found.first[INJECTED] == Before(7, NOON, STANDARD)
    assert found.first[S2] is None


def test_nothing_was_counted_by_one_frame_or_none() -> None:
    for found in (inside(), inside((STANDARD, values(total=100, supplier_1=50)))):
        assert (found.drawn, energy(found)) == (0, {})


def test_an_index_that_falls_costs_what_lies_between_two_frames_only() -> None:
    found = inside(*((STANDARD, values(total=wh)) for wh in (100, 105, 3, 9)))
    assert (found.drawn, energy(found)) == (11, {"total": 11})


def test_registers_of_the_supplier_count_where_there_is_no_total() -> None:
    found = inside(
        (HISTORIC, values(supplier_1=10, supplier_2=20)),
        (HISTORIC, values(supplier_1=14, supplier_2=20)),
        (HISTORIC, values(supplier_1=14, supplier_2=23)),
    )
    assert (found.drawn, energy(found)) == (7, {"supplier_1": 4, "supplier_2": 3})


def test_a_frame_that_lacks_the_total_takes_nothing_from_it() -> None:
    found = inside(
        (STANDARD, values(total=100, supplier_1=50)),
        (STANDARD, values(supplier_1=54)),
        (STANDARD, values(total=108, supplier_1=55)),
    )
    assert (found.drawn, energy(found)) == (8, {"total": 8, "supplier_1": 5})


def test_registers_of_the_supplier_count_before_the_first_total_and_after_the_last_one() -> None:
    without = (STANDARD, values(supplier_1=50)), (STANDARD, values(supplier_1=57))
    with_total = (STANDARD, values(total=208, supplier_1=58)), (STANDARD, values(total=238, supplier_1=88))
    after = (STANDARD, values(supplier_1=90)), (STANDARD, values(supplier_1=94))
    assert inside(*without, *with_total).drawn == 38
    assert inside(*with_total, *after).drawn == 36
    assert inside(*without, *with_total, *after).drawn == 44
    assert inside(*with_total, *after, (STANDARD, values(total=244, supplier_1=94))).drawn == 36
    # What a register that is missing beside the last total had counted before is in the total already.
    assert inside(*with_total, (STANDARD, values(total=248)), (STANDARD, values(supplier_1=99)), after[1]).drawn == 40


def test_a_register_begins_with_its_own_first_reading() -> None:
    found = inside(
        (STANDARD, values(total=100)),
        (STANDARD, values(total=101, supplier_2=70)),
        (STANDARD, values(total=103, supplier_2=72)),
    )
    assert (found.drawn, energy(found)) == (3, {"total": 3, "supplier_2": 2})
    assert found.first[S2] == Before(70, at(10), STANDARD)


def test_a_contract_with_other_registers_counts_from_its_first_frame_on() -> None:
    found = inside(
        (HISTORIC, values(total=100)),
        (HISTORIC, values(total=107)),
        (HISTORIC, values(supplier_1=50)),
        (HISTORIC, values(supplier_1=53)),
    )
    assert (found.drawn, energy(found)) == (10, {"total": 7, "supplier_1": 3})


def test_the_total_of_another_mode_is_another_register() -> None:
    readings = ((HISTORIC, 100), (HISTORIC, 104), (STANDARD, 940), (STANDARD, 943), (HISTORIC, 144), (HISTORIC, 149))
    found = inside(*((mode, values(total=wh)) for mode, wh in readings))
    assert (found.drawn, energy(found)) == (4 + 3 + 5, {"total": 12})


def test_what_was_drawn_over_a_change_of_mode_is_told_by_the_registers_that_both_have() -> None:
    found = inside(
        (HISTORIC, values(supplier_1=10)),
        (HISTORIC, values(supplier_1=12)),
        (STANDARD, values(total=500, supplier_1=15)),  # 3 over the change
        (STANDARD, values(total=504, supplier_1=18)),  # by the total: 4
    )
    assert (found.drawn, energy(found)) == (2 + 3 + 4, {"total": 4, "supplier_1": 8})


def test_what_another_contract_counted_between_is_not_counted_again() -> None:
    found = inside(
        (HISTORIC, values(supplier_1=10)),
        (HISTORIC, values(supplier_1=12)),
        (HISTORIC, values(total=900)),
        (HISTORIC, values(total=905)),
        (HISTORIC, values(supplier_1=20)),
        (HISTORIC, values(supplier_1=21)),
    )
    assert (found.drawn, energy(found)) == (2 + 5 + 1, {"total": 5, "supplier_1": 2 + 1})


@pytest.mark.parametrize(
    ("seconds", "step", "possible"), [(100, 1700, True), (100, 1701, False), (0, 200, True), (0, 201, False)]
)
def test_200_wh_at_once_and_15_wh_a_second_may_be_drawn(seconds: int, step: int, possible: bool) -> None:
    frames = [(NOON, STANDARD, values(total=5000)), (at(seconds), STANDARD, values(total=5000 + step))]
    assert Inside(frames).drawn == (step if possible else 0)


FIRST, LAST = values(total=100, supplier_1=50), values(total=130, supplier_1=50)
HOUR = HourReadings(NOON, NOON, at(10), STANDARD, STANDARD, FIRST, LAST)


def test_the_ends_of_an_hour_tell_all_while_its_registers_stay_and_none_falls_or_leaps() -> None:
    assert ends_suffice(HOUR)
    assert ends_suffice(replace(HOUR, last=FIRST))
    assert ends_suffice(replace(HOUR, last=values(total=100 + 350, supplier_1=50)))  # 200 + 10 x 15
    for last in (
        values(total=100 + 351, supplier_1=50),
        values(total=99, supplier_1=50),
        values(total=130, supplier_1=49),
        values(total=130),
        values(total=130, supplier_1=50, supplier_2=3),
    ):
        assert not ends_suffice(replace(HOUR, last=last)), last
    assert not ends_suffice(replace(HOUR, last_standard=HISTORIC))
    assert not ends_suffice(replace(HOUR, first_standard=HISTORIC))


def test_before_an_hour_that_changed_its_contract_the_registers_of_its_first_frame_count() -> None:
    frames = inside((HISTORIC, values(total=103)), (HISTORIC, values(supplier_1=50)), (HISTORIC, values(supplier_1=53)))
    hour = HourReadings(NOON, NOON, at(20), HISTORIC, HISTORIC, values(total=103), values(supplier_1=53))
    before: list[Before | None] = [None] * len(REGISTERS)
    before[TOTAL] = Before(99, at(-60), HISTORIC)
    previous = HourReadings(at(-3600), at(-60), at(-30), HISTORIC, HISTORIC, values(total=90), values(total=99))
    found = judge(hour, before, previous, inside=frames)
    assert found.drawn == 4 + 3
    # The readings of this register begin with 53, so its 3 Wh are a step that they do not show.
    assert (found.steps, found.injected) == ({S1: -3}, None)
