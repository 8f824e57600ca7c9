"""The column `index_distributor`, as the difference from what the other indexes say.

EAST is the sum of EASD01 to EASD04, up to a watt-hour of rounding. So the running register follows from EAST and the
three that do not run, which are in the label set. The column has the difference, nearly always 0, which compresses to
nothing: so a page of a single-phase meter's frames fits into a quarter of its size.
"""

from collections.abc import Mapping

from common.frame import Value

_MODULUS = 2**32  # an INT UNSIGNED; a difference below 0 wraps around
_REGISTERS = ("EASD01", "EASD02", "EASD03", "EASD04")


def idle_total(running: str, values: Mapping[str, Value]) -> int | None:
    """Return the sum of the registers in `values` other than `running`; None if one is missing or no number."""
    total = 0
    for label in _REGISTERS:
        if label != running:
            value = values.get(label)
            if not isinstance(value, int):
                return None
            total += value
    return total


def relative(number: int | None, index_total: int | None, idle: int | None) -> int | None:
    """Return the difference for a register's value, or the value for a difference; None stays None.

    A missing `index_total` counts as 0.

    Raises:
        ValueError: `idle` is None, although the label set says that the column is relative.
    """
    if idle is None:
        raise ValueError("the label set lacks a register of the distributor")
    return None if number is None else ((index_total or 0) - idle - number) % _MODULUS
