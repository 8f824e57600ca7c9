"""The twenty registers of `hours`, and which label of a frame each of them is."""

from collections.abc import Mapping

from common.contract import tariff
from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.registers import INJECTED, REGISTERS, SUPPLIER, TOTAL

LARGEST = 2**32 - 1  # what a column holds

# Historic mode: Enedis-NOI-CPT_54E, 6.1 says which supplier register each is.
_HISTORIC_NUMBER = {
    register: number
    for name, registers in tariff.HISTORIC_REGISTERS.items()
    if name != "BASE"
    for number, register in enumerate(registers.values(), 1)
}
_REGISTER_OF: Mapping[Mode, Mapping[str, int]] = {
    # BASE is EASF01 or EAST, the frame does not say which: it is no supplier register.
    Mode.HISTORIC: {"BASE": TOTAL} | _HISTORIC_NUMBER,
    Mode.STANDARD: {
        "EAST": TOTAL,
        **{f"EASF{number:02}": REGISTERS.index(f"supplier_{number}") for number in range(1, 11)},
        **{f"EASD{number:02}": REGISTERS.index(f"distributor_{number}") for number in range(1, 5)},
        "EAIT": INJECTED,
        **{f"ERQ{number}": REGISTERS.index(f"reactive_{number}") for number in range(1, 5)},
    },
}

Readings = tuple[int | None, ...]  # one for each of REGISTERS; None: the frame does not have it


def readings(mode: Mode, values: Mapping[str, Value]) -> Readings:
    """Return the readings of a frame by its values, in Wh and VArh; what no column can hold counts as absent."""
    found: list[int | None] = [None] * len(REGISTERS)
    for label, register in _REGISTER_OF[mode].items():
        value = values.get(label)
        if type(value) is int and 0 <= value <= LARGEST:
            found[register] = value
    return tuple(found)


def supplier_number(label: str | None) -> int | None:
    """Return the number of a supplier register by its label, 1 to 10; None: it is none.

    >>> supplier_number("EASF03"), supplier_number("BBRHCJW"), supplier_number("BASE")
    (3, 3, None)
    """
    if label is None:
        return None
    # In both tables the place of a supplier register is its number.
    register = _REGISTER_OF[Mode.STANDARD].get(label, _HISTORIC_NUMBER.get(label))
    return register if register in SUPPLIER else None
