from common.contract.registers import REGISTERS
from monitor.readings.hour_values import Values
from monitor.readings.steps import OTHER, Step, complete, difference, recovered, step


def values(**known: int) -> Values:
    return tuple(known.get(name) for name in REGISTERS)


def test_registers_are_named_as_the_contract_names_them() -> None:
    before = values(total=300, supplier_1=100, supplier_2=200, injected=5, reactive_1=7)
    after = values(total=360, supplier_1=110, supplier_2=250, injected=9, reactive_1=8)
    result = step(before, after, {}, by_total=True, offer="hchp", outside=False)
    assert (result.wh, result.injected_wh, result.reactive_varh) == ({"HCHC": 10, "HCHP": 50}, 4, {"ERQ1": 1})
    assert step(before, after, {}, by_total=True, offer=None, outside=False).wh == {"EASF01": 10, "EASF02": 50}


def test_a_total_alone_is_base() -> None:
    assert step(values(total=300), values(total=360), {}, by_total=True, offer="base", outside=False).wh == {"BASE": 60}


def test_what_no_register_of_the_supplier_shows_is_told_apart() -> None:
    before, after = values(total=300, supplier_1=100), values(total=360, supplier_1=110)
    assert difference(after) == 250
    assert difference(values(total=5)) is difference(values(supplier_1=5)) is None
    assert step(before, after, {}, by_total=True, offer="hchp", outside=True).wh == {"HCHC": 10, OTHER: 50}


def test_what_is_only_rounding_is_counted_by_the_first_register_also_if_it_is_less_than_none() -> None:
    """Each register is rounded down by itself: 300.9 + 200.4 Wh are 501.3 Wh, but 300 + 200."""
    first = values(total=500, supplier_1=300, supplier_2=200)
    second, third = values(total=501, supplier_1=300, supplier_2=200), values(total=502, supplier_1=300, supplier_2=202)
    assert step(first, second, {}, by_total=True, offer="hchp", outside=False).wh == {"HCHC": 1}
    assert step(second, third, {}, by_total=True, offer="hchp", outside=False).wh == {"HCHC": -1, "HCHP": 2}
    assert step(first, third, {}, by_total=True, offer="hchp", outside=False).wh == {"HCHP": 2}
    assert step(first, second, {}, by_total=True, offer="base", outside=False).wh == {"BASE": 1}


def test_a_total_of_another_mode_does_not_count() -> None:
    before, after = values(total=300, supplier_1=100), values(total=9000, supplier_1=110)
    assert step(before, after, {}, by_total=False, offer="hchp", outside=False).wh == {"HCHC": 10}


def test_breaks_are_no_energy() -> None:
    before, after = values(total=300, supplier_1=300), values(total=40, supplier_1=40)
    assert step(before, after, {0: -270, 1: -270}, by_total=True, offer="hchp", outside=False).wh == {"HCHC": 10}


def test_recovered_energy_is_that_of_the_total_or_of_the_registers() -> None:
    assert recovered(values(total=300, supplier_1=100), values(total=360, supplier_1=160), {}) == 60
    assert recovered(values(supplier_1=100, supplier_2=5), values(supplier_1=160, supplier_2=7), {}) == 62


def test_a_break_over_the_gap_is_not_recovered() -> None:
    assert recovered(values(supplier_1=100, supplier_2=5), values(supplier_1=3, supplier_2=7), {1: -97}) == 2


def test_what_came_before_a_break_within_the_hour_of_the_return_is_recovered() -> None:
    """The gap is over at 160; then the register is set back, and ends the hour at 4."""
    assert recovered(values(supplier_1=100), values(supplier_1=160), {1: 3 - 160}) == 60


def test_what_the_ends_of_an_hour_do_not_tell_is_of_the_register_that_ran_last() -> None:
    known = Step({"EASF04": 3, "HCHC": 10, OTHER: 2}, 5, {})
    assert complete(known, 20, "HCHP") == Step({"HCHC": 10, "HCHP": 10}, 5, {})
    assert complete(known, 20, "EASF02").wh == {"EASF04": 3, "HCHC": 10, "EASF02": 7}
    assert complete(known, 20, None).wh == {"EASF04": 3, "HCHC": 10, OTHER: 7}
    assert complete(known, 12, "HCHC").wh == {"HCHC": 12}


def test_all_ten_registers_of_the_supplier_and_all_four_quadrants_count_and_no_others() -> None:
    before = values(total=0, supplier_1=0, supplier_10=0, distributor_1=0, injected=0, reactive_1=0, reactive_4=0)
    after = values(total=3, supplier_1=1, supplier_10=2, distributor_1=3, injected=7, reactive_1=8, reactive_4=9)
    assert step(before, after, {}, by_total=True, offer=None, outside=False) == Step(
        {"EASF01": 1, "EASF10": 2}, 7, {"ERQ1": 8, "ERQ4": 9}
    )


def test_a_register_that_begins_or_ends_between_two_readings_counts_nothing_by_itself() -> None:
    before, after = values(total=300, supplier_1=100), values(total=360, supplier_2=500, injected=4)
    assert step(before, after, {}, by_total=True, offer="hchp", outside=False) == Step({"BASE": 60}, None, {})
    assert step(before, after, {}, by_total=False, offer="hchp", outside=False) == Step({}, None, {})


def test_over_a_gap_in_which_nothing_was_drawn_nothing_is_recovered() -> None:
    assert recovered(values(total=300), values(total=300), {}) == 0
    assert recovered(values(total=300), values(total=299), {}) == 0
    assert recovered(values(supplier_10=4), values(supplier_10=9, distributor_1=1), {}) == 5
    assert recovered(values(distributor_1=4, injected=1), values(distributor_1=9, injected=9), {}) == 0
