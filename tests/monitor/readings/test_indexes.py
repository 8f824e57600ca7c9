"""What registers went on by between two readings, by hand."""

from dataclasses import replace
from datetime import UTC, datetime

from common.contract.registers import REGISTERS
from monitor.readings.indexes import Indexes, counted, drawn
from monitor.readings.meter_contracts import MeterContract

STANDARD = MeterContract("hchp", "H PLEINE/CREUSE", 9, standard=True)
HISTORIC = MeterContract("hchp", "HC..", 9, standard=False)


def read(contract: MeterContract = STANDARD, **values: int) -> Indexes:
    return Indexes(datetime(2026, 11, 1, tzinfo=UTC), tuple(values.get(name) for name in REGISTERS), contract)


def steps(before: Indexes | None, after: Indexes, **breaks: int) -> dict[str, int]:
    found = counted(before, after, {REGISTERS.index(name): step for name, step in breaks.items()})
    return {name: step for name, step in zip(REGISTERS, found, strict=True) if step is not None}


def whole(before: Indexes | None, after: Indexes) -> int | None:
    return drawn(counted(before, after, {}), after.values)


def test_each_register_goes_on_by_the_difference_and_the_total_says_the_whole() -> None:
    before = read(total=5000, supplier_1=2000, supplier_2=3000, injected=70)
    after = read(total=5901, supplier_1=2300, supplier_2=3600, injected=75)
    assert steps(before, after) == {"total": 901, "supplier_1": 300, "supplier_2": 600, "injected": 5}
    assert whole(before, after) == 901


def test_a_step_that_is_no_energy_does_not_count() -> None:
    assert steps(read(total=5000), read(total=1200), total=-4000) == {"total": 200}


def test_a_register_that_fell_says_nothing() -> None:
    assert steps(read(total=5000), read(total=10)) == {}


def test_without_a_first_reading_nothing_is_known() -> None:
    assert steps(None, read(total=10)) == {}
    assert whole(None, read(total=10)) is None


def test_registers_go_on_in_the_other_mode_while_the_contract_stays() -> None:
    before = read(HISTORIC, supplier_1=2000, supplier_2=3000)
    after = read(total=9000, supplier_1=2300, supplier_2=3600, supplier_3=0)
    assert steps(before, after) == {"supplier_1": 300, "supplier_2": 600}
    assert whole(before, after) == 900


def test_the_total_of_one_mode_is_not_that_of_the_other() -> None:
    base = replace(HISTORIC, offer="base", calendar="BASE")
    assert steps(read(base, total=5000), read(replace(STANDARD, offer="base"), total=5600)) == {}


def test_another_contract_has_other_periods_and_the_same_total() -> None:
    before = read(total=5000, supplier_1=2000, supplier_2=3000)
    tempo = replace(STANDARD, offer="tempo", calendar="TEMPO")
    after = read(tempo, total=5900, supplier_1=2300, supplier_2=3600)
    assert steps(before, after) == {"total": 900}
    one, other = (replace(STANDARD, offer=None, calendar=name) for name in ("ZEN", "WEEKEND"))
    assert steps(read(one, supplier_1=1), read(other, supplier_1=2)) == {}
    assert steps(read(one, supplier_1=1), read(one, supplier_1=2)) == {"supplier_1": 1}


def test_a_register_that_began_in_between_leaves_the_whole_unknown() -> None:
    assert whole(read(HISTORIC, supplier_1=2000), read(HISTORIC, supplier_1=2300, supplier_2=40)) is None
