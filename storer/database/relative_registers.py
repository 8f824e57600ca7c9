"""The running registers of standard mode, stored as the difference from what the other indexes say.

EAST is the sum of EASF01 to EASF10, and of EASD01 to EASD04 (up to a watt-hour of rounding). So the running register of
each follows from EAST and from those that do not run, which are in the label set. The columns `index_supplier` and
`index_distributor` then have

    NULL    if the register is what follows
    0       if the frame lacks the register
    n       if it is n less than what follows, modulo 2**32

which leaves most rows without both. A missing EAST counts as 0. Whether a column is relative depends on the label set
only: all other registers are there, and are integers.
"""

from collections.abc import Mapping

from common.frame import Value

_MODULUS = 2**32
_REGISTERS = {
    "index_supplier": tuple(f"EASF{number:02}" for number in range(1, 11)),
    "index_distributor": tuple(f"EASD{number:02}" for number in range(1, 5)),
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


def number_of(value: int | None, index_total: int | None, idle: int) -> int | None:
    """Return what the column holds for a register's value, which is None if the frame lacks it."""
    return 0 if value is None else ((index_total or 0) - idle - value) % _MODULUS or None


def value_of(number: int | None, index_total: int | None, idle: int) -> int | None:
    """Return the register's value for what the column holds; None if the frame lacks it."""
    return None if number == 0 else ((index_total or 0) - idle - (number or 0)) % _MODULUS
