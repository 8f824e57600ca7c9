"""The running registers of standard mode, stored as the difference from the other indexes.

EAST is the sum of EASF01 to EASF10, and of EASD01 to EASD04 (up to a watt-hour of rounding). So the running register of
each follows from EAST and from those that do not run, which are in the label set. A column that is relative holds by
how much the register is less than that, modulo 2**32, which is nearly always 0; a missing EAST counts as 0. Whether a
column is relative depends on the label set only: all other registers are there, and are integers.

In `index_distributor` 0 and NULL are exchanged: what follows takes no room in the row. In `index_supplier` NULL says
that the frame lacks the register, as in any column, but with a producer of three phases: there 0 and NULL are
exchanged, too, in frames that have EAST. (Of others only those with a reading have a number: the rollups ask for that.)
All of it was measured: a compressed page takes a multiple of a quarter of its size. Without the zeros of
`index_supplier` so many rows are in a page that it no longer fits into a quarter; the wide rows of a producer of three
phases fit easily.
"""

from collections.abc import Mapping

from common.contract.frame import Value
from common.contract.power import is_three_phase
from common.contract.registers import DISTRIBUTOR_LABELS, SUPPLIER_LABELS

_MODULUS = 2**32
_REGISTERS = {
    "index_supplier": SUPPLIER_LABELS,
    "index_distributor": DISTRIBUTOR_LABELS,
}


def idle_totals(running: Mapping[str, str], values: Mapping[str, Value]) -> dict[str, int]:
    """Return for each column that is relative the sum of the registers that do not run.

    `running` has the label by column, `values` the labels that are in no column.
    """
    totals = {}
    for column, labels in _REGISTERS.items():
        label = running.get(column)
        if label in labels:
            idle = [values.get(other) for other in labels if other != label]
            numbers = [number for number in idle if isinstance(number, int)]
            if len(numbers) == len(idle):
                totals[column] = sum(numbers)
    return totals


def is_wide(values: Mapping[str, Value]) -> bool:
    """Return whether rows are so wide that NULL pays in both columns: those of a producer of three phases."""
    # A label that has no column: without it the label set is another one anyway.
    return "SMAXIN" in values and is_three_phase(values)


def number_of(column: str, value: int | None, index_total: int | None, idle: int, *, both: bool) -> int | None:
    """Return what the column holds for a register's value, which is None if the frame lacks it.

    `both`: 0 and NULL are exchanged in `index_supplier`, too.
    """
    return _exchanged(column, _subtracted(value, index_total, idle), both and index_total is not None)


def value_of(column: str, number: int | None, index_total: int | None, idle: int, *, both: bool) -> int | None:
    """Return the register's value for what the column holds; None if the frame lacks it."""
    return _subtracted(_exchanged(column, number, both and index_total is not None), index_total, idle)


def _subtracted(number: int | None, index_total: int | None, idle: int) -> int | None:
    return None if number is None else ((index_total or 0) - idle - number) % _MODULUS


def _exchanged(column: str, number: int | None, both: bool) -> int | None:
    if (both or column == "index_distributor") and not number:
        return 0 if number is None else None
    return number
