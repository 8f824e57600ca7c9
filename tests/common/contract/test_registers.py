import pytest

from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.registers import REGISTERS, readings, supplier_number
from tests.support.rollup_oracle import HISTORIC, STANDARD
from tests.support.rollup_oracle import REGISTERS as IN_ORDER


def of(mode: Mode, **values: Value) -> dict[str, int]:
    return {name: value for name, value in zip(REGISTERS, readings(mode, values), strict=True) if value is not None}


def test_the_number_of_a_register_is_its_place() -> None:
    assert list(REGISTERS) == IN_ORDER
    assert [REGISTERS[number] for number in (0, 1, 10, 11, 14, 15, 16, 19)] == [
        "total", "supplier_1", "supplier_10", "distributor_1", "distributor_4", "injected", "reactive_1", "reactive_4",
    ]  # fmt: skip


@pytest.mark.parametrize(("mode", "names"), [(Mode.STANDARD, STANDARD), (Mode.HISTORIC, HISTORIC)])
def test_each_label_is_its_register(mode: Mode, names: dict[str, str]) -> None:
    for label, register in names.items():
        assert of(mode, **{label: 7}) == {register: 7}
        assert supplier_number(label) == (int(register[9:]) if register.startswith("supplier") else None)


def test_labels_of_the_other_mode_and_what_no_column_holds_count_as_absent() -> None:
    assert of(Mode.HISTORIC, EAST=1, EASF01=2, PAPP=3) == {}
    assert of(Mode.STANDARD, BASE=1, HCHC=2, SINSTS=3) == {}
    assert of(Mode.STANDARD, EAST=2**32, EASF01=2**32 - 1, EASF02=-1, EASF03="x") == {"supplier_1": 2**32 - 1}


def test_an_index_of_zero_is_a_reading() -> None:
    assert of(Mode.STANDARD, EAST=0, EASF01=0) == {"total": 0, "supplier_1": 0}
    assert of(Mode.HISTORIC, BASE=0) == {"total": 0}
