"""The registers of a meter: one name each, whatever the mode or the contract calls them. Pure."""

import functools
from collections.abc import Mapping, Sequence

from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.offers import OFFERS, registers_of

#: The numbered registers of the rollups. The place of a name is its number in `breaks`;
#: `hours` has the columns `<name>_first` and `<name>_last`.
REGISTERS: tuple[str, ...] = (
    "total",
    *(f"supplier_{number}" for number in range(1, 11)),
    *(f"distributor_{number}" for number in range(1, 5)),
    "injected",
    *(f"reactive_{number}" for number in range(1, 5)),
)
#: Energy that the total shows and no register of the supplier: it has no name in a contract.
OTHER = "OTHER"
TOTAL, INJECTED = REGISTERS.index("total"), REGISTERS.index("injected")
SUPPLIER = range(REGISTERS.index("supplier_1"), REGISTERS.index("supplier_10") + 1)
#: How the name of a supplier register begins that only has a number.
NUMBERED = "EASF"
#: The labels of standard mode, in the order of their numbers.
SUPPLIER_LABELS = tuple(f"{NUMBERED}{number:02}" for number in range(1, 11))
DISTRIBUTOR_LABELS = tuple(f"EASD{number:02}" for number in range(1, 5))
REACTIVE_LABELS = tuple(f"ERQ{number}" for number in range(1, 5))
# Enedis-NOI-CPT_54E, 6.1: the place of a register in its offer is its number in standard mode. BASE is EASF01 or EAST,
# the frame does not say which: it is no supplier register.
_REGISTER_OF: Mapping[Mode, Mapping[str, int]] = {
    Mode.HISTORIC: {
        register.name: number
        for offer in OFFERS
        if offer.option is not None
        for number, register in enumerate(offer.registers, 1)
        if register.period is not None
    }
    | {"BASE": TOTAL},
    Mode.STANDARD: {
        label: REGISTERS.index(name)
        for label, name in zip(
            ("EAST", *SUPPLIER_LABELS, *DISTRIBUTOR_LABELS, "EAIT", *REACTIVE_LABELS), REGISTERS, strict=True
        )
    },
}
#: What a column of the database holds, in Wh and VArh.
LARGEST = 2**32 - 1
Readings = tuple[int | None, ...]  # one for each of REGISTERS; None: the frame does not have it

#: More than a house can draw (54 kW), and what may be read at once after a short gap.
LIMIT_WH_PER_SECOND, LIMIT_WH = 15, 200


def readings(mode: Mode, values: Mapping[str, Value]) -> Readings:
    """Return the readings of a frame by its values, in Wh and VArh; what no column can hold counts as absent."""
    row: list[int | None] = [None] * len(REGISTERS)
    for label, register in _REGISTER_OF[mode].items():
        value = values.get(label)
        if type(value) is int and 0 <= value <= LARGEST:
            row[register] = value
    return tuple(row)


def supplier_number(label: str | None) -> int | None:
    """Return the number of a supplier register by its label, 1 to 10; None: it is none.

    >>> supplier_number("EASF03"), supplier_number("BBRHCJW"), supplier_number("BASE")
    (3, 3, None)
    """
    if label is None:
        return None
    register = _REGISTER_OF[Mode.STANDARD].get(label, _REGISTER_OF[Mode.HISTORIC].get(label))
    return register if register in SUPPLIER else None  # whose place is their number


def supplier_name(number: int, offer: str | None) -> str:
    """Return the name of a supplier register, 1 to 10: as historic mode has it, or as standard mode.

    >>> supplier_name(2, "hchp"), supplier_name(3, None)
    ('HCHP', 'EASF03')
    """
    names = registers_of(offer)
    return names[number - 1] if number <= len(names) else f"{NUMBERED}{number:02}"


@functools.cache
def supplier_names(offer: str | None) -> list[str]:
    """Return the names of all supplier registers."""
    return [supplier_name(number, offer) for number, _ in enumerate(SUPPLIER, 1)]


def can_be_drawn(step: int, seconds: float) -> bool:
    """Return whether a house can draw so many Wh in a time.

    >>> can_be_drawn(350, 10), can_be_drawn(351, 10), can_be_drawn(-1, 10)
    (True, False, False)
    """
    return 0 <= step <= LIMIT_WH + LIMIT_WH_PER_SECOND * seconds


def drawn_over_change(before: Sequence[int | None], after: Sequence[int | None], seconds: float) -> int:
    """Return the Wh that the meter's total shows from the last readings of a mode or contract to the first of another.

    The total is EAST, or BASE, or the sum of a historic contract's registers. 0 where the two are not of one count, and
    where the mode changes and the contract stays: its registers go on, and tell.

    Args:
        before: the readings by REGISTERS; None: the frame has no such register.
        after: those of the other mode or contract.
        seconds: the time between them.
    """
    has_total = before[TOTAL] is not None or after[TOTAL] is not None
    if has_total and any(before[place] is not None and after[place] is not None for place in SUPPLIER):
        return 0
    steps = [late - early for early in _totals(before) for late in _totals(after)]
    return min((step for step in steps if can_be_drawn(step, seconds)), default=0)


def _totals(values: Sequence[int | None]) -> list[int]:
    suppliers = [value for place in SUPPLIER if (value := values[place]) is not None]
    total = values[TOTAL]
    if total is None:
        return [sum(suppliers)] if suppliers else []
    return [total, *suppliers[:1]]  # BASE is EAST or EASF01: the frame does not say which
