from collections.abc import Mapping

import pytest

from common.contract.registers import OTHER, REGISTERS
from monitor.readings.index_deltas import Step, complete, difference, recovered, step
from monitor.readings.rows import Values


def values(**known: int) -> Values:
    return tuple(known.get(name) for name in REGISTERS)


TWO = values(total=300, supplier_1=100, supplier_2=200), values(total=360, supplier_1=110, supplier_2=250)
BY_TOTAL = values(total=300), values(total=360)
HIDDEN = values(total=300, supplier_1=100), values(total=360, supplier_1=110)
OTHER_MODE = values(total=300, supplier_1=100), values(total=9000, supplier_1=110)
SET_BACK = values(total=300, supplier_1=300), values(total=40, supplier_1=40)
ANOTHER = values(total=300, supplier_1=100), values(total=360, supplier_2=500, injected=4)
#: Each register is rounded down by itself: 300.9 + 200.4 Wh are 501.3 Wh, but 300 + 200.
ROUNDED = [
    values(total=500, supplier_1=300, supplier_2=200),
    values(total=501, supplier_1=300, supplier_2=200),
    values(total=502, supplier_1=300, supplier_2=202),
]


@pytest.mark.parametrize(
    ("before", "after", "offer", "wh"),
    [
        (*TWO, "hchp", {"HCHC": 10, "HCHP": 50}),
        (*TWO, None, {"EASF01": 10, "EASF02": 50}),
        (*BY_TOTAL, "base", {"BASE": 60}),
        # What is only rounding is counted by the first register, also if it is less than none.
        (ROUNDED[0], ROUNDED[1], "hchp", {"HCHC": 1}),
        (ROUNDED[1], ROUNDED[2], "hchp", {"HCHC": -1, "HCHP": 2}),
        (ROUNDED[0], ROUNDED[2], "hchp", {"HCHP": 2}),
        (ROUNDED[0], ROUNDED[1], "base", {"BASE": 1}),
        (*ANOTHER, "hchp", {"BASE": 60}),  # one began and one ended between the two readings
    ],
)
def test_what_was_drawn_is_named_as_the_contract_names_it(
    before: Values, after: Values, offer: str | None, wh: Mapping[str, int]
) -> None:
    assert step(before, after, {}, by_total=True, offer=offer, outside=False).wh == wh


def test_a_total_of_another_mode_does_not_count() -> None:
    assert step(*OTHER_MODE, {}, by_total=False, offer="hchp", outside=False).wh == {"HCHC": 10}
    assert step(*ANOTHER, {}, by_total=False, offer="hchp", outside=False) == Step({}, None)


def test_what_no_register_of_the_supplier_shows_is_told_apart() -> None:
    assert difference(HIDDEN[1]) == 250
    assert difference(values(total=5)) is difference(values(supplier_1=5)) is None
    assert step(*HIDDEN, {}, by_total=True, offer="hchp", outside=True).wh == {"HCHC": 10, OTHER: 50}


def test_breaks_are_no_energy() -> None:
    assert step(*SET_BACK, {0: -270, 1: -270}, by_total=True, offer="hchp", outside=False).wh == {"HCHC": 10}


def test_all_ten_registers_of_the_supplier_count_and_no_others() -> None:
    before = values(total=0, supplier_1=0, supplier_10=0, distributor_1=0, injected=0, reactive_1=0)
    after = values(total=3, supplier_1=1, supplier_10=2, distributor_1=3, injected=7, reactive_1=8)
    assert step(before, after, {}, by_total=True, offer=None, outside=False) == Step({"EASF01": 1, "EASF10": 2}, 7)


@pytest.mark.parametrize(
    ("before", "after", "breaks", "wh"),
    [
        (values(total=300, supplier_1=100), values(total=360, supplier_1=160), {}, 60),
        (values(supplier_1=100, supplier_2=5), values(supplier_1=160, supplier_2=7), {}, 62),
        # A break over the gap is not recovered; what came before a break within the hour of the return is: the gap is
        # over at 160, then the register is set back, and ends the hour at 4.
        (values(supplier_1=100, supplier_2=5), values(supplier_1=3, supplier_2=7), {1: -97}, 2),
        (values(supplier_1=100), values(supplier_1=160), {1: 3 - 160}, 60),
        (values(total=300), values(total=300), {}, 0),
        (values(total=300), values(total=299), {}, 0),
        (values(supplier_10=4), values(supplier_10=9, distributor_1=1), {}, 5),
        (values(distributor_1=4, injected=1), values(distributor_1=9, injected=9), {}, 0),
    ],
)
def test_recovered_energy_is_that_of_the_total_or_of_the_registers(
    before: Values, after: Values, breaks: Mapping[int, int], wh: int
) -> None:
    assert recovered(before, after, breaks, 3600) == wh


@pytest.mark.parametrize(
    ("drawn", "register", "wh"),
    [
        (20, "HCHP", {"HCHC": 10, "HCHP": 10}),
        (20, "EASF02", {"EASF04": 3, "HCHC": 10, "EASF02": 7}),
        (20, None, {"EASF04": 3, "HCHC": 10, OTHER: 7}),
        (12, "HCHC", {"HCHC": 12}),
    ],
)
def test_what_the_ends_of_an_hour_do_not_tell_is_of_the_register_that_ran_last(
    drawn: int, register: str | None, wh: Mapping[str, int]
) -> None:
    assert complete(Step({"EASF04": 3, "HCHC": 10, OTHER: 2}, 5), drawn, register) == Step(wh, 5)
